//! One metric that is read again and again.

use crate::model::{MetricSource, NamedMetric, ServiceFigure, ServiceId};
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

/// Counters at one moment; the figure is a quotient of differences.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Read {
    pub(super) at: SimTime,
    /// What is counted, or a level.
    pub(super) count: f64,
    /// What it is put in relation to, where that is not time.
    pub(super) of: f64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Value {
    visible: SimTime,
    /// Of all pods together.
    pub(super) total: f64,
    pub(super) pods: PodFigures,
}

/// What is known of the pods that requests could reach.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum PodFigures {
    /// Who they are: each has an equal share of the whole.
    EqualShares(Vec<u64>),
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
        let value = if self.source.needs_window() {
            let value = self.quotient(read);
            self.reads.push_back(read);
            // The newest read that is a window old stays: the next quotient begins there.
            while self.reads.len() > 1
                && self.reads[1].at + self.window <= read.at + self.resolution
            {
                self.reads.pop_front();
            }
            value
        } else {
            Some(read.count)
        };
        self.values.extend(value.map(|total| Value {
            visible: read.at + self.lag,
            total,
            pods,
        }));
        // Whoever asks next does not look further back.
        self.served(read.at);
    }

    /// Serves a value at once, until the next one that was read.
    pub(super) fn tell(&mut self, now: SimTime, total: f64) {
        self.values.clear();
        self.values.push_back(Value {
            visible: now,
            total,
            pods: PodFigures::EqualShares(Vec::new()),
        });
    }

    fn quotient(&self, now: Read) -> Option<f64> {
        let first = self.reads.front()?;
        let count = now.count - first.count;
        if matches!(
            self.source,
            MetricSource::Service(_, ServiceFigure::ErrorRatio)
        ) {
            let of = now.of - first.of;
            return Some(if of > 0.0 { count / of } else { 0.0 });
        }
        let seconds = (now.at - first.at).as_secs_f64();
        (seconds > 0.0).then(|| count / seconds)
    }

    pub(super) fn served(&mut self, now: SimTime) -> Option<&Value> {
        while self.values.len() > 1 && self.values[1].visible <= now {
            self.values.pop_front();
        }
        self.values.front().filter(|value| value.visible <= now)
    }
}
