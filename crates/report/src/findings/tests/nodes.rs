//! Pods without nodes, groups at their maximum, spot interruptions.

use super::*;
use crate::context::NodeGroupContext;
use flashcrowd_core::record::{NodeGroupInterval, NodeId, NodeStage};

fn story() -> Story {
    let mut context = made_up_run::context(SimDuration::from_secs(3600));
    context.node_groups = vec![NodeGroupContext {
        name: "spot".to_owned(),
        is_spot: true,
        is_offering: false,
    }];
    Story::of(context)
}

fn waits(pod: u32) -> Record<'static> {
    Record::Unschedulable {
        service: BACKEND,
        pod: PodId(pod),
        reason: "0/1 nodes are available: 1 Insufficient cpu",
    }
}

fn is_bound(pod: u32) -> Record<'static> {
    Record::Pod {
        service: BACKEND,
        pod: PodId(pod),
        from: Some(PodStage::Pending),
        to: PodStage::ContainerCreating,
        reason: "Scheduled",
    }
}

/// One pod waits two minutes, one four, one to the end of the hour, 48 minutes: 18 on average.
#[test]
fn pods_that_wait_for_a_node() {
    let finding = story()
        .quiet_until(10)
        .tell(&waits(7))
        .tell(&waits(8))
        .quiet_until(12)
        .tell(&is_bound(7))
        .tell(&waits(9))
        .quiet_until(14)
        .tell(&is_bound(8))
        .quiet_until(60)
        .finding();
    assert_finding(
        &finding,
        Severity::Warning,
        600.0,
        "pods_pending",
        "3 pods of backend waited for a node from 06:10 on, 18 min on average and 48 min at most \
         (backend-7, backend-8, backend-9): 0/1 nodes are available: 1 Insufficient cpu; one \
         still waits at the end",
    );
}

#[test]
fn a_group_that_cannot_grow() {
    let mut story = story().quiet_until(10);
    for _ in 0..8 {
        let group = NodeGroupInterval {
            target: 4,
            bounds: (1, 4),
            ..NodeGroupInterval::default()
        };
        let interval = Interval {
            start: SimTime::from_secs(story.now),
            endpoints: &[],
            services: &[ServiceInterval::default()],
            queues: &[],
            nodes: &[group],
            unschedulable: 2,
        };
        story.now += 15;
        let at = SimTime::from_secs(story.now);
        story.recorder.record(at, &Record::Interval(interval));
    }
    let finding = story.finding();
    assert_eq!(
        (finding.code, finding.component.as_str()),
        ("node_group_at_max", "nodes/spot")
    );
    assert_eq!(finding.at_seconds, 600.0);
    assert_eq!(
        finding.message,
        "nodes/spot was at its maximum of 4 nodes with up to 2 pods waiting at 06:10 and stayed \
         there 2 min; no request failed"
    );
}

#[test]
fn requests_that_go_with_a_spot_node() {
    let node = |to, reason| Record::Node {
        group: 0,
        node: NodeId(3),
        from: None,
        to,
        reason,
    };
    let finding = story()
        .quiet_until(20)
        .tell(&node(NodeStage::Draining, "SpotInterruption"))
        .quiet_until(22)
        .tell(&node(NodeStage::Deleted, "SpotReclaimed"))
        .until(23, |service, browse| {
            fail(service, browse, Failure::NodeLost, 3);
        })
        .findings()
        .into_iter()
        .find(|finding| finding.code == "spot_interruptions")
        .unwrap();
    assert_eq!(finding.severity, Severity::Critical);
    assert_eq!(finding.at_seconds, 1200.0);
    // Those of the first interval after it: the others are somebody else's.
    assert_eq!(
        finding.message,
        "nodes/spot had 1 spot interruption, the first at 06:20; 3 requests lost with them"
    );
}
