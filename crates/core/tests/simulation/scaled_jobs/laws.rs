//! Laws that hold for ScaledJobs whatever they are told and whatever arrives.

use super::{Log, instant_pod, model, run};
use crate::systems::{exponential, rate};
use flashcrowd_core::model::{JobArrivals, JobWork, MemoryModel, Model, OnKill, PodTemplate};
use flashcrowd_core::record::{JobStage, PodStage};
use flashcrowd_units::{Bytes, SimDuration};
use flashcrowd_workload::ArrivalProcess;
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
struct Case {
    strategy: &'static str,
    min: u32,
    range: u32,
    interval: u32,
    history: u32,
    backoff_limit: u32,
    parallelism: u32,
    /// Messages of a pod, or until it is idle.
    messages: Option<u32>,
    concurrency: u32,
    /// Messages that a pod bears at once.
    bears: u32,
    rate: f64,
    seconds: f64,
    starts: f64,
    requeues: bool,
    restarts: bool,
}

fn case() -> impl Strategy<Value = Case> {
    let strategy = prop::sample::select(vec!["default", "custom", "accurate", "eager"]);
    let keda = (strategy, 0..4_u32, 1..12_u32, 1..40_u32, 0..5_u32);
    let job = (0..4_u32, 1..4_u32, prop::option::of(1..5_u32), 1..4_u32);
    let load = (1..5_u32, 0.01..0.8_f64, 1.0..60.0_f64, 0.0..30.0_f64);
    (keda, job, load, any::<bool>(), any::<bool>()).prop_map(
        |(
            (strategy, min, range, interval, history),
            (backoff_limit, parallelism, messages, concurrency),
            (bears, rate, seconds, starts),
            requeues,
            restarts,
        )| Case {
            strategy,
            min,
            range,
            interval,
            history,
            backoff_limit,
            parallelism,
            messages,
            concurrency,
            bears,
            rate,
            seconds,
            starts,
            requeues,
            restarts,
        },
    )
}

fn model_of(case: &Case) -> Model {
    let policy = if case.restarts { "OnFailure" } else { "Never" };
    let pod = json!({ "restartPolicy": policy, "containers": [{ "name": "encode" }] });
    let spec = json!({
        "jobTargetRef": {
            "parallelism": case.parallelism,
            "completions": case.parallelism,
            "backoffLimit": case.backoff_limit,
            "template": { "spec": pod },
        },
        "pollingInterval": case.interval,
        "minReplicaCount": case.min,
        "maxReplicaCount": case.min + case.range,
        "successfulJobsHistoryLimit": case.history,
        "failedJobsHistoryLimit": case.history,
        "scalingStrategy": { "strategy": case.strategy,
            "customScalingRunningJobPercentage": "0.5" },
    });
    let template = PodTemplate {
        pull: exponential(case.starts + 0.001),
        memory: MemoryModel {
            base: Bytes::from_mebibytes(1),
            per_request: Bytes::from_mebibytes(10),
            leak_per_request: Bytes::new(0),
        },
        // One more than it bears, and it is killed.
        memory_limit: Some(Bytes::from_mebibytes(u64::from(case.bears) * 10 + 5)),
        ..instant_pod()
    };
    let mut model = model(900.0, template, case.seconds, &spec);
    let queue = &mut model.queues[0];
    queue.concurrency = case.concurrency;
    queue.on_kill = if case.requeues {
        OnKill::Requeue
    } else {
        OnKill::Fail
    };
    queue.arrivals = Some(JobArrivals {
        process: ArrivalProcess::Poisson,
        rate: rate(case.rate),
    });
    let scaled_job = model.services[0].scaled_job.as_mut().unwrap();
    scaled_job.work = JobWork {
        messages: case.messages,
        until_idle: case.messages.is_none().then(|| SimDuration::from_secs(5)),
    };
    model
}

/// Jobs that have not ended, over time, against the bounds.
fn check_jobs(case: &Case, log: &Log) {
    let mut stages: BTreeMap<_, JobStage> = BTreeMap::new();
    let mut entries = log.jobs.iter().peekable();
    let polls = log.polls.iter().map(|(at, steps)| (*at, Some(steps)));
    for (at, steps) in polls.chain([(f64::INFINITY, None)]) {
        while let Some((_, id, to, _)) = entries.next_if(|(when, ..)| *when < at) {
            let before = stages.insert(*id, *to);
            let follows = match to {
                JobStage::Active => before.is_none(),
                JobStage::Complete | JobStage::Failed => before == Some(JobStage::Active),
                JobStage::Deleted => {
                    matches!(before, Some(JobStage::Complete | JobStage::Failed))
                }
                _ => false,
            };
            assert!(follows, "{id} from {before:?} to {to:?}");
        }
        let active = stages
            .values()
            .filter(|it| **it == JobStage::Active)
            .count() as i64;
        let Some(steps) = steps else { break };
        // What ends at the very instant of the poll may be on either side of it.
        assert!(
            steps.running <= active,
            "{} {active} at {at}",
            steps.running
        );
        let after = steps.running + i64::from(steps.create);
        assert!(after >= i64::from(case.min), "{steps:?}");
        assert!(i64::from(steps.create) <= i64::from(case.range.max(case.min)));
        // The custom strategy may go beyond: it takes off only what it is told.
        if case.strategy != "custom" {
            assert!(after <= i64::from(case.min + case.range), "{steps:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Messages and Jobs are conserved (the run itself sees to that), bounds are kept, and no pod is
    /// ended but by its Job's failure.
    #[test]
    fn bounds_hold_and_nothing_is_lost(case in case(), seed in any::<u64>()) {
        let (log, totals) = run(model_of(&case), seed);
        check_jobs(&case, &log);
        let queue = totals.queues[0];
        prop_assert!(totals.is_conserved());
        if case.requeues {
            prop_assert_eq!(queue.failed, 0);
        } else {
            prop_assert_eq!(log.requeued, 0);
        }
        let failed = log.jobs(JobStage::Failed).len();
        let ended = log.pods.iter().filter(|(_, _, to, _)| *to == PodStage::Terminating);
        for (_, _, _, reason) in ended {
            prop_assert_eq!(*reason, "BackoffLimitExceeded");
        }
        let bears_all = case.concurrency.min(case.messages.unwrap_or(u32::MAX)) <= case.bears;
        if bears_all {
            prop_assert_eq!(failed, 0);
            prop_assert_eq!(log.pods(PodStage::Failed).len(), 0);
        }
        // A pod that succeeds has done its messages, no more and no fewer.
        if let (Some(messages), true) = (case.messages, bears_all) {
            let succeeded = log.pods(PodStage::Succeeded).len() as u64;
            let by_these = succeeded * u64::from(messages);
            prop_assert!(queue.processed >= by_these, "{:?} {}", queue, by_these);
            let (_, last) = log.intervals.last().expect("there are intervals");
            let by_others = u64::from(last.current) * u64::from(messages);
            prop_assert!(queue.processed <= by_these + by_others);
        }
    }

    /// The same seed gives the same Jobs.
    #[test]
    fn chance_is_the_only_difference(case in case(), seed in any::<u64>()) {
        let (first, _) = run(model_of(&case), seed);
        let (second, _) = run(model_of(&case), seed);
        prop_assert_eq!(first.jobs, second.jobs);
        prop_assert_eq!(first.pods, second.pods);
    }
}
