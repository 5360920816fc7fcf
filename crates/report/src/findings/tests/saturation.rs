//! Replicas at their maximum, CPU at its limit, throttling.

use super::*;

#[test]
fn replicas_at_maximum_with_the_cpu_at_its_limit() {
    let findings = Story::new()
        .quiet_until(14)
        .scaled(4, 10)
        .until(52, |service, browse| {
            service.desired = 10;
            service.cpu_seconds = 0.97 * service.cpu_capacity_seconds;
            fail(service, browse, Failure::ClientTimeout, 41);
        })
        .quiet_until(60)
        .findings();
    assert_eq!(findings.len(), 2, "{findings:#?}");
    assert_finding(
        &findings[1],
        Severity::Critical,
        840.0,
        "replicas_at_max",
        "backend reached maxReplicas 10 at 06:14 and stayed there 38 min; CPU was at its limit from \
         06:14 on, for 38 min; requests failed from 06:14 on",
    );
    assert_finding(
        &findings[0],
        Severity::Critical,
        840.0,
        "cpu_at_limit",
        "backend came to its CPU limit at 06:14 and stayed there 38 min (97 % of what its pods can \
         use); maxReplicas 10 allowed no more pods; 4.1 % of browse requests timed out",
    );
}

/// What fails first is the cause; what is more frequent later may follow from it.
#[test]
fn the_first_reason_is_named_and_not_the_most_frequent() {
    let busy = |service: &mut ServiceInterval| {
        service.desired = 10;
        service.cpu_seconds = service.cpu_capacity_seconds;
    };
    let findings = Story::new()
        .quiet_until(10)
        .scaled(4, 10)
        .until(20, |service, _| busy(service))
        .until(21, |service, browse| {
            busy(service);
            fail(service, browse, Failure::ProbeKilled, 100);
        })
        .until(30, |service, browse| {
            busy(service);
            fail(service, browse, Failure::NoReadyEndpoint, 900);
        })
        .quiet_until(60)
        .findings();
    let message = |code: &str| {
        let finding = findings.iter().find(|finding| finding.code == code);
        &finding.expect(code).message
    };
    assert!(
        message("replicas_at_max").ends_with("; requests failed from 06:20 on"),
        "{}",
        message("replicas_at_max")
    );
    // 4 x 100 + 36 x 900 of 80 x 1,000.
    assert!(
        message("cpu_at_limit").ends_with(
            "; 41 % of browse requests failed, from 06:20 on and at first with probe_killed"
        ),
        "{}",
        message("cpu_at_limit")
    );
}

#[test]
fn replicas_at_maximum_without_harm() {
    let finding = Story::new()
        .quiet_until(10)
        .scaled(4, 10)
        .until(20, |service, _| service.desired = 10)
        .quiet_until(30)
        .scaled(4, 10)
        .until(50, |service, _| service.desired = 10)
        .finding();
    assert_finding(
        &finding,
        Severity::Info,
        600.0,
        "replicas_at_max",
        "backend reached maxReplicas 10 at 06:10, 2 times and 30 min in all, the longest 20 min from \
         06:30; CPU was at 50 % of its limit; no request failed",
    );
}

#[test]
fn equal_bounds_are_no_maximum() {
    let fixed = |service: &mut ServiceInterval, _: &mut EndpointInterval| {
        service.bounds = Some((4, 4));
    };
    assert_eq!(Story::new().until(30, fixed).findings(), []);
}

/// A Node process: one thread of a limit and request of two cores. It stands still at 50 %.
#[test]
fn a_blind_autoscaler_is_named() {
    let mut context = made_up_run::context(SimDuration::from_secs(3600));
    context.services[0].threads = Some(1);
    let finding = Story::of(context)
        .quiet_until(20)
        .until(40, |service, browse| {
            service.cpu_seconds = 59.4;
            service.cpu_capacity_seconds = 60.0;
            service.cpu_request_seconds = 120.0;
            fail(service, browse, Failure::ClientTimeout, 300);
        })
        .finding();
    assert_finding(
        &finding,
        Severity::Critical,
        1200.0,
        "cpu_at_limit",
        "backend came to its CPU limit at 06:20 and stayed there 20 min (99 % of what its pods can \
         use); 4 of at most 10 replicas: the HPA sees 50 % of the request, its target is 70 %, so it \
         adds none, because the process uses 1 thread; 30 % of browse requests timed out",
    );
}

#[test]
fn half_a_minute_at_the_cpu_limit_is_not_worth_a_word() {
    let mut story = Story::new().quiet_until(20);
    let busy = |service: &mut ServiceInterval, _: &mut EndpointInterval| {
        service.cpu_seconds = service.cpu_capacity_seconds;
    };
    // Two intervals of 15 s.
    story.now += 30;
    assert_eq!(story.until(21, busy).quiet_until(60).findings(), []);
}

#[test]
fn throttling_is_found_below_the_limit() {
    let finding = Story::new()
        .quiet_until(5)
        .until(15, |service, _| service.cfs_throttled = 240)
        .quiet_until(60)
        .finding();
    assert_eq!(finding.code, "cpu_throttled");
    assert!(
        finding.message.contains("at 06:05 and was for 10 min"),
        "{}",
        finding.message
    );
    assert!(
        finding
            .message
            .contains("stopped in 40 % of the CFS periods"),
        "{}",
        finding.message
    );
}

/// Pods that are not ready use CPU, too: that is no limit which was met.
#[test]
fn containers_that_are_not_ready_count_as_well() {
    let mut story = Story::new().quiet_until(10);
    for pod in 0..8 {
        story = story.tell(&Record::Pod {
            service: BACKEND,
            pod: PodId(pod),
            from: Some(PodStage::Ready),
            to: PodStage::Running,
            reason: "Unhealthy",
        });
    }
    // Eight containers could use 4 cores and use 2; the one that is ready counts for half a core.
    let findings = story
        .until(30, |service, _| {
            service.cpu_seconds = 30.0;
            service.cpu_capacity_seconds = 7.5;
        })
        .findings();
    assert!(
        !findings
            .iter()
            .any(|finding| finding.code == "cpu_at_limit"),
        "{findings:#?}"
    );
}

#[test]
fn throttling_after_the_limit_was_met_is_no_news() {
    let at_limit = |service: &mut ServiceInterval, _: &mut EndpointInterval| {
        service.cpu_seconds = service.cpu_capacity_seconds;
        service.cfs_throttled = 600;
    };
    let throttled = |service: &mut ServiceInterval, _: &mut EndpointInterval| {
        service.cfs_throttled = 240;
    };
    let codes = |story: Story| -> Vec<_> {
        let findings = story.findings();
        findings.iter().map(|finding| finding.code).collect()
    };
    let after = Story::new()
        .quiet_until(5)
        .until(10, at_limit)
        .until(30, throttled);
    assert_eq!(codes(after), ["cpu_at_limit"]);
    let before = Story::new()
        .quiet_until(5)
        .until(30, throttled)
        .until(40, at_limit);
    assert_eq!(codes(before), ["cpu_throttled", "cpu_at_limit"]);
}
