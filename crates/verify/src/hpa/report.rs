//! What a replay finds.

use serde::Serialize;
use serde_json::Value;
use std::fmt;

/// How many mismatches are kept with their details.
const KEPT: usize = 10;

/// The outcome of replaying recorded traces.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct ConformReport {
    /// Traces that were replayed.
    pub traces: usize,
    /// Syncs that were replayed.
    pub ticks: usize,
    /// Output fields that differ, over all syncs.
    pub mismatches: usize,
    /// The first of them.
    pub first: Vec<Mismatch>,
}

/// One output field that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mismatch {
    /// Id of the trace.
    pub trace: String,
    /// Index of the sync in it, from 0.
    pub tick: usize,
    /// The field, by its name in the trace format.
    pub field: &'static str,
    /// What the real controller did.
    pub expected: Value,
    /// What ours does.
    pub got: Value,
    /// The intermediate numbers of ours.
    pub steps: Value,
}

impl ConformReport {
    pub(super) fn add(&mut self, mismatch: impl FnOnce() -> Mismatch) {
        self.mismatches += 1;
        if self.first.len() < KEPT {
            self.first.push(mismatch());
        }
    }
}

impl fmt::Display for ConformReport {
    /// The first mismatches, then one line of totals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mismatch in &self.first {
            writeln!(f, "{mismatch}")?;
        }
        let left_out = self.mismatches - self.first.len();
        if left_out > 0 {
            writeln!(f, "and {left_out} more")?;
        }
        write!(
            f,
            "traces={} ticks={} mismatches={}",
            self.traces, self.ticks, self.mismatches
        )
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            trace,
            tick,
            field,
            expected,
            got,
            steps,
        } = self;
        writeln!(f, "{trace} tick {tick}: `{field}` differs")?;
        writeln!(f, "  expected {expected}")?;
        writeln!(f, "  got      {got}")?;
        write!(f, "  steps    {steps}")
    }
}
