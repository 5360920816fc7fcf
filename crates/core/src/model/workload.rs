//! Who sends requests, and what a request does.

use super::{EndpointId, QueueId, ServiceId};
use flashcrowd_units::{Ratio, SimDuration};
use flashcrowd_workload::{ArrivalProcess, RateShape, ServiceTime};
use serde::{Deserialize, Serialize};

/// A source of requests that does not wait for answers (an open workload).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Workload {
    /// Its name; the random streams are named after it.
    pub name: String,
    /// How arrivals are spaced around the rate.
    pub process: ArrivalProcess,
    /// The rate over time.
    pub rate: RateShape,
    /// Which endpoints are asked for, with their shares. The shares add up to one.
    pub endpoints: Vec<(EndpointId, Ratio)>,
    /// After this long a client gives up; its request has failed then.
    pub timeout: SimDuration,
}

/// One operation that a service offers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Endpoint {
    /// Its name, unique in the model (`browse`, or `backend/browse` where two services share it).
    pub name: String,
    /// The service whose pods execute it.
    pub service: ServiceId,
    /// What a request does, in order.
    pub steps: Vec<Step>,
}

/// One step of a request's program.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Step {
    /// Core-time on the pod's CPU, by one thread.
    Cpu(ServiceTime),
    /// Core-time on the pod's CPU, divided equally among several threads of the request.
    ParallelCpu {
        /// Core-time of all threads together.
        time: ServiceTime,
        /// How many threads.
        threads: u32,
    },
    /// Time that passes without CPU (a disk, a third party).
    Wait(ServiceTime),
    /// Ask another service and wait for the answer; the place in the pod stays taken.
    Call {
        /// What is asked for.
        endpoint: EndpointId,
        /// After this long the caller gives up and its own request fails.
        timeout: SimDuration,
    },
    /// Put a job into a queue and go on at once.
    Enqueue(QueueId),
    /// Exactly one of the alternatives, with these probabilities. They add up to at most one;
    /// with the rest nothing is done.
    Choose(Vec<(Ratio, Vec<Step>)>),
}
