//! Triple exponential smoothing: level, trend and season.
//!
//! # What it does
//! Starts from level, trend and season estimated from the oldest values, smooths all of the history
//! with fixed coefficients and forecasts the next value.
//!
//! # When it hurts
//! The season is counted in values, so the distance of syncs has to divide it; a missed sync shifts
//! it for good. It forecasts one value ahead, which is too late for pods that start slowly. It needs
//! two seasons of history, and upstream forecasts 0 until then.
//!
//! # Parameters
//! * `alpha`, `beta`, `gamma`: weights of the newest value in level, trend and season, 0 to 1.
//! * `seasonal_periods`: values in a season. `stored_seasons`: seasons of history.
//! * `trend`, `seasonal` (additive): additive or multiplicative.
//! * `damping` (1): what the trend is multiplied with (a multiplicative one: raised to) at each
//!   value.
//! * `order` (chronological): `upstream` keeps the history in the order in which upstream leaves it.
//!
//! # Source
//! `algorithms/holt_winters` of jthomperoo/predictive-horizontal-pod-autoscaler with the initial
//! values of statsmodels (`_initialize_heuristic`). The season is updated with the level before
//! the value, not after it, as there.

use crate::TimePoint;
use flashcrowd_units::math;
use serde::{Deserialize, Serialize};

/// Parameters of the smoothing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct HoltWinters {
    /// Weight of the newest value in the level.
    pub alpha: f64,
    /// Weight of the newest change in the trend.
    pub beta: f64,
    /// Weight of the newest value in the season.
    pub gamma: f64,
    /// Values in a season, at least 2.
    pub seasonal_periods: usize,
    /// Whole seasons of history that are kept.
    pub stored_seasons: usize,
    /// How the trend enters.
    #[serde(default)]
    pub trend: Component,
    /// How the season enters.
    #[serde(default)]
    pub seasonal: Component,
    /// Damping of the trend.
    #[serde(default = "undamped")]
    pub damping: f64,
    /// The order of the history.
    #[serde(default)]
    pub order: HistoryOrder,
}

const fn undamped() -> f64 {
    1.0
}

/// How a component enters the forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Component {
    /// As a term.
    #[default]
    Additive,
    /// As a factor.
    Multiplicative,
}

/// The order in which the smoothing goes through its history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum HistoryOrder {
    /// Oldest first.
    #[default]
    Chronological,
    /// As upstream: pruning leaves it newest first, and the next value goes to the end.
    Upstream,
}

use Component::{Additive, Multiplicative};

impl HoltWinters {
    /// The forecast of the next value; `None` if the history is shorter than two seasons, or than
    /// the ten values of the moving average that the initial values need.
    pub fn forecast(&self, series: &[f64]) -> Option<f64> {
        let mut state = self.initial(series)?;
        let period = self.seasonal_periods;
        for (index, &value) in series.iter().enumerate() {
            let season = state.seasonal[index % period];
            let predicted = self.step(state.level, state.trend);
            let (in_level, in_season) = match self.seasonal {
                Additive => (value - season, value - predicted),
                Multiplicative => (value / season, value / predicted),
            };
            let level = self.alpha * in_level + (1.0 - self.alpha) * predicted;
            let damped = self.damped(state.trend);
            let change = match self.trend {
                Additive => level - state.level,
                Multiplicative => level / state.level,
            };
            state.trend = self.beta * change + (1.0 - self.beta) * damped;
            state.seasonal[index % period] = self.gamma * in_season + (1.0 - self.gamma) * season;
            state.level = level;
        }
        let season = state.seasonal[series.len() % period];
        let predicted = self.step(state.level, state.trend);
        let forecast = match self.seasonal {
            Additive => predicted + season,
            Multiplicative => predicted * season,
        };
        Some(forecast).filter(|forecast| forecast.is_finite())
    }

    fn damped(&self, trend: f64) -> f64 {
        match self.trend {
            Additive => self.damping * trend,
            Multiplicative => math::pow(trend, self.damping),
        }
    }

    /// Level and trend one value later.
    fn step(&self, level: f64, trend: f64) -> f64 {
        match self.trend {
            Additive => level + self.damped(trend),
            Multiplicative => level * self.damped(trend),
        }
    }

    /// Values with which the heuristic starts: the season from the deviations from a centred
    /// moving average, level and trend from a line through its first ten values.
    fn initial(&self, series: &[f64]) -> Option<Initial> {
        let (period, count) = (self.seasonal_periods, series.len());
        let needed = 10 + 2 * (period / 2);
        if period < 2 || count < 2 * period || count < needed {
            return None;
        }
        let cycles = (count / period).min(5).max(needed.div_ceil(period));
        let series = &series[..count.min(period * cycles)];
        let half = period / 2;
        // For an even season the two ends of the window have half the weight.
        let end_weight = if period % 2 == 0 { 0.5 } else { 1.0 };
        let average: Vec<f64> = series
            .windows(2 * half + 1)
            .map(|window| {
                let inner: f64 = window[1..2 * half].iter().sum();
                (inner + end_weight * (window[0] + window[2 * half])) / period as f64
            })
            .collect();
        let mut seasonal: Vec<f64> = (0..period)
            .map(|phase| {
                let detrended = average.iter().enumerate().map(|(index, mean)| {
                    let value = series[index + half];
                    let deviation = match self.seasonal {
                        Additive => value - mean,
                        Multiplicative => value / mean,
                    };
                    ((index + half) % period, deviation)
                });
                mean(detrended.filter(|&(at, _)| at == phase).map(|(_, it)| it))
            })
            .collect();
        let middle = mean(seasonal.iter().copied());
        for it in &mut seasonal {
            match self.seasonal {
                Additive => *it -= middle,
                Multiplicative => *it /= middle,
            }
        }
        let (level, slope) = line(&average[..average.len().min(10)]);
        let trend = match self.trend {
            Additive => slope,
            Multiplicative => 1.0 + slope / level,
        };
        Some(Initial {
            level,
            trend,
            seasonal,
        })
    }

    /// Whole seasons beyond the stored ones go, oldest first.
    pub(super) fn prune(&self, history: &mut Vec<(TimePoint, u32)>) {
        let seasons = history.len() / self.seasonal_periods;
        let excess = seasons.saturating_sub(self.stored_seasons) * self.seasonal_periods;
        history.sort_by_key(|&(at, _)| at);
        history.drain(..excess);
        if self.order == HistoryOrder::Upstream {
            history.reverse();
        }
    }
}

struct Initial {
    level: f64,
    trend: f64,
    seasonal: Vec<f64>,
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), it| (sum + it, count + 1.0));
    sum / count
}

/// Intercept and slope of the least-squares line through values at 1, 2, 3 and so on.
fn line(values: &[f64]) -> (f64, f64) {
    let middle = f64::midpoint(values.len() as f64, 1.0);
    let mean = mean(values.iter().copied());
    let (mut covariance, mut variance) = (0.0, 0.0);
    for (index, value) in values.iter().enumerate() {
        let x = index as f64 + 1.0 - middle;
        covariance += x * (value - mean);
        variance += x * x;
    }
    let slope = if variance > 0.0 {
        covariance / variance
    } else {
        0.0
    };
    (mean - slope * middle, slope)
}

#[cfg(test)]
mod tests;
