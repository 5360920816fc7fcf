use super::*;

/// Variates of a stream, as many as asked for.
fn draw(kind: Kind, key: u64, count: usize) -> Vec<f64> {
    let mut batch = Batch::new(kind, key);
    (0..count).map(|_| batch.next()).collect()
}

/// Kolmogorov's distance between a sample and a distribution function, times the root of its size.
fn kolmogorov(mut sample: Vec<f64>, cumulative: impl Fn(f64) -> f64) -> f64 {
    sample.sort_by(f64::total_cmp);
    let n = sample.len() as f64;
    let distance = sample.iter().enumerate().map(|(i, &x)| {
        let expected = cumulative(x);
        (expected - i as f64 / n)
            .abs()
            .max((expected - (i + 1) as f64 / n).abs())
    });
    distance.fold(0.0, f64::max) * n.sqrt()
}

/// Exceeded with probability `2 exp(-2 x^2)` = 3e-7 (Smirnov).
const UNLIKELY: f64 = 2.8;

#[test]
fn exponentials_are_exponential() {
    for key in 1..=5 {
        let sample = draw(Kind::Exponential, key, 200_000);
        assert!(sample.iter().all(|&x| x >= 0.0 && x.is_sign_positive()));
        let distance = kolmogorov(sample, |x| -libm::expm1(-x));
        assert!(distance < UNLIKELY, "key {key}: {distance}");
    }
}

#[test]
fn normals_are_normal() {
    for key in 1..=5 {
        let sample = draw(Kind::Normal, key, 200_000);
        let distance = kolmogorov(sample, |x| 0.5 * libm::erfc(-x / std::f64::consts::SQRT_2));
        assert!(distance < UNLIKELY, "key {key}: {distance}");
    }
}

/// Neighbours, and the two of a pair eight places apart, have nothing to do with each other.
#[test]
fn variates_are_uncorrelated() {
    let n = 200_000;
    let sample = draw(Kind::Normal, 7, n);
    for lag in [1, 2, 7, 8, 9, 16, 64] {
        let products = sample.iter().zip(&sample[lag..]).map(|(a, b)| a * b);
        // A product of independent normals has variance one.
        let z = products.sum::<f64>() / ((n - lag) as f64).sqrt();
        assert!(z.abs() < 5.0, "lag {lag}: {z}");
    }
}

#[test]
fn the_logarithm_is_that_of_libm() {
    let mut lanes = Batch::new(Kind::Exponential, 3).lanes;
    let edges = [
        1.0,
        0.5,
        std::f64::consts::FRAC_1_SQRT_2,
        1.0 - f64::EPSILON,
        f64::EPSILON,
    ];
    let drawn = (0..20_000).flat_map(|i| lanes.next().map(|bits| unit(bits >> (i % 52))));
    for x in edges.into_iter().chain(drawn) {
        let (ours, theirs) = (minus_ln(x), -libm::log(x));
        let error = (ours - theirs).abs();
        assert!(
            error <= 2.0 * f64::EPSILON * theirs.abs(),
            "{x}: {ours} {theirs}"
        );
    }
}

#[test]
fn the_angle_is_that_of_libm() {
    let mut lanes = Batch::new(Kind::Normal, 3).lanes;
    for _ in 0..20_000 {
        for bits in lanes.next() {
            let quadrant = (bits >> 62) as f64;
            let place = f64::from_bits((bits << 2) >> 12 | ONE) - 1.5;
            let angle = (quadrant + place) * std::f64::consts::FRAC_PI_2;
            let (sine, cosine) = sine_and_cosine_of_turn(bits);
            // The angle itself is rounded here, by up to 2^-52.
            assert!((sine - libm::sin(angle)).abs() < 1e-15);
            assert!((cosine - libm::cos(angle)).abs() < 1e-15);
        }
    }
}

/// The safe twin: what runs where there are no wide vectors.
#[test]
fn vectors_change_no_bit() {
    for kind in [Kind::Exponential, Kind::Normal] {
        let mut batch = Batch::new(kind, 11);
        let mut lanes = batch.before.clone();
        for _ in 0..1_000 {
            let mut plain = [0.0; BATCH];
            fill(kind, &mut lanes, &mut plain);
            let dispatched: [f64; BATCH] = std::array::from_fn(|_| batch.next());
            assert_eq!(plain.map(f64::to_bits), dispatched.map(f64::to_bits));
        }
    }
}

#[test]
fn the_lanes_are_the_published_generator() {
    use rand_xoshiro::Xoshiro256PlusPlus;
    use rand_xoshiro::rand_core::{Rng, SeedableRng};
    let mut lanes = Batch::new(Kind::Normal, 5).before;
    let mut published: Vec<_> = (0..LANES)
        .map(|lane| {
            let words = lanes.0.map(|word| word[lane].to_le_bytes());
            Xoshiro256PlusPlus::from_seed(words.concat().try_into().expect("four words"))
        })
        .collect();
    for _ in 0..100 {
        let expected: Vec<_> = published.iter_mut().map(Rng::next_u64).collect();
        assert_eq!(lanes.next().as_slice(), expected);
    }
}

#[test]
fn a_saved_stream_goes_on_where_it_was() {
    let mut batch = Batch::new(Kind::Normal, 2);
    for count in [0, 1, 63, 64, 65, 200] {
        (0..count).for_each(|_| {
            batch.next();
        });
        let mut again = Batch::from(Saved::from(batch.clone()));
        let mut original = batch.clone();
        assert!((0..200).all(|_| again.next() == original.next()));
    }
}
