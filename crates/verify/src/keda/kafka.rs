//! One kafka trigger, query by query.

use super::Place;
use crate::conformance::ConformReport;
use flashcrowd_autoscalers::keda::kafka::{
    CommittedOffset, KafkaLag, OffsetReset, PartitionOffsets, PreviousOffsets,
};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
pub(super) struct Trace {
    id: String,
    spec: Spec,
    ticks: Vec<Tick>,
}

#[derive(Debug, Deserialize)]
struct Spec {
    lag_threshold: i64,
    #[serde(default)]
    activation: i64,
    #[serde(default)]
    policy: OffsetReset,
    #[serde(default)]
    allow_idle: u8,
    #[serde(default)]
    limit_to_lag: u8,
    #[serde(default)]
    even: u8,
    #[serde(default)]
    exclude_persistent: u8,
    #[serde(default)]
    zero_on_invalid: u8,
}

#[derive(Debug, Deserialize)]
struct Tick {
    p: Vec<Row>,
    /// `[value in thousandths, active]`; null is an error.
    o: Option<(i64, u8)>,
}

/// `[topic, partition, committed, latest]`, and 1 where the committed offset carries an error.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Row {
    Good(String, i64, i64, Option<i64>),
    Marked(String, i64, i64, Option<i64>, u8),
}

/// Replays a trace and adds what differs to the report.
pub(super) fn replay(trace: &Trace, report: &mut ConformReport) {
    let kafka = trace.spec.config();
    let mut numbers = BTreeMap::new();
    let mut previous = PreviousOffsets::default();
    report.traces += 1;
    for (index, tick) in trace.ticks.iter().enumerate() {
        report.ticks += 1;
        let partitions: Vec<_> = tick.p.iter().map(|row| row.offsets(&mut numbers)).collect();
        let steps = kafka.measure(&partitions, &mut previous);
        let got = steps.map(|it| (it.reading.value.get(), u8::from(it.reading.active)));
        let place = Place {
            trace: &trace.id,
            tick: index,
        };
        place.compare(report, [("o", json!(tick.o), json!(got))], || json!(steps));
    }
}

impl Spec {
    fn config(&self) -> KafkaLag {
        KafkaLag {
            lag_threshold: self.lag_threshold,
            activation_lag_threshold: self.activation,
            offset_reset: self.policy,
            allow_idle_consumers: self.allow_idle != 0,
            limit_to_partitions_with_lag: self.limit_to_lag != 0,
            ensure_even_distribution: self.even != 0,
            exclude_persistent_lag: self.exclude_persistent != 0,
            scale_to_zero_on_invalid_offset: self.zero_on_invalid != 0,
        }
    }
}

impl Row {
    /// Partitions get numbers over all topics.
    fn offsets(&self, numbers: &mut BTreeMap<(String, i64), u64>) -> PartitionOffsets {
        let (topic, partition, committed, latest, error) = match self {
            Self::Good(topic, partition, committed, latest) => {
                (topic, *partition, *committed, *latest, 0)
            }
            Self::Marked(topic, partition, committed, latest, error) => {
                (topic, *partition, *committed, *latest, *error)
            }
        };
        let next = numbers.len() as u64;
        let number = *numbers.entry((topic.clone(), partition)).or_insert(next);
        PartitionOffsets {
            partition: number,
            committed: match committed {
                _ if error != 0 => CommittedOffset::Error,
                -1 => CommittedOffset::Never,
                offset => CommittedOffset::At(offset),
            },
            latest,
        }
    }
}
