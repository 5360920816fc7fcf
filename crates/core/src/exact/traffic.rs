//! What one load balancer has in flight, and has counted.

use super::router::Router;
use crate::record::FailureCounts;
use flashcrowd_units::SimTime;
use serde::{Deserialize, Serialize};

/// The load balancer of one service and its counters.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Traffic {
    pub(super) router: Router,
    pub(super) in_flight: u32,
    pub(super) in_flight_limit: u32,
    pub(super) attempts: u64,
    pub(super) failed: FailureCounts,
    /// Attempts inside pods; their integral over the interval is `inside_sum + inside * now`.
    pub(super) inside: u32,
    pub(super) inside_sum: u64,
}

impl Traffic {
    /// Nothing in flight yet.
    pub(super) fn new(router: Router, in_flight_limit: Option<u32>) -> Self {
        Self {
            router,
            in_flight: 0,
            in_flight_limit: in_flight_limit.unwrap_or(u32::MAX),
            attempts: 0,
            failed: FailureCounts::default(),
            inside: 0,
            inside_sum: 0,
        }
    }

    #[inline]
    pub(super) fn enter(&mut self, now: SimTime) {
        self.inside += 1;
        self.inside_sum = self.inside_sum.wrapping_sub(now.as_nanos());
    }

    /// The load balancer sees the end of an attempt.
    #[inline(always)]
    pub(super) fn end_attempt(&mut self, member: u32) {
        self.router.done(member);
        self.in_flight -= 1;
    }

    #[inline]
    pub(super) fn leave(&mut self, now: SimTime) {
        self.inside -= 1;
        self.inside_sum = self.inside_sum.wrapping_add(now.as_nanos());
    }
}
