//! Queues that overflow, containers that die, pods that go, metrics that fail.

use super::*;
use flashcrowd_autoscalers::Steps;
use flashcrowd_autoscalers::hpa::{
    HpaPath, HpaSteps, MetricError, MetricOutcome, MetricStep, ScalingActive, Tolerance,
};

#[test]
fn a_full_backlog() {
    let finding = Story::new()
        .quiet_until(7)
        .until(9, |service, browse| {
            fail(service, browse, Failure::BacklogFull, 250);
        })
        .quiet_until(60)
        .finding();
    assert_finding(
        &finding,
        Severity::Critical,
        420.0,
        "backlog_overflow",
        "backend turned away 2,000 requests (25 % of those that came then) between 06:07 and 06:09: \
         the backlog of 200 a pod was full",
    );
}

#[test]
fn oom_kills_and_a_crash_loop() {
    let step = |from, to, reason| Record::Pod {
        service: BACKEND,
        pod: PodId(1),
        from: Some(from),
        to,
        reason,
    };
    // As the kubelet does it: not ready, ended, and the first restart at once.
    let killed = [
        step(PodStage::Ready, PodStage::Running, "OOMKilled"),
        step(PodStage::Running, PodStage::CrashLoopBackOff, "OOMKilled"),
    ];
    let restarted = step(PodStage::CrashLoopBackOff, PodStage::Running, "Started");
    let once = || {
        let story = Story::new()
            .quiet_until(10)
            .tell(&killed[0])
            .tell(&killed[1]);
        let lose = |service: &mut ServiceInterval, browse: &mut EndpointInterval| {
            fail(service, browse, Failure::OomKilled, 3);
        };
        story.tell(&restarted).until(11, lose)
    };
    let finding = once().quiet_until(60).finding();
    assert_finding(
        &finding,
        Severity::Critical,
        600.0,
        "oom_killed",
        "backend had 1 OOM kill in 1 pod at the memory limit of 512Mi, the first at 06:10; 12 requests lost",
    );
    let findings = once()
        .tell(&killed[0])
        .tell(&killed[1])
        .quiet_until(60)
        .findings();
    assert_eq!(findings.len(), 2, "{findings:#?}");
    assert!(
        findings[0]
            .message
            .starts_with("backend had 2 OOM kills in 1 pod")
    );
    assert_finding(
        &findings[1],
        Severity::Critical,
        660.0,
        "crash_loop",
        "backend went into a crash loop at 06:11: 1 pod waited for 1 restart in CrashLoopBackOff",
    );
}

#[test]
fn probes_that_restart_a_container() {
    let unhealthy = Record::Pod {
        service: BACKEND,
        pod: PodId(1),
        from: Some(PodStage::Running),
        to: PodStage::CrashLoopBackOff,
        reason: "Unhealthy",
    };
    let restarted = Record::Pod {
        service: BACKEND,
        pod: PodId(1),
        from: Some(PodStage::CrashLoopBackOff),
        to: PodStage::Running,
        reason: "Started",
    };
    let finding = Story::new()
        .quiet_until(10)
        .tell(&unhealthy)
        .tell(&restarted)
        .quiet_until(60)
        .finding();
    assert_finding(
        &finding,
        Severity::Warning,
        600.0,
        "probe_killed",
        "backend had 1 restart in 1 pod after failed probes, the first at 06:10; 0 requests lost",
    );
}

/// A kill makes a pod unready, too; that is said once.
#[test]
fn pods_that_their_readiness_probe_takes_out() {
    let step = |from, to, reason| Record::Pod {
        service: BACKEND,
        pod: PodId(1),
        from: Some(from),
        to,
        reason,
    };
    let unready = step(PodStage::Ready, PodStage::Running, "Unhealthy");
    let ready = step(PodStage::Running, PodStage::Ready, "ProbeSucceeded");
    let killed = step(PodStage::Running, PodStage::CrashLoopBackOff, "Unhealthy");
    let restarted = step(PodStage::CrashLoopBackOff, PodStage::Running, "Started");
    let story = Story::new().quiet_until(10).tell(&unready);
    let story = story.quiet_until(11).tell(&ready).quiet_until(12);
    let findings = story
        .tell(&unready)
        .tell(&killed)
        .tell(&restarted)
        .tell(&ready)
        .quiet_until(60)
        .findings();
    let codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
    // The levels of this story keep its other pods ready.
    assert_eq!(codes, ["readiness_lost", "probe_killed"]);
    assert_finding(
        &findings[0],
        Severity::Warning,
        600.0,
        "readiness_lost",
        "backend had 1 pod taken out of service by readiness probes, 1 time from 06:10 on: the \
         others had to take their load",
    );
}

#[test]
fn flapping_needs_three_changes_of_direction() {
    let scale = |minutes: &[u64]| {
        let mut story = Story::new();
        for (index, minute) in minutes.iter().enumerate() {
            story = story.quiet_until(*minute);
            story = if index % 2 == 0 {
                story.scaled(4, 6)
            } else {
                story.scaled(6, 4)
            };
        }
        story.quiet_until(60).findings()
    };
    assert_eq!(scale(&[10, 15, 20]), []);
    // Far enough apart, the same changes are a busy day.
    assert_eq!(scale(&[5, 20, 35, 50]), []);
    let findings = scale(&[10, 15, 20, 25]);
    assert_eq!(findings.len(), 1);
    assert_finding(
        &findings[0],
        Severity::Warning,
        600.0,
        "flapping",
        "backend flapped from 06:10 to 06:25: scaling changed direction 3 times, up to 3 within 10 min",
    );
}

#[test]
fn requests_lost_to_a_scale_down_and_not_to_something_else() {
    let lose = |terminating: u32| {
        move |service: &mut ServiceInterval, browse: &mut EndpointInterval| {
            service.terminating = terminating;
            fail(service, browse, Failure::ConnectionRefused, 5);
        }
    };
    // Connections are refused before the scale-down, too: those are not its fault.
    let finding = Story::new()
        .until(1, lose(0))
        .quiet_until(10)
        .scaled(4, 3)
        .until(11, lose(1))
        .quiet_until(12)
        .until(13, lose(0))
        .finding();
    assert_finding(
        &finding,
        Severity::Critical,
        600.0,
        "lost_in_scale_down",
        "backend lost 20 requests to 1 scale-down, from 06:10 on: their connections were refused; a \
         preStop delay longer than the endpoint propagation prevents this",
    );
}

#[test]
fn requests_lost_to_a_rollout() {
    let cut_off = |service: &mut ServiceInterval, browse: &mut EndpointInterval| {
        service.terminating = 1;
        fail(service, browse, Failure::PodTerminated, 2);
    };
    let rollout = |finished| Record::Rollout {
        service: BACKEND,
        finished,
    };
    // Its last pods go after its end, and are still its fault; a scale-down meanwhile is not.
    let findings = Story::new()
        .quiet_until(10)
        .tell(&rollout(false))
        .until(11, cut_off)
        .scaled(4, 3)
        .tell(&rollout(true))
        .until(12, cut_off)
        .quiet_until(60)
        .findings();
    assert_eq!(findings.len(), 2, "{findings:#?}");
    assert_eq!(findings[0].code, "lost_in_rollout");
    let message = &findings[0].message;
    assert!(
        message.starts_with("backend lost 16 requests to 1 rollout, from 06:10 on"),
        "{message}"
    );
    // 8 of the 4,000 of its minute.
    assert_finding(
        &findings[1],
        Severity::Info,
        600.0,
        "rollout",
        "backend was rolled out at 06:10, which took 60 s; 0.20 % of browse requests failed \
         (pod_terminated) meanwhile",
    );
}

#[test]
fn a_rollout_without_losses_and_one_without_end() {
    let rollout = |finished| Record::Rollout {
        service: BACKEND,
        finished,
    };
    let once = || {
        let story = Story::new().quiet_until(10).tell(&rollout(false));
        story.quiet_until(15).tell(&rollout(true)).quiet_until(30)
    };
    let message = "backend was rolled out at 06:10, which took 5 min; no request failed meanwhile";
    assert_finding(&once().finding(), Severity::Info, 600.0, "rollout", message);
    let again = once().tell(&rollout(false)).quiet_until(40).finding();
    let message = "backend was rolled out at 06:10, 2 times; that of 06:30 had not finished at the \
                   end; no request failed meanwhile";
    assert_finding(&again, Severity::Info, 600.0, "rollout", message);
}

#[test]
fn missing_metrics_and_outages() {
    let decide = |story: Story, reason| {
        let at = TimePoint::from_secs(story.now as i64);
        let decision = ScalingDecision::hold(at, Replicas(4), reason);
        story.tell(&Record::Decision {
            service: BACKEND,
            decision: &decision,
        })
    };
    let mut story = decide(Story::new().quiet_until(10), Reason::None);
    story = story.tell(&Record::MetricsOutage(true));
    story = decide(story.quiet_until(11), Reason::MetricsUnavailable);
    story = decide(story.quiet_until(12), Reason::MetricsUnavailable);
    let findings = story
        .tell(&Record::MetricsOutage(false))
        .quiet_until(60)
        .findings();
    assert_eq!(findings.len(), 2, "{findings:#?}");
    assert_eq!(
        (findings[0].code, findings[0].component.as_str()),
        ("metrics_outage", "metrics")
    );
    assert!(
        findings[0]
            .message
            .contains("from 06:10 on, for 2 min in all"),
        "{}",
        findings[0].message
    );
    assert_finding(
        &findings[1],
        Severity::Warning,
        660.0,
        "metric_missing",
        "backend: its autoscaler missed a metric in 2 of 3 decisions between 06:11 and 06:12 \
         (FailedComputeMetricsReplicas)",
    );
}

/// An HPA with two metrics goes on with one, and reports the error all the same.
#[test]
fn one_metric_of_two_is_missing() {
    let steps = HpaSteps {
        path: HpaPath::Metrics,
        tolerance: Tolerance {
            scale_down: 0.1,
            scale_up: 0.1,
        },
        evidence: None,
        metrics: vec![MetricStep {
            name: "memory resource utilization (percentage of request)".into(),
            outcome: MetricOutcome::Failed {
                reason: ScalingActive::FailedGetResourceMetric,
                error: MetricError::NoSamples,
            },
        }],
        winner: None,
        proposal: None,
        stabilized: None,
        limited: None,
        error: true,
    };
    let mut decision = ScalingDecision::hold(TimePoint::ZERO, Replicas(4), Reason::None);
    decision.steps = Steps::Hpa(Box::new(steps));
    let record = Record::Decision {
        service: BACKEND,
        decision: &decision,
    };
    // At the start of a run it is nobody's fault.
    let findings = Story::new().quiet_until(1).tell(&record).findings();
    assert_eq!(findings, []);
    let finding = Story::new().quiet_until(5).tell(&record).finding();
    assert_finding(
        &finding,
        Severity::Warning,
        300.0,
        "metric_missing",
        "backend: its autoscaler missed a metric in 1 of 1 decision at 06:05 (memory \
         resource utilization (percentage of request): no metrics returned from the metrics API)",
    );
}

#[test]
fn nobody_there() {
    let finding = Story::new()
        .quiet_until(10)
        .until(12, |service, browse| {
            service.ready = 0;
            fail(service, browse, Failure::NoReadyEndpoint, 1000);
        })
        .quiet_until(60)
        .finding();
    assert_finding(
        &finding,
        Severity::Critical,
        600.0,
        "no_ready_endpoint",
        "backend had no ready pod at 06:10, for 2 min; 8,000 requests found nobody to answer",
    );
    let scaled_to_zero = |service: &mut ServiceInterval, _: &mut EndpointInterval| {
        (service.desired, service.ready) = (0, 0);
    };
    assert_eq!(Story::new().until(30, scaled_to_zero).findings(), []);
}

/// Seconds without a ready pod within an interval count as what they are.
#[test]
fn time_without_a_ready_pod_is_exact() {
    let mut context = made_up_run::context(SimDuration::from_secs(3600));
    context.services[0].replicas = 1;
    let mut story =
        Story::of(context).until(10, |service, _| (service.desired, service.ready) = (1, 1));
    for (at, from, to) in [
        (602, PodStage::Ready, PodStage::Running),
        (606, PodStage::Running, PodStage::Ready),
        (611, PodStage::Ready, PodStage::Running),
        (614, PodStage::Running, PodStage::Ready),
    ] {
        let record = Record::Pod {
            service: BACKEND,
            pod: PodId(0),
            from: Some(from),
            to,
            reason: "test",
        };
        story.recorder.record(SimTime::from_secs(at), &record);
    }
    let finding = story
        .until(11, |service, browse| {
            (service.desired, service.ready) = (1, 1);
            fail(service, browse, Failure::NoReadyEndpoint, 10);
        })
        .finding();
    assert_finding(
        &finding,
        Severity::Critical,
        602.0,
        "no_ready_endpoint",
        "backend had no ready pod at 06:10, 2 times and 7 s in all; 40 requests found nobody to \
         answer",
    );
}
