//! Yardsticks from statistical theory that several tests share.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses its own part"
)]

use flashcrowd_units::{Rate, SimDuration, SimTime};
use flashcrowd_workload::{ArrivalProcess, ArrivalStream, RateShape, Ziggurat};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// Standard errors that a measurement may be away from theory.
pub const Z: f64 = 4.0;

/// Probability that a standard normal lies further out than `Z` on either side.
pub const ALPHA: f64 = 6.334e-5;

pub const SEEDS: std::ops::RangeInclusive<u64> = 1..=5;

pub fn generator(seed: u64) -> Ziggurat<Xoshiro256PlusPlus> {
    Ziggurat(Xoshiro256PlusPlus::seed_from_u64(seed))
}

pub fn secs(seconds: u64) -> SimDuration {
    SimDuration::from_secs(seconds)
}

pub fn at(seconds: u64) -> SimTime {
    SimTime::from_secs(seconds)
}

pub fn per_second(events: f64) -> Rate {
    Rate::per_second(events).unwrap()
}

/// All arrivals in seconds.
pub fn arrivals(
    process: &ArrivalProcess,
    shape: &RateShape,
    end: SimDuration,
    seed: u64,
) -> Vec<f64> {
    let mut stream = ArrivalStream::new(process, shape, end).unwrap();
    let mut rng = generator(seed);
    let times = std::iter::repeat_with(|| stream.next(&mut rng));
    times
        .take_while(|&time| time != SimTime::NEVER)
        .map(SimTime::as_secs_f64)
        .collect()
}

/// Asserts that `measured` is within `Z` standard errors of `expected`.
#[track_caller]
pub fn assert_near(measured: f64, expected: f64, standard_error: f64, what: &str) {
    let z = (measured - expected) / standard_error;
    assert!(
        z.abs() <= Z,
        "{what}: {measured} is {z:.2} standard errors from {expected}"
    );
}

#[track_caller]
pub fn assert_close(measured: f64, expected: f64, relative: f64, what: &str) {
    let error = (measured - expected).abs();
    assert!(
        error <= relative * expected.abs().max(1e-12),
        "{what}: {measured} is not {expected}"
    );
}

/// Asserts that counts are independent Poisson variates of the given means, by Pearson's
/// chi-square on both sides: too far away, or too good to be true.
#[track_caller]
pub fn assert_poisson(counts: &[f64], means: &[f64], what: &str) {
    let statistic: f64 = counts
        .iter()
        .zip(means)
        .map(|(n, mean)| (n - mean) * (n - mean) / mean)
        .sum();
    let law = ChiSquared::new(counts.len() as f64).unwrap();
    let (low, high) = (
        law.inverse_cdf(ALPHA / 2.0),
        law.inverse_cdf(1.0 - ALPHA / 2.0),
    );
    assert!(
        (low..=high).contains(&statistic),
        "{what}: chi-square {statistic} outside {low}..{high}"
    );
}

/// Asserts by the Kolmogorov-Smirnov statistic that values follow a distribution function.
#[track_caller]
pub fn assert_distribution(mut values: Vec<f64>, cdf: impl Fn(f64) -> f64, what: &str) {
    values.sort_by(f64::total_cmp);
    let n = values.len() as f64;
    let distance = values
        .iter()
        .enumerate()
        .fold(0.0_f64, |worst, (index, &value)| {
            let (below, p) = (index as f64, cdf(value));
            worst.max(p - below / n).max((below + 1.0) / n - p)
        });
    assert!(
        distance * n.sqrt() <= kolmogorov_limit(),
        "{what}: distance {distance}"
    );
}

/// Two samples from the same distribution, by the two-sample Kolmogorov-Smirnov statistic.
#[track_caller]
pub fn assert_same_distribution(mut left: Vec<f64>, mut right: Vec<f64>, what: &str) {
    left.sort_by(f64::total_cmp);
    right.sort_by(f64::total_cmp);
    let (n, m) = (left.len() as f64, right.len() as f64);
    let share = |sorted: &[f64], value: f64| {
        sorted.partition_point(|&x| x <= value) as f64 / sorted.len() as f64
    };
    let distance = left
        .iter()
        .chain(&right)
        .map(|&x| (share(&left, x) - share(&right, x)).abs())
        .fold(0.0, f64::max);
    assert!(
        distance * (n * m / (n + m)).sqrt() <= kolmogorov_limit(),
        "{what}: distance {distance}"
    );
}

/// The `ALPHA` quantile of Kolmogorov's distribution by the first term of its series.
fn kolmogorov_limit() -> f64 {
    (-flashcrowd_units::math::ln(ALPHA / 2.0) / 2.0).sqrt()
}

/// Numbers of arrivals in consecutive bins of equal length.
pub fn histogram(times: &[f64], bins: usize, length: f64) -> Vec<f64> {
    let mut counts = vec![0.0; bins];
    for &time in times {
        counts[((time / length * bins as f64) as usize).min(bins - 1)] += 1.0;
    }
    counts
}
