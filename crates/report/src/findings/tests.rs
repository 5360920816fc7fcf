//! Findings from intervals and events made for them.

mod lost_requests;
mod nodes;
mod saturation;

use super::*;
use crate::made_up_run::{self, BACKEND};
use crate::recorder::RunRecorder;
use flashcrowd_autoscalers::{Reason, ScalingDecision, TimePoint};
use flashcrowd_core::record::{
    EndpointInterval, Failure, Interval, PodId, PodStage, Recorder, ServiceInterval,
};
use flashcrowd_units::{Replicas, SimDuration};

/// A run of an hour from 06:00, told in intervals of 15 s; four pods of half a core (request 250m)
/// between the bounds 2 and 10, half used, 1,000 requests an interval to `browse`.
struct Story {
    recorder: RunRecorder,
    now: u64,
}

impl Story {
    fn new() -> Self {
        Self::of(made_up_run::context(SimDuration::from_secs(3600)))
    }

    fn of(mut context: RunContext) -> Self {
        context.objectives.clear();
        Self {
            recorder: RunRecorder::new(context),
            now: 0,
        }
    }

    /// Tells intervals until `minute`, changed by `change`.
    fn until(
        mut self,
        minute: u64,
        change: impl Fn(&mut ServiceInterval, &mut EndpointInterval),
    ) -> Self {
        while self.now < minute * 60 {
            let mut service = ServiceInterval {
                attempts: 1000,
                desired: 4,
                current: 4,
                ready: 4,
                bounds: Some((2, 10)),
                cpu_seconds: 15.0,
                cpu_capacity_seconds: 30.0,
                cpu_request_seconds: 15.0,
                cfs_periods: 600,
                ..ServiceInterval::default()
            };
            let mut browse = EndpointInterval {
                offered: 1000,
                ..EndpointInterval::default()
            };
            change(&mut service, &mut browse);
            browse.completed = browse.offered - browse.failed_total();
            browse
                .latency
                .record_n(SimDuration::from_millis(50), browse.completed);
            let interval = Interval {
                start: SimTime::from_secs(self.now),
                endpoints: &[
                    browse,
                    EndpointInterval::default(),
                    EndpointInterval::default(),
                ],
                services: &[service],
                queues: &[],
                nodes: &[],
                unschedulable: 0,
            };
            self.now += 15;
            self.recorder
                .record(SimTime::from_secs(self.now), &Record::Interval(interval));
        }
        self
    }

    fn quiet_until(self, minute: u64) -> Self {
        self.until(minute, |_, _| {})
    }

    /// Tells something that happens now.
    fn tell(mut self, record: &Record<'_>) -> Self {
        self.recorder.record(SimTime::from_secs(self.now), record);
        self
    }

    fn scaled(self, from: u32, to: u32) -> Self {
        self.tell(&Record::Scaled {
            service: BACKEND,
            from,
            to,
            by: "hpa",
            reason: "test",
        })
    }

    /// The only finding.
    fn finding(self) -> Finding {
        let mut findings = self.findings();
        assert_eq!(findings.len(), 1, "{findings:#?}");
        findings.remove(0)
    }

    fn findings(mut self) -> Vec<Finding> {
        self.recorder.finish();
        self.recorder.findings(&[])
    }
}

/// Fails `number` requests of the interval.
fn fail(
    service: &mut ServiceInterval,
    browse: &mut EndpointInterval,
    reason: Failure,
    number: u64,
) {
    service.failed[reason as usize] = number;
    browse.failed[reason as usize] = number;
}

fn assert_finding(
    finding: &Finding,
    severity: Severity,
    at_seconds: f64,
    code: &str,
    message: &str,
) {
    assert_eq!(finding.message, message);
    assert_eq!((finding.severity, finding.code), (severity, code));
    assert_eq!(
        (finding.at_seconds, finding.component.as_str()),
        (at_seconds, "backend")
    );
}

#[test]
fn a_quiet_hour_has_no_findings() {
    assert_eq!(Story::new().quiet_until(60).findings(), []);
}

#[test]
fn order_is_time_then_severity() {
    let finding = |at_seconds, severity| Finding {
        severity,
        at_seconds,
        component: String::new(),
        code: "",
        message: String::new(),
    };
    let mut findings = vec![
        finding(2.0, Severity::Critical),
        finding(1.0, Severity::Info),
        finding(1.0, Severity::Critical),
    ];
    sort(&mut findings);
    let order: Vec<_> = findings
        .iter()
        .map(|f| (f.at_seconds, f.severity))
        .collect();
    assert_eq!(
        order,
        [
            (1.0, Severity::Critical),
            (1.0, Severity::Info),
            (2.0, Severity::Critical)
        ]
    );
}
