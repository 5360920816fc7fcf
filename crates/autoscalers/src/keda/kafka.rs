//! The lag of a Kafka consumer group (`pkg/scalers/kafka_scaler.go`).

use super::fetch::Reading;
use crate::MilliValue;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How the lag of a consumer group becomes a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KafkaLag {
    /// `lagThreshold`: messages that one replica is expected to be behind. Above 0.
    pub lag_threshold: i64,
    /// `activationLagThreshold`: the group is active if it is behind by more.
    pub activation_lag_threshold: i64,
    /// `offsetResetPolicy`: where a group without a committed offset will begin.
    pub offset_reset: OffsetReset,
    /// `allowIdleConsumers`: whether there may be more replicas than partitions.
    pub allow_idle_consumers: bool,
    /// `limitToPartitionsWithLag`: no more replicas than partitions that have messages waiting.
    pub limit_to_partitions_with_lag: bool,
    /// `ensureEvenDistributionOfPartitions`: only numbers of replicas that divide the partitions.
    pub ensure_even_distribution: bool,
    /// `excludePersistentLag`: partitions whose offset does not move ask for nothing.
    pub exclude_persistent_lag: bool,
    /// `scaleToZeroOnInvalidOffset`: partitions without a committed offset ask for nothing.
    pub scale_to_zero_on_invalid_offset: bool,
}

/// Where a group without a committed offset begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OffsetReset {
    /// With the newest message.
    #[default]
    Latest,
    /// With the oldest message.
    Earliest,
}

/// What the brokers say about one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartitionOffsets {
    /// Which one, over all topics.
    pub partition: u64,
    /// What the group has committed; `None` if it never has, or an error.
    pub committed: CommittedOffset,
    /// The newest message; `None` if the partition is missing in the answer.
    pub latest: Option<i64>,
}

/// The committed offset of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommittedOffset {
    /// This one.
    At(i64),
    /// The group has never committed one.
    Never,
    /// The broker answered with an error.
    Error,
}

/// What the scaler remembers as long as it lives: the committed offset of each partition when it
/// last moved.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PreviousOffsets(BTreeMap<u64, i64>);

/// Every intermediate number of one query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct KafkaSteps {
    /// Partitions that were counted.
    pub partitions: i64,
    /// Those of them with lag.
    pub partitions_with_lag: i64,
    /// The lag that replicas are needed for, before it is limited.
    pub lag: i64,
    /// The lag with that of stuck partitions, which activity is decided by.
    pub lag_with_persistent: i64,
    /// The lag after the limits.
    pub limited: i64,
    /// The metric and the activity.
    pub reading: Reading,
}

impl KafkaLag {
    /// The metric; `None` if a partition that counts has an error. Partitions that are missing in
    /// the answer do not count.
    pub fn measure(
        &self,
        partitions: &[PartitionOffsets],
        previous: &mut PreviousOffsets,
    ) -> Option<KafkaSteps> {
        let mut sums = Sums::default();
        for partition in partitions {
            let Some(latest) = partition.latest else {
                continue;
            };
            let (lag, with_persistent) = self.partition(partition, latest, previous)?;
            sums.partitions += 1;
            sums.lag += lag;
            sums.with_persistent += with_persistent;
            sums.partitions_with_lag += i64::from(lag > 0);
        }
        let limited = self.limited(&sums);
        Some(KafkaSteps {
            partitions: sums.partitions,
            partitions_with_lag: sums.partitions_with_lag,
            lag: sums.lag,
            lag_with_persistent: sums.with_persistent,
            limited,
            reading: Reading {
                value: MilliValue::new(limited.max(0).saturating_mul(1000)),
                active: sums.with_persistent > self.activation_lag_threshold,
            },
        })
    }

    /// The lag of one partition, without and with what is stuck. It is negative where the group is
    /// ahead of what the broker says.
    fn partition(
        &self,
        partition: &PartitionOffsets,
        latest: i64,
        previous: &mut PreviousOffsets,
    ) -> Option<(i64, i64)> {
        let committed = match partition.committed {
            CommittedOffset::Error => return None,
            CommittedOffset::At(offset) => offset,
            CommittedOffset::Never => {
                let lag = match self.offset_reset {
                    _ if self.scale_to_zero_on_invalid_offset => 0,
                    OffsetReset::Latest => 1,
                    OffsetReset::Earliest => latest,
                };
                return Some((lag, lag));
            }
        };
        let lag = latest - committed;
        if self.exclude_persistent_lag {
            let before = previous.0.insert(partition.partition, committed);
            if before == Some(committed) {
                return Some((0, lag));
            }
        }
        Some((lag, lag))
    }

    /// No more than the partitions can use. Divisions are of whole numbers, so a total a little
    /// above the limit slips through.
    fn limited(&self, sums: &Sums) -> i64 {
        let threshold = self.lag_threshold;
        if self.allow_idle_consumers
            && !self.limit_to_partitions_with_lag
            && !self.ensure_even_distribution
        {
            return sums.lag;
        }
        let mut lag = sums.lag;
        let mut upper = sums.partitions;
        if self.ensure_even_distribution {
            let fits = (1..=sums.partitions)
                .filter(|divisor| sums.partitions % divisor == 0)
                .find(|divisor| divisor * threshold >= lag);
            lag = fits.unwrap_or(sums.partitions) * threshold;
        }
        if self.limit_to_partitions_with_lag {
            upper = sums.partitions_with_lag;
        }
        if lag
            .checked_div(threshold)
            .is_some_and(|replicas| replicas > upper)
        {
            lag = upper * threshold;
        }
        lag
    }
}

#[derive(Debug, Default)]
struct Sums {
    partitions: i64,
    partitions_with_lag: i64,
    lag: i64,
    with_persistent: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lag(lags: &[i64], threshold: i64, change: impl FnOnce(&mut KafkaLag)) -> i64 {
        let mut kafka = KafkaLag {
            lag_threshold: threshold,
            activation_lag_threshold: 0,
            offset_reset: OffsetReset::Latest,
            allow_idle_consumers: false,
            limit_to_partitions_with_lag: false,
            ensure_even_distribution: false,
            exclude_persistent_lag: false,
            scale_to_zero_on_invalid_offset: false,
        };
        change(&mut kafka);
        let partitions: Vec<_> = (0..)
            .zip(lags)
            .map(|(partition, lag)| PartitionOffsets {
                partition,
                committed: CommittedOffset::At(1000),
                latest: Some(1000 + lag),
            })
            .collect();
        let steps = kafka.measure(&partitions, &mut PreviousOffsets::default());
        steps.expect("no partition has an error").limited
    }

    #[test]
    fn the_examples_of_the_reference_page() {
        assert_eq!(lag(&[100; 10], 10, |_| {}), 100);
        assert_eq!(
            lag(&[100; 10], 10, |it| it.allow_idle_consumers = true),
            1000
        );
        let two_of_ten = [50, 50, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(
            lag(&two_of_ten, 10, |it| it.limit_to_partitions_with_lag = true),
            20
        );
        assert_eq!(
            lag(&[7; 10], 10, |it| it.ensure_even_distribution = true),
            100
        );
        assert_eq!(
            lag(&[3; 10], 10, |it| it.ensure_even_distribution = true),
            50
        );
        assert_eq!(lag(&[21; 10], 20, |_| {}), 210);
    }
}
