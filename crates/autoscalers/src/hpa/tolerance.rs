//! How far a metric may be from its target before anything changes.

use serde::Serialize;

/// A closed interval around 1, in float64 as the controller computes it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Tolerance {
    /// How far below 1.
    pub scale_down: f64,
    /// How far above 1.
    pub scale_up: f64,
}

impl Tolerance {
    /// Whether a ratio of metric and target is close enough to 1. NaN never is.
    ///
    /// `abs(1 - ratio) <= tolerance` would be another rule: it differs in the last bit.
    pub fn contains(&self, ratio: f64) -> bool {
        1.0 - self.scale_down <= ratio && ratio <= 1.0 + self.scale_up
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_belong_to_it() {
        let tolerance = Tolerance {
            scale_down: 0.1,
            scale_up: 0.1,
        };
        assert!(tolerance.contains(0.9) && tolerance.contains(1.1) && tolerance.contains(1.0));
        assert!(!tolerance.contains(0.9_f64.next_down()) && !tolerance.contains(1.1_f64.next_up()));
        assert!(!tolerance.contains(f64::NAN) && !tolerance.contains(f64::INFINITY));
    }
}
