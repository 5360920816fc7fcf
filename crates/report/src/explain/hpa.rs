//! The steps of the HPA in sentences.

use super::amounts::{age, amount, and, pods, ratio, replicas, short, span};
use super::explainer::Scene;
use super::rules::{Direction, Target};
use super::steps::{Body, Current, Evidence, HpaSteps, MetricStep, Outcome, Proposal, Tolerance};
use std::fmt::Write;

/// The metrics, stabilization, limits and conditions, in the order of the reconcile.
pub(super) fn sentences(scene: &Scene<'_>, body: &Body, steps: &HpaSteps) -> Vec<String> {
    let rules = scene.rules;
    match steps.path.as_str() {
        "scale_unreadable" => {
            return vec!["The number of replicas could not be read; the sync ended there.".into()];
        }
        "disabled" => {
            return vec![
                "There are 0 replicas, and it was not this HPA that took the last one away: \
                 autoscaling is disabled until somebody sets a number."
                    .into(),
            ];
        }
        "above_max" => {
            return vec![format!(
                "There were {} and {} is {}: straight to the bound, without asking metrics, \
                 stabilization or policies.",
                replicas(body.current),
                rules.max_field,
                rules.max
            )];
        }
        "below_min" => {
            return vec![format!(
                "There were {} and {} is {}: straight to the bound, without asking metrics, \
                 stabilization or policies.",
                replicas(body.current),
                rules.min_field,
                rules.min
            )];
        }
        _ => {}
    }
    let mut sentences = Vec::new();
    if let Some(evidence) = &steps.evidence {
        sentences.extend(samples(evidence));
    }
    for (index, metric) in steps.metrics.iter().enumerate() {
        let target = rules.targets.get(index).copied().unwrap_or(Target::Unknown);
        sentences.push(of_metric(body, steps, metric, target));
    }
    sentences.extend(combined(body, steps));
    if steps.path == "metrics" {
        sentences.push(stabilization(scene, body, steps));
        sentences.extend(limits(scene, body, steps));
    }
    sentences.extend(conditions(scene, body, steps));
    sentences
}

/// The samples that were seen, and the pods without one that counts.
fn samples(evidence: &Evidence) -> Vec<String> {
    let mut sentences = Vec::new();
    match (evidence.newest_age, evidence.oldest_age) {
        (Some(newest), Some(oldest)) => {
            let were = if evidence.sampled == 1 { "was" } else { "were" };
            let aged = if newest == oldest {
                format!("{} old", age(newest))
            } else {
                format!("{} to {} old", age(newest), age(oldest))
            };
            sentences.push(format!(
                "It saw samples of {}, which {were} {aged}.",
                pods(evidence.sampled as i64)
            ));
        }
        _ => sentences.push("It saw no sample of CPU or memory that counts.".to_owned()),
    }
    let reasons: Vec<String> = evidence
        .left_out
        .iter()
        .map(|(why, &count)| {
            let plural = count != 1;
            let of = |one: &str, many: &str| format!("{count} {}", if plural { many } else { one });
            match why.as_str() {
                "deleting" => of("is being deleted", "are being deleted"),
                "failed" => of("has failed", "have failed"),
                "pending" => of("is pending", "are pending"),
                "not_ready" => of("is not ready", "are not ready"),
                "measured_too_early" => of(
                    "was measured before it was ready",
                    "were measured before they were ready",
                ),
                "no_sample" => of("has no sample yet", "have no sample yet"),
                other => format!("{count} {}", other.replace('_', " ")),
            }
        })
        .collect();
    if !reasons.is_empty() {
        let total: u64 = evidence.left_out.values().sum();
        sentences.push(format!(
            "Left out: {} ({}).",
            pods(total as i64),
            and(&reasons)
        ));
    }
    sentences
}

fn of_metric(body: &Body, steps: &HpaSteps, metric: &MetricStep, target: Target) -> String {
    let name = &metric.name;
    let proposal = match &metric.outcome {
        Outcome::Proposed(proposal) => proposal,
        Outcome::Failed { reason, error } => {
            return format!("{name}: failed ({reason}): {}.", failure(error));
        }
    };
    format!(
        "{name}: {}; ratio {}{}. {}",
        reading(metric, proposal, target),
        ratio(proposal.ratio),
        filled_in(proposal),
        conclusion(body, steps.tolerance, proposal, target)
    )
}

fn failure(error: &str) -> &str {
    match error {
        "Unavailable" => "the metrics API did not answer",
        "NoSamples" => "the metrics API answered with nothing",
        "NoPods" => "the workload has no pods",
        "NoReadySamples" => "no sample was left after pods were left out",
        "MissingRequest" => "a pod has no request that utilization could be measured against",
        "NoKnownPods" => "no sample belongs to a pod with a request",
        "InvalidTarget" => "the target names a field that is not set",
        other => other,
    }
}

/// `168 % against a target of 70 %`.
fn reading(metric: &MetricStep, proposal: &Proposal, target: Target) -> String {
    let name = &metric.name;
    let value = match proposal.current {
        Current::Utilization { percent, average } => {
            format!("{percent} % ({} for each pod)", amount(average, name))
        }
        Current::AverageValue(value) if proposal.pods.is_none() => {
            format!("{} for each replica", amount(value, name))
        }
        Current::AverageValue(value) => format!("{} for each pod", amount(value, name)),
        Current::Value(value) => amount(value, name),
    };
    match target {
        Target::Utilization(percent) => format!("{value} against a target of {percent} %"),
        Target::Average(target) | Target::Value(target) => {
            format!("{value} against a target of {}", amount(target.get(), name))
        }
        Target::Unknown => value,
    }
}

/// What was assumed of pods without a sample that counts.
fn filled_in(proposal: &Proposal) -> String {
    let (Some(adjusted), Some(counts)) = (proposal.adjusted_ratio, proposal.pods) else {
        return String::new();
    };
    let over = proposal.ratio.is_none_or(|ratio| ratio > 1.0);
    let mut assumed = Vec::new();
    if counts.missing > 0 {
        let use_ = if over {
            "use nothing"
        } else {
            "use all that they may"
        };
        assumed.push(format!(
            "{} without a sample taken to {use_}",
            pods(counts.missing)
        ));
    }
    if counts.unready > 0 && over {
        assumed.push(format!(
            "{} not ready taken to use nothing",
            pods(counts.unready)
        ));
    }
    format!(", and {} with {}", ratio(Some(adjusted)), and(&assumed))
}

fn conclusion(body: &Body, tolerance: Tolerance, proposal: &Proposal, target: Target) -> String {
    let decisive = proposal.adjusted_ratio.or(proposal.ratio);
    let band = format!(
        "the tolerance ({} to {})",
        ratio(Some(1.0 - tolerance.scale_down)),
        ratio(Some(1.0 + tolerance.scale_up))
    );
    let asks = format!("it asks for {}", replicas(proposal.replicas));
    if decisive.is_some_and(|ratio| tolerance.contains(ratio)) {
        return format!("That is within {band}, so {asks}, as there are.");
    }
    let formula = decisive.and_then(|decisive| formula(decisive, proposal, target));
    if let Some(formula) = formula {
        return format!("That is outside {band}, so {asks}: {formula}.");
    }
    if proposal.adjusted_ratio.is_some() && proposal.replicas == body.current {
        return "Pods that were filled in turned the result against the direction of the samples, \
                so it asks for what there is."
            .to_owned();
    }
    format!("That is outside {band}, so {asks}.")
}

/// The formula, if it gives the number that was proposed.
fn formula(decisive: f64, proposal: &Proposal, target: Target) -> Option<String> {
    if let Some(counts) = proposal.pods {
        let filled = proposal.adjusted_ratio.is_some();
        let raw = proposal.ratio?;
        let mut number = counts.ready;
        if filled && raw != 1.0 {
            number += counts.missing;
        }
        if filled && raw > 1.0 {
            number += counts.unready;
        }
        let gives = (decisive * number as f64).ceil() as i64;
        return (gives == proposal.replicas)
            .then(|| format!("{} x {}, rounded up", ratio(Some(decisive)), pods(number)));
    }
    match (proposal.current, target) {
        (Current::AverageValue(_), Target::Average(target)) => Some(format!(
            "the total divided by the target of {target}, rounded up"
        )),
        (Current::Value(_), _) => Some(format!(
            "{} x the ready pods, rounded up",
            ratio(Some(decisive))
        )),
        _ => None,
    }
}

fn combined(body: &Body, steps: &HpaSteps) -> Option<String> {
    if steps.path == "metrics_failed" {
        let usable = steps
            .metrics
            .iter()
            .filter_map(MetricStep::proposal)
            .count();
        return Some(if usable == 0 {
            "No metric gave a number, so nothing is changed.".to_owned()
        } else {
            format!(
                "A metric failed, and the others ask for fewer than the {} there are: on partial \
                 data the HPA does not scale down.",
                replicas(body.current)
            )
        });
    }
    let (winner, proposal) = (steps.winner?, steps.proposal?);
    if steps.metrics.len() < 2 {
        return None;
    }
    let name = short(&steps.metrics.get(winner)?.name);
    Some(format!(
        "The largest proposal counts: {}, from {name}.",
        replicas(proposal)
    ))
}

fn stabilization(scene: &Scene<'_>, body: &Body, steps: &HpaSteps) -> String {
    let (Some(proposal), Some(stabilized)) = (steps.proposal, steps.stabilized) else {
        return "Stabilization was not reached.".to_owned();
    };
    let proposal = proposal.max(0);
    let held_up = proposal > stabilized;
    let direction = if held_up || (stabilized == proposal && proposal > body.current) {
        (&scene.rules.up, "up", "lowest")
    } else {
        (&scene.rules.down, "down", "highest")
    };
    let (Direction { window, .. }, way, extreme) = direction;
    if stabilized == proposal {
        return if proposal == body.current {
            "Stabilization: nothing to hold back.".to_owned()
        } else if window.is_zero() {
            format!("Stabilization: there is no window on the way {way}.")
        } else {
            format!(
                "Stabilization: no recommendation of the last {} holds it back.",
                span(*window)
            )
        };
    }
    let mut sentence = format!(
        "Stabilization held it back: on the way {way} the {extreme} recommendation of the last {} \
         counts",
        span(*window)
    );
    if let Some((value, at, until)) = scene.extreme(body, held_up) {
        let _ = write!(
            sentence,
            ", which is {value}, given last at {}; it counts until {}",
            scene.clock(at),
            scene.clock(until)
        );
    }
    format!("{sentence}. So {proposal} became {stabilized}.")
}

fn limits(scene: &Scene<'_>, body: &Body, steps: &HpaSteps) -> Option<String> {
    let rules = scene.rules;
    let (stabilized, limited) = (steps.stabilized?, steps.limited?);
    if rules.has_calendar && limited != body.desired {
        let bound = match body.limited_by.as_deref() {
            Some("TooManyReplicas") => "no more than",
            _ => "no fewer than",
        };
        return Some(format!(
            "The schedule allows {bound} {} now: {limited} became {}.",
            replicas(body.desired),
            body.desired
        ));
    }
    let policies = |direction: &Direction, field: &str, most: &str| {
        if direction.select == "Disabled" {
            return format!("`{field}` is disabled (selectPolicy: Disabled).");
        }
        if !rules.has_behavior {
            return format!(
                "Without `behavior` a sync may double the replicas, or reach 4: at most {} now. So \
                 {stabilized} became {limited}.",
                replicas(limited)
            );
        }
        let which = match (direction.policies.len(), direction.select.as_str()) {
            (0 | 1, _) => "",
            (_, "Min") => "; the smallest change counts",
            _ => "; the largest change counts",
        };
        format!(
            "Policies of `{field}` ({}{which}) allow {most} {} now, counting the changes of those \
             periods. So {stabilized} became {limited}.",
            direction.policies.join(", "),
            replicas(limited)
        )
    };
    let sentence = match body.limited_by.as_deref() {
        Some("ScaleUpLimit") => policies(&rules.up, "scaleUp", "at most"),
        Some("ScaleDownLimit") => policies(&rules.down, "scaleDown", "no fewer than"),
        Some("TooManyReplicas") => format!(
            "{} is {}: {stabilized} became {limited}.",
            rules.max_field, rules.max
        ),
        Some("TooFewReplicas") => format!(
            "{} is {}: {stabilized} became {limited}.",
            rules.min_field, rules.min
        ),
        _ if stabilized != body.current => "Policies and bounds allow the whole step.".to_owned(),
        _ => return None,
    };
    Some(sentence)
}

/// What `kubectl describe hpa` shows after the sync.
fn conditions(scene: &Scene<'_>, body: &Body, steps: &HpaSteps) -> Option<String> {
    if steps.path == "metrics_failed" {
        let reason = steps
            .metrics
            .iter()
            .find_map(|metric| match &metric.outcome {
                Outcome::Failed { reason, .. } => Some(reason),
                Outcome::Proposed(_) => None,
            })?;
        return Some(format!(
            "Conditions: AbleToScale True (SucceededGetScale), ScalingActive False ({reason})."
        ));
    }
    let (proposal, stabilized) = (steps.proposal?.max(0), steps.stabilized?);
    let able = if body.is_rescale() {
        "SucceededRescale"
    } else if stabilized == proposal {
        "ReadyForNewScale"
    } else if scene.rules.has_behavior && proposal >= body.current {
        "ScaleUpStabilized"
    } else {
        "ScaleDownStabilized"
    };
    let limited = match body.limited_by.as_deref() {
        Some(
            limit @ ("ScaleUpLimit" | "ScaleDownLimit" | "TooManyReplicas" | "TooFewReplicas"),
        ) => {
            format!("True ({limit})")
        }
        _ => "False (DesiredWithinRange)".to_owned(),
    };
    Some(format!(
        "Conditions: AbleToScale True ({able}), ScalingActive True (ValidMetricFound), \
         ScalingLimited {limited}."
    ))
}
