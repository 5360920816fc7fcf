//! Stations whose behaviour queueing theory knows exactly.
//!
//! Every estimate may be off by four of its own standard errors, which are computed from theory
//! for the length of the run, never from the run itself. Seeds are 1 to 5, none selected.

mod chain;
mod little;
mod many_servers;
mod networks;
mod poisson_fed;
mod sharing;
mod single_server;

use crate::ledger::{Ledger, run};
use flashcrowd_core::model::Model;

/// How far an estimate may be from its expectation, in standard errors. A right simulator fails
/// one comparison in 16 000.
const Z: f64 = 4.0;

/// An expectation, and the variance of its estimate times the length of the run in seconds.
#[derive(Debug, Clone, Copy)]
struct Expected {
    what: &'static str,
    mean: f64,
    /// Asymptotic variance per second: the estimate of a run of `t` seconds has `variance / t`.
    variance: f64,
    /// What the measurement itself adds, such as the width of a histogram's bucket.
    resolution: f64,
}

impl Expected {
    fn new(what: &'static str, mean: f64, variance: f64) -> Self {
        Self {
            what,
            mean,
            variance,
            resolution: 0.0,
        }
    }
}

/// What theory expects, and how it is measured.
type Check<'a> = (Expected, &'a dyn Fn(&Ledger) -> f64);

/// Runs a model with seeds 1 to 5 and compares.
fn agrees(model: &Model, warm_up_seconds: f64, checks: &[Check<'_>]) {
    for seed in 1..=5 {
        let (ledger, _) = run(model, seed, warm_up_seconds);
        for (expected, measure) in checks {
            let Expected {
                what,
                mean,
                variance,
                resolution,
            } = expected;
            let (got, error) = (measure(&ledger), (variance / ledger.seconds).sqrt());
            assert!(
                (got - mean).abs() <= Z * error + resolution,
                "{what}, seed {seed}: {got}, theory says {mean} +- {error}"
            );
        }
    }
}
