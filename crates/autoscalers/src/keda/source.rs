//! Scalers: what a trigger asks for, and how the answer becomes a metric.
//!
//! | Type | Metric | Active if |
//! |---|---|---|
//! | `redis` | length of the list | above `activationListLength` |
//! | `redis-streams` | lag, pending entries or length of the stream | above `activationLagCount` |
//! | `prometheus` | value of the query | above `activationThreshold` |
//! | `rabbitmq` | messages, or messages per second | either above `activationValue` |
//! | `kafka` | lag of the group, see [`kafka`](super::kafka) | lag above `activationLagThreshold` |
//! | `cron` | `desiredReplicas` inside the window, see [`cron`](super::cron) | inside |
//! | `cpu`, `memory` | the HPA's business | never |
//!
//! Source: `pkg/scalers` of KEDA 2.20.

mod measure;
mod metadata;
mod parse;

pub(super) use measure::ScalerMemory;

use super::cron::CronWindow;
use super::kafka::KafkaLag;
use crate::{MetricQuery, MilliValue};
use flashcrowd_manifests::LabelSelector;
use flashcrowd_manifests::keda::ScaleTrigger;
use std::collections::BTreeMap;

/// The label that says which number of a source is asked for.
pub const FIELD_LABEL: &str = "field";
/// The label that says which scaler asks.
pub const SCALER_LABEL: &str = "scaler";

/// A trigger that can be asked.
#[derive(Debug, Clone)]
pub struct Source {
    /// Name of the metric that the HPA asks for, as KEDA makes it: `s0-redis-orders`.
    pub metric: String,
    /// How much of the metric is wanted.
    pub target: MilliValue,
    /// The metrics that it needs, in this order. Their names are those of the source (the list,
    /// the queue, the topic, the query); their selectors hold the metadata of the trigger, the
    /// scaler under [`SCALER_LABEL`], and under [`FIELD_LABEL`] which number is meant.
    pub queries: Vec<MetricQuery>,
    scaler: Scaler,
}

#[derive(Debug, Clone)]
enum Scaler {
    /// One number with an activation threshold.
    Number { activation: MilliValue },
    /// The result of a query, which may be empty.
    Prometheus {
        activation: MilliValue,
        ignore_null_values: bool,
    },
    /// Messages per second, and messages.
    MessageRate { activation: MilliValue },
    /// Committed and newest offsets of all partitions.
    Kafka(KafkaLag),
    /// A window of local time.
    Cron(Box<CronWindow>),
}

/// A query for one number of a source.
fn query(trigger: &ScaleTrigger, name: &str, field: &str) -> MetricQuery {
    let mut labels: BTreeMap<_, _> = trigger.metadata.clone();
    labels.insert(SCALER_LABEL.to_owned(), trigger.trigger_type.clone());
    labels.insert(FIELD_LABEL.to_owned(), field.to_owned());
    MetricQuery::External {
        name: name.to_owned(),
        selector: Some(LabelSelector {
            match_labels: labels,
            ..LabelSelector::default()
        }),
    }
}

#[cfg(test)]
mod tests;
