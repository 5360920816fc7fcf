//! Replicas at their maximum, CPU at its limit, throttling.

use super::*;

#[test]
fn replicas_at_maximum_with_the_cpu_at_its_limit() {
    let finding = Story::new()
        .quiet_until(14)
        .scaled(4, 10)
        .until(52, |service, browse| {
            service.desired = 10;
            service.cpu_seconds = 0.97 * service.cpu_capacity_seconds;
            fail(service, browse, Failure::ClientTimeout, 41);
        })
        .quiet_until(60)
        .finding();
    assert_finding(
        &finding,
        Severity::Critical,
        840.0,
        "replicas_at_max",
        "backend reached maxReplicas 10 at 06:14 and stayed there 38 min; CPU was at its limit; \
         4.1 % of browse requests timed out",
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
