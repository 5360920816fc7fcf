//! One container of one pod: which of its samples count.

use crate::TimePoint;
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};

/// What is remembered of a container of a pod. Times are `None` before the first sample.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct ContainerState {
    last_cpu_sample: Option<TimePoint>,
    last_memory_sample: Option<TimePoint>,
    /// End of the aggregation interval, exclusive.
    window_end: Option<TimePoint>,
    /// Largest usage of this interval that went into the histogram \[bytes\].
    memory_peak: u64,
    /// Largest estimate after an OOM kill of this interval that went in \[bytes\].
    oom_peak: u64,
}

/// What a memory sample does to the histogram of peaks. Both are dated at the end of the interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PeakChange {
    /// The old peak of the interval, which has to be taken out \[bytes\].
    pub(super) remove: Option<u64>,
    /// The new one \[bytes\].
    pub(super) add: u64,
    /// The date of both.
    pub(super) at: TimePoint,
}

/// What becomes of a memory sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MemorySample {
    /// It is older than one that was taken before.
    Refused,
    /// It is taken, but no new peak.
    Below,
    /// It is a new peak.
    Peak(PeakChange),
}

/// How a container that was OOM-killed gets more memory.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct OomBump {
    /// By this factor,
    pub(super) ratio: f64,
    /// and by at least this much \[bytes\].
    pub(super) min_bytes: f64,
}

impl ContainerState {
    /// Whether a CPU sample counts: only if it is later than the last one.
    pub(super) fn accept_cpu(&mut self, at: TimePoint) -> bool {
        let accepted = self.last_cpu_sample.is_none_or(|last| at > last);
        if accepted {
            self.last_cpu_sample = Some(at);
        }
        accepted
    }

    /// Takes a sample of memory usage.
    pub(super) fn add_memory(
        &mut self,
        at: TimePoint,
        bytes: u64,
        interval: SimDuration,
    ) -> MemorySample {
        if self.last_memory_sample.is_some_and(|last| at < last) {
            return MemorySample::Refused;
        }
        match self.peak(at, bytes, interval) {
            None => MemorySample::Below,
            Some(change) => {
                self.memory_peak = bytes;
                MemorySample::Peak(change)
            }
        }
    }

    /// Takes an OOM kill as a sample of what the container would have needed; returns the estimate
    /// \[bytes\]. `None` if the kill happened before this interval began.
    ///
    /// It counts however old it is, and sets the time of the last memory sample even backwards.
    pub(super) fn add_oom(
        &mut self,
        at: TimePoint,
        requested: u64,
        bump: OomBump,
        interval: SimDuration,
    ) -> Option<(u64, MemorySample)> {
        if self.window_end.is_some_and(|end| at < end - interval) {
            return None;
        }
        // Not the peak of an earlier OOM kill, or each kill would raise the next estimate.
        let used = requested.max(self.memory_peak);
        let needed = used
            .saturating_add(super::truncated(bump.min_bytes))
            .max(super::truncated(used as f64 * bump.ratio));
        let sample = match self.peak(at, needed, interval) {
            None => MemorySample::Below,
            Some(change) => {
                self.oom_peak = needed;
                MemorySample::Peak(change)
            }
        };
        Some((needed, sample))
    }

    /// The new peak, if this is one.
    fn peak(&mut self, at: TimePoint, bytes: u64, interval: SimDuration) -> Option<PeakChange> {
        self.last_memory_sample = Some(at);
        // The first interval begins with the first sample.
        let end = self.window_end.unwrap_or(at);
        if at < end {
            let old = self.memory_peak.max(self.oom_peak);
            // A peak of 0 bytes stays: no sample replaces it in its interval.
            return (old != 0 && bytes > old).then_some(PeakChange {
                remove: Some(old),
                add: bytes,
                at: end,
            });
        }
        let past = at.as_nanos().saturating_sub(end.as_nanos()).unsigned_abs();
        let begun = past - past % interval.as_nanos();
        let end = end + SimDuration::from_nanos(begun) + interval;
        *self = Self {
            window_end: Some(end),
            memory_peak: 0,
            oom_peak: 0,
            ..self.clone()
        };
        Some(PeakChange {
            remove: None,
            add: bytes,
            at: end,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: SimDuration = SimDuration::from_secs(86_400);
    const MIB: u64 = 1 << 20;
    const BUMP: OomBump = OomBump {
        ratio: 1.2,
        min_bytes: 104_857_600.0,
    };

    fn hour(hours: i64) -> TimePoint {
        TimePoint::from_secs(hours * 3600)
    }

    fn peak(remove: Option<u64>, add: u64, at: i64) -> MemorySample {
        let at = hour(at);
        MemorySample::Peak(PeakChange { remove, add, at })
    }

    #[test]
    fn one_peak_an_interval() {
        let mut container = ContainerState::default();
        let mut add = |at: i64, bytes: u64| container.add_memory(hour(at), bytes, DAY);
        assert_eq!(add(10, 5), peak(None, 5, 34));
        assert_eq!(add(10, 4), MemorySample::Below);
        assert_eq!(add(9, 7), MemorySample::Refused);
        assert_eq!(add(33, 7), peak(Some(5), 7, 34));
        // The end belongs to the next interval, and a gap skips whole intervals.
        assert_eq!(add(34, 1), peak(None, 1, 58));
        assert_eq!(add(120, 1), peak(None, 1, 130));
    }

    #[test]
    fn a_peak_of_nothing_blocks_its_interval() {
        let mut container = ContainerState::default();
        assert_eq!(container.add_memory(hour(0), 0, DAY), peak(None, 0, 24));
        assert_eq!(container.add_memory(hour(1), 9, DAY), MemorySample::Below);
    }

    /// The worked examples of the reference page.
    #[test]
    fn an_oom_kill_asks_for_a_fifth_more_and_at_least_100_mib() {
        for (requested, estimate) in [(100, 200.0), (400, 500.0), (600, 720.0), (1024, 1228.8)] {
            let mut container = ContainerState::default();
            let oom = container.add_oom(hour(0), requested * MIB, BUMP, DAY);
            let (needed, _) = oom.expect("it counts");
            assert_eq!(needed, (estimate * MIB as f64) as u64);
        }
    }

    #[test]
    fn an_oom_kill_before_the_interval_is_refused() {
        let mut container = ContainerState::default();
        container.add_memory(hour(10), 400 * MIB, DAY);
        container.add_memory(hour(12), 100 * MIB, DAY);
        assert_eq!(container.add_oom(hour(9), MIB, BUMP, DAY), None);
        // Out of order, but of this interval; based on the usage, not on the request.
        let oom = container.add_oom(hour(10), MIB, BUMP, DAY);
        let expected = peak(Some(400 * MIB), 500 * MIB, 34);
        assert_eq!(oom, Some((500 * MIB, expected)));
        // A second kill is not based on the first one's estimate.
        let oom = container.add_oom(hour(11), MIB, BUMP, DAY);
        assert_eq!(oom, Some((500 * MIB, MemorySample::Below)));
    }
}
