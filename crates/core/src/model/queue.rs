//! Queues of jobs and who works on them.

use super::{ServiceId, Step};
use flashcrowd_workload::{ArrivalProcess, RateShape};
use serde::{Deserialize, Serialize};

/// Index of a queue in [`Model::queues`](super::Model::queues).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct QueueId(pub u32);

impl QueueId {
    /// The index as a `usize`.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A queue of jobs, first in first out, that the pods of a service work off.
///
/// A pod takes jobs from the moment that it listens until it is told to stop; what it has taken by
/// then it finishes, if its grace period is long enough. Readiness and load balancers play no part.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Queue {
    /// Its name; the random streams are named after it.
    pub name: String,
    /// Whose pods take the jobs.
    pub workers: ServiceId,
    /// Jobs that one pod has in progress at once at most.
    pub concurrency: u32,
    /// What a job does on its pod, in order.
    pub steps: Vec<Step>,
    /// Jobs that come by themselves, beside those of [`Step::Enqueue`].
    pub arrivals: Option<JobArrivals>,
    /// What becomes of the jobs of a pod that is killed.
    pub on_kill: OnKill,
    /// Partitions over which jobs are spread evenly; what a lag by partition is read from (Kafka).
    pub partitions: u32,
}

/// Jobs that come by themselves.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JobArrivals {
    /// How arrivals are spaced around the rate.
    pub process: ArrivalProcess,
    /// The rate over time.
    pub rate: RateShape,
}

/// What becomes of a job whose pod is killed while it works on it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnKill {
    /// It goes back to the head of the queue and is done again from its beginning: a broker that
    /// waits for an acknowledgement.
    #[default]
    Requeue,
    /// It is lost and counts as failed: a job that was popped off a list.
    Fail,
}

impl Queue {
    /// A queue whose jobs do these steps, one at a time on each pod of `workers`; nothing comes by
    /// itself.
    pub fn new(name: &str, workers: ServiceId, steps: Vec<Step>) -> Self {
        Self {
            name: name.to_owned(),
            workers,
            concurrency: 1,
            steps,
            arrivals: None,
            on_kill: OnKill::default(),
            partitions: 1,
        }
    }
}
