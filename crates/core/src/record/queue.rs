//! Facts about queues of jobs.

use flashcrowd_telemetry::LatencyHistogram;
use serde::{Deserialize, Serialize};

/// A queue in one interval. Integrals are over the interval; levels are those at its end.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct QueueInterval {
    /// Jobs that were put into it, by requests or by themselves.
    pub enqueued: u64,
    /// Jobs that were done.
    pub processed: u64,
    /// Jobs that ended without being done: a call of theirs failed, or their pod was killed and
    /// nobody tries again.
    pub failed: u64,
    /// Jobs that went back to the head of the queue because their pod was killed.
    pub requeued: u64,
    /// Jobs that wait, at the end.
    pub waiting: u64,
    /// Jobs that a pod works on, at the end.
    pub in_progress: u64,
    /// Age of the job at the head of the queue at the end \[s\].
    pub oldest_seconds: f64,
    /// The most that waited at any time.
    pub waiting_max: u64,
    /// Integral of the jobs that waited \[job seconds\].
    pub waiting_seconds: f64,
    /// How long the jobs waited that a pod took.
    pub waits: LatencyHistogram,
}

impl QueueInterval {
    /// Forgets what is in it, keeping the memory.
    pub fn clear(&mut self) {
        let Self {
            enqueued,
            processed,
            failed,
            requeued,
            waiting,
            in_progress,
            oldest_seconds,
            waiting_max,
            waiting_seconds,
            waits,
        } = self;
        for count in [
            enqueued,
            processed,
            failed,
            requeued,
            waiting,
            in_progress,
            waiting_max,
        ] {
            *count = 0;
        }
        (*oldest_seconds, *waiting_seconds) = (0.0, 0.0);
        waits.clear();
    }
}

/// What a queue amounts to over a whole run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueTotals {
    /// Jobs that were put into it.
    pub enqueued: u64,
    /// Jobs that were done.
    pub processed: u64,
    /// Jobs that ended without being done.
    pub failed: u64,
    /// Jobs that waited when the run ended.
    pub waiting: u64,
    /// Jobs that a pod worked on when the run ended.
    pub in_progress: u64,
}

impl QueueTotals {
    /// Whether every job is accounted for.
    pub fn is_conserved(&self) -> bool {
        self.enqueued == self.processed + self.failed + self.waiting + self.in_progress
    }
}
