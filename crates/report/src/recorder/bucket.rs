//! Intervals added up to longer ones.

use flashcrowd_core::record::{
    EndpointInterval, FailureCounts, Interval, QueueInterval, ServiceInterval,
};
use flashcrowd_units::{SimDuration, SimTime};

/// Consecutive intervals as one: counts and integrals added, levels those at the end. Allocated
/// once; one histogram per endpoint.
#[derive(Debug)]
pub(crate) struct Bucket {
    width: SimDuration,
    /// Its first instant, once something is in it.
    start: Option<SimTime>,
    end: SimTime,
    pub(crate) endpoints: Vec<EndpointInterval>,
    pub(crate) services: Vec<ServiceInterval>,
    pub(crate) queues: Vec<QueueInterval>,
}

impl Bucket {
    /// An empty bucket that is full when `width` of simulated time is in it.
    pub(crate) fn new(
        width: SimDuration,
        endpoints: usize,
        services: usize,
        queues: usize,
    ) -> Self {
        Self {
            width,
            start: None,
            end: SimTime::ZERO,
            endpoints: vec![EndpointInterval::default(); endpoints],
            services: vec![ServiceInterval::default(); services],
            queues: vec![QueueInterval::default(); queues],
        }
    }

    /// Adds an interval that ends at `end`.
    pub(crate) fn add(&mut self, end: SimTime, interval: &Interval<'_>) {
        self.start.get_or_insert(interval.start);
        self.end = end;
        for (sum, part) in self.endpoints.iter_mut().zip(interval.endpoints) {
            add_endpoint(sum, part);
        }
        for (sum, part) in self.services.iter_mut().zip(interval.services) {
            add_service(sum, part);
        }
        for (sum, part) in self.queues.iter_mut().zip(interval.queues) {
            add_queue(sum, part);
        }
    }

    /// Its first and last instant, or `None` while nothing is in it.
    pub(crate) fn extent(&self) -> Option<(SimTime, SimTime)> {
        self.start.map(|start| (start, self.end))
    }

    /// Whether the end of the stretch of `width` that its start belongs to is reached.
    pub(crate) fn is_full(&self) -> bool {
        let Some(start) = self.start else {
            return false;
        };
        let width = self.width.as_nanos();
        start.as_nanos() / width < self.end.as_nanos() / width
    }

    /// Forgets what is in it, keeping the memory.
    pub(crate) fn clear(&mut self) {
        self.start = None;
        for endpoint in &mut self.endpoints {
            (endpoint.offered, endpoint.completed) = (0, 0);
            endpoint.failed = FailureCounts::default();
            endpoint.latency.clear();
        }
        self.services.fill(ServiceInterval::default());
        self.queues.iter_mut().for_each(QueueInterval::clear);
    }
}

/// Adds the requests of a later interval.
pub(crate) fn add_endpoint(sum: &mut EndpointInterval, part: &EndpointInterval) {
    sum.offered += part.offered;
    sum.completed += part.completed;
    for (sum, part) in sum.failed.iter_mut().zip(part.failed) {
        *sum += part;
    }
    sum.latency.merge(&part.latency);
}

/// Adds the counts and integrals of a later interval and takes over its levels.
pub(crate) fn add_service(sum: &mut ServiceInterval, part: &ServiceInterval) {
    let before = std::mem::replace(sum, part.clone());
    sum.attempts += before.attempts;
    for (sum, before) in sum.failed.iter_mut().zip(before.failed) {
        *sum += before;
    }
    sum.cpu_seconds += before.cpu_seconds;
    sum.cpu_capacity_seconds += before.cpu_capacity_seconds;
    sum.cpu_request_seconds += before.cpu_request_seconds;
    sum.cfs_periods += before.cfs_periods;
    sum.cfs_throttled += before.cfs_throttled;
    sum.in_flight_seconds += before.in_flight_seconds;
    sum.pod_seconds += before.pod_seconds;
    sum.cost += before.cost;
}

/// Adds the counts and integrals of a later interval and takes over its levels.
pub(crate) fn add_queue(sum: &mut QueueInterval, part: &QueueInterval) {
    sum.enqueued += part.enqueued;
    sum.processed += part.processed;
    sum.failed += part.failed;
    sum.requeued += part.requeued;
    sum.waiting_seconds += part.waiting_seconds;
    sum.waiting_max = sum.waiting_max.max(part.waiting_max);
    sum.waits.merge(&part.waits);
    (sum.waiting, sum.in_progress) = (part.waiting, part.in_progress);
    sum.oldest_seconds = part.oldest_seconds;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up_and_levels_are_the_last() {
        let mut bucket = Bucket::new(SimDuration::from_secs(60), 1, 1, 0);
        for step in 0..4 {
            let mut endpoint = EndpointInterval {
                offered: 10,
                completed: 9,
                ..Default::default()
            };
            endpoint.failed[1] = 1;
            endpoint.latency.record_n(SimDuration::from_millis(100), 9);
            let service = ServiceInterval {
                desired: 2 + step,
                cpu_seconds: 1.5,
                pod_seconds: 30.0,
                ..Default::default()
            };
            assert!(!bucket.is_full());
            let interval = Interval {
                start: SimTime::from_secs(u64::from(step) * 15),
                endpoints: &[endpoint],
                services: &[service],
                queues: &[],
                nodes: &[],
                unschedulable: 0,
            };
            bucket.add(SimTime::from_secs(u64::from(step + 1) * 15), &interval);
        }
        assert!(bucket.is_full());
        assert_eq!(
            bucket.extent(),
            Some((SimTime::ZERO, SimTime::from_secs(60)))
        );
        assert_eq!(bucket.endpoints[0].offered, 40);
        assert_eq!(bucket.endpoints[0].failed[1], 4);
        assert_eq!(bucket.endpoints[0].latency.count(), 36);
        assert_eq!(bucket.services[0].desired, 5);
        assert_eq!(bucket.services[0].cpu_seconds, 6.0);
        bucket.clear();
        assert_eq!(bucket.extent(), None);
        assert_eq!(bucket.endpoints[0].offered, 0);
        assert!(bucket.endpoints[0].latency.is_empty());
    }
}
