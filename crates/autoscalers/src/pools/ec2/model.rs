//! A group in which nothing is optional and nothing needs checking.

use super::Ec2Policy;
use super::alarm::Alarm;
use crate::ResourceName;
use crate::pools::InvalidPool;
use crate::pools::calendar::{Zone, instant};
use crate::pools::metric::Source;
use flashcrowd_manifests::ec2::{
    AdjustmentType, ComparisonOperator, MaxCapacityBreachBehavior, MetricAlarm, PolicyType,
    PredictiveMode, ScalingPolicy, ScheduledAction, StepAdjustment, TreatMissingData, WarmPool,
};
use flashcrowd_manifests::{CronDialect, CronExpression, Problem};
use flashcrowd_units::SimDuration;

const KIND: &str = "Auto Scaling group";
/// Cooldown, and warm-up where nothing else is said \[s\].
const DEFAULT_COOLDOWN_SECONDS: u32 = 300;
/// How long before its hour a forecast is used \[s\].
const DEFAULT_SCHEDULING_BUFFER_SECONDS: u32 = 300;
/// Datapoints of the alarms of target tracking, of a minute each.
const HIGH_DATAPOINTS: usize = 3;
const LOW_DATAPOINTS: usize = 15;
/// Where the low alarm of target tracking is, as a part of the target.
const LOW_PART: f64 = 0.9;

#[derive(Debug, Clone)]
pub(super) struct Model {
    pub(super) publish_delay: SimDuration,
    pub(super) epoch: i64,
    pub(super) sources: Vec<Source>,
    pub(super) alarms: Vec<Alarm>,
    pub(super) tracking: Vec<TargetTracking>,
    pub(super) called: Vec<Called>,
    pub(super) predictive: Vec<Predictive>,
    pub(super) schedules: Vec<Schedule>,
    pub(super) warm_pool: Option<WarmPool>,
}

/// A target tracking policy.
#[derive(Debug, Clone)]
pub(super) struct TargetTracking {
    pub(super) name: String,
    pub(super) target: f64,
    /// Index of its alarm for scaling out.
    pub(super) high: usize,
    /// Index of its alarm for scaling in, unless that is disabled.
    pub(super) low: Option<usize>,
    pub(super) warmup: SimDuration,
}

/// A policy that is called by an alarm.
#[derive(Debug, Clone)]
pub(super) struct Called {
    pub(super) name: String,
    /// Index of the alarm.
    pub(super) alarm: usize,
    pub(super) kind: AdjustmentType,
    pub(super) min_magnitude: u32,
    pub(super) scaling: CalledScaling,
}

#[derive(Debug, Clone)]
pub(super) enum CalledScaling {
    Step {
        steps: Vec<StepAdjustment>,
        warmup: SimDuration,
    },
    Simple {
        adjustment: i32,
        cooldown: SimDuration,
    },
}

/// A predictive scaling policy.
#[derive(Debug, Clone)]
pub(super) struct Predictive {
    pub(super) name: String,
    /// Index of the metric that is forecast.
    pub(super) source: usize,
    pub(super) target: f64,
    pub(super) buffer_seconds: i64,
    pub(super) scales: bool,
    /// How far above the forecast the maximum goes \[%\], if it gives way.
    pub(super) raises_max: Option<u32>,
}

/// A scheduled action.
#[derive(Debug, Clone)]
pub(super) struct Schedule {
    pub(super) action: ScheduledAction,
    /// When it recurs; otherwise it happens once, at the start.
    pub(super) recurrence: Option<CronExpression>,
    pub(super) zone: Zone,
    pub(super) start: Option<i64>,
    pub(super) end: Option<i64>,
}

impl Schedule {
    /// Its latest occurrence in a range of time \[Unix seconds\].
    pub(super) fn latest(&self, until: i64, not_before: i64) -> Option<i64> {
        let Some(recurrence) = &self.recurrence else {
            return self
                .start
                .filter(|start| (not_before..=until).contains(start));
        };
        let until = self.end.map_or(until, |end| end.min(until));
        let not_before = self.start.map_or(not_before, |start| start.max(not_before));
        self.zone.latest(recurrence, until, not_before)
    }
}

impl Model {
    pub(super) fn new(policy: &Ec2Policy) -> Result<Self, InvalidPool> {
        InvalidPool::unless_empty(KIND, problems(policy))?;
        let group = &policy.group;
        let default_cooldown = group.default_cooldown.unwrap_or(DEFAULT_COOLDOWN_SECONDS);
        let default_warmup = group.default_instance_warmup.unwrap_or(default_cooldown);
        let mut model = Self {
            publish_delay: policy.publish_delay,
            epoch: policy.epoch_unix_seconds,
            sources: Vec::new(),
            alarms: Vec::new(),
            tracking: Vec::new(),
            called: Vec::new(),
            predictive: Vec::new(),
            schedules: policy.scheduled_actions.iter().map(schedule).collect(),
            warm_pool: policy.warm_pool.clone(),
        };
        let enabled = policy
            .policies
            .iter()
            .filter(|it| it.enabled.unwrap_or(true));
        for scaling in enabled {
            let warmup = scaling.estimated_instance_warmup.unwrap_or(default_warmup);
            let warmup = seconds(warmup);
            match scaling.policy_type() {
                PolicyType::TargetTrackingScaling => model.track(scaling, warmup),
                PolicyType::PredictiveScaling => model.predict(scaling),
                PolicyType::StepScaling | PolicyType::SimpleScaling => {
                    let cooldown = seconds(scaling.cooldown.unwrap_or(default_cooldown));
                    for alarm in &policy.alarms {
                        if alarm.calls(&scaling.policy_name) {
                            model.call(scaling, alarm, warmup, cooldown);
                        }
                    }
                }
            }
        }
        Ok(model)
    }

    fn track(&mut self, policy: &ScalingPolicy, warmup: SimDuration) {
        let Some(configuration) = &policy.target_tracking_configuration else {
            return;
        };
        let customized = configuration.customized_metric_specification.as_ref();
        let name = customized
            .and_then(|metric| metric.metric_name.as_deref())
            .or_else(|| {
                let predefined = configuration.predefined_metric_specification.as_ref();
                predefined.map(|metric| metric.predefined_metric_type.as_str())
            });
        let source = source(name.unwrap_or_default()).index_in(&mut self.sources);
        let target = configuration.target_value;
        let period = customized.and_then(|metric| metric.period).unwrap_or(60);
        let alarm = |side: &str, datapoints, threshold, operator| Alarm {
            name: format!("TargetTracking-{}-Alarm{side}", policy.policy_name),
            source,
            statistic: customized.and_then(|it| it.statistic).unwrap_or_default(),
            period: (period as usize).div_ceil(60).max(1),
            evaluated: datapoints,
            required: datapoints,
            threshold,
            operator,
            missing: TreatMissingData::Missing,
            warmup,
        };
        let high = alarm(
            "High",
            HIGH_DATAPOINTS,
            target,
            ComparisonOperator::GreaterThanThreshold,
        );
        let low = LOW_PART * target;
        let low = alarm(
            "Low",
            LOW_DATAPOINTS,
            low,
            ComparisonOperator::LessThanThreshold,
        );
        let high = self.add(high);
        let low = (!configuration.disable_scale_in).then(|| self.add(low));
        self.tracking.push(TargetTracking {
            name: policy.policy_name.clone(),
            target,
            high,
            low,
            warmup,
        });
    }

    fn add(&mut self, alarm: Alarm) -> usize {
        self.alarms.push(alarm);
        self.alarms.len() - 1
    }

    fn call(
        &mut self,
        policy: &ScalingPolicy,
        alarm: &MetricAlarm,
        warmup: SimDuration,
        cooldown: SimDuration,
    ) {
        let is_step = policy.policy_type() == PolicyType::StepScaling;
        let scaling = if is_step {
            let steps = policy.step_adjustments.clone();
            CalledScaling::Step { steps, warmup }
        } else {
            let adjustment = policy.scaling_adjustment.unwrap_or(0);
            CalledScaling::Simple {
                adjustment,
                cooldown,
            }
        };
        let evaluated = alarm.evaluation_periods;
        let source = source(&alarm.metric_name).index_in(&mut self.sources);
        let alarm = self.add(Alarm {
            name: alarm.alarm_name.clone(),
            source,
            statistic: alarm.statistic.unwrap_or_default(),
            period: (alarm.period / 60) as usize,
            evaluated: evaluated as usize,
            required: alarm.datapoints_to_alarm.unwrap_or(evaluated) as usize,
            threshold: alarm.threshold,
            operator: alarm.comparison_operator,
            missing: alarm.treat_missing_data.unwrap_or_default(),
            warmup: if is_step { warmup } else { SimDuration::ZERO },
        });
        self.called.push(Called {
            name: policy.policy_name.clone(),
            alarm,
            kind: policy
                .adjustment_type
                .unwrap_or(AdjustmentType::ChangeInCapacity),
            min_magnitude: policy.min_adjustment_magnitude.unwrap_or(0),
            scaling,
        });
    }

    fn predict(&mut self, policy: &ScalingPolicy) {
        let Some(configuration) = &policy.predictive_scaling_configuration else {
            return;
        };
        let Some(metric) = configuration.metric_specifications.first() else {
            return;
        };
        let source = source(metric.load_metric().unwrap_or_default());
        let breach = configuration
            .max_capacity_breach_behavior
            .unwrap_or_default();
        let buffer = configuration.scheduling_buffer_time;
        self.predictive.push(Predictive {
            name: policy.policy_name.clone(),
            source: source.index_in(&mut self.sources),
            target: metric.target_value,
            buffer_seconds: i64::from(buffer.unwrap_or(DEFAULT_SCHEDULING_BUFFER_SECONDS)),
            scales: configuration.mode == Some(PredictiveMode::ForecastAndScale),
            raises_max: (breach == MaxCapacityBreachBehavior::IncreaseMaxCapacity)
                .then(|| configuration.max_capacity_buffer.unwrap_or(0)),
        });
    }
}

fn seconds(seconds: u32) -> SimDuration {
    SimDuration::from_secs(u64::from(seconds))
}

/// What a metric's name means. CPU and memory are those of the instances.
fn source(name: &str) -> Source {
    match name {
        "ASGAverageCPUUtilization"
        | "ASGCPUUtilization"
        | "ASGTotalCPUUtilization"
        | "CPUUtilization" => Source::Utilization(ResourceName::Cpu),
        "MemoryUtilization" | "mem_used_percent" => Source::Utilization(ResourceName::Memory),
        name => Source::Named(name.to_owned()),
    }
}

fn schedule(action: &ScheduledAction) -> Schedule {
    let recurrence = action.recurrence.as_deref();
    Schedule {
        recurrence: recurrence
            .and_then(|text| CronExpression::parse(text, CronDialect::Standard).ok()),
        zone: action
            .time_zone
            .as_deref()
            .and_then(Zone::of)
            .unwrap_or(Zone::UTC),
        start: action.start_time.as_deref().and_then(instant),
        end: action.end_time.as_deref().and_then(instant),
        action: action.clone(),
    }
}

/// Everything that is wrong, with paths from the parameters on.
fn problems(policy: &Ec2Policy) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut add = |path: String, found: Vec<Problem>| {
        problems.extend(found.into_iter().map(|problem| Problem {
            path: format!("{path}.{}", problem.path),
            message: problem.message,
        }));
    };
    add("group".to_owned(), policy.group.validate());
    for (index, scaling) in policy.policies.iter().enumerate() {
        let path = format!("policies[{index}]");
        add(path.clone(), scaling.validate());
        let needs_alarm = matches!(
            scaling.policy_type(),
            PolicyType::StepScaling | PolicyType::SimpleScaling
        );
        if needs_alarm
            && !policy
                .alarms
                .iter()
                .any(|it| it.calls(&scaling.policy_name))
        {
            let message = format!("is `{}`: no alarm calls it", scaling.policy_name);
            add(path, vec![problem("PolicyName", message)]);
        }
    }
    for (index, alarm) in policy.alarms.iter().enumerate() {
        add(format!("alarms[{index}]"), alarm.validate());
    }
    for (index, action) in policy.scheduled_actions.iter().enumerate() {
        let path = format!("scheduled_actions[{index}]");
        let mut found = action.validate();
        for (field, text) in [
            ("StartTime", &action.start_time),
            ("EndTime", &action.end_time),
        ] {
            if let Some(text) = text
                && instant(text).is_none()
            {
                let message = format!("is `{text}`: must be a time such as 2026-01-31T08:00:00Z");
                found.push(problem(field, message));
            }
        }
        if let Some(zone) = &action.time_zone
            && Zone::of(zone).is_none()
        {
            found.push(problem(
                "TimeZone",
                format!("is `{zone}`: is not a known time zone"),
            ));
        }
        add(path, found);
    }
    problems
}

fn problem(path: &str, message: String) -> Problem {
    Problem {
        path: path.to_owned(),
        message,
    }
}
