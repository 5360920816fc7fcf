//! What triggers are worth in Jobs (`scaledjob/metrics.go`).

use super::JobConfig;
use crate::keda::config::TriggerKind;
use crate::keda::fallback::approximate;
use crate::keda::fetch::Fetch;
use flashcrowd_manifests::scaled_job::MultipleScalersCalculation;
use serde::Serialize;

/// What one trigger is worth, or all together.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct JobDemand {
    /// The length of the queue.
    pub queue: f64,
    /// How many Jobs that is worth: the queue over the target, within the range.
    pub max_value: f64,
    /// Whether it counts.
    pub active: bool,
}

/// What one trigger is worth, and by which target.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TriggerDemand {
    /// Index in the specification.
    pub trigger: usize,
    /// How much of the metric is wanted for each Job; 0 for a trigger that makes no Jobs.
    pub target: f64,
    /// What it is worth.
    pub demand: JobDemand,
}

impl TriggerDemand {
    /// Whether it is worth more Jobs than there may be.
    pub(super) fn is_cut(&self, range: f64) -> bool {
        self.demand.active && self.target > 0.0 && self.demand.queue / self.target > range
    }
}

pub(super) struct Demands {
    pub(super) found: Vec<TriggerDemand>,
    pub(super) error: bool,
}

/// The demands of all external triggers. Those in error are skipped.
pub(super) fn of_triggers(config: &JobConfig, fetches: &[Fetch]) -> Demands {
    let mut demands = Demands {
        found: Vec::new(),
        error: false,
    };
    for (index, trigger) in config.triggers.iter().enumerate() {
        let TriggerKind::External {
            target,
            is_plain_value,
            ..
        } = trigger.kind
        else {
            continue;
        };
        let fetch = fetches.get(index).copied().unwrap_or(Fetch::Failed);
        let Some(reading) = fetch.reading() else {
            demands.error = true;
            continue;
        };
        let queue = approximate(reading.value);
        let target = if is_plain_value {
            0.0
        } else {
            approximate(target)
        };
        let max_value = if target == 0.0 {
            0.0
        } else {
            (queue / target).min(config.range as f64)
        };
        let demand = JobDemand {
            queue,
            max_value,
            active: reading.active,
        };
        demands.found.push(TriggerDemand {
            trigger: index,
            target,
            demand,
        });
    }
    demands
}

/// One demand out of those that are active.
pub(super) fn combine(found: &[TriggerDemand], how: MultipleScalersCalculation) -> JobDemand {
    let demands = found.iter().map(|it| &it.demand);
    let active = demands.filter(|demand| demand.active);
    match how {
        // A queue of 0 is never the longest, so an active trigger without one counts for nothing.
        MultipleScalersCalculation::Max => active.fold(JobDemand::default(), |best, demand| {
            if demand.queue > best.queue {
                *demand
            } else {
                best
            }
        }),
        // A queue of 0 counts as nothing chosen yet, so the next one replaces it.
        MultipleScalersCalculation::Min => active.fold(JobDemand::default(), |best, demand| {
            if best.queue == 0.0 || demand.queue < best.queue {
                *demand
            } else {
                best
            }
        }),
        MultipleScalersCalculation::Sum => sum(active),
        MultipleScalersCalculation::Avg => {
            let count = active.clone().count().max(1) as f64;
            let total = sum(active);
            JobDemand {
                queue: total.queue / count,
                max_value: total.max_value / count,
                active: total.active,
            }
        }
    }
}

fn sum<'a>(demands: impl Iterator<Item = &'a JobDemand>) -> JobDemand {
    demands.fold(JobDemand::default(), |sum, demand| JobDemand {
        queue: sum.queue + demand.queue,
        max_value: sum.max_value + demand.max_value,
        active: true,
    })
}
