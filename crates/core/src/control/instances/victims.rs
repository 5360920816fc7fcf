//! Which instances go first when a pool shrinks.
//!
//! All clouds take from the zone that has the most instances. Then they differ:
//! * OCI: the oldest ("Autoscaling" in the documentation of OCI Compute).
//! * EC2: the one closest to its next billing hour, then any ("Default termination policy"; all
//!   instances here have the same launch template, or go by rollout).
//! * Azure: the one with the highest instance id ("Use custom scale-in policies": `Default`).
//! * Google Cloud: those that are not in service first, then, by our choice, any.

use crate::control::World;
use crate::control::pod::{Instant, Pod, instant};
use crate::model::TerminationOrder;
use crate::plane::{DataPlane, ServerId};

const HOUR: Instant = 3_600_000_000_000;

/// An instance that may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Candidate {
    server: ServerId,
    zone: u32,
    created: Instant,
    is_in_service: bool,
    /// Creation order, for ties of time.
    id: u32,
    /// Random.
    uid: u64,
}

impl Candidate {
    /// Smallest first in line.
    fn rank(&self, order: TerminationOrder, now: Instant) -> (bool, i64, u64) {
        match order {
            TerminationOrder::OldestFirst => (false, self.created, u64::from(self.id)),
            TerminationOrder::NewestFirst => (false, 0, u64::from(u32::MAX - self.id)),
            TerminationOrder::BillingHour => {
                let left = HOUR - (now - self.created).rem_euclid(HOUR);
                (false, left % HOUR, self.uid)
            }
            TerminationOrder::UnhealthyFirst => (self.is_in_service, 0, self.uid),
        }
    }
}

/// The first `excess` of them, one after the other: each comes from the zone that has the most left.
fn choose(
    mut candidates: Vec<Candidate>,
    order: TerminationOrder,
    excess: usize,
    now: Instant,
) -> Vec<ServerId> {
    let zones = candidates.iter().map(|it| it.zone + 1).max().unwrap_or(0);
    let mut counts = vec![0_u32; zones as usize];
    for candidate in &candidates {
        counts[candidate.zone as usize] += 1;
    }
    candidates.sort_by_key(|it| it.rank(order, now));
    let mut chosen = Vec::with_capacity(excess);
    while chosen.len() < excess && !candidates.is_empty() {
        let most = counts.iter().copied().max().unwrap_or(0);
        let first = candidates
            .iter()
            .position(|it| counts[it.zone as usize] == most)
            .unwrap_or(0);
        let victim = candidates.remove(first);
        counts[victim.zone as usize] -= 1;
        chosen.push(victim.server);
    }
    chosen
}

impl<P: DataPlane> World<P> {
    /// Which of some instances go, `None` if they are pods.
    pub(in crate::control) fn surplus_instances(
        &self,
        pods: &[ServerId],
        excess: usize,
    ) -> Option<Vec<ServerId>> {
        let order = self.pool_of(*pods.first()?)?.termination_order;
        let candidate = |pod: &Pod| Candidate {
            server: pod.server,
            zone: pod.instance.map_or(0, |instance| instance.zone),
            created: pod.created,
            is_in_service: pod.ready,
            id: pod.id.0,
            uid: pod.uid,
        };
        let candidates = pods.iter().map(|server| candidate(self.pod(*server)));
        Some(choose(
            candidates.collect(),
            order,
            excess,
            instant(self.now),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Instant = 60_000_000_000;

    /// Instances by zone and creation in minutes; their servers count from 0.
    fn instances(of: &[(u32, i64)]) -> Vec<Candidate> {
        (0..)
            .zip(of)
            .map(|(id, &(zone, minutes))| Candidate {
                server: ServerId(id),
                zone,
                created: minutes * MINUTE,
                is_in_service: true,
                id,
                uid: u64::from(100 - id),
            })
            .collect()
    }

    fn chosen(of: Vec<Candidate>, order: TerminationOrder, excess: usize) -> Vec<u32> {
        let chosen = choose(of, order, excess, 200 * MINUTE);
        chosen.into_iter().map(|server| server.0).collect()
    }

    #[test]
    fn zones_are_balanced_before_age_counts() {
        let pool = instances(&[(0, 0), (1, 10), (1, 20), (1, 30)]);
        let order = TerminationOrder::OldestFirst;
        // Two of zone 1, then both have one left: the oldest.
        assert_eq!(chosen(pool, order, 3), [1, 2, 0]);
    }

    #[test]
    fn oldest_and_newest() {
        let pool = instances(&[(0, 0), (0, 10), (0, 10)]);
        let of = |order, excess| chosen(pool.clone(), order, excess);
        assert_eq!(of(TerminationOrder::OldestFirst, 2), [0, 1]);
        assert_eq!(of(TerminationOrder::NewestFirst, 2), [2, 1]);
    }

    /// At 200 minutes instances of minutes 0, 25 and 79 have 40, 5 and 59 minutes left; that of
    /// minute 80 begins an hour right now.
    #[test]
    fn the_next_billing_hour() {
        let pool = instances(&[(0, 0), (0, 25), (0, 79), (0, 80)]);
        let order = TerminationOrder::BillingHour;
        assert_eq!(chosen(pool, order, 4), [3, 1, 0, 2]);
    }

    #[test]
    fn those_that_serve_nobody_first() {
        let mut pool = instances(&[(0, 0), (0, 10), (0, 20)]);
        pool[1].is_in_service = false;
        let order = TerminationOrder::UnhealthyFirst;
        // Then by the random number, which is the smaller the later.
        assert_eq!(chosen(pool, order, 3), [1, 2, 0]);
    }
}
