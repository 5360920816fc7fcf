//! A setting in which nothing is optional and nothing needs checking.

use super::AzurePolicy;
use crate::ResourceName;
use crate::pools::InvalidPool;
use crate::pools::calendar::{Zone, local_time};
use crate::pools::metric::Source;
use flashcrowd_manifests::azure::{
    AutoscaleProfile, FixedDate, MetricStatistic, RecurrentSchedule, ScaleDirection, ScaleRule,
    ScaleType, TimeAggregation, TriggerOperator,
};
use flashcrowd_manifests::{CronDialect, CronExpression, IsoDuration, Problem};
use flashcrowd_units::SimDuration;

const KIND: &str = "autoscale setting";

#[derive(Debug, Clone)]
pub(super) struct Model {
    pub(super) enabled: bool,
    pub(super) publish_delay: SimDuration,
    pub(super) epoch: i64,
    pub(super) sources: Vec<Source>,
    /// How many minutes are remembered.
    pub(super) keep: usize,
    pub(super) profiles: Vec<Profile>,
}

#[derive(Debug, Clone)]
pub(super) struct Profile {
    pub(super) name: String,
    pub(super) min: u32,
    pub(super) max: u32,
    pub(super) default: u32,
    pub(super) when: When,
    pub(super) rules: Vec<Rule>,
}

/// When a profile applies.
#[derive(Debug, Clone)]
pub(super) enum When {
    /// Where no other one does.
    Default,
    /// Between two times \[Unix seconds\].
    Fixed { start: i64, end: i64 },
    /// From each of these times on.
    Recurring {
        expression: CronExpression,
        zone: Zone,
    },
}

#[derive(Debug, Clone)]
pub(super) struct Rule {
    /// What it reads like in decisions.
    pub(super) name: String,
    /// Index of its metric.
    pub(super) source: usize,
    /// Minutes of a grain.
    pub(super) grain: usize,
    pub(super) statistic: MetricStatistic,
    /// Minutes of the window.
    pub(super) window: usize,
    pub(super) aggregation: TimeAggregation,
    pub(super) operator: TriggerOperator,
    pub(super) threshold: f64,
    /// Whether the value is divided by the number of instances.
    pub(super) per_instance: bool,
    /// Whether the value grows as the instances become fewer.
    pub(super) follows_size: bool,
    pub(super) direction: ScaleDirection,
    pub(super) scale_type: ScaleType,
    pub(super) amount: u32,
    pub(super) cooldown: SimDuration,
}

impl Model {
    pub(super) fn new(policy: &AzurePolicy) -> Result<Self, InvalidPool> {
        let mut problems = policy.setting.validate();
        let properties = &policy.setting.properties;
        let mut model = Self {
            enabled: properties.enabled.unwrap_or(true),
            publish_delay: policy.publish_delay,
            epoch: policy.epoch_unix_seconds,
            sources: Vec::new(),
            keep: 1,
            profiles: Vec::new(),
        };
        if problems.is_empty() {
            for (index, profile) in properties.profiles.iter().enumerate() {
                match when(profile) {
                    Ok(when) => model.add(profile, when),
                    Err((field, message)) => problems.push(Problem {
                        path: format!("properties.profiles[{index}].{field}"),
                        message,
                    }),
                }
            }
        }
        InvalidPool::unless_empty(KIND, problems)?;
        Ok(model)
    }

    fn add(&mut self, profile: &AutoscaleProfile, when: When) {
        let rules = profile.rules.iter().map(|rule| self.rule(rule)).collect();
        self.profiles.push(Profile {
            name: profile.name.clone(),
            min: profile.capacity.minimum,
            max: profile.capacity.maximum,
            default: profile.capacity.default,
            when,
            rules,
        });
    }

    fn rule(&mut self, rule: &ScaleRule) -> Rule {
        let (trigger, action) = (&rule.metric_trigger, rule.scale_action);
        let source = match trigger.metric_name.as_str() {
            "Percentage CPU" | "CpuPercentage" => Source::Utilization(ResourceName::Cpu),
            "Percentage Memory" | "MemoryPercentage" => Source::Utilization(ResourceName::Memory),
            name => Source::Named(name.to_owned()),
        };
        let window = minutes(trigger.time_window);
        self.keep = self.keep.max(window);
        let is_sum = trigger.statistic == MetricStatistic::Sum;
        Rule {
            name: format!(
                "{:?}: {} {:?} {}",
                action.direction, trigger.metric_name, trigger.operator, trigger.threshold
            ),
            source: source.index_in(&mut self.sources),
            grain: minutes(trigger.time_grain),
            statistic: trigger.statistic,
            window,
            aggregation: trigger.time_aggregation,
            operator: trigger.operator,
            threshold: trigger.threshold,
            per_instance: trigger.divide_per_instance,
            follows_size: trigger.divide_per_instance || !is_sum,
            direction: action.direction,
            scale_type: action.scale_type,
            amount: action.value,
            cooldown: action.cooldown.0,
        }
    }
}

fn minutes(duration: IsoDuration) -> usize {
    (duration.0.as_nanos() / 60_000_000_000).max(1) as usize
}

type FieldProblem = (&'static str, String);

/// When a profile applies, or which field cannot be understood.
fn when(profile: &AutoscaleProfile) -> Result<When, FieldProblem> {
    if let Some(date) = &profile.fixed_date {
        return fixed(date);
    }
    match &profile.recurrence {
        Some(recurrence) => recurring(&recurrence.schedule),
        None => Ok(When::Default),
    }
}

fn zone(field: &'static str, name: &str) -> Result<Zone, FieldProblem> {
    let unknown = || (field, format!("is `{name}`: is not a known time zone"));
    Zone::of(name).ok_or_else(unknown)
}

fn fixed(date: &FixedDate) -> Result<When, FieldProblem> {
    let name = date.time_zone.as_deref().unwrap_or("UTC");
    let zone = zone("fixedDate.timeZone", name)?;
    let time = |field, text: &str| {
        let instant = local_time(text).and_then(|local| zone.instant(local));
        let message = || {
            (
                field,
                format!("is `{text}`: must be a time such as 2026-11-27T00:00:00"),
            )
        };
        instant.ok_or_else(message)
    };
    let (start, end) = (
        time("fixedDate.start", &date.start)?,
        time("fixedDate.end", &date.end)?,
    );
    Ok(When::Fixed { start, end })
}

fn recurring(schedule: &RecurrentSchedule) -> Result<When, FieldProblem> {
    let zone = zone("recurrence.schedule.timeZone", &schedule.time_zone)?;
    let list = |numbers: Vec<u8>| {
        let texts: Vec<_> = numbers.iter().map(u8::to_string).collect();
        texts.join(",")
    };
    let text = format!(
        "{} {} * * {}",
        list(schedule.minutes.clone()),
        list(schedule.hours.clone()),
        list(schedule.weekdays().collect())
    );
    let expression = CronExpression::parse(&text, CronDialect::Standard);
    let expression = expression.map_err(|message| ("recurrence.schedule", message))?;
    Ok(When::Recurring { expression, zone })
}
