//! What an adjustment makes of a capacity.

use flashcrowd_manifests::ec2::{AdjustmentType, StepAdjustment};

/// The capacity after an adjustment, before the bounds of the group.
///
/// Percentages: above 1 instance they are rounded down, between 0 and 1 up to 1, and the same
/// towards zero for negative ones. What is then less than the minimum magnitude becomes that.
pub(super) fn adjusted(
    capacity: u32,
    kind: AdjustmentType,
    adjustment: i32,
    min_magnitude: u32,
) -> u32 {
    let change = match kind {
        AdjustmentType::ExactCapacity => return u32::try_from(adjustment).unwrap_or(0),
        AdjustmentType::ChangeInCapacity => i64::from(adjustment),
        AdjustmentType::PercentChangeInCapacity => percentage(capacity, adjustment, min_magnitude),
    };
    let after = i64::from(capacity).saturating_add(change);
    u32::try_from(after.max(0)).unwrap_or(u32::MAX)
}

fn percentage(capacity: u32, percent: i32, min_magnitude: u32) -> i64 {
    let hundredths = i64::from(capacity) * i64::from(percent);
    if hundredths == 0 {
        return 0;
    }
    // Division of integers rounds towards zero.
    let magnitude = (hundredths.abs() / 100)
        .max(1)
        .max(i64::from(min_magnitude));
    magnitude * hundredths.signum()
}

/// The adjustment of the step that a breach falls into. Steps of an alarm for large values include
/// their lower bound, those of one for small values their upper bound.
pub(super) fn step(steps: &[StepAdjustment], breach: f64, upper_alarm: bool) -> Option<i32> {
    let holds = |step: &&StepAdjustment| {
        let lower = step
            .metric_interval_lower_bound
            .unwrap_or(f64::NEG_INFINITY);
        let upper = step.metric_interval_upper_bound.unwrap_or(f64::INFINITY);
        if upper_alarm {
            lower <= breach && breach < upper
        } else {
            lower < breach && breach <= upper
        }
    };
    steps.iter().find(holds).map(|step| step.scaling_adjustment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use AdjustmentType::{ChangeInCapacity, ExactCapacity, PercentChangeInCapacity};

    /// The worked examples of the reference page: capacity, percent, minimum, change.
    #[test]
    fn percentages_are_rounded_as_documented() {
        for (capacity, percent, min_magnitude, change) in [
            (10, 10, 0, 1),
            (11, 30, 0, 3),
            (14, -10, 0, -1),
            (13, -30, 0, -3),
            (3, 10, 0, 1),
            (3, -10, 0, -1),
            (4, 25, 2, 2),
        ] {
            let after = adjusted(capacity, PercentChangeInCapacity, percent, min_magnitude);
            assert_eq!(
                i64::from(after) - i64::from(capacity),
                change,
                "{capacity} * {percent} %"
            );
        }
        assert_eq!(adjusted(0, PercentChangeInCapacity, 50, 2), 0);
    }

    #[test]
    fn plain_adjustments() {
        assert_eq!(adjusted(2, ChangeInCapacity, 3, 0), 5);
        assert_eq!(adjusted(2, ChangeInCapacity, -3, 0), 0);
        assert_eq!(adjusted(2, ExactCapacity, 7, 0), 7);
        assert_eq!(adjusted(u32::MAX, ChangeInCapacity, i32::MAX, 0), u32::MAX);
    }

    fn steps(bounds: &[(Option<f64>, Option<f64>, i32)]) -> Vec<StepAdjustment> {
        let step = |&(lower, upper, adjustment)| StepAdjustment {
            metric_interval_lower_bound: lower,
            metric_interval_upper_bound: upper,
            scaling_adjustment: adjustment,
        };
        bounds.iter().map(step).collect()
    }

    #[test]
    fn bounds_are_open_on_the_far_side() {
        let out = steps(&[
            (Some(0.0), Some(10.0), 0),
            (Some(10.0), Some(20.0), 10),
            (Some(20.0), None, 30),
        ]);
        let at = |breach| step(&out, breach, true);
        assert_eq!(
            (at(-0.1), at(0.0), at(10.0), at(19.9), at(20.0)),
            (None, Some(0), Some(10), Some(10), Some(30))
        );
        let inwards = steps(&[
            (Some(-10.0), Some(0.0), 0),
            (Some(-20.0), Some(-10.0), -10),
            (None, Some(-20.0), -30),
        ]);
        let at = |breach| step(&inwards, breach, false);
        assert_eq!(
            (at(0.0), at(-9.9), at(-10.0), at(-20.0), at(-99.0)),
            (Some(0), Some(0), Some(-10), Some(-30), Some(-30))
        );
    }
}
