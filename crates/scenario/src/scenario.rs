//! The scenario as meant.

use flashcrowd_core::model::{EndpointId, Model};
use flashcrowd_telemetry::{Population, Threshold};
use jiff::Zoned;
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// A scenario that was read and found to be in order.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its name in reports.
    pub name: String,
    /// What it asks.
    pub description: Option<String>,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Calendar time at which the run begins.
    pub start: Zoned,
    /// The system and its load.
    pub model: Model,
    /// What is expected of it: the objectives of the file, then those of `--assert`.
    pub slos: Vec<Slo>,
    pub(crate) resolved: String,
}

/// An objective.
#[derive(Debug, Clone, PartialEq)]
pub struct Slo {
    /// Its name in reports.
    pub name: String,
    /// The endpoint whose requests it speaks of; `None` for all requests.
    pub endpoint: Option<EndpointId>,
    /// What is measured, and its limit.
    pub objective: Threshold,
    /// The same as it was written: `rate<1%`, where [`objective`](Self::objective) prints
    /// `rate<0.01`.
    pub written: String,
    /// Whose latencies count.
    pub of: Population,
}

impl Scenario {
    /// The scenario as one file that needs no other: manifests, traces and prices are written
    /// into it, and what `--set` changed is changed. It loads to the same model.
    pub fn resolved_yaml(&self) -> &str {
        &self.resolved
    }

    /// SHA-256 of [`resolved_yaml`](Self::resolved_yaml), as 64 hexadecimal digits.
    pub fn sha256(&self) -> String {
        let mut text = String::with_capacity(64);
        for byte in Sha256::digest(self.resolved.as_bytes()) {
            write!(text, "{byte:02x}").unwrap_or_default();
        }
        text
    }
}
