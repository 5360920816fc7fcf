//! When something is done.

use super::super::metrics;
use super::Scene;
use crate::check::Checker;
use crate::diagnostic::{Code, Problems};
use crate::path::FieldPath;
use crate::spec::{
    ActionSpec, ActionTime, CronSpec, Measure, MetricRef, MetricSpec, Quantum, WhenSpec,
};
use crate::suggest;
use crate::yaml::Node;
use flashcrowd_autoscalers::keda::cron::{Schedule, Zone};
use flashcrowd_autoscalers::threshold::Comparison;
use flashcrowd_core::model::{
    CronTrigger, EndpointFigure, MetricSource, NamedMetric, QueueFigure, ServiceFigure,
    ThresholdTrigger, Trigger,
};
use flashcrowd_units::{SimDuration, SimTime};
use jiff::Zoned;
use jiff::tz::{TimeZoneDatabase, TimeZoneName};

const CHOICES: &str = "exactly one of `at`, `cron`, `when`";

pub(super) fn when(
    scene: Scene<'_>,
    spec: &ActionSpec,
    path: &FieldPath,
    problems: &mut Problems,
) -> Option<Trigger> {
    let mut found = Vec::new();
    if let Some(time) = spec.at {
        found.push(at(scene, time, &path.join("at"), problems).map(Trigger::At));
    }
    if let Some(spec) = &spec.cron {
        found.push(cron(scene, spec, &path.join("cron"), problems).map(Trigger::Cron));
    }
    if let Some(spec) = &spec.when {
        found.push(threshold(scene, spec, &path.join("when"), problems).map(Trigger::Threshold));
    }
    if found.len() != 1 {
        let message = match found.len() {
            0 => "nothing says when this is done",
            _ => "this is done at several times",
        };
        if !scene.context.is_damaged(path) {
            let mut check = scene.context.check(problems);
            check.invalid(path, message, CHOICES);
        }
        return None;
    }
    found.pop().flatten()
}

fn at(
    scene: Scene<'_>,
    time: ActionTime,
    path: &FieldPath,
    problems: &mut Problems,
) -> Option<SimTime> {
    let (spec, start) = (scene.context.spec, &scene.context.spec.start.0);
    let mut check = scene.context.check(problems);
    let elapsed = match time {
        ActionTime::Elapsed(elapsed) => elapsed,
        ActionTime::Clock(clock) => {
            let today = start.date().to_datetime(clock);
            let next = today.date().tomorrow().map(|day| day.to_datetime(clock));
            let since = elapsed(start, today).or_else(|| elapsed(start, next.ok()?));
            since.unwrap_or_default()
        }
        ActionTime::Date(date) => {
            let Some(since) = elapsed(start, date) else {
                let message = format!("{date} is before the start of the run");
                let legal = format!("{} or later", start.datetime());
                check.invalid(path, message, &legal);
                return None;
            };
            since
        }
    };
    if elapsed > spec.duration {
        let message = match time {
            ActionTime::Elapsed(_) => {
                format!(
                    "at {elapsed} the run, which lasts {}, is over",
                    spec.duration
                )
            }
            _ => format!(
                "this is {elapsed} after the start, and the run, which lasts {}, is over",
                spec.duration
            ),
        };
        let help = match time {
            ActionTime::Elapsed(_) => "times count from the start of the run",
            _ => "times by the clock are those of the zone of `start`",
        };
        check.warn(Code::Ineffective, path, message, help);
    }
    Some(SimTime::ZERO + elapsed)
}

/// From the start until clock and calendar there show this; what the change of clocks leaves out
/// comes that much later. `None` if it is past.
fn elapsed(start: &Zoned, local: jiff::civil::DateTime) -> Option<SimDuration> {
    let then = local.to_zoned(start.time_zone().clone()).ok()?;
    let nanos = then.timestamp().as_nanosecond() - start.timestamp().as_nanosecond();
    u64::try_from(nanos).ok().map(SimDuration::from_nanos)
}

fn no_such_zone(name: &str, path: &FieldPath, check: &mut Checker<'_>) {
    let message = format!("there is no time zone `{name}`");
    let zones = TimeZoneDatabase::bundled();
    let known: Vec<_> = zones.available().collect();
    let nearest = suggest::nearest(name, known.iter().map(TimeZoneName::as_str));
    check.report(Code::InvalidValue, path, message, |problem| {
        let problem = problem.legal("the name of a time zone, as UTC or Asia/Kolkata");
        match nearest {
            Some(name) => problem.help(format!("did you mean `{name}`?")),
            None => problem,
        }
    });
}

fn cron(
    scene: Scene<'_>,
    spec: &CronSpec,
    path: &FieldPath,
    problems: &mut Problems,
) -> Option<CronTrigger> {
    let context = scene.context;
    let start = &context.spec.start.0;
    let mut check = context.check(problems);
    let own_zone = start.time_zone().iana_name().unwrap_or("UTC");
    let time_zone = spec.time_zone.as_deref().unwrap_or(own_zone);
    let zone = Zone::of(time_zone);
    let is_known = zone.is_known() && !time_zone.is_empty();
    if !is_known {
        no_such_zone(time_zone, &path.join("time_zone"), &mut check);
    }
    let schedule_path = path.join("schedule");
    if spec.schedule.contains("TZ=") {
        let message = "a CronJob has its time zone in a field of its own";
        let legal = "five fields, and the zone under `time_zone`";
        check.invalid(&schedule_path, message, legal);
        return None;
    }
    let legal = "`minute hour day-of-month month day-of-week`, as \"0 8 * * 1-5\"";
    let schedule = match Schedule::parse(&spec.schedule, &zone) {
        Ok(schedule) => schedule,
        Err(problem) => {
            let message = match problem.strip_prefix("is ") {
                Some(rest) => rest.to_owned(),
                None => format!("`{}`: {problem}", spec.schedule),
            };
            check.invalid(&schedule_path, message, legal);
            return None;
        }
    };
    if !is_known {
        return None;
    }
    let start_unix_seconds = start.timestamp().as_second();
    let next = schedule.next(start_unix_seconds - 1).flatten();
    let end = context.spec.duration.as_secs_f64();
    match next {
        None => {
            let message = format!("`{}` never occurs", spec.schedule);
            check.invalid(&schedule_path, message, "a time that there is");
            return None;
        }
        Some(next) if (next - start_unix_seconds) as f64 > end => {
            let after = SimDuration::from_secs((next - start_unix_seconds).unsigned_abs());
            let message = format!(
                "this occurs for the first time {after} after the start, and the run lasts {}",
                context.spec.duration
            );
            let help = "times are those of `time_zone`, by default that of `start`";
            check.warn(Code::Ineffective, &schedule_path, message, help);
        }
        Some(_) => {}
    }
    Some(CronTrigger {
        schedule: spec.schedule.clone(),
        time_zone: time_zone.to_owned(),
        start_unix_seconds,
    })
}

fn threshold(
    scene: Scene<'_>,
    spec: &WhenSpec,
    path: &FieldPath,
    problems: &mut Problems,
) -> Option<ThresholdTrigger> {
    if spec.interval.is_zero() {
        let mut check = scene.context.check(problems);
        let message = "evaluations need some time between them";
        check.invalid(&path.join("interval"), message, "above 0s, as 15s");
    }
    let metric = match &spec.metric {
        MetricRef::Name(name) => named(scene, name, &path.join("metric"), problems),
        MetricRef::Inline(inline) => {
            let path = path.join("metric");
            let name = shown(scene, inline, &path);
            metrics::metric(scene.context, &name, inline, spec.interval, &path, problems)
        }
    };
    let comparison = comparison(scene, spec, metric.as_ref(), path, problems);
    Some(ThresholdTrigger {
        metric: metric?,
        comparison: comparison?,
        hold: spec.hold,
        keep_firing: spec.keep_firing_for,
        interval: spec.interval,
        cooldown: spec.cooldown,
        once: spec.once,
    })
}

/// One of the metrics of the scenario.
fn named(
    scene: Scene<'_>,
    name: &str,
    path: &FieldPath,
    problems: &mut Problems,
) -> Option<NamedMetric> {
    let found = scene.metrics.iter().find(|metric| metric.name == name);
    let is_written = scene.context.spec.metrics.contains_key(name);
    let section = scene.context.root.get("metrics");
    let is_damaged = section.is_some_and(|node| !node.is_sound() || node.get(name).is_some());
    if found.is_none() && !is_written && !is_damaged {
        let known = scene.context.spec.metrics.keys();
        let known: Vec<&str> = known.map(String::as_str).collect();
        let mut check = scene.context.check(problems);
        let message = format!("there is no metric `{name}`");
        check.report(Code::UnknownReference, path, message, |problem| {
            let help = format!("describe it under `metrics`: {name}: ..., or here: `{{ service: ..., measure: ... }}`");
            problem.help(help).names(name, &known)
        });
    }
    found.cloned()
}

/// What a metric without a name is called in reports: by what was written.
fn shown(scene: Scene<'_>, spec: &MetricSpec, path: &FieldPath) -> String {
    let of = [&spec.service, &spec.endpoint, &spec.queue];
    let of = of.into_iter().flatten().next().cloned();
    let measure = scene.context.root.at(&path.join("measure").0);
    let measure = measure.and_then(Node::as_text).map(str::to_owned);
    let percentile = spec.percentile.unwrap_or(95.0);
    let percentile = (spec.measure == Some(Measure::Latency)).then(|| format!("p{percentile}"));
    let words = of.into_iter().chain(percentile).chain(measure);
    words.collect::<Vec<_>>().join(" ")
}

fn comparison(
    scene: Scene<'_>,
    spec: &WhenSpec,
    metric: Option<&NamedMetric>,
    path: &FieldPath,
    problems: &mut Problems,
) -> Option<Comparison> {
    type Make = fn(f64) -> Comparison;
    let given: [(&str, Option<Quantum>, Make); 4] = [
        ("above", spec.above, Comparison::Above),
        ("at_least", spec.at_least, Comparison::AtLeast),
        ("below", spec.below, Comparison::Below),
        ("at_most", spec.at_most, Comparison::AtMost),
    ];
    let given = given.into_iter();
    let given: Vec<_> = given
        .filter_map(|(field, quantum, make)| Some((field, quantum?, make)))
        .collect();
    let [(field, quantum, make)] = given.as_slice() else {
        let message = match given.len() {
            0 => "this compares the metric with nothing",
            _ => "this compares the metric with several things",
        };
        if !scene.context.is_damaged(path) {
            let mut check = scene.context.check(problems);
            let legal = "exactly one of `above`, `at_least`, `below`, `at_most`";
            check.invalid(path, message, legal);
        }
        return None;
    };
    let unit = Unit::of(metric?.source);
    let Some(value) = unit.read(*quantum) else {
        let mut check = scene.context.check(problems);
        let message = match (unit, quantum) {
            (Unit::Share, Quantum::Number(number)) => {
                format!("{number} would be {} %", number * 100.0)
            }
            _ => format!("this metric is {}", unit.name()),
        };
        check.invalid(&path.join(*field), message, unit.legal());
        return None;
    };
    Some(make(value))
}

/// What a metric counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Number,
    Rate,
    Share,
    Time,
    Memory,
}

impl Unit {
    fn of(source: MetricSource) -> Self {
        match source {
            MetricSource::Service(_, figure) => match figure {
                ServiceFigure::Requests | ServiceFigure::Errors => Self::Rate,
                ServiceFigure::ErrorRatio
                | ServiceFigure::CpuUtilization
                | ServiceFigure::CpuUtilizationOfLimit
                | ServiceFigure::CpuThrottled
                | ServiceFigure::MemoryUtilization
                | ServiceFigure::MemoryUtilizationOfLimit => Self::Share,
                ServiceFigure::Memory => Self::Memory,
                ServiceFigure::Latency(_) => Self::Time,
                ServiceFigure::InFlight
                | ServiceFigure::Concurrency
                | ServiceFigure::Cpu
                | ServiceFigure::Replicas
                | ServiceFigure::ReadyReplicas => Self::Number,
            },
            MetricSource::Endpoint(_, figure) => match figure {
                EndpointFigure::Requests | EndpointFigure::Errors => Self::Rate,
                EndpointFigure::ErrorRatio => Self::Share,
                EndpointFigure::Latency(_) => Self::Time,
            },
            MetricSource::Queue(_, figure) => match figure {
                Some(QueueFigure::EnqueueRate | QueueFigure::ProcessRate) => Self::Rate,
                Some(QueueFigure::OldestSeconds) => Self::Time,
                _ => Self::Number,
            },
            MetricSource::Clients => Self::Number,
        }
    }

    /// An amount as a number in this unit. Times need a unit, and so do shares above 1: `70` is
    /// not `70%`, `1` may be a second or a millisecond.
    fn read(self, quantum: Quantum) -> Option<f64> {
        match (self, quantum) {
            (Self::Number | Self::Rate | Self::Memory, Quantum::Number(number))
            | (Self::Share, Quantum::Share(number))
            | (Self::Time, Quantum::Seconds(number))
            | (Self::Memory, Quantum::Bytes(number))
            | (Self::Rate, Quantum::PerSecond(number)) => Some(number),
            (Self::Share, Quantum::Number(number)) => Some(number).filter(|it| *it <= 1.0),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Rate => "a rate",
            Self::Share => "a share",
            Self::Time => "a time",
            Self::Memory => "an amount of memory",
        }
    }

    const fn legal(self) -> &'static str {
        match self {
            Self::Number => "a number without a unit, as 100",
            Self::Rate => "a rate, as 100/s",
            Self::Share => "a percentage, as 70%",
            Self::Time => "a duration, as 1s or 500ms",
            Self::Memory => "an amount of memory, as 512Mi",
        }
    }
}
