//! How many pods a rolling update may have too many and too few.
//!
//! Source: `ResolveFenceposts` in `pkg/controller/deployment/util` of Kubernetes v1.36.

use super::RollingUpdate;
use crate::IntOrPercent;

/// The limits of a rolling update in pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fenceposts {
    /// Pods above the wanted number.
    pub max_surge: i32,
    /// Pods below the wanted number.
    pub max_unavailable: i32,
}

impl RollingUpdate {
    /// The limits for a number of replicas: the surge is rounded up, what may be missing is
    /// rounded down, and both at 0 would be a standstill, so one pod may then be missing.
    pub fn fenceposts(&self, replicas: i32) -> Fenceposts {
        const DEFAULT: IntOrPercent = IntOrPercent::Percent(25);
        let max_surge = self.max_surge.unwrap_or(DEFAULT).rounded_up(replicas);
        let mut max_unavailable = self
            .max_unavailable
            .unwrap_or(DEFAULT)
            .rounded_down(replicas);
        if max_surge == 0 && max_unavailable == 0 {
            max_unavailable = 1;
        }
        Fenceposts {
            max_surge,
            max_unavailable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fenceposts(update: RollingUpdate, replicas: i32) -> (i32, i32) {
        let Fenceposts {
            max_surge,
            max_unavailable,
        } = update.fenceposts(replicas);
        (max_surge, max_unavailable)
    }

    #[test]
    fn defaults_round_apart() {
        // Vectors of the reference: replicas -> surge, unavailable.
        for (replicas, expected) in [(10, (3, 2)), (1, (1, 0)), (4, (1, 1)), (3, (1, 0))] {
            assert_eq!(
                fenceposts(RollingUpdate::default(), replicas),
                expected,
                "{replicas} replicas"
            );
        }
    }

    #[test]
    fn both_zero_would_be_a_standstill() {
        let update = RollingUpdate {
            max_surge: Some(IntOrPercent::Int(0)),
            max_unavailable: Some(IntOrPercent::Percent(10)),
        };
        assert_eq!(fenceposts(update, 5), (0, 1));
        assert_eq!(fenceposts(update, 20), (0, 2));
    }

    #[test]
    fn numbers_are_taken_as_they_are() {
        let update = RollingUpdate {
            max_surge: Some(IntOrPercent::Int(2)),
            max_unavailable: Some(IntOrPercent::Int(0)),
        };
        assert_eq!(fenceposts(update, 3), (2, 0));
    }
}
