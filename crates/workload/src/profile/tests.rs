//! Thinning is exact only under a bound that really is one.

use super::{Form, Line, Lines, Node, Tail, Wave};
use flashcrowd_units::SimDuration;
use proptest::prelude::*;

const SECOND: u64 = 1_000_000_000;

fn wave() -> impl Strategy<Value = Node> {
    // Harmonics as `diurnal` makes them: at most a quarter of the first, of either sign.
    (1.0..50.0, 0.0..1.0, -0.25..0.25, 1u64..500, 0u64..500).prop_map(
        |(mean, share, second, period, lead)| {
            let first = mean * share * 0.8;
            Node::Wave(Wave::new(
                mean,
                [first, first * second],
                period * SECOND,
                lead * SECOND,
            ))
        },
    )
}

fn tail() -> impl Strategy<Value = Node> {
    (0u64..300, 1u64..100, 0.0..50.0).prop_map(|(start, time_constant, height)| {
        Node::Tail(Tail::new(
            SimDuration::from_secs(start),
            height,
            SimDuration::from_secs(time_constant),
        ))
    })
}

fn lines() -> impl Strategy<Value = Node> {
    proptest::collection::vec((1u64..100, 0.0..50.0, 0.0..50.0), 1..4).prop_map(|stretches| {
        let mut start = 0;
        let mut lines = Vec::new();
        for (length, from, to) in stretches {
            lines.push(Line::new(start, from, to));
            start += length * SECOND;
        }
        lines.push(Line::new(start, 1.0, 1.0));
        Node::Lines(Lines::new(lines))
    })
}

fn nodes() -> impl Strategy<Value = Node> {
    prop_oneof![wave(), tail(), lines()].prop_recursive(3, 8, 3, |inner| {
        let several = || proptest::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            several().prop_map(Node::Sum),
            several().prop_map(Node::product),
            (1u64..300, inner.clone())
                .prop_map(|(every, inner)| Node::repeat(every * SECOND, inner)),
        ]
    })
}

proptest! {
    #[test]
    fn pieces_describe_the_rate(node in nodes(), start in 0u64..1000 * SECOND) {
        let piece = node.piece(start);
        prop_assert!(piece.until > start);
        // A constant may last for ever; its first hour says enough.
        let length = (piece.until - start).min(3600 * SECOND);
        for part in 0..64 {
            let at = start + (length as f64 * (f64::from(part) / 64.0)) as u64;
            let rate = node.rate(at);
            let slack = 1e-12 * rate.abs().max(1e-9);
            match piece.form {
                Form::Curved { bound } => prop_assert!(rate <= bound + slack, "{} above {}", rate, bound),
                Form::Linear { from, to } => {
                    let line = from + (to - from) * ((at - start) as f64 / (piece.until - start) as f64);
                    prop_assert!((rate - line).abs() <= 1e-9 * from.max(to).max(1e-9), "{} is not {}", rate, line);
                }
            }
        }
    }
}

/// The crest of a wave lies within a piece, not at its ends: the bound must know.
#[test]
fn the_bound_of_a_crest_is_the_crest() {
    let wave = Wave::new(10.0, [5.0, 0.0], 64 * SECOND, 0);
    let Form::Curved { bound } = wave.piece(64 * SECOND - SECOND / 2).form else {
        panic!("a wave is curved");
    };
    assert_eq!(bound, 15.0);
    let trough = Wave::new(10.0, [0.0, -2.0], 64 * SECOND, 0);
    let Form::Curved { bound } = trough.piece(16 * SECOND - SECOND / 2).form else {
        panic!("a wave is curved");
    };
    assert_eq!(bound, 12.0, "-2 cos 2x is highest a quarter of a turn on");
}
