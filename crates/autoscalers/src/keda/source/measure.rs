//! From the answers to a metric.

use super::{Scaler, Source};
use crate::keda::fetch::{Fetch, Reading};
use crate::keda::kafka::{CommittedOffset, PartitionOffsets, PreviousOffsets};
use crate::{MetricAnswer, MilliValue};
use serde::{Deserialize, Serialize};

/// What a scaler remembers as long as it lives.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(in crate::keda) struct ScalerMemory {
    previous_offsets: PreviousOffsets,
}

impl Source {
    /// Asks the scaler. `unix_seconds` is what the clock on the wall shows. A failure has the scaler
    /// built anew, which forgets what it remembered.
    pub(in crate::keda) fn fetch(
        &self,
        answers: &[MetricAnswer<'_>],
        unix_seconds: i64,
        memory: &mut ScalerMemory,
    ) -> Fetch {
        let Some(reading) = self.reading(answers, unix_seconds, memory) else {
            *memory = ScalerMemory::default();
            return Fetch::Failed;
        };
        Fetch::Answered(reading)
    }

    fn reading(
        &self,
        answers: &[MetricAnswer<'_>],
        unix_seconds: i64,
        memory: &mut ScalerMemory,
    ) -> Option<Reading> {
        match &self.scaler {
            Scaler::Number { activation } => {
                let value = one(answers.first()?)?;
                Some(reading(value, value > *activation))
            }
            Scaler::Prometheus {
                activation,
                ignore_null_values,
            } => {
                let value = match series(answers.first()?)? {
                    [] if *ignore_null_values => MilliValue::new(0),
                    [value] => *value,
                    _ => return None,
                };
                Some(reading(value, value > *activation))
            }
            Scaler::MessageRate { activation } => {
                let rate = one(answers.first()?)?;
                let messages = one(answers.get(1)?)?;
                Some(reading(rate, rate > *activation || messages > *activation))
            }
            Scaler::Kafka(lag) => {
                let committed = series(answers.first()?)?;
                let latest = series(answers.get(1)?)?;
                let partitions: Vec<_> = (0..)
                    .zip(committed.iter().zip(latest))
                    .map(|(partition, (&committed, &latest))| offsets(partition, committed, latest))
                    .collect();
                let steps = lag.measure(&partitions, &mut memory.previous_offsets)?;
                Some(steps.reading)
            }
            Scaler::Cron(window) => window.reading(unix_seconds),
        }
    }
}

/// Plain scaler values are never negative.
fn reading(value: MilliValue, active: bool) -> Reading {
    Reading {
        value: value.max(MilliValue::new(0)),
        active,
    }
}

fn series<'a>(answer: &MetricAnswer<'a>) -> Option<&'a [MilliValue]> {
    match answer {
        MetricAnswer::External(values) => Some(values),
        _ => None,
    }
}

fn one(answer: &MetricAnswer<'_>) -> Option<MilliValue> {
    match series(answer)? {
        [value] => Some(*value),
        _ => None,
    }
}

/// A negative committed offset is none, a negative newest one a partition that is missing.
fn offsets(partition: u64, committed: MilliValue, latest: MilliValue) -> PartitionOffsets {
    let whole = |value: MilliValue| value.get().div_euclid(1000);
    PartitionOffsets {
        partition,
        committed: match whole(committed) {
            offset if offset < 0 => CommittedOffset::Never,
            offset => CommittedOffset::At(offset),
        },
        latest: Some(whole(latest)).filter(|&offset| offset >= 0),
    }
}
