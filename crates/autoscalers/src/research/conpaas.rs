//! ConPaaS: several forecasts, of which the best one so far counts.
//!
//! # What it does
//! From the last 21 loads it makes three forecasts: an autoregression and a straight line, 20
//! evaluations ahead, and an exponential smoothing with a season of two values. The one whose last
//! forecast was nearest to what came is turned into a mean in which later values weigh more, and
//! that is divided by what a replica bears.
//!
//! # When it hurts
//! A mean of the next 20 evaluations is behind a steep rise and ahead of every fall. Until there
//! are 21 loads it is purely reactive, and it never keeps a reserve. A load that one replica
//! bears means one replica.
//!
//! # Parameters
//! * `load`, `per_replica`, `replicas`, `interval` (1m): as for all of them.
//!
//! # Source
//! H. Fernandez, G. Pierre, T. Kielmann, *Autoscaling web applications in heterogeneous cloud
//! infrastructures*, IC2E 2014, as in `ConPaaSAutoscaler.py` of ahmedaley/Autoscalers and in the
//! predictors of ConPaaS. The autoregression of order 9 is solved here by Yule-Walker instead of by
//! maximum likelihood, and the choice goes by the error of one evaluation ahead; the public code
//! always takes the autoregression. Choice of instance types and vector autoregression are not
//! part of it.

mod forecasts;

use super::{Evaluation, ResearchPolicy, ResearchRule};
use crate::schedule::replica_range::whole_replicas;
use forecasts::{autoregression, line, smoothing, weighted_mean};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Parameters of [`ConPaas`].
pub type ConPaasPolicy = ResearchPolicy<ConPaasTuning>;

/// ConPaaS has no constants of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ConPaasTuning {}

/// Loads that a forecast needs.
const WINDOW: usize = 21;
/// Evaluations that are forecast.
const HORIZON: usize = 20;

/// See the [module documentation](self).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConPaas {
    /// Oldest first.
    loads: VecDeque<f64>,
    /// What each method forecast for this evaluation.
    expected: Option<[f64; 3]>,
}

impl ConPaas {
    /// The method that was nearest, the first of equals; the autoregression in the beginning.
    fn best(&self, load: f64) -> usize {
        let error = |expected: &[f64; 3], it: usize| (expected[it] - load).abs();
        let nearest = |expected: &[f64; 3]| {
            (0..3).fold(0, |best, it| {
                if error(expected, it) < error(expected, best) {
                    it
                } else {
                    best
                }
            })
        };
        self.expected.as_ref().map_or(0, nearest)
    }
}

impl ResearchRule for ConPaas {
    type Tuning = ConPaasTuning;
    const NAME: &'static str = "conpaas";

    fn evaluate(
        &mut self,
        it: &Evaluation,
        _tuning: &ConPaasTuning,
    ) -> (u32, Vec<(&'static str, f64)>) {
        self.loads.push_back(it.load.ceil());
        if self.loads.len() < WINDOW {
            return (it.needed(), Vec::new());
        }
        let loads: Vec<f64> = self.loads.iter().copied().collect();
        self.loads.pop_front();
        let best = self.best(it.load);
        let line = line(&loads, HORIZON);
        let forecasts = [
            autoregression(&loads, HORIZON),
            // The first value of the line is that of now.
            line,
            smoothing(&loads),
        ];
        self.expected = Some([forecasts[0][0], forecasts[1][1], forecasts[2][0]]);
        let mean = weighted_mean(&forecasts[best]);
        let steps = vec![("method", best as f64), ("forecast", mean)];
        let wanted = if it.load <= it.per_replica {
            1
        } else {
            match whole_replicas(mean / it.per_replica) {
                0 => it.current,
                replicas => replicas,
            }
        };
        (wanted, steps)
    }
}
