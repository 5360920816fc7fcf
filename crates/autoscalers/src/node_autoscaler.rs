//! The contract between an autoscaler of nodes and whoever drives it.

use crate::TimePoint;
use crate::autoscaler::{RestoreError, SavedState};
use crate::cluster_autoscaler::{ClusterObservation, NodeDecision};
use flashcrowd_units::SimDuration;
use std::fmt;

/// A controller of a number of nodes, as a state machine: memory in `self`, everything else in the
/// argument.
///
/// The driver calls [`decide`](Self::decide) at every scan interval, or when the autoscaler
/// [wants](Self::next_wakeup) it, and carries out what is
/// decided: calls to the provider at once, and for each deletion a taint at once, the evictions
/// and the end of the instance after its delay. It says in
/// [`finished`](ClusterObservation::finished) when a deletion has ended. What the provider would
/// refuse stands in the observation, because a loop goes on after a refusal.
pub trait NodeAutoscaler: fmt::Debug + Send {
    /// One loop.
    fn decide(&mut self, observation: &ClusterObservation<'_>) -> NodeDecision;

    /// Time from one loop to the next.
    fn scan_interval(&self) -> SimDuration;

    /// When it wants to be asked next, if it has been asked now: after the scan interval, unless it
    /// keeps clocks of its own.
    fn next_wakeup(&self, now: TimePoint) -> TimePoint {
        now + self.scan_interval()
    }

    /// A pod has found no node, or the provider takes a node back. Returns when it wants to be asked
    /// for that; `None` leaves it to the next loop.
    fn disturbed(&mut self, _at: TimePoint) -> Option<TimePoint> {
        None
    }

    /// The memory of this autoscaler, without its configuration.
    fn save(&self) -> SavedState;

    /// Takes over a memory that an autoscaler of the same kind and configuration has saved.
    ///
    /// # Errors
    /// If it is the memory of something else. The own memory is then unchanged.
    fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError>;
}
