//! The forecasting methods of ConPaaS.

/// The least-squares line, from its value at the last point on.
pub(super) fn line(values: &[f64], horizon: usize) -> Vec<f64> {
    let count = values.len() as f64;
    let (mean_x, mean_y) = ((count - 1.0) / 2.0, values.iter().sum::<f64>() / count);
    let (mut covariance, mut variance) = (0.0, 0.0);
    for (index, value) in values.iter().enumerate() {
        let x = index as f64 - mean_x;
        covariance += x * (value - mean_y);
        variance += x * x;
    }
    let slope = covariance / variance;
    let at = |step: usize| mean_y + slope * (step as f64 + count - 1.0 - mean_x);
    (0..horizon).map(at).collect()
}

const ORDER: usize = 9;

/// An autoregression of order 9 around the mean, its coefficients from the sample
/// autocovariances by the Levinson-Durbin recursion.
pub(super) fn autoregression(values: &[f64], horizon: usize) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let mut series: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let lagged = |lag: usize| series.iter().zip(&series[lag..]);
    let covariance = |lag: usize| lagged(lag).map(|(a, b)| a * b).sum::<f64>();
    let coefficients = levinson_durbin(&std::array::from_fn(covariance));
    let observed = series.len();
    for _ in 0..horizon {
        let recent = series.iter().rev().zip(&coefficients);
        let next = recent.map(|(value, coefficient)| value * coefficient).sum();
        series.push(next);
    }
    series[observed..]
        .iter()
        .map(|value| value + mean)
        .collect()
}

/// Coefficients of lags 1 to 9 from the autocovariances of lags 0 to 9; zeros for a constant.
fn levinson_durbin(covariances: &[f64; ORDER + 1]) -> [f64; ORDER] {
    let mut coefficients = [0.0; ORDER];
    let mut error = covariances[0];
    for order in 0..ORDER {
        // What is left of a series that is determined already is rounding.
        if error <= covariances[0] * 1e-12 {
            break;
        }
        let known = coefficients[..order]
            .iter()
            .zip(covariances[1..=order].iter().rev());
        let explained: f64 = known.map(|(a, b)| a * b).sum();
        let reflection = (covariances[order + 1] - explained) / error;
        let before = coefficients;
        for lag in 0..order {
            coefficients[lag] -= reflection * before[order - 1 - lag];
        }
        coefficients[order] = reflection;
        error *= 1.0 - reflection * reflection;
    }
    coefficients
}

/// Multiplicative Holt-Winters with a season of two values and coefficients 0.2, 0.1 and 0.05: the
/// next two values, or a single 0 where something is divided by 0.
pub(super) fn smoothing(values: &[f64]) -> Vec<f64> {
    const PERIOD: usize = 2;
    let mean = |range: std::ops::Range<usize>| values[range].iter().sum::<f64>() / PERIOD as f64;
    let (first, second) = (mean(0..PERIOD), mean(PERIOD..2 * PERIOD));
    let mut trend = (second - first) / PERIOD as f64;
    let mut level = first - trend * 1.5;
    let index = |it: usize| values[it] / (level + (it as f64 + 1.0) * trend);
    let mut season = [0, 1].map(|phase| f64::midpoint(index(phase), index(phase + PERIOD)));
    let sum = season[0] + season[1];
    season = season.map(|it| it * PERIOD as f64 / sum);
    for (it, value) in values.iter().enumerate() {
        let before = level;
        let factor = &mut season[it % PERIOD];
        level = 0.2 * value / *factor + 0.8 * (level + trend);
        trend = 0.1 * (level - before) + 0.9 * trend;
        *factor = 0.05 * value / level + 0.95 * *factor;
    }
    let at = |step: usize| {
        (level + trend * (step as f64 + 1.0)) * season[(values.len() + step) % PERIOD]
    };
    let forecast: Vec<f64> = (0..PERIOD).map(at).collect();
    if forecast.iter().all(|value| value.is_finite()) {
        forecast
    } else {
        vec![0.0]
    }
}

/// The mean in which the value at place `n`, counted from 0, weighs `n`; negative values weigh
/// nothing.
pub(super) fn weighted_mean(forecast: &[f64]) -> f64 {
    let (mut sum, mut weights) = (0.0, 0.0);
    for (weight, &value) in forecast.iter().enumerate() {
        if value >= 0.0 {
            sum += value * weight as f64;
            weights += weight as f64;
        }
    }
    if sum > 0.0 { sum / weights } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_near(value: f64, expected: f64) {
        assert!(
            (value - expected).abs() < 1e-9,
            "{value} instead of {expected}"
        );
    }

    #[test]
    fn a_line_goes_on() {
        let values: Vec<f64> = (0..21).map(|it| 100.0 + 10.0 * f64::from(it)).collect();
        let forecast = line(&values, 20);
        assert_near(forecast[0], 300.0);
        assert_near(forecast[19], 490.0);
        // sum of n * (300 + 10 n) over sum of n, n from 0 to 19: 300 + 10 * 2470 / 190.
        assert_near(weighted_mean(&forecast), 430.0);
    }

    #[test]
    fn a_constant_stays_in_every_method() {
        let values = [7.0; 21];
        for forecast in [
            line(&values, 20),
            autoregression(&values, 20),
            smoothing(&values),
        ] {
            for value in forecast {
                assert_near(value, 7.0);
            }
        }
    }

    /// The coefficients solve the Yule-Walker equations, checked by inserting them.
    #[test]
    fn the_recursion_solves_the_equations() {
        let series = [
            3.0, -1.0, 4.0, 1.0, -5.0, 9.0, 2.0, -6.0, 5.0, 3.0, -5.0, 8.0, 9.0, -7.0,
        ];
        let covariances = std::array::from_fn(|lag| {
            let pairs = series.iter().zip(&series[lag..]);
            pairs.map(|(a, b)| a * b).sum::<f64>()
        });
        let solution = levinson_durbin(&covariances);
        for lag in 1..=ORDER {
            let terms = (1..=ORDER).map(|it| solution[it - 1] * covariances[lag.abs_diff(it)]);
            assert_near(terms.sum(), covariances[lag]);
        }
    }

    /// An autoregression of order 1 by hand: lag 1 over lag 0, the rest of the lags follow from it.
    #[test]
    fn a_geometric_covariance_is_of_order_one() {
        let covariances =
            std::array::from_fn(|lag| [1.0; 10][..lag].iter().fold(1.0, |it, _| it * 0.5));
        let solution = levinson_durbin(&covariances);
        assert_near(solution[0], 0.5);
        solution[1..].iter().for_each(|&it| assert_near(it, 0.0));
    }

    #[test]
    fn what_cannot_be_divided_is_no_forecast() {
        assert_eq!(smoothing(&[0.0; 21]), [0.0]);
        assert_near(weighted_mean(&[0.0]), 0.0);
        assert_near(weighted_mean(&[5.0, -8.0, 3.0]), 3.0);
    }
}
