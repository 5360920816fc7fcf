//! What a controller was told to do, as far as sentences need it.

use flashcrowd_autoscalers::catalog::HpaPolicy;
use flashcrowd_autoscalers::keda::scaled_job::{ScaledJobPolicy, ScaledJobs};
use flashcrowd_autoscalers::keda::{Keda, KedaPolicy};
use flashcrowd_autoscalers::pools::{Ec2AutoScaling, OciPool};
use flashcrowd_autoscalers::{MilliValue, PolicySpec};
use flashcrowd_units::SimDuration;

/// The rules of one controller.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// What it is: `HPA`, `KEDA`, `KPA`, `OCI instance pool`, `EC2 Auto Scaling`, or the name of a custom policy.
    pub controller: String,
    /// Lower bound of the HPA \[pods\].
    pub min: u32,
    /// Upper bound \[pods\].
    pub max: u32,
    /// The field that holds the lower bound: `minReplicas`, `minReplicaCount`.
    pub min_field: &'static str,
    /// The field that holds the upper bound.
    pub max_field: &'static str,
    /// How much of each metric of the HPA is wanted, in the order of its steps.
    pub targets: Vec<Target>,
    /// Names of KEDA's triggers, in the order of the specification.
    pub triggers: Vec<String>,
    /// KEDA's cooldown; zero for others.
    pub cooldown: SimDuration,
    /// Whether a schedule around the controller has the last word about the bounds.
    pub(super) has_calendar: bool,
    pub(super) has_behavior: bool,
    pub(super) up: Direction,
    pub(super) down: Direction,
}

/// How much of a metric is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Percent of the request.
    Utilization(i32),
    /// The value per pod.
    Average(MilliValue),
    /// The value itself.
    Value(MilliValue),
    /// Not known here.
    Unknown,
}

/// One direction of `behavior`.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Direction {
    pub(super) window: SimDuration,
    pub(super) select: String,
    /// `4 pods in 15 s`.
    pub(super) policies: Vec<String>,
    /// The longest period of a policy.
    pub(super) longest_period: SimDuration,
}

impl Rules {
    /// Those of a policy.
    pub fn of(policy: &PolicySpec) -> Self {
        match policy {
            PolicySpec::Hpa(hpa) => Self::of_hpa(hpa),
            PolicySpec::Keda(keda) => Self::of_keda(keda),
            PolicySpec::Kpa(_) => Self::named("KPA"),
            PolicySpec::Oci(oci) => Self::of_pool(
                "OCI instance pool",
                OciPool::new(oci).map_or(SimDuration::ZERO, |pool| pool.horizon()),
            ),
            PolicySpec::Ec2(ec2) => Self::of_pool(
                "EC2 Auto Scaling",
                Ec2AutoScaling::new(ec2).map_or(SimDuration::ZERO, |group| group.horizon()),
            ),
            PolicySpec::AzureVmss(_) => Self::named("Azure autoscale"),
            PolicySpec::GcpMig(_) => Self::named("Google Cloud autoscaler"),
            PolicySpec::Schedule(schedule) => match schedule.policy.as_deref() {
                Some(inner) => {
                    let inner = Self::of(inner);
                    Self {
                        controller: format!("{} within its schedule", inner.controller),
                        has_calendar: true,
                        ..inner
                    }
                }
                None => Self::named("schedule"),
            },
            other => Self::named(other.name()),
        }
    }

    /// Those of a ScaledJob.
    pub fn of_scaled_job(policy: &ScaledJobPolicy) -> Self {
        let mut rules = Self {
            min_field: "minReplicaCount",
            max_field: "maxReplicaCount",
            ..Self::named("KEDA")
        };
        let Ok(jobs) = ScaledJobs::new(policy) else {
            return rules;
        };
        (rules.min, rules.max) = jobs.bounds();
        for (trigger, source) in policy.spec.triggers.iter().zip(jobs.sources()) {
            let metric = source.as_ref().map(|source| source.metric.clone());
            let name = trigger.name.clone().or(metric);
            let name = name.unwrap_or_else(|| trigger.trigger_type.clone());
            rules.triggers.push(name);
        }
        rules
    }

    /// Those of a controller of which nothing else is known.
    pub fn named(controller: &str) -> Self {
        Self {
            controller: controller.to_owned(),
            min: 0,
            max: u32::MAX,
            min_field: "minReplicas",
            max_field: "maxReplicas",
            targets: Vec::new(),
            triggers: Vec::new(),
            cooldown: SimDuration::ZERO,
            has_calendar: false,
            has_behavior: false,
            up: Direction::default(),
            down: Direction::default(),
        }
    }

    /// How long what was decided once can still matter: the longest stabilization window or
    /// policy period.
    pub fn memory(&self) -> SimDuration {
        [&self.up, &self.down]
            .into_iter()
            .map(|direction| direction.window.max(direction.longest_period))
            .max()
            .unwrap_or_default()
    }

    fn of_pool(controller: &str, horizon: SimDuration) -> Self {
        let mut rules = Self::named(controller);
        rules.up.longest_period = horizon;
        rules
    }

    fn of_hpa(policy: &HpaPolicy) -> Self {
        let spec = policy.spec.defaulted();
        let mut targets = Vec::new();
        for metric in &spec.metrics {
            let target = [
                metric.resource.as_ref().map(|it| &it.target),
                metric.container_resource.as_ref().map(|it| &it.target),
                metric.pods.as_ref().map(|it| &it.target),
                metric.object.as_ref().map(|it| &it.target),
                metric.external.as_ref().map(|it| &it.target),
            ];
            let target = target.into_iter().flatten().next();
            // For an object `type` decides, elsewhere the field that is set.
            let by_value = metric.object.is_some()
                && target.is_some_and(|it| format!("{:?}", it.target_type) == "Value");
            targets.push(match target {
                Some(it) if !by_value && it.average_value.is_some() => {
                    Target::Average(it.average_value.unwrap_or_default().into())
                }
                Some(it) => match (it.value, it.average_utilization) {
                    (Some(value), _) => Target::Value(value.into()),
                    (None, Some(percent)) => Target::Utilization(percent),
                    (None, None) => Target::Unknown,
                },
                None => Target::Unknown,
            });
        }
        let mut rules = Self {
            min: u32::try_from(spec.min_replicas.unwrap_or(1)).unwrap_or(0),
            max: u32::try_from(spec.max_replicas).unwrap_or(0),
            targets,
            ..Self::named("HPA")
        };
        rules.down.window = policy.flags.downscale_stabilization;
        let Some(behavior) = &spec.behavior else {
            return rules;
        };
        rules.has_behavior = true;
        let directions = [
            (&mut rules.up, &behavior.scale_up, SimDuration::ZERO),
            (
                &mut rules.down,
                &behavior.scale_down,
                policy.flags.downscale_stabilization,
            ),
        ];
        for (direction, given, default_window) in directions {
            let Some(given) = given else { continue };
            direction.window = given
                .stabilization_window_seconds
                .map_or(default_window, of_seconds);
            direction.select = given
                .select_policy
                .map_or_else(|| "Max".to_owned(), |it| format!("{it:?}"));
            for policy in given.policies.iter().flatten() {
                let unit = match format!("{:?}", policy.policy_type).as_str() {
                    "Pods" if policy.value == 1 => " pod",
                    "Pods" => " pods",
                    _ => " %",
                };
                direction.policies.push(format!(
                    "{}{unit} in {} s",
                    policy.value, policy.period_seconds
                ));
                direction.longest_period = direction
                    .longest_period
                    .max(of_seconds(policy.period_seconds));
            }
        }
        rules
    }

    fn of_keda(policy: &KedaPolicy) -> Self {
        let spec = &policy.spec;
        let advanced = spec.advanced.as_ref();
        let config = advanced.and_then(|it| it.horizontal_pod_autoscaler_config.as_ref());
        let behavior = config.and_then(|config| config.behavior.as_ref());
        // The HPA that KEDA makes, as far as the rules look at it.
        let made = serde_json::json!({
            "spec": {
                "minReplicas": spec.min_replica_count().max(1),
                "maxReplicas": spec.max_replica_count(),
                "behavior": behavior,
            },
            "flags": policy.flags,
        });
        let mut rules = match serde_json::from_value::<HpaPolicy>(made) {
            Ok(made) => Self::of_hpa(&made),
            Err(_) => Self::named("KEDA"),
        };
        "KEDA".clone_into(&mut rules.controller);
        rules.min_field = "minReplicaCount";
        rules.max_field = "maxReplicaCount";
        rules.cooldown = of_seconds(spec.cooldown_period());
        rules.targets.clear();
        let Ok(keda) = Keda::new(policy) else {
            return rules;
        };
        let is_composite = spec.scaling_modifiers().is_some();
        if is_composite {
            rules.targets.push(Target::Unknown);
        }
        for (trigger, source) in spec.triggers.iter().zip(keda.sources()) {
            let name = match (&trigger.name, source) {
                (Some(name), _) => name.clone(),
                (None, Some(source)) => source.metric.clone(),
                (None, None) => trigger.trigger_type.clone(),
            };
            rules.triggers.push(name);
            let is_value = trigger
                .metric_type
                .is_some_and(|it| format!("{it:?}") == "Value");
            match source {
                Some(source) if !is_composite && is_value => {
                    rules.targets.push(Target::Value(source.target));
                }
                Some(source) if !is_composite => rules.targets.push(Target::Average(source.target)),
                Some(_) => {}
                None => rules.targets.push(Target::Unknown),
            }
        }
        rules
    }
}

fn of_seconds(seconds: i32) -> SimDuration {
    SimDuration::from_secs(u64::try_from(seconds).unwrap_or(0))
}
