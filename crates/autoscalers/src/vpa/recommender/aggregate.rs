//! What is known of all containers of one name in pods of one label set.

use super::bucket::Buckets;
use super::histogram::{Decay, Histogram};
use super::memory_peak::{MemorySample, PeakChange};
use crate::{ResourceName, TimePoint};
use serde::{Deserialize, Serialize};

/// Weight of a CPU sample.
const CPU_WEIGHT: f64 = 0.1;
/// Weight of a memory peak.
const MEMORY_WEIGHT: f64 = 1.0;

/// Distributions of CPU usage and of memory peaks. Count and times are those of CPU samples only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Aggregate {
    /// CPU usage \[cores\].
    pub(super) cpu: Histogram,
    /// Memory peaks \[bytes\].
    pub(super) memory: Histogram,
    pub(super) first_sample: Option<TimePoint>,
    pub(super) last_sample: Option<TimePoint>,
    pub(super) samples: u64,
    /// When it was made.
    pub(super) created: TimePoint,
}

/// How fast each of the two histograms forgets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decays {
    pub(super) cpu: Decay,
    pub(super) memory: Decay,
}

impl Aggregate {
    pub(super) fn new(created: TimePoint) -> Self {
        Self {
            cpu: Histogram::new(),
            memory: Histogram::new(),
            first_sample: None,
            last_sample: None,
            samples: 0,
            created,
        }
    }

    pub(super) fn add_cpu(&mut self, at: TimePoint, millicores: u64, decays: &Decays) {
        let bucket = Buckets::of(ResourceName::Cpu).find(millicores as f64 / 1000.0);
        self.cpu.add(bucket, CPU_WEIGHT, at, &decays.cpu);
        self.last_sample = self.last_sample.max(Some(at));
        self.first_sample = Some(self.first_sample.map_or(at, |first| first.min(at)));
        self.samples += 1;
    }

    pub(super) fn add_memory(&mut self, sample: MemorySample, decays: &Decays) {
        let MemorySample::Peak(PeakChange { remove, add, at }) = sample else {
            return;
        };
        let find = |bytes: u64| Buckets::of(ResourceName::Memory).find(bytes as f64);
        if let Some(old) = remove {
            let bucket = find(old);
            self.memory
                .subtract(bucket, MEMORY_WEIGHT, at, &decays.memory);
        }
        self.memory
            .add(find(add), MEMORY_WEIGHT, at, &decays.memory);
    }

    /// Adds everything that another one knows; the other one's references may move.
    pub(super) fn merge(&mut self, other: &mut Self, decays: &Decays) {
        self.cpu.merge(&mut other.cpu, &decays.cpu);
        self.memory.merge(&mut other.memory, &decays.memory);
        let earlier = |first: TimePoint| other.first_sample.map_or(first, |it| it.min(first));
        self.first_sample = self.first_sample.map(earlier).or(other.first_sample);
        self.last_sample = self.last_sample.max(other.last_sample);
        self.samples += other.samples;
    }

    pub(super) fn histogram(&self, resource: ResourceName) -> &Histogram {
        match resource {
            ResourceName::Cpu => &self.cpu,
            ResourceName::Memory => &self.memory,
        }
    }
}
