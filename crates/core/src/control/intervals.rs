//! What is reported about an interval.

use super::{Event, World};
use crate::model::{PodTemplate, ServiceId};
use crate::plane::{DataPlane, ServerId};
use crate::record::{Interval, PodStage, Record, Recorder, ServiceInterval};
use flashcrowd_units::{Millicores, SimTime};
use serde::{Deserialize, Serialize};

/// A level whose integral over the interval is wanted.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Level {
    value: i64,
    since: SimTime,
    seconds: f64,
}

impl Level {
    pub(super) fn add(&mut self, change: i64, now: SimTime) {
        self.seconds += self.value as f64 * (now - self.since).as_secs_f64();
        self.since = now;
        self.value += change;
    }

    pub(super) fn take(&mut self, now: SimTime) -> f64 {
        self.add(0, now);
        std::mem::take(&mut self.seconds)
    }
}

/// How long a service was without a ready pod that it should have had.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Absence {
    /// Since when it is, as far as that is not yet part of `seconds`.
    since: Option<SimTime>,
    seconds: f64,
}

impl Absence {
    fn set(&mut self, absent: bool, now: SimTime) {
        if let Some(since) = self.since.take() {
            self.seconds += (now - since).as_secs_f64();
        }
        self.since = absent.then_some(now);
    }

    fn take(&mut self, now: SimTime) -> f64 {
        self.set(self.since.is_some(), now);
        std::mem::take(&mut self.seconds)
    }
}

/// What adds up between two reports.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct IntervalState {
    /// Pods that exist and are paid for.
    existing: Level,
    /// Containers that run.
    running: Level,
    /// What running containers request beyond their template \[millicores\].
    surplus: Level,
    /// Pods that are ready.
    ready: Level,
    /// Time in which pods were desired and none was ready.
    no_ready: Absence,
    /// Of containers that ended within the interval.
    cpu_seconds: f64,
    cfs_periods: u64,
    cfs_throttled: u64,
    start: SimTime,
}

impl<P: DataPlane> World<P> {
    pub(super) fn count_pod(&mut self, service: ServiceId, change: i32) {
        self.services[service.index()]
            .interval
            .existing
            .add(change.into(), self.now);
    }

    pub(super) fn count_running(&mut self, service: ServiceId, change: i32) {
        self.services[service.index()]
            .interval
            .running
            .add(change.into(), self.now);
    }

    /// A container starts or ends: what it requests beyond its template counts.
    pub(super) fn count_requested(&mut self, server: ServerId, change: i64) {
        let pod = self.pod(server);
        let (service, Some(size)) = (pod.service, pod.size) else {
            return;
        };
        let application = self.service_of(service).pod.containers.first();
        let planned = application.and_then(|container| container.cpu_request);
        let millicores =
            |request: Option<Millicores>| request.map_or(0, |request| request.get() as i64);
        let surplus = millicores(size.cpu_request) - millicores(planned);
        self.services[service.index()]
            .interval
            .surplus
            .add(change * surplus, self.now);
    }

    pub(super) fn count_ready(&mut self, service: ServiceId, change: i32) {
        self.services[service.index()]
            .interval
            .ready
            .add(change.into(), self.now);
        self.watch_readiness(service);
    }

    /// The number of ready or of desired pods has changed.
    pub(super) fn watch_readiness(&mut self, service: ServiceId) {
        let state = &mut self.services[service.index()];
        // Jobs serve nobody who could miss them.
        let is_missed = state.desired > 0 && state.jobs.is_none();
        let absent = is_missed && state.interval.ready.value == 0;
        state.interval.no_ready.set(absent, self.now);
    }

    /// Books what a container has used since it was last looked at.
    pub(super) fn settle_usage(&mut self, server: ServerId) {
        let usage = self.plane.usage(server, self.now);
        let pod = self.pod_mut(server);
        let container = &mut pod.container;
        let service = pod.service;
        let cpu = usage.cpu_seconds
            - std::mem::replace(&mut container.reported_cpu_seconds, usage.cpu_seconds);
        let periods = usage.cfs_periods
            - std::mem::replace(&mut container.reported_periods, usage.cfs_periods);
        let throttled = usage.cfs_throttled
            - std::mem::replace(&mut container.reported_throttled, usage.cfs_throttled);
        let interval = &mut self.services[service.index()].interval;
        interval.cpu_seconds += cpu;
        interval.cfs_periods += periods;
        interval.cfs_throttled += throttled;
    }

    pub(super) fn end_interval(&mut self, recorder: &mut dyn Recorder) {
        let now = self.now;
        let start = self
            .services
            .first()
            .map_or(SimTime::ZERO, |service| service.interval.start);
        let services: Vec<_> = (0..self.services.len())
            .map(|index| self.service_interval(ServiceId(index as u32)))
            .collect();
        // A copy, because the plane can lend only one of the two at a time.
        let queues = self.plane.queues(now).to_vec();
        let (nodes, unschedulable) = self.node_intervals();
        let interval = Interval {
            start,
            nodes: &nodes,
            unschedulable,
            endpoints: self.plane.endpoints(),
            services: &services,
            queues: &queues,
        };
        recorder.record(now, &Record::Interval(interval));
        self.plane.end_interval(now);
        let end = SimTime::ZERO + self.model.duration;
        if now < end {
            self.schedule((now + self.report_interval).min(end), Event::Interval);
        }
    }

    fn service_interval(&mut self, id: ServiceId) -> ServiceInterval {
        let now = self.now;
        let traffic = self.plane.traffic(id, now);
        let in_flight_seconds = traffic.inside_seconds + traffic.held_seconds;
        let mut report = ServiceInterval {
            attempts: traffic.attempts,
            failed: traffic.failed,
            in_flight: u64::from(traffic.held),
            queued: u64::from(traffic.held),
            in_flight_seconds,
            ..ServiceInterval::default()
        };
        let carried = &mut self.services[id.index()].carried;
        carried.attempts += traffic.attempts;
        carried.failed += traffic.failed.iter().sum::<u64>();
        carried.in_flight_seconds += in_flight_seconds;
        for server in self.services[id.index()].pods.clone() {
            let pod = self.pod(server);
            if pod.stage == PodStage::Terminating {
                report.terminating += 1;
            } else {
                report.current += 1;
            }
            if pod.container.running_since.is_some() {
                self.settle_usage(server);
                let usage = self.plane.usage(server, now);
                report.in_flight += u64::from(usage.inside);
                report.queued += u64::from(usage.queued);
                report.memory_bytes += usage.memory_bytes;
                report.memory_max_bytes = report.memory_max_bytes.max(usage.memory_bytes);
            }
        }
        let service = &self.model.services[id.index()];
        let cores = self.model.cores_of(id);
        let state = &mut self.services[id.index()];
        let interval = &mut state.interval;
        report.desired = state.desired;
        report.bounds = match &state.jobs {
            Some(jobs) => Some(jobs.bounds()),
            None => state
                .scaler
                .as_ref()
                .and_then(super::autoscaling::Scaler::bounds),
        };
        report.cpu_seconds = std::mem::take(&mut interval.cpu_seconds);
        report.cfs_periods = std::mem::take(&mut interval.cfs_periods);
        report.cfs_throttled = std::mem::take(&mut interval.cfs_throttled);
        report.ready =
            u32::try_from(interval.ready.value).expect("a count of pods became negative");
        report.no_ready_seconds = interval.no_ready.take(now);
        report.pod_seconds = interval.existing.take(now);
        report.cost = service.pod_hour * (report.pod_seconds / 3600.0);
        report.cpu_capacity_seconds =
            interval.ready.take(now) * capacity_cores(&service.pod, cores);
        let request = service
            .pod
            .cpu_request
            .map_or(0.0, flashcrowd_units::Millicores::as_cores);
        report.cpu_request_seconds =
            interval.running.take(now) * request + interval.surplus.take(now) / 1000.0;
        interval.start = now;
        report
    }
}

/// What one pod can use at most \[cores\].
fn capacity_cores(pod: &PodTemplate, node_cores: u32) -> f64 {
    let cores = f64::from(pod.threads.unwrap_or(u32::MAX).min(node_cores));
    pod.cpu_limit
        .map_or(cores, |limit| limit.as_cores().min(cores))
}
