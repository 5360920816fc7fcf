//! A configuration in which nothing is optional and nothing needs checking.

use super::OciPolicy;
use crate::ResourceName;
use crate::pools::InvalidPool;
use crate::pools::calendar::Zone;
use crate::pools::metric::Source;
use flashcrowd_manifests::oci::{
    AutoScalingPolicy, CustomQuery, MIN_COOL_DOWN_SECONDS, Metric, MetricSource, MetricType,
    Threshold,
};
use flashcrowd_manifests::{CronDialect, CronExpression};
use flashcrowd_units::SimDuration;

const KIND: &str = "autoscaling configuration";

#[derive(Debug, Clone)]
pub(super) struct Model {
    pub(super) min: u32,
    pub(super) max: u32,
    /// The size at the start, if a threshold policy is enabled.
    pub(super) initial: Option<u32>,
    pub(super) cooldown: SimDuration,
    pub(super) publish_delay: SimDuration,
    pub(super) alarm_latch: bool,
    pub(super) epoch: i64,
    pub(super) sources: Vec<Source>,
    /// How many minutes are remembered.
    pub(super) keep: usize,
    pub(super) rules: Vec<Rule>,
    pub(super) schedules: Vec<Schedule>,
}

/// A rule of the threshold policy.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    /// What it is called in decisions.
    pub(super) name: String,
    /// Index of its metric.
    pub(super) source: usize,
    pub(super) threshold: Threshold,
    /// How many minutes have to breach.
    pub(super) minutes: usize,
    /// Instances to add.
    pub(super) step: i32,
}

/// A scheduled policy.
#[derive(Debug, Clone)]
pub(super) struct Schedule {
    pub(super) name: String,
    pub(super) expression: CronExpression,
    pub(super) zone: Zone,
    pub(super) size: u32,
}

impl Model {
    pub(super) fn new(policy: &OciPolicy) -> Result<Self, InvalidPool> {
        let configuration = &policy.configuration;
        InvalidPool::unless_empty(KIND, configuration.validate())?;
        let cooldown = configuration
            .cool_down_in_seconds
            .unwrap_or(MIN_COOL_DOWN_SECONDS);
        let mut model = Self {
            min: 0,
            max: u32::MAX,
            initial: None,
            cooldown: SimDuration::from_secs(u64::from(cooldown)),
            publish_delay: policy.publish_delay,
            alarm_latch: policy.alarm_latch,
            epoch: policy.epoch_unix_seconds,
            sources: Vec::new(),
            keep: 1,
            rules: Vec::new(),
            schedules: Vec::new(),
        };
        if configuration.is_enabled.unwrap_or(true) {
            let enabled = configuration.policies.iter().filter(|it| it.is_enabled());
            for (index, policy) in enabled.enumerate() {
                model.add(policy, index);
            }
        }
        Ok(model)
    }

    fn add(&mut self, policy: &AutoScalingPolicy, index: usize) {
        let capacity = policy.capacity.unwrap_or_default();
        let (min, max) = (capacity.min.unwrap_or(0), capacity.max.unwrap_or(u32::MAX));
        let size = capacity.initial.map(|initial| initial.clamp(min, max));
        if let (Some(schedule), Some(size)) = (&policy.execution_schedule, size) {
            let name = policy.display_name.clone();
            if let Ok(expression) = CronExpression::parse(&schedule.expression, CronDialect::Quartz)
            {
                self.schedules.push(Schedule {
                    name: name.unwrap_or_else(|| format!("policies[{index}]")),
                    expression,
                    zone: Zone::UTC,
                    size,
                });
            }
            return;
        }
        (self.min, self.max, self.initial) = (min, max, size);
        for rule in &policy.rules {
            let Some((source, shown, threshold)) = metric(&rule.metric) else {
                continue;
            };
            let pending = rule.metric.pending_duration();
            let minutes = pending.0.as_nanos().div_ceil(60_000_000_000) as usize;
            self.keep = self.keep.max(minutes);
            let source = source.index_in(&mut self.sources);
            let name = rule.display_name.as_deref().unwrap_or("rule");
            self.rules.push(Rule {
                name: format!("{name}: {shown} for {pending}"),
                source,
                threshold,
                minutes,
                step: rule.action.value,
            });
        }
    }
}

/// What a rule looks at, how that reads, and what it is compared with.
fn metric(metric: &Metric) -> Option<(Source, String, Threshold)> {
    if metric.metric_source == Some(MetricSource::CustomQuery) {
        let text = metric.query.as_deref()?;
        let query = CustomQuery::parse(text).ok()?;
        return Some((
            Source::Named(query.metric),
            text.to_owned(),
            query.threshold,
        ));
    }
    let (resource, name) = match metric.metric_type? {
        MetricType::CpuUtilization => (ResourceName::Cpu, "CPU_UTILIZATION"),
        MetricType::MemoryUtilization => (ResourceName::Memory, "MEMORY_UTILIZATION"),
    };
    let threshold = metric.threshold?;
    let operator = format!("{:?}", threshold.operator).to_uppercase();
    let shown = format!("{name} {operator} {}", threshold.value);
    Some((Source::Utilization(resource), shown, threshold))
}
