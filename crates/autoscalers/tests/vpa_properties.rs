//! What must hold for every usage: bounds of the recommendations, what an eviction may cost, modes
//! that keep their hands off, checkpoints, and no panic on any number.

use flashcrowd_autoscalers::vpa::{
    ContainerResources, ContainerSample, OomKill, PodContainer, PodRecommendation,
    RecommenderFlags, ReplicaGroup, ResourceAmounts, ResourceRecommender, UpdateAction,
    UpdaterContainer, UpdaterFlags, UpdaterObservation, UpdaterPod, VpaRecommender, VpaUpdater,
    admit,
};
use flashcrowd_autoscalers::{PodId, PodPhase, TimePoint};
use flashcrowd_manifests::vpa::VpaSpec;
use flashcrowd_units::{Bytes, Millicores, Replicas, SimDuration};
use proptest::prelude::*;
use serde_json::json;

const MIB: u64 = 1 << 20;
/// `resourcePolicy` of the VPA here.
const CPU: (u64, u64) = (50, 2_000);
const MEMORY: (u64, u64) = (64 * MIB, 1_024 * MIB);

/// One minute: CPU in millicores and memory in bytes of each pod, and whether one is OOM-killed.
type Minute = (Option<u64>, Option<u64>, bool);

fn minutes() -> impl Strategy<Value = Vec<Minute>> {
    let cpu = prop_oneof![8 => 0..3_000_u64, 1 => Just(u64::MAX), 1 => Just(0)];
    let memory = prop_oneof![8 => 0..2_000 * MIB, 1 => Just(u64::MAX), 1 => Just(0)];
    let minute = (
        prop::option::weighted(0.9, cpu),
        prop::option::weighted(0.9, memory),
        prop::bool::weighted(0.05),
    );
    prop::collection::vec(minute, 1..200)
}

fn spec(mode: &str) -> VpaSpec {
    let bound =
        |cpu: u64, memory: u64| json!({ "cpu": format!("{cpu}m"), "memory": memory.to_string() });
    serde_json::from_value(json!({
        "updatePolicy": { "updateMode": mode },
        "resourcePolicy": { "containerPolicies": [{ "containerName": "app",
            "minAllowed": bound(CPU.0, MEMORY.0), "maxAllowed": bound(CPU.1, MEMORY.1) }] }
    }))
    .expect("the specification reads")
}

struct Pod {
    id: u64,
    started: i64,
    resources: ContainerResources,
}

/// A Deployment whose pods are replaced a minute after they were evicted.
struct Deployment {
    spec: VpaSpec,
    recommender: VpaRecommender,
    updater: VpaUpdater,
    pods: Vec<Pod>,
    next_id: u64,
    now: i64,
}

impl Deployment {
    fn new(mode: &str, replicas: u64) -> Self {
        let spec = spec(mode);
        let requests =
            ResourceAmounts::new(Some(Millicores::new(250)), Some(Bytes::new(256 * MIB)));
        let pod = |id| Pod {
            id,
            started: -86_400,
            resources: ContainerResources {
                requests,
                limits: ResourceAmounts::default(),
            },
        };
        Self {
            recommender: VpaRecommender::new(&spec, RecommenderFlags::default()).expect("legal"),
            updater: VpaUpdater::new(&spec, UpdaterFlags::default()).expect("legal"),
            spec,
            pods: (0..replicas).map(pod).collect(),
            next_id: replicas,
            now: 0,
        }
    }

    /// One pass: what is recommended, and which pods are evicted.
    fn pass(&mut self, (cpu, memory, oom): Minute) -> (PodRecommendation, Vec<PodId>) {
        self.now += 60;
        let now = TimePoint::from_secs(self.now);
        for pod in &self.pods {
            self.recommender.observe(&ContainerSample {
                pod: PodId(pod.id),
                container: "app",
                label_set: 0,
                at: now,
                usage: ResourceAmounts::new(cpu.map(Millicores::new), memory.map(Bytes::new)),
            });
        }
        if let Some(pod) = self.pods.first().filter(|_| oom) {
            self.recommender.observe_oom(&OomKill {
                pod: PodId(pod.id),
                container: "app",
                label_set: 0,
                at: now,
                requested: pod.resources.requests.memory.unwrap_or_default(),
            });
        }
        let recommendation = self.recommender.recommend(now);
        let evicted = self.evict(now, &recommendation, oom);
        (recommendation, evicted)
    }

    fn evict(
        &mut self,
        now: TimePoint,
        recommendation: &PodRecommendation,
        oom: bool,
    ) -> Vec<PodId> {
        let containers: Vec<_> = self
            .pods
            .iter()
            .enumerate()
            .map(|(index, pod)| {
                [UpdaterContainer {
                    container: PodContainer {
                        name: "app",
                        resources: pod.resources,
                    },
                    oom_killed_after: (oom && index == 0).then_some(SimDuration::from_secs(30)),
                }]
            })
            .collect();
        let is_running = |pod: &Pod| pod.started + 60 <= self.now;
        let pods: Vec<_> = (self.pods.iter().zip(&containers))
            .map(|(pod, containers)| UpdaterPod {
                id: PodId(pod.id),
                phase: if is_running(pod) {
                    PodPhase::Running
                } else {
                    PodPhase::Pending
                },
                scheduled: true,
                deleting: false,
                start_time: Some(TimePoint::from_secs(pod.started)),
                containers,
                resize: None,
                resizable: false,
            })
            .collect();
        let decision = self.updater.decide(&UpdaterObservation {
            now,
            recommendation: Some(recommendation),
            groups: &[ReplicaGroup {
                configured: Replicas(pods.len() as u32),
                disruptions_allowed: None,
                pods: &pods,
            }],
        });
        let evicted: Vec<PodId> = decision
            .actions
            .iter()
            .filter_map(|action| match action {
                UpdateAction::Evict(id) => Some(*id),
                UpdateAction::Resize(_) => None,
            })
            .collect();
        let running = self.pods.iter().filter(|pod| is_running(pod)).count();
        let tolerated = (self.pods.len() / 2).max(1);
        assert!(
            evicted.is_empty() || running - evicted.len() + tolerated >= self.pods.len(),
            "{} of {running} running pods evicted, of {}",
            evicted.len(),
            self.pods.len()
        );
        for id in &evicted {
            self.replace(*id, recommendation);
        }
        evicted
    }

    fn replace(&mut self, id: PodId, recommendation: &PodRecommendation) {
        let index = self.pods.iter().position(|pod| pod.id == id.0);
        let pod = &mut self.pods[index.expect("it was there")];
        let container = PodContainer {
            name: "app",
            resources: pod.resources,
        };
        let admitted = admit(&self.spec, Some(recommendation), &[container]);
        *pod = Pod {
            id: self.next_id,
            started: self.now,
            resources: admitted.first().map_or(pod.resources, |it| it.resources),
        };
        self.next_id += 1;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// `minAllowed <= lower bound <= target <= upper bound <= maxAllowed`, and of a Deployment at least
    /// half stays (all but one of two or three) whatever is evicted, which every pass asserts.
    #[test]
    fn recommendations_and_evictions_keep_their_bounds(replicas in 1..12_u64, minutes in minutes()) {
        let mut deployment = Deployment::new("Recreate", replicas);
        for minute in minutes {
            let (recommendation, evicted) = deployment.pass(minute);
            for container in &recommendation.containers {
                let amounts = [container.lower_bound, container.target, container.upper_bound];
                let cpu = amounts.map(|it| it.cpu.expect("CPU is controlled").get());
                let memory = amounts.map(|it| it.memory.expect("memory is controlled").get());
                for (amounts, (min, max)) in [(cpu, CPU), (memory, MEMORY)] {
                    prop_assert!(amounts.is_sorted(), "{amounts:?}");
                    prop_assert!(min <= amounts[0] && amounts[2] <= max, "{amounts:?}");
                }
            }
            // `--min-replicas` is 2: a single pod is left alone.
            prop_assert!(replicas >= 2 || evicted.is_empty());
        }
    }

    #[test]
    fn nothing_is_evicted_where_nothing_may_be(off in any::<bool>(), minutes in minutes()) {
        let mut deployment = Deployment::new(if off { "Off" } else { "Initial" }, 6);
        for minute in minutes {
            prop_assert!(deployment.pass(minute).1.is_empty());
        }
    }

    #[test]
    fn passes_are_the_same_after_a_checkpoint(minutes in minutes()) {
        let (mut one, mut two) = (Deployment::new("Recreate", 5), Deployment::new("Recreate", 5));
        for minute in minutes {
            let text = serde_json::to_string(&(two.recommender.save(), two.updater.save())).expect("JSON");
            let (recommender, updater) = serde_json::from_str(&text).expect("it can be read");
            let fresh = Deployment::new("Recreate", 5);
            (two.recommender, two.updater) = (fresh.recommender, fresh.updater);
            two.recommender.restore(&recommender).expect("it fits");
            two.updater.restore(&updater).expect("it fits");
            prop_assert_eq!(one.pass(minute), two.pass(minute));
        }
    }
}
