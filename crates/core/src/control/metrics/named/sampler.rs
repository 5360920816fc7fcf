//! One metric that is read again and again.

use crate::model::{MetricSource, NamedMetric, Reckoning, ServiceId};
use flashcrowd_telemetry::LatencyHistogram;
use flashcrowd_units::{SimDuration, SimTime};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Reads one metric again and again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::control) struct Sampler {
    pub(super) source: MetricSource,
    /// Whose pods a value is spread over, for metrics of type Pods.
    pub(super) pods_of: ServiceId,
    pub(super) resolution: SimDuration,
    lag: SimDuration,
    window: SimDuration,
    /// Reads of the last window, oldest first.
    reads: VecDeque<Read>,
    /// Values on their way, and the one that is served, oldest first.
    values: VecDeque<Value>,
}

/// Counters at one moment; the figure is made of differences.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Read {
    pub(super) at: SimTime,
    /// What is counted, or a level.
    pub(super) count: f64,
    /// What it is put in relation to, where that is not time.
    pub(super) of: f64,
    /// All latencies so far, where a percentile is wanted.
    pub(super) latency: Option<Box<LatencyHistogram>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Value {
    visible: SimTime,
    /// Of all pods together; `None` where there was nothing to make it of.
    pub(super) total: Option<f64>,
    pub(super) pods: PodFigures,
}

/// What is known of the pods that requests could reach.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum PodFigures {
    /// Who they are: each has an equal share of the whole.
    EqualShares(Vec<u64>),
    /// Who they are: what is true of the whole is true of each.
    Same(Vec<u64>),
    /// What each has of its own.
    Known(Vec<(u64, f64)>),
}

impl Sampler {
    /// One that has read nothing yet.
    pub(super) fn new(metric: &NamedMetric, pods_of: ServiceId) -> Self {
        Self {
            source: metric.source,
            pods_of,
            resolution: metric.resolution,
            lag: metric.lag,
            window: metric.window,
            reads: VecDeque::new(),
            values: VecDeque::new(),
        }
    }

    /// Takes what was read, of all and of each pod.
    pub(super) fn record(&mut self, read: Read, pods: PodFigures) {
        let (at, visible) = (read.at, read.at + self.lag);
        let total = match self.source.reckoning() {
            Reckoning::Level => Some(read.count),
            Reckoning::LevelShare => (read.of > 0.0).then(|| read.count / read.of),
            Reckoning::Rate | Reckoning::Share(_) | Reckoning::Quantile(_) => {
                let Some(total) = self.over_window(read) else {
                    // There is nothing to compare with yet.
                    return;
                };
                total
            }
        };
        self.values.push_back(Value {
            visible,
            total,
            pods,
        });
        // Whoever asks next does not look further back.
        self.served(at);
    }

    /// The figure over the window that ends with a read. `None` for the first one.
    #[expect(
        clippy::option_option,
        reason = "no earlier read, and no value, are two things"
    )]
    fn over_window(&mut self, read: Read) -> Option<Option<f64>> {
        let at = read.at;
        let total = self
            .reads
            .front()
            .map(|first| self.difference(first, &read));
        self.reads.push_back(read);
        // The newest read that is a window old stays: the next figure begins there.
        while self.reads.len() > 1 && self.reads[1].at + self.window <= at + self.resolution {
            self.reads.pop_front();
        }
        total
    }

    /// Serves a value at once, until the next one that was read.
    pub(super) fn tell(&mut self, now: SimTime, total: f64) {
        self.values.clear();
        self.values.push_back(Value {
            visible: now,
            total: Some(total),
            pods: PodFigures::EqualShares(Vec::new()),
        });
    }

    fn difference(&self, first: &Read, now: &Read) -> Option<f64> {
        let count = now.count - first.count;
        match self.source.reckoning() {
            Reckoning::Share(otherwise) => {
                let of = now.of - first.of;
                if of > 0.0 {
                    Some(count / of)
                } else {
                    otherwise
                }
            }
            Reckoning::Quantile(quantile) => {
                let latency = now.latency.as_ref()?.since(first.latency.as_ref()?);
                Some(latency.quantile(quantile)?.as_secs_f64())
            }
            _ => {
                let seconds = (now.at - first.at).as_secs_f64();
                (seconds > 0.0).then(|| count / seconds)
            }
        }
    }

    pub(super) fn served(&mut self, now: SimTime) -> Option<&Value> {
        while self.values.len() > 1 && self.values[1].visible <= now {
            self.values.pop_front();
        }
        self.values.front().filter(|value| value.visible <= now)
    }
}
