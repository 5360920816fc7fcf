//! Signals that come from the resource metrics.

use flashcrowd_autoscalers::threshold::{Aggregate, Signal};
use flashcrowd_autoscalers::{
    ContainerUsage, MetricAnswer, MetricQuery, MilliValue, Observation, PodId, PodPhase,
    PodRequests, PodUsage, PodView, ReadyCondition, TimePoint,
};
use flashcrowd_units::{Bytes, Millicores, SimDuration};

fn container(cpu: i64) -> [ContainerUsage<'static>; 1] {
    [ContainerUsage {
        name: "shop",
        cpu: Some(MilliValue::new(cpu)),
        memory: None,
    }]
}

/// Pods 1 (ready), 2 (not ready), 3 (ready, no sample), 4 (ready, leaving).
#[test]
fn usage_counts_every_pod_and_utilization_those_that_are_ready() {
    let requests = PodRequests::single("shop", Some(Millicores::new(500)), None);
    let now = TimePoint::from_secs(60);
    let pod = |id: u64| PodView {
        id: PodId(id),
        phase: PodPhase::Running,
        start_time: Some(TimePoint::ZERO),
        ready: Some(match id {
            2 => ReadyCondition::unready_since(TimePoint::ZERO),
            _ => ReadyCondition::ready_since(TimePoint::ZERO),
        }),
        deleting: id == 4,
        requests: &requests,
    };
    let (first, second, fourth) = (container(400), container(100), container(500));
    let sample = |id, containers| PodUsage {
        pod: PodId(id),
        at: now,
        window: SimDuration::from_secs(15),
        containers,
    };
    let samples = [sample(1, &first), sample(2, &second), sample(4, &fourth)];
    let pods = [pod(1), pod(2), pod(3), pod(4)];
    let observation = Observation {
        now,
        scale: None,
        pods: &pods,
        resources: Some(&samples),
        answers: &[],
    };
    assert_eq!(Signal::CpuUsage.read(&observation, 0), Some(1.0));
    assert_eq!(Signal::CpuUtilization.read(&observation, 0), Some(0.8));
    assert_eq!(Signal::MemoryUsage.read(&observation, 0), None);
    assert_eq!(Signal::MemoryUtilization.read(&observation, 0), None);
    assert_eq!(Signal::CpuUsage.query(), MetricQuery::Resources);
    let nothing = Observation {
        resources: None,
        ..observation
    };
    assert_eq!(Signal::CpuUsage.read(&nothing, 0), None);
    let unrequested = PodRequests::single("shop", None, Some(Bytes::new(1)));
    let pods = pods.map(|pod| PodView {
        requests: &unrequested,
        ..pod
    });
    let unrequested = Observation {
        pods: &pods,
        ..observation
    };
    assert_eq!(Signal::CpuUtilization.read(&unrequested, 0), None);
}

#[test]
fn series_become_one_number() {
    let series = [500, -250, 1250].map(MilliValue::new);
    let answers = [MetricAnswer::Unavailable, MetricAnswer::External(&series)];
    let observation = Observation {
        now: TimePoint::ZERO,
        scale: None,
        pods: &[],
        resources: None,
        answers: &answers,
    };
    let read = |aggregate, query| {
        let name = "depth".to_owned();
        Signal::External { name, aggregate }.read(&observation, query)
    };
    assert_eq!(read(Aggregate::Sum, 1), Some(1.5));
    assert_eq!(read(Aggregate::Mean, 1), Some(0.5));
    assert_eq!(read(Aggregate::Max, 1), Some(1.25));
    assert_eq!(read(Aggregate::Min, 1), Some(-0.25));
    assert_eq!(read(Aggregate::Sum, 0), None);
    assert_eq!(read(Aggregate::Sum, 2), None);
}
