//! The worst minutes of a run.

use super::bucket::Bucket;
use super::samples::{EndpointSample, ServiceSample};
use crate::context::RunContext;
use crate::format::ratio;
use flashcrowd_core::model::EndpointId;
use flashcrowd_core::record::{EndpointInterval, Failure, FailureCounts};
use flashcrowd_telemetry::LatencyHistogram;
use flashcrowd_units::{SimDuration, SimTime};
use std::cmp::Ordering;

/// How many of the worst minutes are kept.
pub const WORST_MINUTES: usize = 10;

/// One bad minute.
#[derive(Debug, Clone)]
pub struct Minute {
    /// When it begins.
    pub start: SimTime,
    /// How long it is: a minute, less at the end of a run, more where the records come less often.
    pub length: SimDuration,
    /// All requests of the minute.
    pub requests: EndpointSample,
    /// Answered requests that were slower than the objective of their endpoint.
    pub slow: u64,
    /// The endpoint with the greatest share of failed and slow requests.
    pub worst_endpoint: EndpointId,
    /// That share.
    pub worst_endpoint_bad: f64,
    /// The most frequent reason of failure.
    pub failure: Option<Failure>,
    /// How many objectives it missed on its own.
    pub objectives_missed: u64,
    /// The services at its end.
    pub services: Vec<ServiceSample>,
}

impl Minute {
    /// Share of the requests ended in this minute that failed or were too slow.
    pub fn bad(&self) -> f64 {
        ratio(
            self.requests.failed + self.slow,
            self.requests.failed + self.requests.completed,
        )
    }

    /// Whether anything failed in it, or an objective was missed.
    pub fn is_unhealthy(&self) -> bool {
        self.requests.failed > 0 || self.objectives_missed > 0
    }

    /// The worse minute first: by the share of bad requests, then by the 95th percentile, then by
    /// time.
    fn order(&self, other: &Self) -> Ordering {
        let p95 = |minute: &Self| minute.requests.p95.unwrap_or(0.0);
        other
            .bad()
            .total_cmp(&self.bad())
            .then(p95(other).total_cmp(&p95(self)))
            .then(self.start.cmp(&other.start))
    }
}

/// The worst minutes until now, in constant memory.
#[derive(Debug)]
pub(crate) struct WorstMinutes {
    /// By endpoint: the strictest limit of its objectives.
    limits: Vec<Option<SimDuration>>,
    minutes: Vec<Minute>,
}

impl WorstMinutes {
    pub(crate) fn new(context: &RunContext) -> Self {
        let strictest = |endpoint| {
            let limits = context
                .objectives
                .iter()
                .filter_map(|o| o.latency_limit(EndpointId(endpoint)));
            limits.min()
        };
        let limits = (0..context.endpoints.len() as u32).map(strictest).collect();
        Self {
            limits,
            minutes: Vec::with_capacity(WORST_MINUTES + 1),
        }
    }

    /// Keeps the minute in `bucket` if it is among the worst. `all` is the latency of all its
    /// requests, `objectives_missed` what [`Minute`] says of it.
    pub(crate) fn consider(
        &mut self,
        bucket: &Bucket,
        all: &LatencyHistogram,
        objectives_missed: u64,
    ) {
        let Some((start, end)) = bucket.extent().filter(|(start, end)| start < end) else {
            return;
        };
        let slow = |index: usize| slow(&bucket.endpoints[index], self.limits[index]);
        let bad = |index: usize| {
            let endpoint = &bucket.endpoints[index];
            let failed = endpoint.failed_total();
            ratio(failed + slow(index), failed + endpoint.completed)
        };
        let endpoints = 0..bucket.endpoints.len();
        let Some(worst) = endpoints
            .clone()
            .rev()
            .max_by(|a, b| bad(*a).total_cmp(&bad(*b)))
        else {
            return;
        };
        let requests = together(&bucket.endpoints, all);
        if requests.completed + requests.failed == 0 {
            return;
        }
        let length = end.since(start);
        self.minutes.push(Minute {
            start,
            length,
            requests,
            slow: endpoints.map(slow).sum(),
            worst_endpoint: EndpointId(worst as u32),
            worst_endpoint_bad: bad(worst),
            failure: most_frequent(&bucket.endpoints),
            objectives_missed,
            services: bucket
                .services
                .iter()
                .map(|s| ServiceSample::new(s, length))
                .collect(),
        });
        self.minutes.sort_by(Minute::order);
        self.minutes.truncate(WORST_MINUTES);
    }

    /// The worst first.
    pub(crate) fn minutes(&self) -> &[Minute] {
        &self.minutes
    }
}

fn slow(endpoint: &EndpointInterval, limit: Option<SimDuration>) -> u64 {
    limit.map_or(0, |limit| {
        let in_time = endpoint
            .latency
            .count_below(limit + SimDuration::from_nanos(1));
        endpoint.latency.count() - in_time
    })
}

fn together(endpoints: &[EndpointInterval], all: &LatencyHistogram) -> EndpointSample {
    let seconds = |latency: Option<SimDuration>| latency.map(SimDuration::as_secs_f64);
    EndpointSample {
        offered: endpoints.iter().map(|endpoint| endpoint.offered).sum(),
        completed: endpoints.iter().map(|endpoint| endpoint.completed).sum(),
        failed: endpoints.iter().map(EndpointInterval::failed_total).sum(),
        mean: seconds(all.mean()),
        p50: seconds(all.quantile(0.5)),
        p95: seconds(all.quantile(0.95)),
        p99: seconds(all.quantile(0.99)),
    }
}

fn most_frequent(endpoints: &[EndpointInterval]) -> Option<Failure> {
    let mut sum: FailureCounts = Default::default();
    for endpoint in endpoints {
        for (sum, failed) in sum.iter_mut().zip(endpoint.failed) {
            *sum += failed;
        }
    }
    let reasons = Failure::ALL
        .into_iter()
        .rev()
        .filter(|reason| sum[*reason as usize] > 0);
    reasons.max_by_key(|reason| sum[*reason as usize])
}
