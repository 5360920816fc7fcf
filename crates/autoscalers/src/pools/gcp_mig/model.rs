//! A policy in which nothing is optional and nothing needs checking.

use super::GcpPolicy;
use crate::ResourceName;
use crate::pools::InvalidPool;
use crate::pools::calendar::Zone;
use crate::pools::metric::Source;
use flashcrowd_manifests::gcp::{AutoscalingPolicy, FixedOrPercent, Mode};
use flashcrowd_manifests::{CronDialect, CronExpression, Problem};
use flashcrowd_units::SimDuration;

const KIND: &str = "autoscaling policy of the instance group";
const DEFAULT_CPU_TARGET: f64 = 0.6;
const DEFAULT_LOAD_BALANCING_TARGET: f64 = 0.8;
const DEFAULT_MIN_REPLICAS: u32 = 2;
const DEFAULT_INITIALIZATION_SECONDS: u32 = 60;
const DEFAULT_STABILIZATION_SECONDS: u32 = 600;

#[derive(Debug, Clone)]
pub(super) struct Model {
    pub(super) min: u32,
    pub(super) max: u32,
    pub(super) mode: Mode,
    pub(super) initialization: SimDuration,
    pub(super) stabilization: SimDuration,
    pub(super) scale_in_control: Option<(FixedOrPercent, SimDuration)>,
    pub(super) signals: Vec<Signal>,
    pub(super) schedules: Vec<Schedule>,
    pub(super) initializing_counts_for_scale_in: bool,
    pub(super) epoch: i64,
}

/// What the group is scaled by.
#[derive(Debug, Clone)]
pub(super) struct Signal {
    pub(super) name: String,
    pub(super) source: Source,
    /// Index of its answer.
    pub(super) query: usize,
    pub(super) target: Target,
}

/// What the value of a signal should be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Target {
    /// In each instance.
    PerInstance(f64),
    /// In the whole group: this much for each instance.
    Assignment(f64),
}

#[derive(Debug, Clone)]
pub(super) struct Schedule {
    pub(super) name: String,
    pub(super) minimum: u32,
    pub(super) expression: CronExpression,
    pub(super) zone: Zone,
    pub(super) duration_seconds: i64,
}

impl Model {
    pub(super) fn new(policy: &GcpPolicy) -> Result<Self, InvalidPool> {
        let GcpPolicy { policy: spec, .. } = policy;
        let seconds = |given: Option<u32>, default: u32| {
            SimDuration::from_secs(u64::from(given.unwrap_or(default)))
        };
        let filled = AutoscalingPolicy {
            min_num_replicas: Some(spec.min_num_replicas.unwrap_or(DEFAULT_MIN_REPLICAS)),
            ..spec.clone()
        };
        let mut problems = filled.validate();
        let schedules = schedules(spec, &mut problems);
        InvalidPool::unless_empty(KIND, problems)?;
        let control = spec.scale_in_control.as_ref().and_then(|control| {
            let window = seconds(Some(control.time_window_sec?), 0);
            Some((control.max_scaled_in_replicas?, window))
        });
        Ok(Self {
            min: filled.min_num_replicas.unwrap_or(DEFAULT_MIN_REPLICAS),
            max: spec.max_num_replicas,
            mode: spec.mode.unwrap_or_default(),
            initialization: seconds(spec.cool_down_period_sec, DEFAULT_INITIALIZATION_SECONDS),
            stabilization: seconds(spec.stabilization_period_sec, DEFAULT_STABILIZATION_SECONDS),
            scale_in_control: control,
            signals: signals(spec),
            schedules,
            initializing_counts_for_scale_in: policy.initializing_counts_for_scale_in,
            epoch: policy.epoch_unix_seconds,
        })
    }
}

fn signals(spec: &AutoscalingPolicy) -> Vec<Signal> {
    let mut signals = Vec::new();
    let mut add = |name: &str, source, target| {
        let query = signals.len();
        signals.push(Signal {
            name: name.to_owned(),
            source,
            query,
            target,
        });
    };
    let has_other_signals = spec.load_balancing_utilization.is_some()
        || !spec.custom_metric_utilizations.is_empty()
        || !spec.scaling_schedules.is_empty();
    if spec.cpu_utilization.is_some() || !has_other_signals {
        let cpu = spec.cpu_utilization.as_ref();
        let target = cpu.and_then(|cpu| cpu.utilization_target);
        // Utilization is measured in percent.
        let target = 100.0 * target.unwrap_or(DEFAULT_CPU_TARGET);
        let source = Source::Utilization(ResourceName::Cpu);
        add("cpu utilization", source, Target::PerInstance(target));
    }
    if let Some(load) = &spec.load_balancing_utilization {
        let target = load
            .utilization_target
            .unwrap_or(DEFAULT_LOAD_BALANCING_TARGET);
        let source = Source::Named("loadBalancingUtilization".to_owned());
        add(
            "load balancing utilization",
            source,
            Target::PerInstance(target),
        );
    }
    for metric in &spec.custom_metric_utilizations {
        let source = Source::Named(metric.metric.clone());
        let target = match (metric.single_instance_assignment, metric.utilization_target) {
            (Some(assignment), _) => Target::Assignment(assignment),
            (None, target) => Target::PerInstance(target.unwrap_or(1.0)),
        };
        add(&metric.metric, source, target);
    }
    signals
}

fn schedules(spec: &AutoscalingPolicy, problems: &mut Vec<Problem>) -> Vec<Schedule> {
    let mut schedules = Vec::new();
    for (name, schedule) in &spec.scaling_schedules {
        let zone = schedule.time_zone.as_deref().unwrap_or("UTC");
        let Some(zone) = Zone::of(zone) else {
            problems.push(Problem {
                path: format!("scalingSchedules.{name}.timeZone"),
                message: format!("is `{zone}`: is not a known time zone"),
            });
            continue;
        };
        let expression = CronExpression::parse(&schedule.schedule, CronDialect::Standard);
        if let Ok(expression) = expression
            && !schedule.disabled
        {
            schedules.push(Schedule {
                name: name.clone(),
                minimum: schedule.min_required_replicas,
                expression,
                zone,
                duration_seconds: schedule.duration_sec as i64,
            });
        }
    }
    schedules
}
