//! The steps of instance pools in words.

use super::amounts::and;
use super::explainer::Explainer;
use super::steps::{Body, Ec2AlarmStep, Ec2Steps, OciRuleStep, OciSteps};
use flashcrowd_units::SimTime;
use std::fmt::Write;

/// What the rules of an OCI pool said. `reason` is that of the decision.
pub(super) fn oci(
    explainer: &Explainer<'_>,
    body: &Body,
    steps: &OciSteps,
    reason: &str,
) -> String {
    let fired = steps.rules.iter().find(|rule| rule.rule == reason);
    let Some(rule) = fired else {
        // A schedule, or the start.
        if !reason.is_empty() {
            return reason.to_owned();
        }
        return match latest(&steps.rules) {
            values if values.is_empty() => "no rule fires".to_owned(),
            values => format!("no rule fires: {} in the latest minute", and(&values)),
        };
    };
    let text = format!("{}, {} in the latest minute", rule.rule, percent(rule));
    let then = match body.limited_by.as_deref() {
        Some("Cooldown") => match steps.cooldown_until.and_then(|at| u64::try_from(at).ok()) {
            Some(until) => format!(
                ": held by the cooldown until {}",
                explainer.clock(SimTime::from_nanos(until))
            ),
            None => ": held by the cooldown".to_owned(),
        },
        Some("ScalingInProgress") => ": held until the instances of the last step run".to_owned(),
        Some("TooManyReplicas") => bounded(body, rule, "maximum"),
        Some("TooFewReplicas") => bounded(body, rule, "minimum"),
        _ => format!(": {:+}", rule.step),
    };
    text + &then
}

/// What each metric of the rules was in the latest minute, each value once.
fn latest(rules: &[OciRuleStep]) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    for rule in rules {
        let shown = format!("{} {}", metric(rule), percent(rule));
        if !values.contains(&shown) {
            values.push(shown);
        }
    }
    values
}

/// `CPU_UTILIZATION` of `scale-up: CPU_UTILIZATION GT 70 for PT3M`.
fn metric(rule: &OciRuleStep) -> &str {
    let condition = rule.rule.split_once(": ").map_or("", |(_, it)| it);
    condition.split(' ').next().unwrap_or_default()
}

/// The latest value, with its unit where that is known.
fn percent(rule: &OciRuleStep) -> String {
    let is_percent = matches!(metric(rule), "CPU_UTILIZATION" | "MEMORY_UTILIZATION");
    let unit = if is_percent && rule.last.is_some() {
        " %"
    } else {
        ""
    };
    format!("{}{unit}", value(rule.last))
}

fn bounded(body: &Body, rule: &OciRuleStep, bound: &str) -> String {
    let (step, desired) = (rule.step, body.desired);
    format!(": {step:+}, held at {desired} by the {bound}")
}

/// What the alarms of a group said, and what its policies ask for.
pub(super) fn ec2(body: &Body, steps: &Ec2Steps, reason: &str) -> String {
    let ringing: Vec<String> = steps
        .alarms
        .iter()
        .filter(|alarm| alarm.state == "ALARM")
        .map(|alarm| format!("{} in ALARM at {}", alarm.alarm, value(alarm.value)))
        .collect();
    if steps.candidates.is_empty() {
        if !reason.is_empty() {
            return reason.to_owned();
        }
        if !ringing.is_empty() {
            return format!("{}: asks for nothing", and(&ringing));
        }
        return match latest_datapoints(&steps.alarms) {
            values if values.is_empty() => "no alarm".to_owned(),
            values => format!("no alarm, latest datapoint {}", and(&values)),
        };
    }
    let asked: Vec<String> = steps
        .candidates
        .iter()
        .map(|it| {
            let held = match it.held_by.as_deref() {
                Some("InstanceWarmup") => ", held by instances that warm up",
                Some("Cooldown") => ", held by the cooldown",
                Some("ScalingInProgress") => ", held by an activity that goes on",
                Some(_) => ", held",
                None => "",
            };
            if it.capacity == body.current && held.is_empty() {
                format!("{} asks for what there is", it.policy)
            } else {
                format!("{} asks for {}{held}", it.policy, it.capacity)
            }
        })
        .collect();
    let mut text = format!("{}: {}", and(&ringing), and(&asked));
    // A forecast, which may have asked for more than the policies that were called.
    if reason.starts_with("forecast") {
        let _ = write!(text, "; {reason}");
    }
    let bound = match body.limited_by.as_deref() {
        Some("TooManyReplicas") => format!(", held at {} by MaxSize", steps.max),
        Some("TooFewReplicas") => format!(", held at {} by MinSize", steps.min),
        _ => String::new(),
    };
    text + &bound
}

fn latest_datapoints(alarms: &[Ec2AlarmStep]) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    for alarm in alarms {
        let shown = value(alarm.value);
        if !values.contains(&shown) {
            values.push(shown);
        }
    }
    values
}

/// At most two decimals.
fn value(value: Option<f64>) -> String {
    match value {
        Some(value) => format!("{}", (value * 100.0).round() / 100.0),
        None => "no data".to_owned(),
    }
}
