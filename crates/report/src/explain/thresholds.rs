//! How far a metric would have had to be for another number of replicas.

use super::amounts::amount;
use super::rules::Target;
use super::steps::{Current, HpaSteps, MetricStep};

/// From which value on a metric asks for more, and up to which for fewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Thresholds {
    /// The smallest value that asks for more replicas.
    pub(super) up: i64,
    /// The largest value that asks for fewer; `None` if not even zero does.
    pub(super) down: Option<i64>,
}

/// Values are percent or thousandths; those of a metric per replica are totals. `None` where the
/// proposal does not follow from the value alone, as with pods that were filled in.
pub(super) fn of(
    steps: &HpaSteps,
    metric: &MetricStep,
    target: Target,
    current: i64,
) -> Option<Thresholds> {
    let proposal = metric.proposal()?;
    if proposal.adjusted_ratio.is_some() || current <= 0 {
        return None;
    }
    let tolerance = steps.tolerance;
    // The controller's own order of operations, so that the last bit is the same.
    let wanted = |value: i64| -> Option<i64> {
        let (ratio, product) = match (target, proposal.pods) {
            (Target::Utilization(target), Some(pods)) => {
                let ratio = value as f64 / f64::from(target);
                (ratio, ratio * pods.ready as f64)
            }
            (Target::Average(target), Some(pods)) => {
                let ratio = value as f64 / target.get() as f64;
                (ratio, ratio * pods.ready as f64)
            }
            (Target::Average(target), None) => {
                let target = target.get() as f64;
                (
                    value as f64 / (target * current as f64),
                    value as f64 / target,
                )
            }
            _ => return None,
        };
        Some(if tolerance.contains(ratio) {
            current
        } else {
            product.ceil() as i64
        })
    };
    if proposal
        .pods
        .is_some_and(|pods| pods.ready > current || pods.ready == 0)
    {
        return None;
    }
    let highest = 1_i64 << 52;
    wanted(highest).filter(|&most| most > current)?;
    let (mut low, mut high) = (-1, highest);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if wanted(middle)? > current {
            high = middle;
        } else {
            low = middle;
        }
    }
    let up = high;
    let (mut low, mut high) = (-1, up);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if wanted(middle)? < current {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(Thresholds {
        up,
        down: (low >= 0).then_some(low),
    })
}

impl Thresholds {
    /// Both values with their unit.
    pub(super) fn words(self, metric: &MetricStep) -> (String, Option<String>) {
        let show = |value: i64| match metric.proposal().map(|it| (it.current, it.pods)) {
            Some((Current::Utilization { .. }, _)) => format!("{value} %"),
            Some((_, None)) => format!("{} in total", amount(value, &metric.name)),
            _ => amount(value, &metric.name),
        };
        (show(self.up), self.down.map(show))
    }
}
