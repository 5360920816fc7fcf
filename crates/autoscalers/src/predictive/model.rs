//! One model with its history.

use super::{HoltWinters, Linear, SeasonalNaive};
use crate::TimePoint;
use crate::schedule::replica_range::whole_replicas;
use crate::threshold::elapsed;
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};

use super::seasonal_naive::Slots;

/// A model as a scenario writes it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ForecastModel {
    /// How it forecasts.
    pub forecast: Forecast,
    /// It forecasts at every so many syncs; the others only add to its history.
    #[serde(default = "one")]
    pub every: u32,
    /// It begins at the next multiple of this since the start of the run.
    #[serde(default)]
    pub start_interval: Option<SimDuration>,
    /// It forgets everything if nothing has been added for so long.
    #[serde(default)]
    pub reset_after: Option<SimDuration>,
}

const fn one() -> u32 {
    1
}

/// How a model forecasts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Forecast {
    /// Level, trend and season, each smoothed.
    HoltWinters(HoltWinters),
    /// A straight line through the last replica counts.
    Linear(Linear),
    /// What the last seasons had at the same time.
    SeasonalNaive(SeasonalNaive),
}

impl Forecast {
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::HoltWinters(_) => "holt_winters",
            Self::Linear(_) => "linear",
            Self::SeasonalNaive(_) => "seasonal_naive",
        }
    }
}

/// What a sync tells the models.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) now: TimePoint,
    pub(super) load: f64,
    /// Load that one replica can bear.
    pub(super) per_replica: f64,
    /// Replicas that this load needs.
    pub(super) replicas: u32,
}

/// What a model says at a sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was not asked.
    Silent,
    /// Its history is too short.
    TooShort,
    /// So many replicas.
    Replicas(u32),
}

/// What a model remembers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ModelState {
    /// Replicas that were needed.
    history: Vec<(TimePoint, u32)>,
    slots: Slots,
    newest: Option<TimePoint>,
    start: Option<TimePoint>,
    /// Syncs since the last forecast, that one included.
    syncs: u32,
}

impl Default for ModelState {
    fn default() -> Self {
        Self {
            history: Vec::new(),
            slots: Slots::default(),
            newest: None,
            start: None,
            syncs: 1,
        }
    }
}

impl ModelState {
    pub(super) fn sync(&mut self, model: &ForecastModel, sample: &Sample) -> Outcome {
        let now = sample.now;
        let is_stale = |newest| {
            model
                .reset_after
                .is_some_and(|it| elapsed(newest, now) > it)
        };
        if self.newest.is_some_and(is_stale) {
            *self = Self {
                syncs: self.syncs,
                ..Self::default()
            };
        }
        if let Some(interval) = model.start_interval
            && now
                < *self
                    .start
                    .get_or_insert_with(|| next_multiple(now, interval))
        {
            return Outcome::Silent;
        }
        self.newest = Some(now);
        match &model.forecast {
            Forecast::SeasonalNaive(naive) => naive.observe(&mut self.slots, now, sample.load),
            _ => self.history.push((now, sample.replicas)),
        }
        if self.syncs < model.every {
            self.syncs += 1;
            self.prune(&model.forecast);
            return Outcome::Silent;
        }
        self.syncs = 1;
        let replicas = self.forecast(&model.forecast, sample);
        self.prune(&model.forecast);
        replicas.map_or(Outcome::TooShort, |it| {
            Outcome::Replicas(whole_replicas(it))
        })
    }

    fn forecast(&self, forecast: &Forecast, sample: &Sample) -> Option<f64> {
        match forecast {
            Forecast::HoltWinters(model) => {
                let series: Vec<f64> = self.history.iter().map(|it| f64::from(it.1)).collect();
                model.forecast(&series)
            }
            Forecast::Linear(model) => model.forecast(sample.now, &self.history),
            Forecast::SeasonalNaive(model) => {
                let load = model.forecast(&self.slots, sample.now)?;
                Some(load / sample.per_replica)
            }
        }
    }

    fn prune(&mut self, forecast: &Forecast) {
        match forecast {
            Forecast::HoltWinters(model) => model.prune(&mut self.history),
            Forecast::Linear(model) => {
                let excess = self.history.len().saturating_sub(model.history_size);
                self.history.drain(..excess);
            }
            // Adding to it forgets what is too old.
            Forecast::SeasonalNaive(_) => {}
        }
    }
}

fn next_multiple(now: TimePoint, interval: SimDuration) -> TimePoint {
    let interval = (interval.as_nanos() as i64).max(1);
    let passed = now.as_nanos().div_euclid(interval);
    TimePoint::from_nanos(passed.saturating_add(1).saturating_mul(interval))
}
