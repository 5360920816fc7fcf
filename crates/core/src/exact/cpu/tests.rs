use super::*;

const MS: u64 = 1_000_000;
const PHASE: CfsPhase = CfsPhase { period: 0, tick: 0 };

/// Wall time of one isolated burst that arrives `offset` ms into a period.
fn lone(demand_ms: u64, quota_ms: u64, threads: u32, offset_ms: u64) -> f64 {
    let start = 1_000 * MS + offset_ms * MS;
    let mut cpu = CpuStation::new(f64::from(threads), None, Some(quota_ms as f64 / 100.0), PHASE, 0);
    cpu.arrive(start, 7, demand_ms * MS, threads);
    let done = cpu.next_done();
    assert_eq!(cpu.complete(done), 7);
    (done - start) as f64 / MS as f64
}

/// The vectors of the bandwidth arithmetic, `(demand, quota, threads) -> wall` in ms from a period
/// start. The kernel's 1 ms carry, the late notice at a tick and the debt move them by a few ms.
#[test]
fn lone_bursts_take_the_periods_that_arithmetic_says() {
    let vectors = [
        (60, 50, 1, 110.0),
        (100, 20, 1, 420.0),
        (250, 50, 1, 450.0),
        (200, 100, 4, 125.0),
        (200, 200, 4, 50.0),
        (80, 40, 4, 110.0),
    ];
    for (demand, quota, threads, wall) in vectors {
        let got = lone(demand, quota, threads, 0);
        let moved: f64 = got - wall;
        // The remainder in the last period may move by the carry, the overrun and the debt of
        // each full period: at most 4 ms of overrun on every core.
        assert!(moved.abs() <= 100.0_f64.min(4.0 * f64::from(threads) + 1.0), "{demand} {quota} {threads}: {got}, not {wall}");
    }
}

#[test]
fn two_quotas_without_a_pause_around_a_boundary() {
    // 30 ms of work, quota 20 ms, 15 ms before a boundary: 15 ms now, 15 ms after the refill.
    assert_eq!(lone(30, 20, 1, 85), 30.0);
}

#[test]
fn processor_sharing_is_egalitarian() {
    let mut cpu = CpuStation::new(1.0, None, None, PHASE, 0);
    cpu.arrive(0, 1, 10 * MS, 1);
    cpu.arrive(0, 2, 30 * MS, 1);
    // Two at half speed until 20 ms, then the longer one alone.
    assert_eq!(cpu.next_done(), 20 * MS);
    assert_eq!(cpu.complete(20 * MS), 1);
    assert_eq!(cpu.next_done(), 40 * MS);
    assert_eq!(cpu.complete(40 * MS), 2);
    assert_eq!(cpu.used(50 * MS), 40.0 * MS as f64);
}

#[test]
fn an_event_loop_runs_bursts_to_their_end_in_order() {
    let mut cpu = CpuStation::new(1.0, Some(1), None, PHASE, 0);
    cpu.arrive(0, 1, 30 * MS, 1);
    cpu.arrive(0, 2, 10 * MS, 1);
    assert_eq!(cpu.backlog(), 40 * MS);
    assert_eq!((cpu.next_done(), cpu.complete(30 * MS)), (30 * MS, 1));
    assert_eq!((cpu.next_done(), cpu.complete(40 * MS)), (40 * MS, 2));
}

#[test]
fn overload_uses_the_limit_and_no_more() {
    let mut cpu = CpuStation::new(2.0, None, Some(0.5), CfsPhase { period: 37 * MS, tick: MS }, 0);
    for slot in 0..8 {
        cpu.arrive(0, slot, 10_000 * MS, 1);
    }
    let seconds = 10;
    let used = cpu.used(seconds * 1_000 * MS) / 1e9;
    // The first, cut period gives a full quota: at most one quota above the smooth share.
    assert!((used - 0.5 * seconds as f64).abs() <= 0.06, "{used}");
    let (periods, throttled) = cpu.periods(seconds * 1_000 * MS);
    assert!(periods >= 99 && throttled + 1 >= periods, "{periods} {throttled}");
}
