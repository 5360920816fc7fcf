//! The compiled rate: what a shape is for the machine.

mod lines;
mod node;
mod piece;
mod tail;
#[cfg(test)]
mod tests;
mod wave;

pub(crate) use lines::{Line, Lines};
pub(crate) use node::Node;
pub(crate) use piece::{Form, Piece};
pub(crate) use tail::Tail;
pub(crate) use wave::Wave;

use flashcrowd_units::{Rate, SimTime};
use serde::{Deserialize, Serialize};

/// A rate over time, compiled from a [`RateShape`](crate::RateShape) for fast and exact questions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RateProfile {
    node: Node,
}

impl RateProfile {
    pub(crate) fn new(node: Node) -> Self {
        Self { node }
    }

    /// The rate at one time. At a jump, that after it.
    pub fn rate_at(&self, at: SimTime) -> Rate {
        rate(self.node.rate(at.as_nanos()))
    }

    /// Expected number of events from the start of the run until `to`.
    pub fn cumulative(&self, to: SimTime) -> f64 {
        self.expected(SimTime::ZERO, to)
    }

    /// Expected number of events between two times, zero if `to` is not after `from`.
    ///
    /// Lines, waves and exponentials are integrated in closed form, products of them by Gauss-Legendre
    /// quadrature on smooth pieces, which is exact to rounding.
    pub fn expected(&self, from: SimTime, to: SimTime) -> f64 {
        if to <= from {
            return 0.0;
        }
        self.node.integral(from.as_nanos(), to.as_nanos()).max(0.0)
    }

    /// Mean rate between two times; where `to` is not after `from`, the rate at `from`.
    pub fn mean_rate(&self, from: SimTime, to: SimTime) -> Rate {
        if to <= from {
            return self.rate_at(from);
        }
        rate(self.expected(from, to) / to.since(from).as_secs_f64())
    }

    /// Highest rate between two times, jumps at `to` excluded; where `to` is not after `from`,
    /// the rate at `from`.
    ///
    /// Exact but for sums and products of curves, where it is found to about nine digits.
    pub fn max_rate(&self, from: SimTime, to: SimTime) -> Rate {
        if to <= from {
            return self.rate_at(from);
        }
        rate(self.node.supremum(from.as_nanos(), to.as_nanos()))
    }

    pub(crate) fn node(&self) -> &Node {
        &self.node
    }
}

/// Validated shapes are never negative; their sums may miss zero by a rounding error.
fn rate(events_per_second: f64) -> Rate {
    Rate::per_second(events_per_second.max(0.0)).unwrap_or(Rate::ZERO)
}
