//! The hidden Markov chain of an MMPP.

use crate::exact;
use crate::process::Mmpp;
use flashcrowd_units::Variates;
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

/// Which state an MMPP is in, and until when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Modulation {
    states: Vec<State>,
    /// None before the start.
    current: Option<usize>,
    /// End of the current state in nanoseconds.
    until: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct State {
    /// Rate relative to the long-run mean.
    #[serde(with = "exact")]
    factor: f64,
    /// Mean sojourn in nanoseconds.
    #[serde(with = "exact")]
    sojourn: f64,
}

impl Modulation {
    pub(super) fn new(mmpp: &Mmpp) -> Self {
        let mean = mmpp.mean_rate();
        let states = mmpp.states.iter().map(|state| State {
            factor: state.rate / mean,
            sojourn: state.sojourn.as_nanos() as f64,
        });
        Self {
            states: states.collect(),
            current: None,
            until: 0,
        }
    }

    /// The factor at `now` and the time until which it holds. Times must not go back.
    pub(super) fn at<R: Rng + Variates + ?Sized>(&mut self, now: u64, rng: &mut R) -> (f64, u64) {
        while self.current.is_none() || now >= self.until {
            let next = match self.current {
                None => self.stationary(rng),
                Some(current) => self.other(current, rng),
            };
            self.current = Some(next);
            let sojourn: f64 = rng.exponential();
            let nanos = (sojourn * self.states[next].sojourn + 0.5) as u64;
            self.until = self.until.saturating_add(nanos.max(1));
        }
        (self.states[self.current.unwrap_or(0)].factor, self.until)
    }

    /// A state drawn from the stationary distribution. An exponential sojourn has no memory, so what
    /// is left of it at a random time is as long as a new one.
    fn stationary<R: Rng + Variates + ?Sized>(&self, rng: &mut R) -> usize {
        let total: f64 = self.states.iter().map(|state| state.sojourn).sum();
        let mut left = rng.random::<f64>() * total;
        for (index, state) in self.states.iter().enumerate() {
            left -= state.sojourn;
            if left < 0.0 {
                return index;
            }
        }
        self.states.len() - 1
    }

    fn other<R: Rng + Variates + ?Sized>(&self, current: usize, rng: &mut R) -> usize {
        if self.states.len() == 2 {
            return 1 - current;
        }
        let pick = rng.random_range(0..self.states.len() as u32 - 1) as usize;
        if pick < current { pick } else { pick + 1 }
    }
}
