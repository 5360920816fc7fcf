//! How irregular arrivals are, given their expected rate.

use crate::problem::{Problem, Problems};
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};

/// The point process that turns a rate into arrivals.
///
/// Each of them has the shape's rate as its long-run mean; they differ in burstiness.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ArrivalProcess {
    /// Independent users: a Poisson process, non-homogeneous where the rate changes.
    #[default]
    Poisson,
    /// Evenly spaced, as k6's arrival-rate executors: the k-th arrival (k = 1, 2, ...) comes when
    /// the area under the rate reaches k, the first one therefore not at time zero.
    Deterministic,
    /// Gamma distributed gaps.
    Gamma(GammaRenewal),
    /// Markov-modulated Poisson: the rate is multiplied by a factor that jumps between states.
    Mmpp(Mmpp),
}

/// A renewal process with gamma distributed gaps.
///
/// Under a changing rate the gaps are gamma distributed in operational time: the k-th arrival
/// comes when the area under the rate reaches the sum of k gaps of mean one. The first gap starts
/// at time zero (an ordinary, not an equilibrium renewal process).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct GammaRenewal {
    /// Coefficient of variation of the gaps, 0.01 to 10: below one more regular than Poisson, above
    /// one burstier.
    pub cv: f64,
}

/// A Markov-modulated Poisson process of two or more states.
///
/// A state lasts an exponential time; the next one is any of the others with equal probability
/// (with two states they alternate). The process starts in its stationary distribution, in which
/// each state's weight is its sojourn's share of the sum of sojourns. The relative rates are
/// normalised by their mean under these weights, so that the long-run mean is the shape's rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Mmpp {
    /// At least two.
    pub states: Vec<MmppState>,
}

/// One state of an [`Mmpp`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MmppState {
    /// Rate relative to that of the other states, not negative.
    pub rate: f64,
    /// Mean time in the state, at least a millisecond.
    pub sojourn: SimDuration,
}

impl ArrivalProcess {
    /// Everything that is wrong with the parameters; empty if the process can run.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Problems::default();
        match self {
            Self::Poisson | Self::Deterministic => {}
            Self::Gamma(gamma) => {
                problems.within("gamma", |p| p.number("cv", gamma.cv, 0.01, 10.0));
            }
            Self::Mmpp(mmpp) => problems.within("mmpp", |p| p.within("states", |p| mmpp.check(p))),
        }
        problems.into_vec()
    }
}

impl Mmpp {
    /// The mean of the relative rates under the stationary distribution.
    pub(crate) fn mean_rate(&self) -> f64 {
        let weight = |state: &MmppState| state.sojourn.as_secs_f64();
        let total: f64 = self.states.iter().map(weight).sum();
        self.states
            .iter()
            .map(|state| state.rate * weight(state))
            .sum::<f64>()
            / total
    }

    fn check(&self, problems: &mut Problems) {
        if self.states.len() < 2 {
            problems.here("at least two states are needed");
        }
        for (index, state) in self.states.iter().enumerate() {
            problems.within(&format!("[{index}]"), |p| {
                p.number("rate", state.rate, 0.0, 1e9);
                p.at_least("sojourn", state.sojourn, SimDuration::from_millis(1));
            });
        }
        if !self.states.is_empty() && self.states.iter().all(|state| state.rate == 0.0) {
            problems.here("all rates are zero");
        }
    }
}
