//! The steps of the Knative Pod Autoscaler in sentences.

use super::amounts::{ratio, replicas};
use super::explainer::Scene;
use super::steps::KpaSteps;
use flashcrowd_autoscalers::TimePoint;
use flashcrowd_units::{SimDuration, SimTime};
use serde_json::Value;

/// The sample, the windows, and what the reconcile did.
pub(super) fn sentences(scene: &Scene<'_>, steps: &KpaSteps) -> Vec<String> {
    let mut sentences = Vec::new();
    if let Some(sample) = steps.sample {
        sentences.push(format!("It recorded a sample of {}.", ratio(Some(sample))));
    }
    if let Some(decider) = steps.decider {
        sentences.push(format!(
            "The stable window averages {} and asks for {}; the panic window averages {} and asks \
             for {}. With {} ready pods the rates allow {} to {}.",
            ratio(Some(decider.stable)),
            decider.stable_want,
            ratio(Some(decider.panic)),
            decider.panic_want,
            decider.ready,
            decider.max_scale_down,
            decider.max_scale_up,
        ));
        if let Some(since) = decider.panic_since {
            let again = if decider.over_threshold {
                ", and the panic window is over the threshold still"
            } else {
                ""
            };
            sentences.push(format!(
                "It is in panic since {}{again}: nothing is taken away.",
                scene.clock(time(TimePoint::from_nanos(since)))
            ));
        }
        sentences.push(format!("It wants {}.", replicas(decider.before_delay)));
    }
    let action = match &steps.action {
        Value::String(action) => action.as_str(),
        Value::Object(action) => action.keys().next().map_or("", String::as_str),
        _ => "",
    };
    let action = match action {
        "no_metrics" => "Nothing has been decided yet: there are no metrics.",
        "apply" => "The reconcile applies that within the bounds.",
        "scale_to_zero_disabled" => "The last pod may not go: scale to zero is disabled.",
        "activating" => "The revision is still starting.",
        "activation_timed_out" => "It has not started in time and goes to zero.",
        "become_inactive" => "It was active long enough to become inactive; pods stay for now.",
        "stable_window" => "It was active too shortly to become inactive; one pod stays.",
        "activator_not_probed" => {
            "The activator is not known to be in the path; the last pod stays."
        }
        "retained" => "The last pod is retained for its retention period.",
        "grace" => "The activator has not been in the path for long enough; the last pod stays.",
        "scale_to_zero" => {
            "There is no traffic and the activator is in the path: the last pod goes."
        }
        _ => "",
    };
    if !action.is_empty() {
        sentences.push(action.to_owned());
    }
    sentences
}

fn time(at: TimePoint) -> SimTime {
    SimTime::ZERO + SimDuration::from_nanos(at.as_nanos().max(0).unsigned_abs())
}
