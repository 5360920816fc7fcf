//! Arrival times to the nanosecond: k6's evenly spaced iterations, long runs, ends, checkpoints.

#![expect(
    clippy::disallowed_methods,
    reason = "theory is worked out with the platform's mathematics"
)]

mod statistics;

use flashcrowd_units::{Rate, SimTime};
use flashcrowd_workload::{
    ArrivalProcess, ArrivalStream, GammaRenewal, Mmpp, MmppState, RateShape, Sinusoid, Stage, Step,
};
use statistics::{arrivals, generator, per_second, secs};
use std::f64::consts::TAU;

fn stage(length: u64, to: f64) -> Stage<Rate> {
    Stage {
        length: secs(length),
        to: per_second(to),
        from: None,
    }
}

/// k6's own `TestRampingArrivalRateCal`, which accepts a relative error of 0.001.
#[test]
fn deterministic_ramps_start_when_k6_says() {
    let once = [3.162, 4.472, 5.500, 6.527, 7.837, 11.000];
    let thrice = [
        1.825, 2.581, 3.162, 3.651, 4.082, 4.472, 4.830, 5.166, 5.499, 5.833, 6.169, 6.527, 6.917,
        7.348, 7.837, 8.418, 9.174, 10.999,
    ];
    for (rate, expected) in [(1.0, &once[..]), (3.0, &thrice[..])] {
        let shape = RateShape::Stages(vec![stage(5, rate), stage(1, rate), stage(5, 0.0)]);
        for end in [11, 20] {
            let times = arrivals(&ArrivalProcess::Deterministic, &shape, secs(end), 1);
            assert_eq!(times.len(), expected.len());
            for (time, expected) in times.iter().zip(expected) {
                assert!(
                    (time - expected).abs() <= 0.001 * expected,
                    "{time} is not {expected}"
                );
            }
        }
    }
}

/// The area formula as k6 writes it: the k-th start in a stage from a to b over d is at
/// x = (a d - sqrt(d (a^2 d + 2 (k - done) (b - a)))) / (a - b).
#[test]
fn deterministic_ramps_follow_the_area_formula() {
    let stages = [
        (30, 100.0),
        (10, 100.0),
        (0, 20.0),
        (20, 5.0),
        (40, 300.0),
        (5, 300.0),
        (7, 1.5),
    ];
    let mut expected = Vec::new();
    let (mut from, mut start, mut done, mut k) = (0.0, 0.0, 0.0, 1.0);
    for (length, to) in stages {
        let d = length as f64;
        let count = done + d * f64::midpoint(from, to);
        while k <= count {
            let left = k - done;
            let x = if from == to {
                left / to
            } else {
                (from * d - (d * (from * from * d + 2.0 * left * (to - from))).sqrt()) / (from - to)
            };
            expected.push(start + x);
            k += 1.0;
        }
        (from, start, done) = (to, start + d, count);
    }
    let shape = RateShape::Stages(
        stages
            .iter()
            .map(|&(length, to)| stage(length, to))
            .collect(),
    );
    let times = arrivals(&ArrivalProcess::Deterministic, &shape, secs(112), 1);
    assert_eq!(times.len(), expected.len());
    for (time, expected) in times.iter().zip(&expected) {
        assert!((time - expected).abs() < 2e-9, "{time} is not {expected}");
    }
}

#[test]
fn the_last_arrival_before_a_pause_does_not_wait_for_its_end() {
    let step = |at, rate| Step {
        at: secs(at),
        rate: per_second(rate),
    };
    let shape = RateShape::Steps(vec![step(0, 0.7), step(10, 0.0), step(3600, 0.7)]);
    let times = arrivals(&ArrivalProcess::Deterministic, &shape, secs(3605), 1);
    assert_eq!(times.len(), 10);
    assert!(
        (times[6] - 10.0).abs() < 2e-9,
        "the seventh is due when the area is seven: {}",
        times[6]
    );
    assert!((times[7] - 3_601.428_571_429).abs() < 2e-9);
}

#[test]
fn even_spacing_stays_even_for_millions() {
    let mut stream = ArrivalStream::new(
        &ArrivalProcess::Deterministic,
        &RateShape::Constant(per_second(7.0)),
        secs(1_000_000),
    )
    .unwrap();
    let mut rng = generator(1);
    for k in 1..7_000_000_u64 {
        let exact = (k * 1_000_000_000 + 3) / 7;
        assert!(
            stream.next(&mut rng).as_nanos().abs_diff(exact) <= 1,
            "the {k}th"
        );
    }
}

#[test]
fn a_year_costs_no_precision() {
    let year = 365 * 86_400;
    let late = RateShape::Steps(vec![Step {
        at: secs(year),
        rate: per_second(1000.0),
    }]);
    let mut stream =
        ArrivalStream::new(&ArrivalProcess::Deterministic, &late, secs(year + 60)).unwrap();
    let mut rng = generator(1);
    for k in 1..=50_000 {
        assert_eq!(
            stream.next(&mut rng).as_nanos(),
            (year * 1000 + k) * 1_000_000
        );
    }
    let wave = Sinusoid {
        mean: per_second(0.01),
        amplitude: per_second(0.009),
        period: secs(86_400),
        phase: secs(0),
    };
    let times = arrivals(
        &ArrivalProcess::Deterministic,
        &RateShape::Sinusoid(wave),
        secs(year),
        1,
    );
    assert!((315_359..=315_360).contains(&times.len()));
    for (index, time) in times.iter().enumerate() {
        let turn = (TAU * (time % 86_400.0) / 86_400.0).cos();
        let area = 0.01 * time + 0.009 * 86_400.0 / TAU * (1.0 - turn);
        // The times are read back as floats: half a year in nanoseconds is 2^54.
        assert!(
            (area - (index as f64 + 1.0)).abs() < 1e-7,
            "arrival {index} at {time}"
        );
    }
}

fn processes() -> Vec<ArrivalProcess> {
    let state = |rate, sojourn| MmppState {
        rate,
        sojourn: secs(sojourn),
    };
    vec![
        ArrivalProcess::Poisson,
        ArrivalProcess::Deterministic,
        ArrivalProcess::Gamma(GammaRenewal { cv: 2.0 }),
        ArrivalProcess::Mmpp(Mmpp {
            states: vec![state(1.0, 10), state(5.0, 3), state(0.0, 1)],
        }),
    ]
}

fn shapes() -> Vec<RateShape> {
    let shape = |json| serde_json::from_str(json).unwrap();
    vec![
        shape(r#""5/s""#),
        shape(r#"{"stages":[{"for":"50s","to":"10/s"},{"for":"30s","to":"0/s"}]}"#),
        shape(r#"{"flash_crowd":{"base":"1/s","at":"20s","rise":"10s","hold":"10s"}}"#),
        shape(
            r#"{"product":{"shape":{"sinusoid":{"mean":"5/s","amplitude":"5/s","period":"10s"}},"factors":[{"stages":[{"for":"2m","to":2}]}]}}"#,
        ),
    ]
}

#[test]
fn a_restored_stream_goes_on_bit_for_bit() {
    for process in processes() {
        for shape in shapes() {
            let mut stream = ArrivalStream::new(&process, &shape, secs(100)).unwrap();
            let mut rng = generator(3);
            for _ in 0..60 {
                stream.next(&mut rng);
            }
            let json = serde_json::to_string(&stream).unwrap();
            let mut restored: ArrivalStream = serde_json::from_str(&json).unwrap();
            assert_eq!(restored, stream);
            let mut again = rng.clone();
            for _ in 0..1000 {
                assert_eq!(restored.next(&mut again), stream.next(&mut rng));
            }
        }
    }
}

#[test]
fn nothing_comes_after_the_end() {
    for process in processes() {
        for shape in shapes() {
            let mut stream = ArrivalStream::new(&process, &shape, secs(100)).unwrap();
            let mut rng = generator(4);
            let mut last = SimTime::ZERO;
            loop {
                let time = stream.next(&mut rng);
                if time == SimTime::NEVER {
                    break;
                }
                assert!(last <= time && time < SimTime::from_secs(100));
                last = time;
            }
            assert!((0..1000).all(|_| stream.next(&mut rng) == SimTime::NEVER));
        }
    }
    let mut empty = ArrivalStream::new(
        &ArrivalProcess::Poisson,
        &RateShape::Constant(per_second(1e6)),
        secs(0),
    )
    .unwrap();
    assert_eq!(empty.next(&mut generator(1)), SimTime::NEVER);
}

#[test]
fn processes_are_read_and_checked() {
    let read = |json: &str| serde_json::from_str::<ArrivalProcess>(json).unwrap();
    assert_eq!(read(r#""poisson""#), ArrivalProcess::Poisson);
    assert_eq!(
        read(r#"{"gamma":{"cv":1.5}}"#),
        ArrivalProcess::Gamma(GammaRenewal { cv: 1.5 })
    );
    for process in processes() {
        assert_eq!(read(&serde_json::to_string(&process).unwrap()), process);
        assert!(process.validate().is_empty());
    }
    let wrong = read(r#"{"mmpp":{"states":[{"rate":0,"sojourn":"0s"}]}}"#);
    let fields = |problems: Vec<flashcrowd_workload::Problem>| -> Vec<String> {
        problems.into_iter().map(|problem| problem.field).collect()
    };
    assert_eq!(
        fields(wrong.validate()),
        ["mmpp.states", "mmpp.states[0].sojourn", "mmpp.states"]
    );
    let both = ArrivalStream::new(
        &ArrivalProcess::Gamma(GammaRenewal { cv: 0.0 }),
        &RateShape::Stages(Vec::new()),
        secs(1),
    );
    assert_eq!(
        fields(both.unwrap_err()),
        ["process.gamma.cv", "rate.stages"]
    );
}
