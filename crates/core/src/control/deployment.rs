//! The Deployment controller: how many pods of which template there should be.
//!
//! Source: kubernetes `pkg/controller/deployment` (rolling.go, sync.go, util/deployment_util.go).

use crate::model::{IntOrPercent, RolloutStrategy};
use serde::{Deserialize, Serialize};

/// The ReplicaSets of a Deployment: the one of the present template, and those of earlier ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReplicaSets {
    /// Newest last.
    pub(crate) sets: Vec<ReplicaSet>,
}

/// Pods of one template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReplicaSet {
    pub(crate) revision: u32,
    /// `spec.replicas` of the set.
    pub(crate) replicas: u32,
    /// The size of the whole Deployment, surge included, when the set was last sized.
    max_replicas: u32,
}

/// What the controller can see of the pods of one set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Observed {
    pub(crate) revision: u32,
    /// Ready for at least `minReadySeconds`.
    pub(crate) available: u32,
}

/// The bounds of a rolling update for a desired number of pods: `(surge, unavailable)`.
pub(crate) fn fenceposts(
    surge: IntOrPercent,
    unavailable: IntOrPercent,
    desired: u32,
) -> (u32, u32) {
    let scaled = |value: IntOrPercent, up: bool| match value {
        IntOrPercent::Int(number) => number,
        IntOrPercent::Percent(percent) => {
            let product = u64::from(percent) * u64::from(desired);
            (if up {
                product.div_ceil(100)
            } else {
                product / 100
            }) as u32
        }
    };
    let (surge, unavailable) = (scaled(surge, true), scaled(unavailable, false));
    // Both zero would never get anywhere.
    if surge == 0 && unavailable == 0 {
        (0, 1)
    } else {
        (surge, unavailable)
    }
}

/// Pods that a Deployment may have above the desired number.
fn surge(strategy: RolloutStrategy, desired: u32) -> u32 {
    match strategy {
        RolloutStrategy::RollingUpdate {
            max_surge,
            max_unavailable,
            ..
        } if desired > 0 => fenceposts(max_surge, max_unavailable, desired).0,
        _ => 0,
    }
}

impl ReplicaSets {
    /// A Deployment that has been rolled out.
    pub(crate) fn new(replicas: u32, strategy: RolloutStrategy) -> Self {
        let max_replicas = replicas + surge(strategy, replicas);
        Self {
            sets: vec![ReplicaSet {
                revision: 0,
                replicas,
                max_replicas,
            }],
        }
    }

    /// The revision of the present template.
    pub(crate) fn revision(&self) -> u32 {
        self.newest().revision
    }

    fn newest(&self) -> &ReplicaSet {
        self.sets.last().expect("a Deployment has a ReplicaSet")
    }

    /// Whether old pods are being replaced.
    pub(crate) fn is_rolling(&self) -> bool {
        self.sets.len() > 1
    }

    /// Another template: every pod of a different one is to be replaced. If pods of it are left
    /// from before, they stay.
    pub(crate) fn roll_to(&mut self, revision: u32) {
        let known = self.sets.iter().position(|set| set.revision == revision);
        let set = known.map_or(
            ReplicaSet {
                revision,
                replicas: 0,
                max_replicas: 0,
            },
            |index| self.sets.remove(index),
        );
        self.sets.push(set);
    }

    /// One pass of the controller: sizes the sets.
    pub(crate) fn reconcile(
        &mut self,
        desired: u32,
        strategy: RolloutStrategy,
        observed: &[Observed],
        existing: &[u32],
    ) {
        if !self.is_rolling() {
            let set = self.sets.last_mut().expect("a Deployment has a ReplicaSet");
            (set.replicas, set.max_replicas) = (desired, desired + surge(strategy, desired));
            return;
        }
        match strategy {
            RolloutStrategy::Recreate => self.recreate(desired, existing),
            RolloutStrategy::RollingUpdate {
                max_surge,
                max_unavailable,
                ..
            } => {
                let (_, unavailable) = fenceposts(max_surge, max_unavailable, desired);
                let surge = surge(strategy, desired);
                if self.sets.iter().any(|set| {
                    set.replicas > 0 && set.max_replicas != desired + surge && set.max_replicas != 0
                }) {
                    self.scale_proportionally(desired + surge);
                }
                self.grow_new(desired, surge);
                self.shrink_old(desired, unavailable, observed);
            }
        }
        let newest = self.sets.len() - 1;
        let mut index = 0;
        self.sets.retain(|set| {
            let keep = index == newest || set.replicas > 0 || existing[index] > 0;
            index += 1;
            keep
        });
    }

    /// All old pods have to be gone before the first new one comes.
    fn recreate(&mut self, desired: u32, existing: &[u32]) {
        let newest = self.sets.len() - 1;
        self.sets[..newest]
            .iter_mut()
            .for_each(|set| set.replicas = 0);
        if existing[..newest].iter().all(|&pods| pods == 0) {
            self.sets[newest].replicas = desired;
        }
    }

    /// The Deployment was scaled during a rollout: each set gets its share of the change, the
    /// larger ones first, what rounding leaves over goes to the first.
    fn scale_proportionally(&mut self, allowed: u32) {
        let total: i64 = self.sets.iter().map(|set| i64::from(set.replicas)).sum();
        let to_add = i64::from(allowed) - total;
        let mut order: Vec<usize> = (0..self.sets.len())
            .filter(|&i| self.sets[i].replicas > 0)
            .collect();
        // Newer first when growing, older first when shrinking, among equals.
        order.sort_by_key(|&i| {
            let age = self.sets.len() - i;
            (
                std::cmp::Reverse(self.sets[i].replicas),
                if to_add > 0 {
                    age
                } else {
                    self.sets.len() - age
                },
            )
        });
        let mut added = 0;
        for &index in &order {
            let set = &mut self.sets[index];
            let share =
                f64::from(set.replicas) * f64::from(allowed) / f64::from(set.max_replicas.max(1));
            let fraction = share.round() as i64 - i64::from(set.replicas);
            let left = to_add - added;
            let change = if to_add > 0 {
                fraction.clamp(0, left.max(0))
            } else {
                fraction.clamp(left.min(0), 0)
            };
            set.replicas = (i64::from(set.replicas) + change).max(0) as u32;
            added += change;
        }
        if let Some(&first) = order.first() {
            let set = &mut self.sets[first];
            set.replicas = (i64::from(set.replicas) + to_add - added).max(0) as u32;
        }
        self.sets
            .iter_mut()
            .for_each(|set| set.max_replicas = allowed);
    }

    fn grow_new(&mut self, desired: u32, surge: u32) {
        let total: u32 = self.sets.iter().map(|set| set.replicas).sum();
        let set = self.sets.last_mut().expect("a Deployment has a ReplicaSet");
        set.max_replicas = desired + surge;
        if set.replicas > desired {
            set.replicas = desired;
        } else if total < desired + surge {
            set.replicas += (desired + surge - total).min(desired - set.replicas);
        }
    }

    fn shrink_old(&mut self, desired: u32, unavailable: u32, observed: &[Observed]) {
        let total: u32 = self.sets.iter().map(|set| set.replicas).sum();
        let min_available = desired.saturating_sub(unavailable);
        let available = |revision| {
            observed
                .iter()
                .find(|o| o.revision == revision)
                .map_or(0, |o| o.available)
        };
        let newest = *self.newest();
        let new_unavailable = newest.replicas.saturating_sub(available(newest.revision));
        let mut budget = total.saturating_sub(min_available + new_unavailable);
        let old = self.sets.len() - 1;
        // Old pods that are not available go first: they do no good.
        for set in &mut self.sets[..old] {
            let unhealthy = set
                .replicas
                .saturating_sub(available(set.revision))
                .min(budget);
            set.replicas -= unhealthy;
            budget -= unhealthy;
        }
        let all_available: u32 = observed.iter().map(|o| o.available).sum();
        let mut budget = all_available.saturating_sub(min_available).min(budget);
        for set in &mut self.sets[..old] {
            let fewer = set.replicas.min(budget);
            set.replicas -= fewer;
            budget -= fewer;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flashcrowd_units::SimDuration;

    const DEFAULT: RolloutStrategy = RolloutStrategy::RollingUpdate {
        max_surge: IntOrPercent::Percent(25),
        max_unavailable: IntOrPercent::Percent(25),
        min_ready: SimDuration::ZERO,
    };

    #[test]
    fn surge_rounds_up_and_unavailable_down() {
        let percent = IntOrPercent::Percent(25);
        assert_eq!(fenceposts(percent, percent, 10), (3, 2));
        assert_eq!(fenceposts(percent, percent, 1), (1, 0));
        assert_eq!(fenceposts(percent, percent, 4), (1, 1));
        assert_eq!(fenceposts(percent, percent, 3), (1, 0));
        assert_eq!(
            fenceposts(IntOrPercent::Int(0), IntOrPercent::Percent(10), 5),
            (0, 1)
        );
    }

    /// Every pod becomes available at once: the update must end, and never leave the fence.
    #[test]
    fn a_rolling_update_stays_inside_its_bounds_and_ends() {
        for desired in 1..40 {
            let mut sets = ReplicaSets::new(desired, DEFAULT);
            sets.roll_to(1);
            let (surge, unavailable) = fenceposts(
                IntOrPercent::Percent(25),
                IntOrPercent::Percent(25),
                desired,
            );
            for _ in 0..200 {
                let sizes: Vec<_> = sets.sets.iter().map(|s| s.replicas).collect();
                let observed: Vec<_> = sets
                    .sets
                    .iter()
                    .map(|s| Observed {
                        revision: s.revision,
                        available: s.replicas,
                    })
                    .collect();
                sets.reconcile(desired, DEFAULT, &observed, &sizes);
                let total: u32 = sets.sets.iter().map(|s| s.replicas).sum();
                assert!(
                    total <= desired + surge && total >= desired - unavailable,
                    "{desired}: {total}"
                );
            }
            assert!(!sets.is_rolling());
            assert_eq!(sets.newest().replicas, desired);
        }
    }

    #[test]
    fn new_pods_that_never_get_ready_stop_the_update() {
        let mut sets = ReplicaSets::new(10, DEFAULT);
        sets.roll_to(1);
        for _ in 0..20 {
            let sizes: Vec<_> = sets.sets.iter().map(|s| s.replicas).collect();
            let observed = [
                Observed {
                    revision: 0,
                    available: sizes[0],
                },
                Observed {
                    revision: 1,
                    available: 0,
                },
            ];
            sets.reconcile(10, DEFAULT, &observed, &sizes);
        }
        // 10 - 2 unavailable stay, and 13 in all.
        assert_eq!(
            sets.sets.iter().map(|s| s.replicas).collect::<Vec<_>>(),
            [8, 5]
        );
    }

    #[test]
    fn scaling_during_a_rollout_is_proportional() {
        // The example of the Kubernetes documentation: 10 replicas, maxSurge 3, maxUnavailable 2,
        // 8 old and 5 new pods; scaled to 15, 3 of the 5 additional replicas go to the old set.
        let strategy = RolloutStrategy::RollingUpdate {
            max_surge: IntOrPercent::Int(3),
            max_unavailable: IntOrPercent::Int(2),
            min_ready: SimDuration::ZERO,
        };
        let mut sets = ReplicaSets::new(10, strategy);
        sets.roll_to(1);
        for _ in 0..5 {
            let sizes: Vec<_> = sets.sets.iter().map(|s| s.replicas).collect();
            let observed = [
                Observed {
                    revision: 0,
                    available: sizes[0],
                },
                Observed {
                    revision: 1,
                    available: 0,
                },
            ];
            sets.reconcile(10, strategy, &observed, &sizes);
        }
        assert_eq!(
            sets.sets.iter().map(|s| s.replicas).collect::<Vec<_>>(),
            [8, 5]
        );
        let observed = [
            Observed {
                revision: 0,
                available: 8,
            },
            Observed {
                revision: 1,
                available: 0,
            },
        ];
        sets.reconcile(15, strategy, &observed, &[8, 5]);
        assert_eq!(
            sets.sets.iter().map(|s| s.replicas).collect::<Vec<_>>(),
            [11, 7]
        );
    }
}
