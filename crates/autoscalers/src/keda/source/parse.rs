//! From the metadata of a trigger to a scaler.

use super::metadata::Metadata;
use super::{Scaler, Source, query};
use crate::MilliValue;
use crate::keda::cron::CronWindow;
use crate::keda::kafka::{KafkaLag, OffsetReset};
use flashcrowd_manifests::Problem;
use flashcrowd_manifests::keda::ScaleTrigger;

/// Scalers that are known here.
const KNOWN: &str = "cpu, memory, cron, kafka, prometheus, rabbitmq, redis, redis-streams";

impl Source {
    /// Reads an external trigger. `index` is its place in the specification.
    ///
    /// # Errors
    /// What KEDA would refuse, or a scaler that is not known here.
    pub fn new(trigger: &ScaleTrigger, index: usize) -> Result<Self, Problem> {
        let metadata = Metadata {
            trigger,
            path: format!("spec.triggers[{index}]"),
        };
        let parts = match trigger.trigger_type.as_str() {
            "redis" => redis_list(&metadata),
            "redis-streams" => redis_stream(&metadata),
            "prometheus" => prometheus(&metadata),
            "rabbitmq" => rabbitmq(&metadata),
            "kafka" => kafka(&metadata),
            "cron" => cron(&metadata),
            other => Err(Problem {
                path: format!("{}.type", metadata.path),
                message: format!("is `{other}`: known are {KNOWN}"),
            }),
        }?;
        let Parts {
            name,
            fields,
            target,
            scaler,
        } = parts;
        let suffix = if name.is_empty() { "" } else { "-" };
        let metric = format!(
            "s{index}-{}{suffix}{}",
            trigger.trigger_type,
            normalized(&name)
        );
        let queries = fields.iter().map(|field| query(trigger, &name, field));
        Ok(Self {
            metric,
            target,
            queries: queries.collect(),
            scaler,
        })
    }
}

/// What makes a source.
struct Parts {
    /// Name of the list, queue and so on.
    name: String,
    /// The numbers of it that are asked for.
    fields: &'static [&'static str],
    target: MilliValue,
    scaler: Scaler,
}

fn redis_list(metadata: &Metadata<'_>) -> Result<Parts, Problem> {
    Ok(Parts {
        name: metadata.required("listName")?.to_owned(),
        fields: &["length"],
        target: metadata.target("listLength", Some(5.0))?,
        scaler: Scaler::Number {
            activation: metadata.milli("activationListLength", 0.0)?,
        },
    })
}

/// With a group and `lagCount` the lag, with a group alone what is pending, else the length.
fn redis_stream(metadata: &Metadata<'_>) -> Result<Parts, Problem> {
    let has_group = metadata.text("consumerGroup").is_some();
    let (fields, target): (&[&str], _) = if has_group && metadata.text("lagCount").is_some() {
        (&["lag"], metadata.target("lagCount", None)?)
    } else if has_group {
        (
            &["pending"],
            metadata.target("pendingEntriesCount", Some(5.0))?,
        )
    } else {
        (&["length"], metadata.target("streamLength", Some(5.0))?)
    };
    Ok(Parts {
        name: metadata.required("stream")?.to_owned(),
        fields,
        target,
        scaler: Scaler::Number {
            activation: metadata.milli("activationLagCount", 0.0)?,
        },
    })
}

fn prometheus(metadata: &Metadata<'_>) -> Result<Parts, Problem> {
    Ok(Parts {
        name: metadata.required("query")?.to_owned(),
        fields: &["value"],
        target: metadata.target("threshold", None)?,
        scaler: Scaler::Prometheus {
            activation: metadata.milli("activationThreshold", 0.0)?,
            ignore_null_values: metadata.flag("ignoreNullValues", true)?,
        },
    })
}

/// The old `queueLength` is read where there is no `mode`.
fn rabbitmq(metadata: &Metadata<'_>) -> Result<Parts, Problem> {
    let name = metadata.required("queueName")?.to_owned();
    let activation = metadata.milli("activationValue", 0.0)?;
    let number = Scaler::Number { activation };
    let of_messages: &[&str] = if metadata.flag("excludeUnacknowledged", false)? {
        &["messages_ready"]
    } else {
        &["messages"]
    };
    let (fields, target, scaler) = match metadata.text("mode") {
        Some("QueueLength") => (of_messages, metadata.target("value", None)?, number),
        Some("MessageRate") => (
            &["publish_rate", "messages"] as &[&str],
            metadata.target("value", None)?,
            Scaler::MessageRate { activation },
        ),
        None => (
            of_messages,
            metadata.target("queueLength", Some(20.0))?,
            number,
        ),
        Some(other) => {
            let message = format!("is `{other}`: must be QueueLength or MessageRate");
            return Err(metadata.problem("mode", message));
        }
    };
    Ok(Parts {
        name,
        fields,
        target,
        scaler,
    })
}

fn kafka(metadata: &Metadata<'_>) -> Result<Parts, Problem> {
    let offset_reset = match metadata.text("offsetResetPolicy") {
        None | Some("latest") => OffsetReset::Latest,
        Some("earliest") => OffsetReset::Earliest,
        Some(other) => {
            let message = format!("is `{other}`: must be latest or earliest");
            return Err(metadata.problem("offsetResetPolicy", message));
        }
    };
    let lag = KafkaLag {
        lag_threshold: metadata.whole("lagThreshold", 10)?,
        activation_lag_threshold: metadata.whole("activationLagThreshold", 0)?,
        offset_reset,
        allow_idle_consumers: metadata.flag("allowIdleConsumers", false)?,
        limit_to_partitions_with_lag: metadata.flag("limitToPartitionsWithLag", false)?,
        ensure_even_distribution: metadata.flag("ensureEvenDistributionOfPartitions", false)?,
        exclude_persistent_lag: metadata.flag("excludePersistentLag", false)?,
        scale_to_zero_on_invalid_offset: metadata.flag("scaleToZeroOnInvalidOffset", false)?,
    };
    if lag.lag_threshold <= 0 {
        return Err(metadata.problem("lagThreshold", "must be greater than 0"));
    }
    if lag.activation_lag_threshold < 0 {
        let message = "must be greater than or equal to 0";
        return Err(metadata.problem("activationLagThreshold", message));
    }
    let uses_limit = lag.limit_to_partitions_with_lag || lag.ensure_even_distribution;
    if lag.allow_idle_consumers && uses_limit {
        let message = "cannot be set together with limitToPartitionsWithLag or \
                       ensureEvenDistributionOfPartitions";
        return Err(metadata.problem("allowIdleConsumers", message));
    }
    Ok(Parts {
        name: metadata.text("topic").unwrap_or("all-topics").to_owned(),
        fields: &["committed_offset", "latest_offset"],
        target: MilliValue::new(lag.lag_threshold.saturating_mul(1000)),
        scaler: Scaler::Kafka(lag),
    })
}

/// Nobody has to be asked, and the metric is the number of replicas itself.
fn cron(metadata: &Metadata<'_>) -> Result<Parts, Problem> {
    let window = CronWindow::new(
        metadata.required("start")?,
        metadata.required("end")?,
        metadata.required("timezone")?,
        metadata.required("desiredReplicas")?,
    )
    .map_err(|error| metadata.problem(error.field, error.message))?;
    Ok(Parts {
        name: String::new(),
        fields: &[],
        target: MilliValue::new(1000),
        scaler: Scaler::Cron(Box::new(window)),
    })
}

/// A name that can be that of a metric.
fn normalized(name: &str) -> String {
    let legal = |c: char| {
        if c.is_ascii_alphanumeric() || c == '_' {
            c
        } else {
            '-'
        }
    };
    name.chars().map(legal).collect()
}
