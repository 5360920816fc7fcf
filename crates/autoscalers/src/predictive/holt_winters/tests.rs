//! Expected numbers computed with statsmodels.

use super::*;

fn smoothing(period: usize, [alpha, beta, gamma]: [f64; 3]) -> HoltWinters {
    HoltWinters {
        alpha,
        beta,
        gamma,
        seasonal_periods: period,
        stored_seasons: 4,
        trend: Additive,
        seasonal: Additive,
        damping: 1.0,
        order: HistoryOrder::Chronological,
    }
}

fn assert_near(value: f64, expected: f64) {
    assert!(
        (value - expected).abs() < 1e-6,
        "{value} instead of {expected}"
    );
}

const SIX: [f64; 18] = [
    2., 4., 6., 4., 2., 2., 2., 4., 6., 4., 2., 2., 3., 5., 7., 5., 3., 3.,
];

#[test]
fn a_season_of_three() {
    let series = [1., 3., 1., 1., 3., 1., 1., 3., 1., 1., 3., 1., 1.];
    let forecast = smoothing(3, [0.9, 0.9, 0.3]).forecast(&series).unwrap();
    assert_near(forecast, 3.0);
}

#[test]
fn a_season_of_six_with_a_rise() {
    let initial = smoothing(6, [0.9; 3]).initial(&SIX).unwrap();
    assert_near(initial.level, 3.144_444_4);
    assert_near(initial.trend, 0.058_585_9);
    let seasonal = [-1.125, 0.791_667, 2.708_333, 0.625, -1.458_333, -1.541_667];
    for (value, expected) in initial.seasonal.into_iter().zip(seasonal) {
        assert_near(value, expected);
    }
    assert_near(smoothing(6, [0.9; 3]).forecast(&SIX).unwrap(), 3.946_563);
    let slower = smoothing(6, [0.5, 0.1, 0.3]);
    assert_near(slower.forecast(&SIX).unwrap(), 3.555_821);
}

#[test]
fn a_season_of_four() {
    let series = [
        10., 12., 15., 11., 10., 13., 16., 12., 11., 14., 17., 13., 12., 15., 18., 14.,
    ];
    let smoothing = smoothing(4, [0.3, 0.1, 0.2]);
    let initial = smoothing.initial(&series).unwrap();
    assert_near(initial.level, 11.675);
    assert_near(initial.trend, 0.243_181_8);
    assert_near(smoothing.forecast(&series).unwrap(), 13.007_008);
}

#[test]
fn too_little_history_gives_nothing() {
    assert_eq!(smoothing(6, [0.9; 3]).forecast(&SIX[..15]), None);
    assert!(smoothing(6, [0.9; 3]).forecast(&SIX[..16]).is_some());
}

/// With every coefficient 0 the initial values alone speak: a series that is exactly a line
/// through its season is continued exactly, in each of the four forms.
#[test]
fn components_multiply_where_they_should() {
    let factors = [0.5, 1.0, 1.5];
    let series: Vec<f64> = (0..15).map(|index| 8.0 * factors[index % 3]).collect();
    for trend in [Additive, Multiplicative] {
        let smoothing = HoltWinters {
            trend,
            seasonal: Multiplicative,
            damping: 0.9,
            ..smoothing(3, [0.2, 0.1, 0.05])
        };
        assert_near(smoothing.forecast(&series).unwrap(), 4.0);
        assert_near(smoothing.forecast(&series[..14]).unwrap(), 12.0);
    }
}

#[test]
fn pruning_takes_whole_seasons_and_upstream_turns_the_rest_round() {
    let history = |count: i64| -> Vec<(TimePoint, u32)> {
        (0..count)
            .map(|it| (TimePoint::from_secs(it), it as u32))
            .collect()
    };
    let mut smoothing = HoltWinters {
        stored_seasons: 2,
        ..smoothing(3, [0.9; 3])
    };
    let values = |smoothing: &HoltWinters, count| -> Vec<u32> {
        let mut history = history(count);
        smoothing.prune(&mut history);
        history.into_iter().map(|(_, it)| it).collect()
    };
    // 2 * 3 + 3 - 1 values may remain.
    assert_eq!(values(&smoothing, 8), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(values(&smoothing, 9), [3, 4, 5, 6, 7, 8]);
    smoothing.order = HistoryOrder::Upstream;
    assert_eq!(values(&smoothing, 9), [8, 7, 6, 5, 4, 3]);
    assert_eq!(values(&smoothing, 2), [1, 0]);
}
