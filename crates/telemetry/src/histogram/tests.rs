use super::*;
use proptest::prelude::*;

/// k6's and NumPy's definition, on the samples themselves.
fn exact_quantile(sorted: &[u64], q: f64) -> f64 {
    let position = q * (sorted.len() - 1) as f64;
    let (low, high) = (position.floor(), position.ceil());
    let (a, b) = (sorted[low as usize] as f64, sorted[high as usize] as f64);
    a + (b - a) * (position - low)
}

fn histogram(nanos: &[u64]) -> LatencyHistogram {
    let mut histogram = LatencyHistogram::new();
    for &nanos in nanos {
        histogram.record(SimDuration::from_nanos(nanos));
    }
    histogram
}

fn millis(millis: &[u64]) -> LatencyHistogram {
    histogram(&millis.iter().map(|ms| ms * 1_000_000).collect::<Vec<_>>())
}

/// Latencies of every magnitude from nanoseconds to hours.
fn latencies() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(
        (any::<u64>(), 21u32..64).prop_map(|(bits, shift)| bits >> shift),
        1..200,
    )
}

#[test]
fn empty_says_so() {
    let empty = LatencyHistogram::new();
    assert!(empty.is_empty());
    assert_eq!(empty.mean(), None);
    assert_eq!(empty.min(), None);
    assert_eq!(empty.max(), None);
    assert_eq!(empty.quantile(0.5), None);
    assert_eq!(empty.quantile_with_infinite(0.5, 7), None);
    assert_eq!(empty.fraction_below(SimDuration::MAX), None);
}

/// The vectors of k6's `metrics/sink_test.go`.
#[test]
fn quantiles_of_k6() {
    let one = millis(&[10]);
    for percent in 1..=100 {
        assert_eq!(
            one.quantile(f64::from(percent) / 100.0),
            Some(SimDuration::from_millis(10))
        );
    }
    let two = millis(&[5, 10]);
    for (q, expected_ms) in [
        (0.0, 5.0),
        (0.5, 7.5),
        (0.95, 9.75),
        (0.99, 9.95),
        (1.0, 10.0),
    ] {
        assert_eq!(
            two.quantile(q),
            Some(SimDuration::from_secs_f64(expected_ms / 1000.0))
        );
    }
    let ten = millis(&[120, 35, 15, 190, 280, 1, 70, 499, 1200, 2500]);
    assert_eq!(ten.mean(), Some(SimDuration::from_millis(491)));
    for (q, expected) in [
        (0.0, 0.001),
        (0.5, 0.155),
        (0.95, 1.915),
        (0.99, 2.383),
        (1.0, 2.5),
    ] {
        let measured = ten.quantile(q).unwrap().as_secs_f64();
        assert!(
            (measured - expected).abs() <= expected * 0.004,
            "{q}: {measured} not {expected}"
        );
    }
}

#[test]
fn the_extremes_of_time_are_legal() {
    let histogram = histogram(&[0, u64::MAX, u64::MAX]);
    assert_eq!(histogram.sum_nanos(), 2 * u128::from(u64::MAX));
    assert_eq!(histogram.min(), Some(SimDuration::ZERO));
    assert_eq!(histogram.quantile(1.0), Some(SimDuration::MAX));
    assert_eq!(
        histogram.mean().unwrap().as_nanos(),
        (2 * u128::from(u64::MAX)).div_ceil(3) as u64
    );
}

#[test]
fn failures_are_infinitely_slow() {
    let histogram = millis(&(1..=95).collect::<Vec<_>>());
    // 95 of 100 answered: position 0.94 * 99 = 93.06 has finite neighbours, 0.95 * 99 = 94.05 not.
    assert!(histogram.quantile_with_infinite(0.94, 5).is_some());
    assert_eq!(histogram.quantile_with_infinite(0.95, 5), None);
    // On a finite rank, the neighbour does not matter: of 101, position 0.94 * 100 is rank 94, the slowest answer.
    assert_eq!(histogram.quantile_with_infinite(0.94, 6), histogram.max());
    assert_eq!(histogram.quantile_with_infinite(0.95, 6), None);
    // 99.9 / 100 * 1000 is not a whole number in binary, though it is one.
    let thousand = millis(&(1..=1000).collect::<Vec<_>>());
    assert_eq!(
        thousand.quantile_with_infinite(99.9 / 100.0, 1),
        thousand.max()
    );
}

#[test]
fn a_cleared_histogram_is_a_new_one() {
    let mut histogram = millis(&[1, 50, 3_600_000]);
    histogram.clear();
    assert_eq!(histogram, LatencyHistogram::new());
    histogram.clear();
    assert_eq!(histogram, LatencyHistogram::new());
}

#[test]
fn refuses_contradictions() {
    let legal = r#"{"sum":[0,300],"range":[100,200],"buckets":[[100,1],[200,1]]}"#;
    assert!(serde_json::from_str::<LatencyHistogram>(legal).is_ok());
    for broken in [
        r#"{"sum":[0,300],"range":null,"buckets":[[100,1],[200,1]]}"#,
        r#"{"sum":[0,300],"range":[100,200],"buckets":[]}"#,
        r#"{"sum":[0,300],"range":[100,200],"buckets":[[200,1],[100,1]]}"#,
        r#"{"sum":[0,300],"range":[100,201],"buckets":[[100,1],[200,1]]}"#,
        r#"{"sum":[0,300],"range":[100,200],"buckets":[[100,1],[200,0]]}"#,
        r#"{"sum":[1,300],"range":[100,200],"buckets":[[100,1],[200,1]]}"#,
        r#"{"sum":[0,300],"range":[100,200],"buckets":[[100,1],[65535,1]]}"#,
    ] {
        assert!(
            serde_json::from_str::<LatencyHistogram>(broken).is_err(),
            "{broken}"
        );
    }
}

proptest! {
    #[test]
    fn quantiles_agree_with_the_sorted_samples(mut samples in latencies(), q in 0.0..=1.0f64) {
        let histogram = histogram(&samples);
        samples.sort_unstable();
        let exact = exact_quantile(&samples, q);
        let measured = histogram.quantile(q).unwrap().as_nanos() as f64;
        // Half a bucket, and half a nanosecond of rounding.
        prop_assert!((measured - exact).abs() <= exact / 256.0 + 0.51, "{measured} not {exact}");
    }

    #[test]
    fn quantiles_never_fall(samples in latencies(), a in 0.0..=1.0f64, b in 0.0..=1.0f64) {
        let histogram = histogram(&samples);
        prop_assert!(histogram.quantile(a.min(b)) <= histogram.quantile(a.max(b)));
    }

    #[test]
    fn infinite_requests_sort_behind_all_others(mut samples in latencies(), failed in 0u64..100, q in 0.0..=1.0f64) {
        let histogram = histogram(&samples);
        samples.sort_unstable();
        let position = q * (samples.len() as u64 + failed - 1) as f64;
        let measured = histogram.quantile_with_infinite(q, failed);
        if position.ceil() as usize >= samples.len() {
            prop_assert_eq!(measured, None);
        } else {
            let (low, high) = (samples[position as usize] as f64, samples[position.ceil() as usize] as f64);
            let exact = low + (high - low) * position.fract();
            let measured = measured.unwrap().as_nanos() as f64;
            prop_assert!((measured - exact).abs() <= exact / 256.0 + 0.51, "{measured} not {exact}");
        }
    }

    #[test]
    fn count_sum_and_extremes_are_exact(samples in latencies()) {
        let histogram = histogram(&samples);
        let sum: u128 = samples.iter().map(|&nanos| u128::from(nanos)).sum();
        prop_assert_eq!(histogram.count(), samples.len() as u64);
        prop_assert_eq!(histogram.occupied().map(|(_, held)| held).sum::<u64>(), histogram.count());
        prop_assert_eq!(histogram.sum_nanos(), sum);
        prop_assert_eq!(histogram.min().unwrap().as_nanos(), *samples.iter().min().unwrap());
        prop_assert_eq!(histogram.max().unwrap().as_nanos(), *samples.iter().max().unwrap());
    }

    #[test]
    fn merging_is_recording_in_one(a in latencies(), b in latencies(), c in latencies()) {
        let all = histogram(&[a.clone(), b.clone(), c.clone()].concat());
        let (a, b, c) = (histogram(&a), histogram(&b), histogram(&c));
        let mut left = a.clone();
        left.merge(&b);
        left.merge(&c);
        let mut right = c.clone();
        right.merge(&b);
        let mut outer = LatencyHistogram::new();
        outer.merge(&right);
        outer.merge(&a);
        prop_assert_eq!(&left, &all);
        prop_assert_eq!(&outer, &all);
    }

    #[test]
    fn record_n_is_record_n_times(nanos in any::<u64>(), times in 0u64..50) {
        let latency = SimDuration::from_nanos(nanos);
        let mut at_once = LatencyHistogram::new();
        at_once.record_n(latency, times);
        prop_assert_eq!(at_once, histogram(&vec![nanos; times as usize]));
    }

    #[test]
    fn counts_below_a_limit_within_its_bucket(samples in latencies(), limit in any::<u64>(), shift in 0u32..64) {
        let limit = limit >> shift;
        let measured = histogram(&samples).count_below(SimDuration::from_nanos(limit));
        // Only samples that share the limit's bucket may be on the wrong side.
        let surely = |nanos: &&u64| bucket::index(**nanos) < bucket::index(limit);
        let perhaps = |nanos: &&u64| bucket::index(**nanos) <= bucket::index(limit);
        prop_assert!(samples.iter().filter(surely).count() as u64 <= measured);
        prop_assert!(samples.iter().filter(perhaps).count() as u64 >= measured);
    }

    #[test]
    fn survives_a_checkpoint(samples in latencies()) {
        let before = histogram(&samples);
        let text = serde_json::to_string(&before).unwrap();
        prop_assert_eq!(serde_json::from_str::<LatencyHistogram>(&text).unwrap(), before);
    }
}
