//! Arrival processes against theory: Poisson counts, time rescaling, indices of dispersion.

#![expect(
    clippy::disallowed_methods,
    reason = "theory is worked out with the platform's mathematics"
)]

mod statistics;

use flashcrowd_workload::{ArrivalProcess, GammaRenewal, Mmpp, MmppState, RateShape, TraceCounts};
use statistics::{
    SEEDS, arrivals, assert_distribution, assert_near, assert_poisson, assert_same_distribution,
    histogram, per_second, secs,
};
use statrs::distribution::{ContinuousCDF, Exp, Gamma};
use std::f64::consts::TAU;

fn read(json: &str) -> RateShape {
    serde_json::from_str(json).unwrap()
}

/// A shape with the area under it in closed form, and its length in seconds.
type Case = (&'static str, RateShape, fn(f64) -> f64, u64);

fn cases() -> Vec<Case> {
    vec![
        ("constant", read(r#""20/s""#), |t| 20.0 * t, 1000),
        (
            "stages",
            read(
                r#"{"stages":[{"for":"400s","to":"40/s"},{"for":"0s","to":"5/s"},{"for":"600s","to":"20/s"}]}"#,
            ),
            |t| {
                let x = (t - 400.0).max(0.0);
                t.min(400.0) * t.min(400.0) / 20.0 + 5.0 * x + x * x / 80.0
            },
            1000,
        ),
        (
            "sinusoid",
            read(r#"{"sinusoid":{"mean":"20/s","amplitude":"18/s","period":"300s"}}"#),
            |t| 20.0 * t + 18.0 * 300.0 / TAU * (1.0 - (TAU * t / 300.0).cos()),
            1000,
        ),
        (
            "exponential tail",
            read(
                r#"{"spike":{"base":"2/s","times":40,"at":"100s","rise":"100s","decay":{"exponential":"150s"}}}"#,
            ),
            |t| {
                let rise = (t - 100.0).clamp(0.0, 100.0);
                let fall = (t - 200.0).max(0.0);
                2.0 * t + 78.0 * rise * rise / 200.0 + 78.0 * 150.0 * (1.0 - (-fall / 150.0).exp())
            },
            1000,
        ),
        (
            "ramp times wave",
            read(
                r#"{"product":{"shape":{"stages":[{"for":"1000s","to":"50/s"}]},
                    "factors":[{"sinusoid":{"mean":1,"amplitude":0.9,"period":"200s"}}]}}"#,
            ),
            |t| {
                let w = TAU / 200.0;
                0.05 * (t * t / 2.0 + 0.9 * ((w * t).sin() / (w * w) - t * (w * t).cos() / w))
            },
            1000,
        ),
        (
            "cycles",
            read(
                r#"{"repeat":{"every":"100s","shape":{"stages":[{"for":"50s","to":"60/s"},{"for":"0s","to":"1/s"}]}}}"#,
            ),
            |t| {
                let (cycles, x) = ((t / 100.0).floor(), t % 100.0);
                cycles * 1550.0 + 0.6 * x.min(50.0) * x.min(50.0) + (x - 50.0).max(0.0)
            },
            1000,
        ),
    ]
}

#[test]
fn poisson_counts_are_poisson_with_the_area_as_mean() {
    for (name, shape, area, end) in cases() {
        for seed in SEEDS {
            let times = arrivals(&ArrivalProcess::Poisson, &shape, secs(end), seed);
            let bins = 25;
            let edge = |bin: usize| area(end as f64 * bin as f64 / bins as f64);
            let means: Vec<f64> = (0..bins).map(|bin| edge(bin + 1) - edge(bin)).collect();
            let counts = histogram(&times, bins, end as f64);
            assert_poisson(&counts, &means, &format!("{name}, seed {seed}"));
        }
    }
}

/// Small errors of the rate show in large numbers only: 600,000 to a million arrivals for each shape.
#[test]
fn poisson_totals_are_the_area() {
    for (name, shape, area, end) in cases() {
        let runs = 40_u32;
        let times = |seed| arrivals(&ArrivalProcess::Poisson, &shape, secs(end), seed);
        let total: usize = (0..u64::from(runs))
            .map(|seed| times(1000 + seed).len())
            .sum();
        let expected = area(end as f64) * f64::from(runs);
        assert_near(total as f64, expected, expected.sqrt(), name);
    }
}

/// The time-rescaling theorem: the areas between arrivals are independent standard exponentials.
#[test]
fn poisson_gaps_are_exponential_in_operational_time() {
    let exponential = Exp::new(1.0).unwrap();
    for (name, shape, area, end) in cases() {
        for seed in SEEDS {
            let gaps = operational_gaps(
                &arrivals(&ArrivalProcess::Poisson, &shape, secs(end), seed),
                area,
            );
            assert_distribution(
                gaps,
                |x| exponential.cdf(x),
                &format!("{name}, seed {seed}"),
            );
        }
    }
}

#[test]
fn renewal_gaps_are_gamma_in_operational_time() {
    for (name, shape, area, end) in cases() {
        for cv in [0.3, 1.6] {
            let shape_parameter = 1.0 / (cv * cv);
            let gamma = Gamma::new(shape_parameter, shape_parameter).unwrap();
            for seed in SEEDS {
                let process = ArrivalProcess::Gamma(GammaRenewal { cv });
                let gaps = operational_gaps(&arrivals(&process, &shape, secs(end), seed), area);
                assert_distribution(
                    gaps,
                    |x| gamma.cdf(x),
                    &format!("{name}, cv {cv}, seed {seed}"),
                );
            }
        }
    }
}

fn operational_gaps(times: &[f64], area: fn(f64) -> f64) -> Vec<f64> {
    let areas = std::iter::once(0.0).chain(times.iter().map(|&time| area(time)));
    let areas: Vec<f64> = areas.collect();
    areas.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[test]
fn renewal_gaps_have_the_stated_cv() {
    let (rate, end) = (100.0, 2000);
    for cv in [0.2, 0.7, 1.0, 2.5] {
        for seed in SEEDS {
            let process = ArrivalProcess::Gamma(GammaRenewal { cv });
            let times = arrivals(
                &process,
                &RateShape::Constant(per_second(rate)),
                secs(end),
                seed,
            );
            let gaps: Vec<f64> = times
                .windows(2)
                .map(|pair| (pair[1] - pair[0]) * rate)
                .collect();
            let n = gaps.len() as f64;
            let mean = gaps.iter().sum::<f64>() / n;
            let variance = gaps
                .iter()
                .map(|gap| (gap - mean) * (gap - mean))
                .sum::<f64>()
                / (n - 1.0);
            assert_near(
                mean,
                1.0,
                cv / n.sqrt(),
                &format!("mean gap, cv {cv}, seed {seed}"),
            );
            // The kurtosis of the gamma distribution is 3 + 6 cv^2.
            let error = cv * cv * ((2.0 + 6.0 * cv * cv) / n).sqrt();
            assert_near(
                variance,
                cv * cv,
                error,
                &format!("variance, cv {cv}, seed {seed}"),
            );
        }
    }
}

/// A wave of a trillionth forces thinning and numerical inversion without changing the law.
#[test]
fn inversion_and_thinning_agree() {
    let ramp = r#"{"stages":[{"for":"500s","to":"40/s"},{"for":"500s","to":"5/s"}]}"#;
    let curved = format!(
        r#"{{"product":{{"shape":{ramp},"factors":[{{"sinusoid":{{"mean":1,"amplitude":1e-12,"period":"100s"}}}}]}}}}"#
    );
    let (line, curve) = (read(ramp), read(&curved));
    for seed in SEEDS {
        let inverted = arrivals(&ArrivalProcess::Poisson, &line, secs(1000), seed);
        let thinned = arrivals(&ArrivalProcess::Poisson, &curve, secs(1000), seed + 100);
        assert_same_distribution(inverted, thinned, "arrival times");
    }
    let closed = arrivals(&ArrivalProcess::Deterministic, &line, secs(1000), 1);
    let numerical = arrivals(&ArrivalProcess::Deterministic, &curve, secs(1000), 1);
    assert_eq!(closed.len(), numerical.len());
    for (closed, numerical) in closed.iter().zip(&numerical) {
        assert!(
            (closed - numerical).abs() < 3e-9,
            "{closed} and {numerical}"
        );
    }
}

fn mmpp(states: &[(f64, u64)]) -> ArrivalProcess {
    let states = states.iter().map(|&(rate, sojourn)| MmppState {
        rate,
        sojourn: secs(sojourn),
    });
    ArrivalProcess::Mmpp(Mmpp {
        states: states.collect(),
    })
}

/// Two states: mean (l1 r21 + l2 r12) / (r12 + r21), and for windows of length t the index of
/// dispersion 1 + (I - 1) (1 - (1 - e^-rt) / rt), r = r12 + r21, that tends to
/// I = 1 + 2 r12 r21 (l1 - l2)^2 / (r^2 (l1 r21 + l2 r12)); Fischer and Meier-Hellstern, "The
/// Markov-modulated Poisson process (MMPP) cookbook", 1993.
#[test]
fn two_state_mmpp_has_the_mean_and_dispersion_of_the_cookbook() {
    let (l1, l2, r12, r21) = (10.0, 70.0, 1.0 / 2.0, 1.0 / 1.0);
    let (r, window, windows) = (r12 + r21, 100.0, 4000_u32);
    let mean = (l1 * r21 + l2 * r12) / r;
    let limit = 1.0 + 2.0 * r12 * r21 * (l1 - l2) * (l1 - l2) / (r * r * (l1 * r21 + l2 * r12));
    let index = 1.0 + (limit - 1.0) * (1.0 - (1.0 - f64::exp(-r * window)) / (r * window));
    let process = mmpp(&[(1.0, 2), (7.0, 1)]);
    let shape = RateShape::Constant(per_second(mean));
    for seed in SEEDS {
        let times = arrivals(&process, &shape, secs(100 * u64::from(windows)), seed);
        let n = f64::from(windows);
        let counts = histogram(&times, windows as usize, window * n);
        let average = counts.iter().sum::<f64>() / n;
        let variance = counts
            .iter()
            .map(|count| (count - average) * (count - average))
            .sum::<f64>()
            / (n - 1.0);
        let expected = mean * window;
        assert_near(
            average,
            expected,
            (limit * expected / n).sqrt(),
            &format!("mean, seed {seed}"),
        );
        // 150 sojourns to a window make its count close to normal, and windows close to independent.
        let dispersion = variance / expected;
        assert_near(
            dispersion,
            index,
            index * (2.0 / n).sqrt(),
            &format!("dispersion, seed {seed}"),
        );
    }
}

#[test]
fn mmpp_follows_the_shape_in_the_mean() {
    // Each replication is one independent draw, so the spread between them is the standard error.
    let process = mmpp(&[(0.0, 30), (1.0, 60), (9.0, 5)]);
    for (name, shape, area, end) in cases() {
        let replications = 200_u32;
        let halves: Vec<[f64; 2]> = (0..u64::from(replications))
            .map(|seed| {
                let times = arrivals(&process, &shape, secs(end), seed);
                let counts = histogram(&times, 2, end as f64);
                [counts[0], counts[1]]
            })
            .collect();
        let middle = area(end as f64 / 2.0);
        for (half, expected) in [(0, middle), (1, area(end as f64) - middle)] {
            let n = f64::from(replications);
            let mean = halves.iter().map(|counts| counts[half]).sum::<f64>() / n;
            let variance = halves
                .iter()
                .map(|counts| (counts[half] - mean).powi(2))
                .sum::<f64>()
                / (n - 1.0);
            assert_near(
                mean,
                expected,
                (variance / n).sqrt(),
                &format!("{name}, half {half}"),
            );
        }
    }
}

/// A start in any other distribution over the states would show before the chain has mixed.
#[test]
fn mmpp_starts_stationary() {
    let process = mmpp(&[(1.0, 900), (10.0, 100)]);
    let shape = RateShape::Constant(per_second(20.0));
    let runs = 20_000_u32;
    let counts: Vec<f64> = (0..u64::from(runs))
        .map(|seed| arrivals(&process, &shape, secs(1), seed).len() as f64)
        .collect();
    let n = f64::from(runs);
    let mean = counts.iter().sum::<f64>() / n;
    // Factors 1 / 1.9 and 10 / 1.9 with weights 0.9 and 0.1: the variance of a Poisson mixture.
    let (low, high) = (20.0 / 1.9, 200.0 / 1.9);
    let variance = 20.0 + 0.9 * 0.1 * (high - low) * (high - low);
    assert_near(mean, 20.0, (variance / n).sqrt(), "first second");
}

#[test]
fn traces_are_reproduced_in_expectation() {
    let counts = vec![120.0, 0.0, 45.5, 300.0, 7.0, 80.0, 80.0, 150.0];
    let shape = RateShape::Counts(TraceCounts {
        interval: secs(300),
        counts: counts.clone(),
    });
    let mut totals = vec![0.0; counts.len()];
    for seed in 1..=50 {
        // Beyond its end the trace is silent.
        let times = arrivals(&ArrivalProcess::Poisson, &shape, secs(10 * 300), seed);
        assert!(times.iter().all(|&time| time < 2400.0));
        let seen = histogram(&times, counts.len(), 2400.0);
        totals
            .iter_mut()
            .zip(seen)
            .for_each(|(total, count)| *total += count);
    }
    assert_eq!(totals[1], 0.0);
    let kept: Vec<usize> = (0..counts.len())
        .filter(|&index| counts[index] > 0.0)
        .collect();
    let totals: Vec<f64> = kept.iter().map(|&index| totals[index]).collect();
    let means: Vec<f64> = kept.iter().map(|&index| 50.0 * counts[index]).collect();
    assert_poisson(&totals, &means, "trace");
}
