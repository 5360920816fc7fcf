//! What Jobs do before they end, and what remains of them.

use super::{SEED, bunches, done, instant_pod, model, run};
use crate::systems::{constant, rate};
use flashcrowd_core::World;
use flashcrowd_core::model::{
    Action, JobArrivals, JobWork, Model, PodTemplate, ServiceId, TimedAction,
};
use flashcrowd_core::record::{JobStage, PodStage};
use flashcrowd_units::{SimDuration, SimTime, Usd};
use flashcrowd_workload::ArrivalProcess;
use serde_json::json;
use std::collections::BTreeMap;

/// One second of scheduling, two of pulling, five of starting.
fn slow_pod() -> PodTemplate {
    PodTemplate {
        scheduling_delay: constant(1.0),
        pull: constant(2.0),
        startup: constant(5.0),
        ..instant_pod()
    }
}

fn work(model: &mut Model, messages: Option<u32>, until_idle: Option<u64>) {
    let scaled_job = model.services[0].scaled_job.as_mut().unwrap();
    scaled_job.work = JobWork {
        messages,
        until_idle: until_idle.map(SimDuration::from_secs),
    };
}

#[test]
fn as_many_jobs_as_messages_and_each_pod_is_paid_for_its_life() {
    let mut model = model(200.0, slow_pod(), 20.0, &json!({}));
    model.services[0].pod_hour = Usd(3600.0);
    bunches(&mut model, &[(2, 7)]);
    let (log, totals) = run(model, SEED);
    assert_eq!(totals.queues, [done(7)]);
    assert_eq!(log.made()[0], 7);
    assert_eq!(log.jobs(JobStage::Complete), vec![(28.0, "Completed"); 7]);
    assert_eq!(log.pods(PodStage::Succeeded), [28.0; 7]);
    assert!(log.pods(PodStage::Terminating).is_empty());
    // Made at 0, bound at 1, started at 3, listens at 8, done at 28 s: 28 s each, at a dollar a second.
    let sum = |of: fn(&flashcrowd_core::record::ServiceInterval) -> f64| {
        log.intervals.iter().map(|(_, it)| of(it)).sum::<f64>()
    };
    assert!((sum(|it| it.pod_seconds) - 196.0).abs() < 1e-6);
    assert!((sum(|it| it.cost.get()) - 196.0).abs() < 1e-6);
    // Nobody misses them while they start.
    assert!(sum(|it| it.no_ready_seconds) < 1e-12);
    let last = log.intervals.last().unwrap();
    assert_eq!((last.1.desired, last.1.current, last.1.ready), (0, 0, 0));
    assert_eq!(last.1.bounds, Some((0, 100)));
}

/// Nothing waits any more from the second poll on, and still the Jobs go on to their ends.
#[test]
fn what_runs_is_never_ended() {
    let mut model = model(1000.0, instant_pod(), 500.0, &json!({}));
    bunches(&mut model, &[(2, 5)]);
    let (log, totals) = run(model, SEED);
    assert_eq!(totals.queues, [done(5)]);
    assert_eq!(log.pods(PodStage::Succeeded), [500.0; 5]);
    assert_eq!(log.made().iter().sum::<u32>(), 5);
    let idle = log.polls.iter().filter(|(_, steps)| steps.queue == 0.0);
    assert!(idle.clone().count() > 10);
    assert!(idle.clone().any(|(_, steps)| steps.running == 5));
}

#[test]
fn a_pod_takes_as_many_messages_as_it_is_told() {
    let spec = json!({ "maxReplicaCount": 1 });
    let mut model = model(300.0, instant_pod(), 10.0, &spec);
    work(&mut model, Some(4), None);
    model.queues[0].concurrency = 3;
    bunches(&mut model, &[(2, 8)]);
    let (log, totals) = run(model, SEED);
    // Three at once, then the fourth alone: 20 s. The next Job comes with the next poll.
    assert_eq!(totals.queues, [done(8)]);
    let ends: Vec<f64> = log.jobs(JobStage::Complete).iter().map(|it| it.0).collect();
    assert_eq!(ends, [20.0, 50.0]);
}

/// One Job works the queue off and ends ten seconds after its last message.
#[test]
fn a_pod_ends_when_it_has_been_idle() {
    let spec = json!({ "maxReplicaCount": 1 });
    let mut first = model(200.0, instant_pod(), 4.0, &spec);
    work(&mut first, None, Some(10));
    // The last one comes when the pod has been idle for a while, but not for long enough.
    bunches(&mut first, &[(2, 3), (28, 1)]);
    let (log, totals) = run(first, SEED);
    assert_eq!(totals.queues, [done(4)]);
    let polled = log.first_poll();
    let ends = log.jobs(JobStage::Complete);
    // It arrives at 28.85 s (0.15 of it came with the others), and is done at 32.85 s.
    assert_eq!(ends.len(), 1);
    assert!((ends[0].0 + polled - 42.85).abs() < 1e-3, "{ends:?}");

    // A Job that finds nothing, because another one was faster, waits no longer.
    let spec = json!({ "minReplicaCount": 2, "maxReplicaCount": 2, "pollingInterval": 60 });
    let mut second = model(100.0, instant_pod(), 4.0, &spec);
    work(&mut second, Some(1), Some(7));
    let (log, _) = run(second, 1);
    assert_eq!(log.jobs(JobStage::Complete)[..2], [(7.0, "Completed"); 2]);
}

#[test]
fn an_idle_time_of_nothing_ends_with_the_queue() {
    let spec = json!({ "maxReplicaCount": 1 });
    let mut model = model(60.0, instant_pod(), 4.0, &spec);
    work(&mut model, None, Some(0));
    bunches(&mut model, &[(2, 3)]);
    let (log, totals) = run(model, SEED);
    assert_eq!(totals.queues, [done(3)]);
    assert_eq!(log.jobs(JobStage::Complete), [(12.0, "Completed")]);
}

/// Five pods of one Job, three at once.
#[test]
fn a_job_of_several_pods_is_complete_with_the_last() {
    let job = json!({ "parallelism": 3, "completions": 5 });
    let spec = json!({ "jobTargetRef": job, "maxReplicaCount": 1 });
    let mut model = model(100.0, instant_pod(), 10.0, &spec);
    bunches(&mut model, &[(2, 5)]);
    let (log, totals) = run(model, SEED);
    assert_eq!(totals.queues, [done(5)]);
    assert_eq!(log.pods(PodStage::Pending), [0.0, 0.0, 0.0, 10.0, 10.0]);
    assert_eq!(log.jobs(JobStage::Complete), [(20.0, "Completed")]);
}

/// Without `completions` the first success says that the work is done: nothing is added, and the Job
/// is complete with the last of its pods.
#[test]
fn a_work_queue_job_adds_nothing_after_a_success() {
    let spec = json!({ "jobTargetRef": { "parallelism": 2 }, "maxReplicaCount": 1 });
    let mut model = model(35.0, instant_pod(), 10.0, &spec);
    bunches(&mut model, &[(2, 5)]);
    let (log, totals) = run(model, SEED);
    assert_eq!(totals.queues[0].processed, 2);
    assert_eq!(log.pods(PodStage::Pending), [0.0, 0.0]);
    assert_eq!(log.jobs(JobStage::Complete), [(10.0, "Completed")]);
}

/// Of the Jobs that are complete at a poll the newest three are kept.
#[test]
fn the_history_keeps_what_it_may() {
    let spec = json!({ "successfulJobsHistoryLimit": 3 });
    let mut model = model(400.0, instant_pod(), 5.0, &spec);
    model.queues[0].arrivals = Some(JobArrivals {
        process: ArrivalProcess::Poisson,
        rate: rate(0.5),
    });
    let (log, _) = run(model, SEED);
    let (mut kept, mut deleted) = (BTreeMap::new(), 0);
    let mut entries = log.jobs.iter().peekable();
    for (at, _) in &log.polls {
        while let Some((when, id, to, _)) = entries.next_if(|(when, ..)| when <= at) {
            match to {
                JobStage::Complete => {
                    kept.insert(*id, *when);
                }
                JobStage::Deleted => {
                    assert_eq!(when, at);
                    // The oldest goes first; those of one poll are equally old.
                    let ended = kept.remove(id).expect("what is deleted was complete");
                    assert!(kept.values().all(|other| *other >= ended));
                    deleted += 1;
                }
                _ => {}
            }
        }
        assert!(kept.len() <= 3, "{kept:?} at {at}");
    }
    assert!(deleted > 50, "{deleted}");
}

#[test]
fn a_paused_object_makes_nothing() {
    let mut model = model(200.0, instant_pod(), 5.0, &json!({ "minReplicaCount": 2 }));
    bunches(&mut model, &[(2, 3)]);
    let scaled_job = model.services[0].scaled_job.as_mut().unwrap();
    let key = "autoscaling.keda.sh/paused".to_owned();
    scaled_job.policy.annotations.insert(key, "true".to_owned());
    let (log, totals) = run(model, SEED);
    assert!(log.polls.is_empty() && log.jobs.is_empty());
    assert_eq!(totals.queues[0].waiting, 3);
}

/// `multipleScalersCalculation` decides what two lists are worth.
#[test]
fn several_triggers_are_combined_as_told() {
    let made = |calculation: Option<&str>| {
        let list = |name: &str| json!({ "type": "redis", "metadata": { "listName": name, "listLength": "1" } });
        let spec = json!({
            "scalingStrategy": { "multipleScalersCalculation": calculation },
            "triggers": [list("videos"), list("images")],
        });
        let mut model = model(20.0, instant_pod(), 100.0, &spec);
        bunches(&mut model, &[(2, 3)]);
        let mut images = model.queues[0].clone();
        images.name = "images".to_owned();
        model.queues.push(images);
        bunches(&mut model, &[(2, 6)]);
        model.queues.reverse();
        model.queues[0].name = "videos".to_owned();
        model.queues[1].name = "images".to_owned();
        run(model, SEED).0.made()[0]
    };
    assert_eq!(made(None), 6);
    assert_eq!(made(Some("min")), 3);
    assert_eq!(made(Some("sum")), 9);
    assert_eq!(made(Some("avg")), 5);
}

/// A model of Jobs that could not work says so before it runs.
#[test]
fn what_jobs_cannot_have_is_refused() {
    let refused = |change: fn(&mut Model), expected: &str| {
        let mut model = model(10.0, instant_pod(), 1.0, &json!({}));
        change(&mut model);
        let error = World::new(model, 1).err().expect("it cannot work");
        let message = error.to_string();
        assert!(message.contains(expected), "{message}");
    };
    refused(|it| it.services[0].replicas = 1, "replicas of `worker`");
    refused(|it| it.queues.clear(), "works off no queue");
    refused(|it| work(it, None, None), "would never end");
    refused(|it| work(it, Some(0), None), "at least one message");
    let without_triggers = |it: &mut Model| {
        let scaled_job = it.services[0].scaled_job.as_mut().unwrap();
        scaled_job.policy.spec.triggers.clear();
    };
    refused(without_triggers, "the ScaledJob is not valid");
    let scaled_by_hand = |it: &mut Model| {
        it.actions.push(TimedAction {
            at: SimTime::ZERO,
            action: Action::Scale(ServiceId(0), 3),
        });
    };
    refused(scaled_by_hand, "neither scaled by hand");
}
