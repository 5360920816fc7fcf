//! What kept the HPA from another number, and how far the metrics were from it.

use super::amounts::{and, short};
use super::explainer::Scene;
use super::steps::{Body, HpaSteps};
use super::thresholds;
use std::fmt::Write;

/// Why there are not more replicas, and why not fewer.
pub(super) fn sentences(scene: &Scene<'_>, body: &Body, steps: &HpaSteps) -> Vec<String> {
    let rules = scene.rules;
    let mut sentences = Vec::new();
    let (Some(proposal), Some(stabilized)) = (steps.proposal, steps.stabilized) else {
        return vec!["Why not: see above; metrics did not decide.".to_owned()];
    };
    let proposal = proposal.max(0);
    let limit = body.limited_by.as_deref();
    if proposal != body.desired {
        let held = match limit {
            Some("ScaleUpStabilized" | "ScaleDownStabilized") => "stabilization",
            Some("ScaleUpLimit") => "the policies of `scaleUp`",
            Some("ScaleDownLimit") => "the policies of `scaleDown`",
            Some("TooManyReplicas") => &format!("{} {}", rules.max_field, rules.max),
            Some("TooFewReplicas") => &format!("{} {}", rules.min_field, rules.min),
            _ if stabilized != proposal => "stabilization",
            _ => "a limit",
        };
        let more = if proposal > body.desired {
            "more"
        } else {
            "fewer"
        };
        sentences.push(format!(
            "Why not {more}: the metrics ask for {proposal}; what keeps it at {} is {held}.",
            body.desired
        ));
    }
    if proposal == body.current {
        sentences.extend(distance(scene, body, steps));
    }
    if body.desired == i64::from(rules.max) && limit != Some("TooManyReplicas") {
        sentences.push(format!(
            "It cannot go higher: {} is {}.",
            rules.max_field, rules.max
        ));
    }
    if body.desired == i64::from(rules.min) && limit != Some("TooFewReplicas") {
        sentences.push(format!(
            "It cannot go lower: {} is {}.",
            rules.min_field, rules.min
        ));
    }
    sentences
}

/// How far the metrics would have had to be.
fn distance(scene: &Scene<'_>, body: &Body, steps: &HpaSteps) -> Option<String> {
    let mut up = Vec::new();
    let mut down = Vec::new();
    for (index, metric) in steps.metrics.iter().enumerate() {
        let target = scene.rules.targets.get(index).copied()?;
        let found = thresholds::of(steps, metric, target, body.current)?;
        let (more, fewer) = found.words(metric);
        let name = short(&metric.name);
        up.push(format!("{name} at {more} or more"));
        down.extend(fewer.map(|fewer| format!("{name} at {fewer} or less")));
    }
    let mut sentence = format!(
        "Why not more: the metrics ask for what there is. With the same pods they would ask for \
         more with {}",
        up.join(", or ")
    );
    if down.len() == steps.metrics.len() {
        let _ = write!(sentence, "; for fewer with {}.", and(&down));
    } else {
        sentence += "; for fewer at no value.";
    }
    Some(sentence)
}
