//! What holds for every shape and process.

mod statistics;

use flashcrowd_units::{Rate, Ratio, SimTime};
use flashcrowd_workload::{
    ArrivalProcess, ArrivalStream, Fall, GammaRenewal, Level, Mmpp, MmppState, Product, RateShape,
    Repeat, Shape, Sinusoid, Spike, Stage, Step,
};
use proptest::prelude::*;
use statistics::{at, generator, secs};

const END: u64 = 300;

fn leaf<L: Level>(level: impl Fn(f64) -> L + Copy + 'static) -> impl Strategy<Value = Shape<L>> {
    let amount = (0u32..20).prop_map(move |value| level(f64::from(value)));
    let stage = (
        0u64..100,
        amount.clone(),
        proptest::option::of(amount.clone()),
    )
        .prop_map(|(length, to, from)| Stage {
            length: secs(length),
            to,
            from,
        });
    let steps =
        proptest::collection::btree_map(0u64..END, amount.clone(), 1..5).prop_map(|steps| {
            Shape::Steps(
                steps
                    .into_iter()
                    .map(|(time, rate)| Step {
                        at: secs(time),
                        rate,
                    })
                    .collect(),
            )
        });
    let wave = (1u32..20, 0.0..=1.0, 1u64..400, 0u64..400).prop_map(
        move |(mean, share, period, phase)| {
            let (mean, amplitude) = (f64::from(mean), f64::from(mean) * share);
            let (mean, amplitude) = (level(mean), level(amplitude));
            Shape::Sinusoid(Sinusoid {
                mean,
                amplitude,
                period: secs(period),
                phase: secs(phase),
            })
        },
    );
    let decay = prop_oneof![
        (0u64..100).prop_map(|length| Fall::Linear(secs(length))),
        (1u64..50).prop_map(|time_constant| Fall::Exponential(secs(time_constant))),
    ];
    let spike = (
        amount.clone(),
        0.0..10.0,
        0u64..200,
        0u64..50,
        0u64..50,
        decay,
    )
        .prop_map(|(base, times, start, rise, hold, decay)| {
            Shape::Spike(Spike {
                base,
                times,
                at: secs(start),
                rise: secs(rise),
                hold: secs(hold),
                decay,
            })
        });
    prop_oneof![
        amount.prop_map(Shape::Constant),
        proptest::collection::vec(stage, 1..5).prop_map(Shape::Stages),
        steps,
        wave,
        spike,
    ]
}

fn rates() -> impl Strategy<Value = RateShape> {
    let factor = leaf(|value| Ratio::new(value / 10.0).unwrap()).boxed();
    leaf(|value| Rate::per_second(value).unwrap()).prop_recursive(3, 12, 3, move |inner| {
        let factors = proptest::collection::vec(factor.clone(), 1..3);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 1..4).prop_map(Shape::Sum),
            (inner.clone(), factors).prop_map(|(shape, factors)| Shape::Product(Product {
                shape: Box::new(shape),
                factors
            })),
            (1u64..200, inner).prop_map(|(every, shape)| Shape::Repeat(Repeat {
                every: secs(every),
                shape: Box::new(shape)
            })),
        ]
    })
}

fn processes() -> impl Strategy<Value = ArrivalProcess> {
    let state = (0.1..10.0, 1u64..60).prop_map(|(rate, sojourn)| MmppState {
        rate,
        sojourn: secs(sojourn),
    });
    prop_oneof![
        Just(ArrivalProcess::Poisson),
        Just(ArrivalProcess::Deterministic),
        (0.01..10.0).prop_map(|cv| ArrivalProcess::Gamma(GammaRenewal { cv })),
        proptest::collection::vec(state, 2..4)
            .prop_map(|states| ArrivalProcess::Mmpp(Mmpp { states })),
    ]
}

proptest! {
    #[test]
    fn times_never_go_back_and_the_stream_ends(shape in rates(), process in processes(), seed: u64) {
        let mut stream = ArrivalStream::new(&process, &shape, secs(END)).unwrap();
        let mut rng = generator(seed);
        let mut last = SimTime::ZERO;
        let mut count = 0_u64;
        loop {
            let time = stream.next(&mut rng);
            if time == SimTime::NEVER {
                break;
            }
            prop_assert!(last <= time && time < at(END));
            // The integer nanosecond may be the last one before a jump to zero.
            let before = SimTime::from_nanos(time.as_nanos().saturating_sub(2));
            prop_assert!(stream.profile().max_rate(before, SimTime::from_nanos(time.as_nanos() + 2)) > Rate::ZERO);
            last = time;
            count += 1;
        }
        prop_assert_eq!(stream.next(&mut rng), SimTime::NEVER);
        if process == ArrivalProcess::Deterministic {
            // Evenly spaced arrivals count the area, whatever curve bounds it.
            let area = stream.profile().cumulative(at(END));
            prop_assert!((count as f64 - area.floor()).abs() <= f64::from((area - area.round()).abs() < 1e-6));
        }
    }

    #[test]
    fn cumulative_is_the_integral_of_the_rate(shape in rates()) {
        let profile = shape.compile().unwrap();
        let steps = 30_000_u64;
        let width = END as f64 / steps as f64;
        let middle = |step: u64| SimTime::from_nanos((2 * step + 1) * (END * 1_000_000_000 / (2 * steps)));
        let values: Vec<f64> = (0..steps).map(|step| profile.rate_at(middle(step)).get()).collect();
        let sum: f64 = values.iter().sum::<f64>() * width;
        // A midpoint sum is off by at most half a step times the variation; what happens between
        // the first and last midpoints and the ends, or turns back within one step, is small too.
        let variation: f64 = values.windows(2).map(|pair| (pair[1] - pair[0]).abs()).sum();
        let tolerance = width * (variation + values[0]) + 1e-6;
        prop_assert!((profile.cumulative(at(END)) - sum).abs() <= tolerance, "{} {sum}", profile.cumulative(at(END)));
        let highest = profile.max_rate(at(0), at(END)).get();
        prop_assert!(values.iter().all(|&value| value <= highest * (1.0 + 1e-9)));
    }

    #[test]
    fn cumulative_adds_up(shape in rates(), mut cuts in proptest::collection::vec(0u64..END * 1_000_000_000, 1..6)) {
        let profile = shape.compile().unwrap();
        cuts.push(0);
        cuts.push(END * 1_000_000_000);
        cuts.sort_unstable();
        let parts: Vec<f64> = cuts
            .windows(2)
            .map(|pair| profile.expected(SimTime::from_nanos(pair[0]), SimTime::from_nanos(pair[1])))
            .collect();
        prop_assert!(parts.iter().all(|&part| part >= 0.0));
        let whole = profile.cumulative(at(END));
        prop_assert!((parts.iter().sum::<f64>() - whole).abs() <= 1e-9 * whole.max(1.0));
    }
}
