//! Which pods a scale-down deletes: the order of the ReplicaSet controller.
//!
//! Source: kubernetes `pkg/controller/controller_utils.go`, `ActivePodsWithRanks.Less`. The
//! rank is the number of pods of the Deployment on the same node; without nodes it is equal for all.

use super::pod::{Instant, Pod};
use crate::record::PodStage;
use std::cmp::Ordering;

/// What the order looks at, smallest first in line for deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Candidate {
    assigned: bool,
    /// Pending before Running.
    running: bool,
    ready: bool,
    deletion_cost: i32,
    /// Pods of the Deployment on its node.
    rank: u32,
    ready_since: Option<Instant>,
    restarts: u32,
    created: Instant,
    uid: u64,
}

impl Candidate {
    pub(crate) fn new(pod: &Pod, deletion_cost: i32, rank: u32) -> Self {
        Self {
            assigned: pod.stage != PodStage::Pending,
            running: !matches!(pod.stage, PodStage::Pending | PodStage::ContainerCreating),
            ready: pod.ready,
            deletion_cost,
            rank,
            ready_since: pod.ready_changed.filter(|_| pod.ready),
            restarts: pod.container.restarts,
            created: pod.created,
            uid: pod.uid,
        }
    }
}

/// Whether `a` is deleted before `b`.
pub(crate) fn order(a: &Candidate, b: &Candidate, now: Instant) -> Ordering {
    a.assigned
        .cmp(&b.assigned)
        .then(a.running.cmp(&b.running))
        .then(a.ready.cmp(&b.ready))
        .then(a.deletion_cost.cmp(&b.deletion_cost))
        .then(b.rank.cmp(&a.rank))
        .then_with(|| match (a.ready_since, b.ready_since) {
            (Some(a_since), Some(b_since)) if a.ready && b.ready && a_since != b_since => {
                age_rank(a_since, now)
                    .cmp(&age_rank(b_since, now))
                    .then(a.uid.cmp(&b.uid))
            }
            _ => Ordering::Equal,
        })
        .then(b.restarts.cmp(&a.restarts))
        .then_with(|| {
            if a.created == b.created {
                Ordering::Equal
            } else {
                age_rank(a.created, now).cmp(&age_rank(b.created, now))
            }
        })
        .then(a.uid.cmp(&b.uid))
}

/// Ages are compared by the whole part of their binary logarithm; younger is smaller.
fn age_rank(since: Instant, now: Instant) -> i64 {
    let age = now - since;
    if age > 0 { i64::from(age.ilog2()) } else { -1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Instant = 1_000_000_000;

    fn ready(since_seconds: Instant, uid: u64) -> Candidate {
        Candidate {
            assigned: true,
            running: true,
            ready: true,
            deletion_cost: 0,
            rank: 0,
            ready_since: Some(since_seconds * SECOND),
            restarts: 0,
            created: since_seconds * SECOND,
            uid,
        }
    }

    fn first(mut candidates: Vec<Candidate>, now_seconds: Instant) -> u64 {
        candidates.sort_by(|a, b| order(a, b, now_seconds * SECOND));
        candidates[0].uid
    }

    #[test]
    fn unassigned_then_pending_then_unready_then_cheap_then_young() {
        let unassigned = Candidate {
            assigned: false,
            running: false,
            ready: false,
            ..ready(0, 1)
        };
        let pending = Candidate {
            running: false,
            ready: false,
            ..ready(0, 2)
        };
        let unready = Candidate {
            ready: false,
            ready_since: None,
            ..ready(0, 3)
        };
        let cheap = Candidate {
            deletion_cost: -5,
            ..ready(0, 4)
        };
        let young = ready(950, 5);
        let restarted = Candidate {
            restarts: 3,
            ..ready(0, 6)
        };
        let old = ready(0, 7);
        let mut line = [old, restarted, young, cheap, unready, pending, unassigned];
        line.sort_by(|a, b| order(a, b, 1000 * SECOND));
        let uids: Vec<_> = line.iter().map(|c| c.uid).collect();
        assert_eq!(uids, [1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn ages_within_a_power_of_two_are_the_same() {
        // 600 s and 1000 s lie between 2^39 ns (550 s) and 2^40 ns (1100 s): the uid decides.
        assert_eq!(first(vec![ready(0, 1), ready(400, 2)], 1000), 1);
        // 500 s and 1000 s do not: the younger goes.
        assert_eq!(first(vec![ready(0, 1), ready(500, 2)], 1000), 2);
    }
}
