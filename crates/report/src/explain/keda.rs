//! KEDA's own poll in sentences. What its HPA does is told as for any HPA.

use super::amounts::{amount, replicas, span};
use super::explainer::Scene;
use super::steps::{Body, PollSteps, TriggerOutcome, TriggerStep};

/// What the triggers said, and what the poll made of it.
pub(super) fn sentences(scene: &Scene<'_>, body: &Body, poll: &PollSteps) -> Vec<String> {
    let mut sentences: Vec<String> = poll
        .triggers
        .iter()
        .map(|step| format!("KEDA polled trigger {}.", trigger(scene, step)))
        .collect();
    if let Some(value) = poll.composite {
        sentences.push(format!("The formula gives {}.", amount(value, "")));
    }
    sentences.push(outcome(scene, body, poll));
    sentences
}

fn trigger(scene: &Scene<'_>, step: &TriggerStep) -> String {
    let name = scene
        .rules
        .triggers
        .get(step.trigger)
        .map_or_else(|| format!("number {}", step.trigger), Clone::clone);
    let failures = step
        .failures
        .filter(|&failures| failures > 0)
        .map_or(String::new(), |failures| {
            format!(" ({failures} failures in a row)")
        });
    match step.outcome {
        TriggerOutcome::Value { value, active } => {
            let state = if active { "active" } else { "not active" };
            format!("{name}: {}, {state}", amount(value, ""))
        }
        TriggerOutcome::Fallback(value) => format!(
            "{name}: it failed too often{failures}, and the fallback value {} stands in for it",
            amount(value, "")
        ),
        TriggerOutcome::Nil => {
            format!("{name}: it failed too often{failures}, and the formula sees nil")
        }
        TriggerOutcome::Error => format!("{name}: it failed{failures}"),
    }
}

fn outcome(scene: &Scene<'_>, body: &Body, poll: &PollSteps) -> String {
    let cooldown = span(scene.rules.cooldown);
    match poll.path.as_str() {
        "scale_unreadable" => "The number of replicas could not be read.".to_owned(),
        "paused" => "An annotation pauses the ScaledObject.".to_owned(),
        "activate" => format!(
            "A trigger is active and there was nothing, or no more than idle: KEDA itself brings \
             the workload to {}; the way beyond is the HPA's.",
            replicas(body.desired)
        ),
        "activation_paused" => {
            "A trigger is active, but the annotation paused-scale-out forbids to wake the workload."
                .to_owned()
        }
        "active_with_error" => {
            "A trigger is active and another one failed: the time of the last activity stays."
                .to_owned()
        }
        "active" => "A trigger is active and the workload runs: the number is the HPA's business."
            .to_owned(),
        "inactive_with_error" => {
            "No trigger is active, but one failed: KEDA touches nothing.".to_owned()
        }
        "deactivate" => format!(
            "No trigger has been active for longer than the cooldown of {cooldown}: KEDA takes the \
             workload to {}.",
            replicas(body.desired)
        ),
        "cooldown" => match poll.cooldown_left {
            Some(left) => format!(
                "No trigger is active, but {} of the cooldown of {cooldown} are left: the replicas \
                 stay until the first poll after that.",
                span(left)
            ),
            None => format!("No trigger is active, but the cooldown of {cooldown} is not over."),
        },
        "deactivation_paused" => {
            "No trigger is active, but the annotation paused-scale-in forbids the rest.".to_owned()
        }
        "repair_min" => format!(
            "There were fewer replicas than {}: KEDA repairs that.",
            scene.rules.min_field
        ),
        "inactive" => "No trigger is active, and the number is as it should be then.".to_owned(),
        other => format!("The poll took the way `{other}`."),
    }
}
