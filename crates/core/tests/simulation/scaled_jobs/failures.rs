//! Pods of Jobs that fail, and what becomes of their messages.

use super::{SEED, bunches, instant_pod, model, run};
use crate::systems::{constant, rate};
use flashcrowd_autoscalers::scheduling::{NodeResources, NodeShape};
use flashcrowd_core::model::{
    JobArrivals, MemoryModel, NodeGroup, Nodes, OnKill, OnSigterm, PodTemplate, Spot,
};
use flashcrowd_core::record::{JobStage, PodStage};
use flashcrowd_units::{Bytes, Millicores, SimDuration, Usd};
use flashcrowd_workload::ArrivalProcess;
use serde_json::{Value, json};

/// A pod that its first message kills.
fn frail_pod() -> PodTemplate {
    PodTemplate {
        memory: MemoryModel {
            base: Bytes::from_mebibytes(64),
            per_request: Bytes::from_mebibytes(128),
            leak_per_request: Bytes::new(0),
        },
        memory_limit: Some(Bytes::from_mebibytes(128)),
        ..instant_pod()
    }
}

fn job(policy: &str, backoff_limit: u32) -> Value {
    let pod = json!({ "restartPolicy": policy, "containers": [{ "name": "encode" }] });
    json!({ "backoffLimit": backoff_limit, "template": { "spec": pod } })
}

/// The delays of the Job controller: 10 s, 20 s, 40 s since the last failure.
#[test]
fn pods_that_fail_are_made_again_after_a_while() {
    let spec = json!({ "jobTargetRef": job("Never", 3), "maxReplicaCount": 1 });
    let mut model = model(85.0, frail_pod(), 5.0, &spec);
    bunches(&mut model, &[(2, 1)]);
    let (log, totals) = run(model, SEED);
    assert_eq!(log.pods(PodStage::Pending), [0.0, 10.0, 30.0, 70.0]);
    assert_eq!(log.pods(PodStage::Failed), [0.0, 10.0, 30.0, 70.0]);
    assert_eq!(log.jobs(JobStage::Failed), [(70.0, "BackoffLimitExceeded")]);
    // While it fails it counts as running, and nothing else is made.
    assert_eq!(log.made(), [1, 0, 0]);
    // The message has come back each time.
    assert_eq!((log.requeued, totals.queues[0].waiting), (4, 1));
}

#[test]
fn a_message_can_be_lost_with_its_pod() {
    let spec = json!({ "jobTargetRef": job("Never", 0) });
    let mut model = model(85.0, frail_pod(), 5.0, &spec);
    model.queues[0].on_kill = OnKill::Fail;
    bunches(&mut model, &[(2, 3)]);
    let (log, totals) = run(model, SEED);
    assert_eq!(totals.queues[0].failed, 3);
    assert_eq!(
        log.jobs(JobStage::Failed),
        [(0.0, "BackoffLimitExceeded"); 3]
    );
}

/// With `OnFailure` it is the kubelet that starts the container again: at once, then after 10 s, 20 s.
/// As many restarts as `backoffLimit` end the Job.
#[test]
fn containers_that_fail_are_started_again_in_their_pod() {
    let spec = json!({ "jobTargetRef": job("OnFailure", 3), "maxReplicaCount": 1 });
    let mut model = model(85.0, frail_pod(), 5.0, &spec);
    bunches(&mut model, &[(2, 1)]);
    let (log, totals) = run(model, SEED);
    assert_eq!(log.pods(PodStage::Pending)[0], 0.0);
    assert_eq!(log.pods(PodStage::Running)[..2], [0.0, 0.0]);
    assert_eq!(
        log.jobs(JobStage::Failed)[0],
        (30.0, "BackoffLimitExceeded")
    );
    let first = log.pods[0].1;
    let of_first = |stage| {
        let steps = log
            .pods
            .iter()
            .filter(|(_, id, to, _)| (*id, *to) == (first, stage));
        steps.count()
    };
    assert_eq!(
        (of_first(PodStage::Terminating), of_first(PodStage::Deleted)),
        (1, 1)
    );
    assert!(totals.is_conserved());
}

/// A Job is over at its deadline; its pod goes, and the message with it or back.
#[test]
fn a_deadline_ends_a_job_with_its_pods() {
    let spec = json!({ "jobTargetRef": { "activeDeadlineSeconds": 20 }, "maxReplicaCount": 1 });
    let mut model = model(45.0, instant_pod(), 1000.0, &spec);
    model.services[0].pod.on_sigterm = OnSigterm::Ignore;
    model.services[0].pod.grace_period = SimDuration::from_secs(4);
    bunches(&mut model, &[(2, 1)]);
    let (log, totals) = run(model, SEED);
    assert_eq!(log.pods(PodStage::Terminating)[0], 20.0);
    // It counts as failed when the last pod is gone.
    assert_eq!(log.pods(PodStage::Deleted)[0], 24.0);
    assert_eq!(log.jobs(JobStage::Failed)[0], (24.0, "DeadlineExceeded"));
    // Another one has taken the message by then.
    assert_eq!(log.made(), [1, 1]);
    assert_eq!((log.requeued, totals.queues[0].in_progress), (1, 1));
}

/// The pod drains: it finishes its message although its Job is over.
#[test]
fn a_pod_that_drains_finishes_its_message() {
    let spec = json!({ "jobTargetRef": { "activeDeadlineSeconds": 20 }, "maxReplicaCount": 1 });
    let mut model = model(45.0, instant_pod(), 25.0, &spec);
    bunches(&mut model, &[(2, 1)]);
    let (log, totals) = run(model, SEED);
    assert_eq!(totals.queues, [super::done(1)]);
    assert_eq!(log.jobs(JobStage::Failed)[0], (25.0, "DeadlineExceeded"));
}

/// Spot nodes are taken away under running Jobs, without notice: other pods do their messages again.
#[test]
fn messages_of_lost_nodes_are_done_by_others() {
    let spec = json!({ "scalingStrategy": { "strategy": "accurate" }, "maxReplicaCount": 8 });
    let pod = PodTemplate {
        cpu_request: Some(Millicores::new(900)),
        memory_request: Some(Bytes::from_mebibytes(512)),
        pull: constant(2.0),
        ..instant_pod()
    };
    let mut model = model(7200.0, pod, 120.0, &spec);
    model.queues[0].arrivals = Some(JobArrivals {
        process: ArrivalProcess::Poisson,
        rate: rate(0.02),
    });
    let resources = NodeResources {
        cpu: Millicores::new(2000),
        memory: Bytes::new(8 << 30),
        pods: 20,
    };
    model.nodes = Some(Nodes {
        groups: vec![NodeGroup {
            name: "spot".to_owned(),
            is_offering: false,
            shape: NodeShape {
                capacity: resources,
                allocatable: resources,
                ..NodeShape::default()
            },
            min: 3,
            max: 3,
            initial: 3,
            boot: constant(30.0),
            become_ready: constant(10.0),
            node_hour: Usd(0.1),
            spot: Some(Spot {
                interruptions: flashcrowd_units::Rate::per_second(6.0 / 3600.0).unwrap(),
                notice: SimDuration::ZERO,
            }),
        }],
        autoscaler: None,
        budgets: Vec::new(),
    });
    let (log, totals) = run(model, 5);
    let queue = totals.queues[0];
    assert!(log.requeued > 3, "{}", log.requeued);
    assert_eq!(queue.failed, 0);
    assert!(queue.waiting + queue.in_progress <= 8, "{queue:?}");
    // No Job has seen more than six failures here.
    assert!(log.jobs(JobStage::Failed).is_empty());
    // Every message was done by a pod of a Job that then succeeded.
    assert_eq!(log.pods(PodStage::Succeeded).len() as u64, queue.processed);
    assert_eq!(log.jobs(JobStage::Complete).len() as u64, queue.processed);
}
