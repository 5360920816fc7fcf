//! Rate shapes against closed forms.

#![expect(
    clippy::disallowed_methods,
    reason = "theory is worked out with the platform's mathematics"
)]

mod statistics;

use flashcrowd_units::{Rate, SimTime};
use flashcrowd_workload::{
    Diurnal, EventRamp, FactorShape, Fall, FlashCrowd, Product, RateProfile, RateShape, Repeat,
    Sinusoid, Spike, Stage, Step, TraceCounts, TraceSpec,
};
use statistics::{assert_close, at, per_second, secs};
use std::f64::consts::TAU;

fn stage(length: u64, to: f64) -> Stage<Rate> {
    Stage {
        length: secs(length),
        to: per_second(to),
        from: None,
    }
}

fn step(at: u64, rate: f64) -> Step<Rate> {
    Step {
        at: secs(at),
        rate: per_second(rate),
    }
}

fn profile(shape: &RateShape) -> RateProfile {
    shape.compile().unwrap()
}

fn rate(profile: &RateProfile, seconds: u64) -> f64 {
    profile.rate_at(at(seconds)).get()
}

fn read(json: &str) -> RateShape {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

#[test]
fn stages_ramp_jump_and_hold() {
    let profile = profile(&RateShape::Stages(vec![
        stage(10, 100.0),
        stage(0, 40.0),
        stage(5, 40.0),
        stage(20, 0.0),
    ]));
    for (time, expected) in [
        (0, 0.0),
        (5, 50.0),
        (10, 40.0),
        (15, 40.0),
        (25, 20.0),
        (35, 0.0),
        (1000, 0.0),
    ] {
        assert_close(rate(&profile, time), expected, 1e-12, "rate");
    }
    assert_close(profile.cumulative(at(10)), 500.0, 1e-12, "triangle");
    assert_close(
        profile.cumulative(at(35)),
        500.0 + 200.0 + 400.0,
        1e-12,
        "all",
    );
    assert_close(
        profile.expected(at(5), at(12)),
        375.0 + 80.0,
        1e-12,
        "across a jump",
    );
    assert_close(
        profile.mean_rate(at(0), at(35)).get(),
        1100.0 / 35.0,
        1e-12,
        "mean",
    );
    assert_close(profile.max_rate(at(0), at(100)).get(), 100.0, 1e-12, "max");
    assert_close(
        profile.max_rate(at(10), at(100)).get(),
        40.0,
        1e-12,
        "max after the jump",
    );
    assert_eq!(profile.expected(at(5), at(5)), 0.0);
    assert_close(
        profile.mean_rate(at(5), at(5)).get(),
        50.0,
        1e-12,
        "mean of an instant",
    );
}

#[test]
fn stages_may_start_anywhere() {
    let first = Stage {
        length: secs(10),
        to: per_second(20.0),
        from: Some(per_second(10.0)),
    };
    let profile = profile(&RateShape::Stages(vec![first]));
    assert_close(rate(&profile, 0), 10.0, 1e-12, "start");
    assert_close(profile.cumulative(at(20)), 150.0 + 200.0, 1e-12, "held");
}

#[test]
fn steps_are_zero_before_the_first() {
    let profile = profile(&RateShape::Steps(vec![step(10, 50.0), step(20, 5.0)]));
    assert_eq!(
        [0, 9, 10, 19, 20, 99].map(|t| rate(&profile, t)),
        [0.0, 0.0, 50.0, 50.0, 5.0, 5.0]
    );
    assert_close(profile.cumulative(at(30)), 550.0, 1e-12, "events");
}

#[test]
fn sinusoid_is_a_sine() {
    let (mean, amplitude, period, phase) = (100.0, 60.0, 3600.0, 600.0);
    let wave = profile(&RateShape::Sinusoid(Sinusoid {
        mean: per_second(mean),
        amplitude: per_second(amplitude),
        period: secs(3600),
        phase: secs(600),
    }));
    let cosine = |t: f64| (TAU * (t - phase) / period).cos();
    // A year later the wave is as exact as on the first day.
    for t in [0, 17, 600, 1500, 3599, 4000, 31_536_017] {
        let expected = mean + amplitude * (TAU * ((t % 3600) as f64 - phase) / period).sin();
        assert_close(rate(&wave, t), expected, 1e-11, "rate");
    }
    for (from, to) in [(0, 1000), (700, 5000), (100, 90_100)] {
        let (a, b) = (from as f64, to as f64);
        let expected = mean * (b - a) + amplitude * period / TAU * (cosine(a) - cosine(b));
        assert_close(wave.expected(at(from), at(to)), expected, 1e-11, "events");
    }
    assert_close(
        wave.max_rate(at(0), at(100_000)).get(),
        160.0,
        1e-12,
        "crest",
    );
    assert_close(
        wave.max_rate(at(2400), at(4200)).get(),
        100.0,
        1e-9,
        "the falling and rising half",
    );
}

#[test]
fn diurnal_has_its_peak_trough_and_mean() {
    let shape = RateShape::Diurnal(Diurnal {
        peak: per_second(100.0),
        trough: per_second(20.0),
        mean: Some(per_second(52.0)),
        peak_at: secs(20 * 3600),
        period: secs(86_400),
    });
    let day = profile(&shape);
    assert_close(rate(&day, 20 * 3600), 100.0, 1e-12, "peak");
    assert_close(rate(&day, 8 * 3600), 20.0, 1e-12, "trough");
    assert_close(day.mean_rate(at(0), at(86_400)).get(), 52.0, 1e-12, "mean");
    assert_close(
        day.max_rate(at(0), at(86_400)).get(),
        100.0,
        1e-12,
        "nothing is higher",
    );
    assert!(
        (0..1440).all(|minute| (20.0 - 1e-9..=100.0 + 1e-9).contains(&rate(&day, 60 * minute)))
    );
    // L (1 + a cos x + b cos 2x) with L = 52, La = 40, Lb = 8, an eighth of a turn from the peak.
    assert_close(
        rate(&day, 23 * 3600),
        52.0 + 40.0 * (TAU / 8.0).cos(),
        1e-12,
        "second harmonic",
    );
    let from_six = shape.compile_at(secs(6 * 3600)).unwrap();
    assert_close(
        rate(&from_six, 14 * 3600),
        100.0,
        1e-12,
        "peak of a run that starts at six",
    );
}

#[test]
fn spike_falls_as_asked() {
    let spike = |decay| {
        profile(&RateShape::Spike(Spike {
            base: per_second(10.0),
            times: 5.0,
            at: secs(100),
            rise: secs(20),
            hold: secs(30),
            decay,
        }))
    };
    let linear = spike(Fall::Linear(secs(40)));
    let values = [0, 100, 110, 120, 150, 170, 190, 500].map(|t| rate(&linear, t));
    assert_eq!(values, [10.0, 10.0, 30.0, 50.0, 50.0, 30.0, 10.0, 10.0]);
    let exponential = spike(Fall::Exponential(secs(60)));
    assert_close(rate(&exponential, 150), 50.0, 1e-12, "top");
    assert_close(
        rate(&exponential, 210),
        10.0 + 40.0 / 1.0_f64.exp(),
        1e-12,
        "one time constant",
    );
    let excess = 20.0 * 20.0 + 30.0 * 40.0 + 40.0 * 60.0 * (1.0 - (-2.0_f64).exp());
    assert_close(
        exponential.cumulative(at(270)),
        2700.0 + excess,
        1e-12,
        "events",
    );
    let all = 20.0 * 20.0 + 30.0 * 40.0 + 40.0 * 60.0;
    assert_close(
        exponential.cumulative(at(100_000)),
        1e6 + all,
        1e-12,
        "the whole tail",
    );
    assert_close(
        exponential.max_rate(at(0), at(10_000)).get(),
        50.0,
        1e-12,
        "max",
    );
    assert_eq!(rate(&spike(Fall::default()), 150), 10.0);
}

#[test]
fn sums_products_and_cycles_compose() {
    let ramp = RateShape::Stages(vec![stage(3600, 100.0)]);
    let wave = r#"{"sinusoid":{"mean":1,"amplitude":0.5,"period":"10m"}}"#;
    let factor: FactorShape = serde_json::from_str(wave).unwrap();
    let two: FactorShape = serde_json::from_str("2").unwrap();
    let product = RateShape::Product(Product {
        shape: Box::new(ramp.clone()),
        factors: vec![factor, two],
    });
    let compiled = profile(&product);
    let omega = TAU / 600.0;
    let slope = 2.0 * 100.0 / 3600.0;
    // The integral of s t (1 + b sin wt) is s t^2/2 + s b (sin wt / w^2 - t cos wt / w).
    let area = |t: f64| {
        slope * t * t / 2.0
            + slope * 0.5 * ((omega * t).sin() / (omega * omega) - t * (omega * t).cos() / omega)
    };
    for t in [60, 777, 3600] {
        let t_f = t as f64;
        assert_close(
            rate(&compiled, t),
            slope * t_f * (1.0 + 0.5 * (omega * t_f).sin()),
            1e-11,
            "product",
        );
        assert_close(
            compiled.cumulative(at(t)),
            area(t_f),
            1e-11,
            "area under the product",
        );
    }
    // Crests of the product lie where its derivative vanishes; a fine grid comes within 1e-6.
    let grid = (0..36_000)
        .map(|i| f64::from(i) / 10.0)
        .map(|t| slope * t * (1.0 + 0.5 * (omega * t).sin()));
    assert_close(
        compiled.max_rate(at(0), at(3600)).get(),
        grid.fold(0.0, f64::max),
        1e-6,
        "crest of the product",
    );

    let sum = profile(&RateShape::Sum(vec![
        ramp.clone(),
        RateShape::Steps(vec![step(1800, 7.0)]),
        product,
    ]));
    assert_close(
        sum.cumulative(at(3600)),
        180_000.0 + 12_600.0 + area(3600.0),
        1e-11,
        "sum",
    );

    let saw = profile(&RateShape::Repeat(Repeat {
        every: secs(60),
        shape: Box::new(RateShape::Stages(vec![stage(30, 90.0)])),
    }));
    let cycle = 1350.0 + 2700.0;
    assert_close(rate(&saw, 60 * 525_600 + 15), 45.0, 1e-12, "a year later");
    assert_close(
        saw.cumulative(at(60 * 525_600)),
        525_600.0 * cycle,
        1e-12,
        "cycles",
    );
    assert_close(
        saw.expected(at(75), at(150)),
        cycle - 337.5 + 1350.0,
        1e-12,
        "parts of cycles",
    );
    assert_close(
        saw.max_rate(at(70), at(80)).get(),
        60.0,
        1e-12,
        "max within a cycle",
    );
}

#[test]
fn event_ramp_grows_as_the_world_cup_did() {
    let event = profile(&RateShape::EventRamp(EventRamp::new(
        per_second(400.0),
        secs(3600),
    )));
    let growth = |seconds| rate(&event, seconds) / 400.0;
    assert_close(growth(3600), 1.0, 1e-12, "before");
    assert_close(growth(3600 + 600), 2.0, 1e-12, "2x in ten minutes");
    assert_close(
        growth(3600 + 600 + 3 * 3600),
        10.0,
        1e-12,
        "10x within hours",
    );
    assert_close(
        event.max_rate(at(0), at(86_400)).get(),
        4000.0,
        1e-12,
        "never more",
    );
    assert_close(growth(86_400), 1.0, 1e-12, "after");
    // In the trace no ten minutes of the rise more than about double.
    assert!((0..360).all(|minute| growth(60 * (minute + 10)) <= 2.0 * growth(60 * minute) + 1e-9));
}

#[test]
fn flash_crowd_grows_as_the_tweets_did() {
    let crowd = profile(&RateShape::FlashCrowd(FlashCrowd::new(
        per_second(60.0),
        secs(600),
    )));
    let growth = |seconds| rate(&crowd, seconds) / 60.0;
    assert_close(growth(600), 1.0, 1e-12, "before");
    assert_close(growth(900), 28.0, 1e-12, "28x in five minutes");
    assert_close(
        crowd.max_rate(at(0), at(7200)).get(),
        28.0 * 60.0,
        1e-12,
        "never more",
    );
    // The measured excess fell to 19 % within five minutes of the peak.
    assert_close((growth(1200 + 300) - 1.0) / 27.0, 0.19, 0.01, "decay");
}

#[test]
fn traces_become_counts() {
    let mut shape = read(r#"{"sum":["1/s",{"trace":{"file":"shop.csv","scale":2.0}}]}"#);
    let problems = shape.compile().unwrap_err();
    assert_eq!(problems[0].field, "sum[1].trace");
    let counts = TraceCounts {
        interval: secs(60),
        counts: vec![60.0, 120.0, 0.0],
    };
    let seen = |spec: &TraceSpec| {
        if spec.file == "shop.csv" {
            Ok(counts.clone())
        } else {
            Err("unknown")
        }
    };
    shape.resolve_traces(&mut { seen }).unwrap();
    let compiled = profile(&shape);
    assert_eq!(
        [0, 59, 60, 120, 180].map(|t| rate(&compiled, t)),
        [2.0, 2.0, 3.0, 1.0, 1.0]
    );

    // As a factor a trace is relative to its mean, so the product keeps the mean of the shape.
    let factor = FactorShape::Counts(counts.clone());
    let product = Product {
        shape: Box::new(RateShape::Constant(per_second(50.0))),
        factors: vec![factor],
    };
    let scaled = profile(&RateShape::Product(product));
    assert_close(
        scaled
            .mean_rate(at(0), SimTime::ZERO + counts.length())
            .get(),
        50.0,
        1e-12,
        "mean",
    );
    assert_close(rate(&scaled, 60), 100.0, 1e-12, "twice the mean");
}
