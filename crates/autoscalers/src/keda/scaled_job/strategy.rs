//! What a strategy takes off for what runs already (`NewScalingStrategy`).

use super::JobConfig;
use flashcrowd_manifests::scaled_job::StrategyKind;

/// What a strategy looks at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Situation {
    /// The length of the queue, rounded up.
    pub(super) scale_to: i64,
    /// How many Jobs that is worth, rounded up.
    pub(super) max_scale: i64,
    pub(super) running: i64,
    pub(super) pending: i64,
}

/// No more Jobs than either of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    pub(super) scale_to: i64,
    pub(super) effective_max_scale: i64,
    /// Whether the strategy would have more, were it not for the maximum.
    pub(super) is_cut: bool,
}

pub(super) fn limits(config: &JobConfig, situation: Situation) -> Limits {
    let Situation {
        scale_to,
        max_scale,
        running,
        pending,
    } = situation;
    if running < config.min {
        let missing = config.min - running;
        return Limits {
            scale_to: missing,
            effective_max_scale: missing,
            is_cut: false,
        };
    }
    let (range, running) = (config.range, running - config.min);
    let strategy = &config.strategy;
    let mut limits = Limits {
        scale_to,
        effective_max_scale: max_scale - running,
        is_cut: false,
    };
    match strategy.kind() {
        StrategyKind::Default => {}
        StrategyKind::Custom => {
            let share = strategy.custom_scaling_running_job_percentage.as_deref();
            // Text that is no number makes it the default strategy.
            if let Some(share) = share.and_then(|text| text.parse::<f64>().ok()) {
                let deduction = strategy.custom_scaling_queue_length_deduction.unwrap_or(0);
                let of_running = (running as f64 * share) as i64;
                let wanted = max_scale - i64::from(deduction) - of_running;
                limits.effective_max_scale = wanted.min(range);
                limits.is_cut = wanted > range;
            }
        }
        StrategyKind::Accurate => {
            limits.is_cut = max_scale + running - pending > range;
            limits.effective_max_scale = if limits.is_cut {
                range - running
            } else {
                max_scale - pending
            };
        }
        StrategyKind::Eager => {
            let free = range - running - pending;
            limits.effective_max_scale = free.min(max_scale);
            limits.scale_to = range;
            limits.is_cut = free < max_scale;
        }
    }
    limits
}
