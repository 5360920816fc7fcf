//! Why it scaled, or did not, in plain sentences.
//!
//! A [`DecisionHistory`] holds the decisions of a run, read from `decisions.jsonl` or taken from a
//! simulation; [`Rules`] say what the controller was told to do; an [`Explainer`] puts both into
//! words: one decision in full ([`Explainer::story`]), or in a line ([`Explainer::line`]).

mod amounts;
mod explainer;
mod history;
mod hpa;
mod jobs;
mod keda;
mod kpa;
mod moment;
mod pools;
mod rules;
mod steps;
#[cfg(test)]
mod tests;
mod thresholds;
mod why_not;

pub use explainer::Explainer;
pub use history::{DecisionHistory, DecisionTracker, HistoryError, LoggedDecision};
pub use moment::{Moment, MomentError};
pub use rules::{Rules, Target};
