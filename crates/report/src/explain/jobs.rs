//! Polls of a ScaledJob in sentences.

use super::amounts::counted;
use super::explainer::Scene;
use super::steps::{JobSteps, TriggerDemand};

/// What KEDA did, for a headline.
pub(super) fn headline(steps: &JobSteps) -> String {
    let running = jobs(steps.running);
    match steps.create {
        0 => format!("KEDA made no Job beside the {running} that had not ended"),
        made => format!(
            "KEDA made {} beside the {running} that had not ended",
            jobs(made)
        ),
    }
}

/// The numbers in a line.
pub(super) fn gist(steps: &JobSteps) -> String {
    let mut text = format!(
        "queue {}, worth {}; {} running, {} pending: {} makes {}",
        number(steps.queue),
        jobs(steps.max_value.ceil() as i64),
        steps.running,
        steps.pending,
        steps.strategy,
        steps.create
    );
    if steps.error {
        text += "; a trigger failed";
    }
    if steps.is_cut {
        text += ", held by maxReplicaCount";
    }
    text
}

/// Why no Job was made.
pub(super) fn held(steps: &JobSteps) -> String {
    let why = if !steps.active && steps.error {
        "found that a trigger failed and no other was active"
    } else if !steps.active {
        "found no trigger active"
    } else if steps.is_cut {
        "were held by maxReplicaCount"
    } else {
        "found that the Jobs there were suffice by the strategy"
    };
    why.to_owned()
}

/// What the triggers said, and what the strategy made of it.
pub(super) fn sentences(scene: &Scene<'_>, steps: &JobSteps) -> Vec<String> {
    let rules = scene.rules;
    let mut sentences: Vec<String> = (steps.demands.iter())
        .map(|demand| format!("KEDA polled trigger {}.", trigger(scene, demand)))
        .collect();
    if steps.error {
        sentences.push("A trigger failed, and counts for nothing.".to_owned());
    }
    if steps.demands.len() > 1 {
        sentences.push(format!(
            "All together count as a queue of {}, worth {}.",
            number(steps.queue),
            jobs(steps.max_value.ceil() as i64)
        ));
    }
    sentences.push(format!(
        "{} had not ended, {} of them without a pod that had started.",
        jobs(steps.running),
        steps.pending
    ));
    let min = i64::from(rules.min);
    if !steps.active {
        sentences.push("No trigger is active: nothing is made.".to_owned());
        return sentences;
    }
    if steps.running < min {
        sentences.push(format!(
            "That is fewer than {} {}: the rest is made, whatever waits.",
            rules.min_field, rules.min
        ));
        return sentences;
    }
    sentences.push(strategy(steps, steps.running - min));
    if steps.scale_to < steps.effective_max_scale {
        sentences.push(format!(
            "There are never more than messages: {}.",
            steps.scale_to
        ));
    }
    if steps.is_cut {
        sentences.push(format!("{} {} allows no more.", rules.max_field, rules.max));
    }
    sentences
}

fn trigger(scene: &Scene<'_>, of: &TriggerDemand) -> String {
    let name = scene.rules.triggers.get(of.trigger);
    let name = name.map_or_else(|| format!("number {}", of.trigger), Clone::clone);
    let (queue, target) = (number(of.demand.queue), number(of.target));
    if of.demand.active {
        format!("{name}: {queue}, active; {target} of it are wanted for each Job")
    } else {
        format!("{name}: {queue}, not active")
    }
}

/// `running` are those beside the minimum.
fn strategy(steps: &JobSteps, running: i64) -> String {
    let worth = steps.max_value.ceil() as i64;
    let allowed = steps.effective_max_scale;
    match steps.strategy.as_str() {
        "accurate" => format!(
            "The strategy `accurate` takes off what is pending: {worth} - {}, within the maximum \
             less the {running} that run, is {allowed}.",
            steps.pending
        ),
        "eager" => format!(
            "The strategy `eager` takes what there may be, less {running} running and {} pending, \
             but no more than the {worth} that the queue is worth: {allowed}.",
            steps.pending
        ),
        "custom" => format!(
            "The strategy `custom` takes its deduction and its share of the {running} running off the \
             {worth} that the queue is worth: {allowed}."
        ),
        _ => format!(
            "The strategy `default` takes off what runs: {worth} - {running} is {}.",
            if worth < running {
                "less than nothing".to_owned()
            } else {
                allowed.to_string()
            }
        ),
    }
}

/// `1 Job`, `3 Jobs`.
fn jobs(number: i64) -> String {
    counted(number, "Job")
}

/// Whole where it is.
fn number(value: f64) -> String {
    let rounded = (value * 1000.0).round() / 1000.0;
    format!("{rounded}")
}

#[cfg(test)]
mod tests {
    use crate::explain::{DecisionHistory, Explainer, LoggedDecision, Rules};
    use flashcrowd_autoscalers::keda::scaled_job::{
        JobId, JobPod, JobState, JobView, Poll, ScaledJobPolicy, ScaledJobs,
    };
    use flashcrowd_autoscalers::{MetricAnswer, MilliValue, PodPhase, TimePoint};
    use flashcrowd_units::SimTime;
    use serde_json::{Value, json};

    /// What is said about a poll that finds so much in a list, and so many Jobs, `pending` of them
    /// without a pod.
    fn told(changes: &Value, queue: i64, running: u64, pending: u64) -> (String, String) {
        let list = json!({ "listName": "videos", "listLength": "2" });
        let mut spec = json!({ "triggers": [{ "type": "redis", "metadata": list }] });
        let fields = changes.as_object().unwrap().clone();
        spec.as_object_mut().unwrap().extend(fields);
        let policy: ScaledJobPolicy = serde_json::from_value(json!({ "spec": spec })).unwrap();
        let pod = JobPod {
            phase: PodPhase::Running,
            conditions: &[],
        };
        let jobs: Vec<_> = (0..running)
            .map(|id| JobView {
                id: JobId(id),
                state: JobState::Active,
                pods: if id < pending {
                    &[]
                } else {
                    std::slice::from_ref(&pod)
                },
            })
            .collect();
        let at = SimTime::from_secs(60);
        let value = [MilliValue::new(queue * 1000)];
        let decision = ScaledJobs::new(&policy).unwrap().poll(&Poll {
            now: TimePoint::from(at),
            answers: &[MetricAnswer::External(&value)],
            jobs: &jobs,
        });
        let decision = decision.scaling(TimePoint::from(at));
        let logged = LoggedDecision::new(at, "encoder", &decision);
        let history = DecisionHistory {
            decisions: vec![logged.clone()],
            cut: None,
        };
        let explainer = Explainer {
            history: &history,
            component: "encoder",
            rules: &Rules::of_scaled_job(&policy),
            start: &"2025-11-28T06:00[Asia/Kolkata]".parse().unwrap(),
            with_date: false,
        };
        let line = explainer.line(&logged, at, at).unwrap();
        (explainer.story(&logged, at, false), line)
    }

    #[test]
    fn a_poll_is_told_with_the_numbers_of_its_strategy() {
        let (story, line) = told(&json!({}), 10, 3, 1);
        assert_eq!(
            story,
            "encoder at 06:01:00: KEDA made 2 Jobs beside the 3 Jobs that had not ended.
  - KEDA polled trigger s0-redis-videos: 10, active; 2 of it are wanted for each Job.
  - 3 Jobs had not ended, 1 of them without a pod that had started.
  - The strategy `default` takes off what runs: 5 - 3 is 2.
"
        );
        assert_eq!(
            line,
            "06:01:00  3 -> 5  queue 10, worth 5 Jobs; 3 running, 1 pending: default makes 2"
        );
        let accurate = json!({ "scalingStrategy": { "strategy": "accurate" } });
        let (story, _) = told(&accurate, 10, 3, 1);
        assert!(
            story.contains("takes off what is pending: 5 - 1"),
            "{story}"
        );
        assert!(story.contains("made 4 Jobs"), "{story}");
    }

    #[test]
    fn the_maximum_is_named_where_it_holds() {
        let (story, line) = told(&json!({ "maxReplicaCount": 4 }), 100, 1, 0);
        assert!(
            story.contains("maxReplicaCount 4 allows no more"),
            "{story}"
        );
        assert!(
            line.ends_with("default makes 3, held by maxReplicaCount"),
            "{line}"
        );
        let (story, _) = told(&json!({}), 0, 2, 0);
        assert!(story.contains("made no Job"), "{story}");
        assert!(story.contains("No trigger is active"), "{story}");
        let (story, _) = told(&json!({ "minReplicaCount": 3 }), 0, 1, 0);
        assert!(story.contains("fewer than minReplicaCount 3"), "{story}");
    }
}
