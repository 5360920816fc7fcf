//! Service-time distributions against their textbook moments.

#![expect(
    clippy::disallowed_methods,
    reason = "theory is worked out with the platform's mathematics"
)]

mod statistics;

use flashcrowd_units::SimDuration;
use flashcrowd_workload::{
    Erlang, Exponential, Gamma, Hyperexponential, Lognormal, Pareto, ServiceTime, Uniform, Weibull,
};
use statistics::{SEEDS, assert_close, assert_distribution, assert_near, generator};
use statrs::distribution::{ContinuousCDF, Exp, LogNormal};
use statrs::function::gamma::gamma;

const SAMPLES: usize = 200_000;

const fn ms(milliseconds: u64) -> SimDuration {
    SimDuration::from_millis(milliseconds)
}

/// A distribution with its raw moments E[X^n], n = 1 to 4, in milliseconds, from the textbook.
fn cases() -> Vec<(&'static str, ServiceTime, [f64; 4])> {
    let moments = |moment: &dyn Fn(f64) -> f64| [1.0, 2.0, 3.0, 4.0].map(moment);
    let lognormal = |mean: f64, scv: f64| {
        let sigma2 = scv.ln_1p();
        let mu = mean.ln() - sigma2 / 2.0;
        moments(&|n| (n * mu + n * n * sigma2 / 2.0).exp())
    };
    let gamma_moments =
        |shape: f64, scale: f64| moments(&|n| scale.powf(n) * gamma(shape + n) / gamma(shape));
    // Bounded Pareto on [2, 200] of index 1.5: alpha L^alpha / (1 - (L/H)^alpha) * integral.
    let pareto = moments(&|n| {
        let (l, h, alpha) = (2.0_f64, 200.0_f64, 1.5);
        let integral = (h.powf(n - alpha) - l.powf(n - alpha)) / (n - alpha);
        alpha * l.powf(alpha) / (1.0 - (l / h).powf(alpha)) * integral
    });
    // Balanced means, cv 2, mean 10: p = (1 + sqrt(3/5)) / 2, E[X^n] = n! (p a^n + q b^n).
    let hyper = moments(&|n| {
        let p = f64::midpoint(1.0, 0.6_f64.sqrt());
        let (a, b) = (10.0 / (2.0 * p), 10.0 / (2.0 * (1.0 - p)));
        gamma(n + 1.0) * (p * a.powf(n) + (1.0 - p) * b.powf(n))
    });
    let sigma = (25.0_f64 / 12.0).ln() / 1.644_853_626_951_472_7;
    vec![
        (
            "exponential",
            ServiceTime::Exponential(Exponential { mean: ms(9) }),
            gamma_moments(1.0, 9.0),
        ),
        (
            "lognormal",
            ServiceTime::Lognormal(Lognormal::MeanCv {
                mean: ms(9),
                cv: 0.8,
            }),
            lognormal(9.0, 0.64),
        ),
        (
            "lognormal by quantiles",
            ServiceTime::Lognormal(Lognormal::MedianP95 {
                median: ms(12),
                p95: ms(25),
            }),
            moments(&|n| (n * 12.0_f64.ln() + n * n * sigma * sigma / 2.0).exp()),
        ),
        (
            "gamma",
            ServiceTime::Gamma(Gamma {
                mean: ms(10),
                cv: 0.5,
            }),
            gamma_moments(4.0, 2.5),
        ),
        (
            "bursty gamma",
            ServiceTime::Gamma(Gamma {
                mean: ms(10),
                cv: 2.0,
            }),
            gamma_moments(0.25, 40.0),
        ),
        (
            "erlang",
            ServiceTime::Erlang(Erlang {
                mean: ms(12),
                stages: 3,
            }),
            gamma_moments(3.0, 4.0),
        ),
        (
            "one stage",
            ServiceTime::Erlang(Erlang {
                mean: ms(12),
                stages: 1,
            }),
            gamma_moments(1.0, 12.0),
        ),
        (
            "hyperexponential",
            ServiceTime::Hyperexponential(Hyperexponential {
                mean: ms(10),
                cv: 2.0,
            }),
            hyper,
        ),
        (
            "uniform",
            ServiceTime::Uniform(Uniform {
                min: ms(4),
                max: ms(10),
            }),
            moments(&|n| (10.0_f64.powf(n + 1.0) - 4.0_f64.powf(n + 1.0)) / ((n + 1.0) * 6.0)),
        ),
        (
            "pareto",
            ServiceTime::Pareto(Pareto {
                min: ms(2),
                max: ms(200),
                shape: 1.5,
            }),
            pareto,
        ),
        (
            "weibull",
            ServiceTime::Weibull(Weibull {
                mean: ms(10),
                shape: 0.7,
            }),
            moments(&|n| (10.0 / gamma(1.0 + 1.0 / 0.7)).powf(n) * gamma(1.0 + n / 0.7)),
        ),
    ]
}

fn central(raw: [f64; 4]) -> (f64, f64, f64) {
    let [m1, m2, m3, m4] = raw;
    let variance = m2 - m1 * m1;
    let fourth = m4 - 4.0 * m1 * m3 + 6.0 * m1 * m1 * m2 - 3.0 * m1.powi(4);
    (m1, variance, fourth)
}

#[test]
fn stated_moments_are_those_of_the_textbook() {
    for (name, time, raw) in cases() {
        let (mean, variance, _) = central(raw);
        assert!(time.validate().is_empty(), "{name}");
        // `mean` is rounded to a nanosecond, 1e-6 ms.
        assert!(
            (time.mean().as_secs_f64() * 1e3 - mean).abs() < 1e-6,
            "{name}"
        );
        assert_close(time.cv(), variance.sqrt() / mean, 1e-9, name);
        assert_close(time.variance() * 1e6, variance, 1e-6, name);
    }
}

#[test]
fn sampled_moments_are_those_of_the_textbook() {
    for (name, time, raw) in cases() {
        let (mean, variance, fourth) = central(raw);
        let sampler = time.sampler();
        for seed in SEEDS {
            let mut rng = generator(seed);
            let values: Vec<f64> = (0..SAMPLES)
                .map(|_| sampler.sample(&mut rng).as_secs_f64() * 1e3)
                .collect();
            let n = SAMPLES as f64;
            let measured = values.iter().sum::<f64>() / n;
            let spread = values
                .iter()
                .map(|x| (x - measured) * (x - measured))
                .sum::<f64>()
                / (n - 1.0);
            assert_near(
                measured,
                mean,
                (variance / n).sqrt(),
                &format!("mean of {name}, seed {seed}"),
            );
            let error = ((fourth - variance * variance) / n).sqrt();
            assert_near(
                spread,
                variance,
                error,
                &format!("variance of {name}, seed {seed}"),
            );
        }
    }
}

#[test]
fn whole_distributions_fit() {
    let sigma = 1.64_f64.ln().sqrt();
    let lognormal = LogNormal::new(9.0_f64.ln() - sigma * sigma / 2.0, sigma).unwrap();
    let exponential = Exp::new(1.0 / 9.0).unwrap();
    let weibull = |x: f64| 1.0 - (-(x / (10.0 / gamma(1.0 + 1.0 / 0.7))).powf(0.7)).exp();
    let pareto = |x: f64| (1.0 - (2.0 / x).powf(1.5)) / (1.0 - 0.01_f64.powf(1.5));
    for (name, time, _) in cases() {
        for seed in SEEDS {
            let (sampler, mut rng) = (time.sampler(), generator(seed));
            let values = (0..20_000)
                .map(|_| sampler.sample(&mut rng).as_secs_f64() * 1e3)
                .collect();
            match name {
                "exponential" => assert_distribution(values, |x| exponential.cdf(x), name),
                "lognormal" => assert_distribution(values, |x| lognormal.cdf(x), name),
                "weibull" => assert_distribution(values, weibull, name),
                "pareto" => assert_distribution(values, pareto, name),
                "uniform" => assert_distribution(values, |x| (x - 4.0) / 6.0, name),
                _ => {}
            }
        }
    }
}

#[test]
fn bounds_are_kept_and_constants_are_constant() {
    let mut rng = generator(1);
    let pareto = ServiceTime::Pareto(Pareto {
        min: ms(2),
        max: ms(200),
        shape: 0.9,
    })
    .sampler();
    let uniform = ServiceTime::Uniform(Uniform {
        min: ms(4),
        max: ms(10),
    })
    .sampler();
    for _ in 0..100_000 {
        assert!((ms(2)..=ms(200)).contains(&pareto.sample(&mut rng)));
        assert!((ms(4)..=ms(10)).contains(&uniform.sample(&mut rng)));
    }
    let still = Gamma {
        mean: ms(7),
        cv: 0.0,
    };
    for time in [
        ServiceTime::Constant(ms(7)),
        ServiceTime::Gamma(still),
        ServiceTime::Lognormal(Lognormal::MeanCv {
            mean: ms(7),
            cv: 0.0,
        }),
        ServiceTime::Uniform(Uniform {
            min: ms(7),
            max: ms(7),
        }),
    ] {
        assert_eq!(time.cv(), 0.0);
        assert_eq!(time.sampler().sample(&mut rng), ms(7));
    }
}

#[test]
fn reads_what_people_write() {
    let read = |json: &str| serde_json::from_str::<ServiceTime>(json);
    assert_eq!(read(r#""9ms""#).unwrap(), ServiceTime::Constant(ms(9)));
    assert_eq!(
        read(r#"{"constant":"9ms"}"#).unwrap(),
        ServiceTime::Constant(ms(9))
    );
    assert_eq!(read("0").unwrap(), ServiceTime::Constant(SimDuration::ZERO));
    for (_, time, _) in cases() {
        let json = serde_json::to_string(&time).unwrap();
        assert_eq!(read(&json).unwrap(), time, "{json}");
    }
}

#[test]
fn refuses_the_rest_at_the_right_place() {
    // The column of the first character that can be blamed; an untagged enum would point before it.
    let cases = [
        ("9", "the unit is missing", 1),
        ("\"9xs\"", "`xs` is none of", 1),
        ("{}", "invalid length 0", 1),
        (r#"{"lognormall":{}}"#, "unknown variant `lognormall`", 2),
        (
            r#"{"gamma":{"mean":"9ms","cv":1,"vc":1}}"#,
            "unknown field `vc`",
            34,
        ),
        (
            r#"{"lognormal":{"mean":"9ms","p95":"12ms"}}"#,
            "either `mean` and `cv` or `median` and `p95`",
            40,
        ),
        (
            r#"{"gamma":{"mean":"9ms","cv":1},"uniform":{"min":"1s","max":"2s"}}"#,
            "only one alternative",
            31,
        ),
    ];
    for (json, message, column) in cases {
        let error = serde_json::from_str::<ServiceTime>(json).unwrap_err();
        assert!(error.to_string().contains(message), "{json}: {error}");
        assert!(error.column() >= column, "{json}: {error}");
    }
}

#[test]
fn names_every_wrong_field() {
    let fields = |time: ServiceTime| {
        time.validate()
            .into_iter()
            .map(|p| p.field)
            .collect::<Vec<_>>()
    };
    let zero = SimDuration::ZERO;
    assert_eq!(
        fields(ServiceTime::Gamma(Gamma {
            mean: zero,
            cv: f64::NAN
        })),
        ["gamma.mean", "gamma.cv"]
    );
    assert_eq!(
        fields(ServiceTime::Erlang(Erlang {
            mean: ms(1),
            stages: 0
        })),
        ["erlang.stages"]
    );
    assert_eq!(
        fields(ServiceTime::Hyperexponential(Hyperexponential {
            mean: ms(1),
            cv: 0.5
        })),
        ["hyperexponential.cv"]
    );
    assert_eq!(
        fields(ServiceTime::Uniform(Uniform {
            min: ms(2),
            max: ms(1)
        })),
        ["uniform.max"]
    );
    let pareto = Pareto {
        min: zero,
        max: zero,
        shape: 0.0,
    };
    assert_eq!(
        fields(ServiceTime::Pareto(pareto)),
        ["pareto.min", "pareto.max", "pareto.shape"]
    );
    let lognormal = Lognormal::MedianP95 {
        median: ms(2),
        p95: ms(1),
    };
    assert_eq!(fields(ServiceTime::Lognormal(lognormal)), ["lognormal.p95"]);
}
