//! The recommender: usage samples in, recommendations out.
//!
//! CPU samples go into a histogram as they are; of memory only the peak of each aggregation
//! interval does. Both histograms forget. What is known is kept by container name and by label set
//! of the pod, so that all pods of a workload share one recommendation, and a new version of the
//! workload begins with what is known of the old one.

mod aggregate;
mod bucket;
mod estimate;
mod exp2;
mod flags;
mod histogram;
mod memory_peak;

pub use flags::{EstimatorFlags, RecommenderFlags};

use super::amounts::RESOURCES;
use super::capping::within_policy;
use super::{
    ContainerRecommendation, ContainerSample, ContainerSteps, InvalidVpa, OomKill,
    PodRecommendation, ResourceAmounts, ResourceRecommender, SampleOutcome,
};
use crate::{PodId, ResourceName, RestoreError, SavedState, TimePoint};
use aggregate::{Aggregate, Decays};
use flashcrowd_manifests::vpa::{ContainerResourcePolicy, PodResourcePolicy, VpaSpec};
use flashcrowd_units::{Bytes, SimDuration};
use histogram::Decay;
use memory_peak::{ContainerState, MemorySample, OomBump};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The largest amount that upstream can express \[millicores or bytes\].
const MAX_AMOUNT: u64 = 100_000_000_000_000;
/// The absolute zero that Go rounds times from, the beginning of year 1, in seconds before that of
/// Unix time.
const GO_ZERO_TO_UNIX_SECONDS: i128 = 62_135_596_800;

/// The default recommender of the Vertical Pod Autoscaler. See the [module](super).
#[derive(Debug, Clone)]
pub struct VpaRecommender {
    policy: PodResourcePolicy,
    flags: RecommenderFlags,
    decays: Decays,
    memory: Memory,
}

/// What a checkpoint has to keep, by container name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
struct Memory {
    containers: BTreeMap<String, NamedContainer>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedContainer {
    /// By label set.
    aggregates: BTreeMap<u64, Aggregate>,
    /// By pod.
    instances: BTreeMap<PodId, ContainerState>,
}

impl VpaRecommender {
    /// A recommender that has seen nothing yet.
    ///
    /// `targetRef` is not looked at: whose samples these are is the driver's business.
    ///
    /// # Errors
    /// If the admission webhook would refuse the specification.
    ///
    /// # Panics
    /// If a half-life, a confidence interval or the aggregation interval is 0.
    pub fn new(spec: &VpaSpec, flags: RecommenderFlags) -> Result<Self, InvalidVpa> {
        InvalidVpa::check(spec, flags.gates)?;
        let policy = spec.resource_policy.clone().unwrap_or_default();
        Ok(Self::with_policy(policy, flags))
    }

    /// A recommender whose policy nobody has validated, as a VPA that is older than the webhook.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub fn with_policy(policy: PodResourcePolicy, flags: RecommenderFlags) -> Self {
        let positive = |duration: SimDuration| assert!(!duration.is_zero(), "an interval is 0");
        positive(flags.memory_aggregation_interval);
        for resource in RESOURCES {
            let EstimatorFlags {
                decay_half_life,
                confidence_interval,
                ..
            } = *flags.estimator(resource);
            positive(decay_half_life);
            positive(confidence_interval);
        }
        let origin = i128::from(flags.start_unix_seconds) + GO_ZERO_TO_UNIX_SECONDS;
        let decay = |resource| Decay {
            half_life: flags.estimator(resource).decay_half_life,
            origin: origin * 1_000_000_000,
        };
        Self {
            decays: Decays {
                cpu: decay(ResourceName::Cpu),
                memory: decay(ResourceName::Memory),
            },
            policy,
            flags,
            memory: Memory::default(),
        }
    }

    /// Somebody has edited the VPA. What has been seen stays.
    ///
    /// # Errors
    /// As [`new`](Self::new); nothing has changed then.
    pub fn edit(&mut self, spec: &VpaSpec) -> Result<(), InvalidVpa> {
        InvalidVpa::check(spec, self.flags.gates)?;
        self.policy = spec.resource_policy.clone().unwrap_or_default();
        Ok(())
    }

    /// The flags of the recommender.
    pub fn flags(&self) -> &RecommenderFlags {
        &self.flags
    }

    /// How a container that was OOM-killed gets more memory.
    fn oom_bump(&self, container: &str) -> OomBump {
        let policy = self.policy.for_container(container);
        let own = policy.filter(|_| self.flags.gates.per_vpa_config);
        let ratio = own.and_then(|policy| policy.oom_bump_up_ratio);
        let min = own.and_then(|policy| policy.oom_min_bump_up);
        OomBump {
            ratio: ratio.map_or(self.flags.oom_bump_up_ratio, |ratio| {
                ratio.milli_value() as f64 / 1000.0
            }),
            min_bytes: min.map_or(self.flags.oom_min_bump_up.get() as f64, |min| {
                min.value() as f64
            }),
        }
    }

    /// The state of a container of a pod with the aggregate that it adds to.
    fn state(&mut self, key: &SampleKey<'_>) -> (&mut ContainerState, &mut Aggregate) {
        let containers = &mut self.memory.containers;
        if !containers.contains_key(key.container) {
            containers.insert(key.container.to_owned(), NamedContainer::default());
        }
        let named = containers
            .get_mut(key.container)
            .expect("it has just been put there");
        let aggregates = named.aggregates.entry(key.label_set);
        (
            named.instances.entry(key.pod).or_default(),
            aggregates.or_insert_with(|| Aggregate::new(key.at)),
        )
    }
}

/// Whose sample this is.
struct SampleKey<'a> {
    pod: PodId,
    container: &'a str,
    label_set: u64,
    at: TimePoint,
}

impl ResourceRecommender for VpaRecommender {
    fn observe(&mut self, sample: &ContainerSample<'_>) -> SampleOutcome {
        let (decays, interval) = (self.decays, self.flags.memory_aggregation_interval);
        let (state, aggregate) = self.state(&SampleKey {
            pod: sample.pod,
            container: sample.container,
            label_set: sample.label_set,
            at: sample.at,
        });
        let cpu_accepted = sample.usage.cpu.is_none_or(|usage| {
            let accepted = state.accept_cpu(sample.at);
            if accepted {
                aggregate.add_cpu(sample.at, usage.get(), &decays);
            }
            accepted
        });
        let memory_accepted = sample.usage.memory.is_none_or(|usage| {
            let outcome = state.add_memory(sample.at, usage.get(), interval);
            aggregate.add_memory(outcome, &decays);
            outcome != MemorySample::Refused
        });
        SampleOutcome {
            cpu_accepted,
            memory_accepted,
        }
    }

    fn observe_oom(&mut self, kill: &OomKill<'_>) -> Option<Bytes> {
        let (decays, interval) = (self.decays, self.flags.memory_aggregation_interval);
        let bump = self.oom_bump(kill.container);
        let (state, aggregate) = self.state(&SampleKey {
            pod: kill.pod,
            container: kill.container,
            label_set: kill.label_set,
            at: kill.at,
        });
        let (needed, outcome) = state.add_oom(kill.at, kill.requested.get(), bump, interval)?;
        aggregate.add_memory(outcome, &decays);
        Some(Bytes::new(needed))
    }

    fn recommend(&mut self, now: TimePoint) -> PodRecommendation {
        let Self {
            policy,
            flags,
            decays,
            memory,
        } = self;
        let mut merged = Vec::new();
        for (name, named) in &mut memory.containers {
            let mut whole = Aggregate::new(now);
            for aggregate in named.aggregates.values_mut() {
                whole.merge(aggregate, decays);
            }
            let policy = policy.for_container(name);
            let is_off = policy.is_some_and(ContainerResourcePolicy::is_off);
            if !is_off {
                merged.push((name, whole));
            }
        }
        let minima = RESOURCES.map(|it| estimate::minimum(it, merged.len().max(1), flags));
        let containers = merged
            .iter()
            .map(|(name, aggregate)| recommend_container(name, aggregate, minima, policy, flags))
            .collect();
        PodRecommendation {
            at: now,
            containers,
        }
    }

    fn forget_pod(&mut self, pod: PodId) {
        for named in self.memory.containers.values_mut() {
            named.instances.remove(&pod);
        }
    }

    fn collect_garbage(&mut self, now: TimePoint) {
        let count = u64::from(self.flags.memory_aggregation_interval_count);
        let age = self.flags.memory_aggregation_interval * count;
        for named in self.memory.containers.values_mut() {
            named.aggregates.retain(|_, aggregate| {
                now < aggregate.last_sample.unwrap_or(aggregate.created) + age
            });
        }
        self.memory
            .containers
            .retain(|_, named| !(named.aggregates.is_empty() && named.instances.is_empty()));
    }

    fn save(&self) -> SavedState {
        SavedState::of(&self.memory)
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError> {
        self.memory = state.read()?;
        Ok(())
    }
}

fn recommend_container(
    name: &str,
    aggregate: &Aggregate,
    minima: [u64; 2],
    policy: &PodResourcePolicy,
    flags: &RecommenderFlags,
) -> ContainerRecommendation {
    let policy = policy.for_container(name);
    let mut recommendation = ContainerRecommendation {
        container: name.into(),
        target: ResourceAmounts::default(),
        lower_bound: ResourceAmounts::default(),
        upper_bound: ResourceAmounts::default(),
        uncapped_target: ResourceAmounts::default(),
        steps: ContainerSteps {
            samples: aggregate.samples,
            resources: Vec::new(),
        },
    };
    for (resource, minimum) in RESOURCES.into_iter().zip(minima) {
        if policy.is_some_and(|policy| !policy.controls(resource.as_str())) {
            continue;
        }
        let mut steps = estimate::estimate(aggregate, resource, minimum, flags);
        let within = |amount: u64| within_policy(resource, amount, policy);
        let (target, capped) = within(steps.target.estimate);
        let lower_bound = within(steps.lower_bound.estimate).0;
        let upper_bound = within(steps.upper_bound.estimate).0;
        recommendation.target.set(resource, Some(target));
        recommendation.lower_bound.set(resource, Some(lower_bound));
        recommendation.upper_bound.set(resource, Some(upper_bound));
        let uncapped = Some(steps.target.estimate);
        recommendation.uncapped_target.set(resource, uncapped);
        steps.capped = capped;
        recommendation.steps.resources.push(steps);
    }
    recommendation
}

/// A whole amount, rounded down, between 0 and the largest one; 0 for what is not a number.
fn truncated(amount: f64) -> u64 {
    (amount as u64).min(MAX_AMOUNT)
}

#[cfg(test)]
mod tests;
