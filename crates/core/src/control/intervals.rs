//! What is reported about an interval.

use super::{Event, World};
use crate::model::{PodTemplate, ServiceId};
use crate::plane::{DataPlane, ServerId};
use crate::record::{Interval, PodStage, Record, Recorder, ServiceInterval};
use flashcrowd_units::{Bytes, Millicores, SimTime};
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

    /// The value at present.
    pub(super) fn value(&self) -> i64 {
        self.value
    }

    /// The integral so far, which goes on.
    pub(super) fn integral(&self, now: SimTime) -> f64 {
        self.seconds + self.value as f64 * (now - self.since).as_secs_f64()
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
    /// What all running containers request and may use at most, since the start of the run.
    pub(super) granted: Granted,
    /// Pods that are ready.
    pub(super) ready: Level,
    /// What ready pods can use beyond their template \[millicores\].
    surplus_capacity: Level,
    /// Time in which pods were desired and none was ready.
    no_ready: Absence,
    /// Of containers that ended within the interval.
    cpu_seconds: f64,
    cfs_periods: u64,
    cfs_throttled: u64,
    start: SimTime,
    /// Of all containers that have ended since the start of the run.
    pub(super) ended: EndedUsage,
}

/// What containers had used when they ended.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct EndedUsage {
    pub(super) cpu_seconds: f64,
    pub(super) cfs_periods: u64,
    pub(super) cfs_throttled: u64,
}

/// Requests and limits; what is not set counts as nothing.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Granted {
    /// \[millicores\]
    pub(super) cpu_request: Level,
    /// \[millicores\]
    pub(super) cpu_limit: Level,
    /// \[bytes\]
    pub(super) memory_request: Level,
    /// \[bytes\]
    pub(super) memory_limit: Level,
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

    /// A container starts (1) or ends (-1): what it requests and may use counts.
    pub(super) fn count_requested(&mut self, server: ServerId, change: i64) {
        let (now, size) = (self.now, self.size_of(server));
        let service = self.pod(server).service;
        let template = self.template(server);
        let requested = template.shape_with(size.cpu_request, size.memory_request);
        let planned = self.service_of(service).pod.shape();
        let interval = &mut self.services[service.index()].interval;
        let cpu = requested.cpu.get() as i64;
        let surplus = cpu - planned.cpu.get() as i64;
        interval.surplus.add(change * surplus, now);
        let limit = |limit: Option<u64>| change * limit.unwrap_or(0) as i64;
        let granted = &mut interval.granted;
        granted.cpu_request.add(change * cpu, now);
        granted
            .cpu_limit
            .add(limit(size.cpu_limit.map(Millicores::get)), now);
        granted
            .memory_request
            .add(change * requested.memory.get() as i64, now);
        granted
            .memory_limit
            .add(limit(size.memory_limit.map(Bytes::get)), now);
    }

    pub(super) fn count_ready(&mut self, service: ServiceId, change: i32) {
        self.services[service.index()]
            .interval
            .ready
            .add(change.into(), self.now);
        self.watch_readiness(service);
        self.watch_capacity(service);
    }

    /// The ready pods, or the limits of one of them, have changed.
    pub(super) fn watch_capacity(&mut self, service: ServiceId) {
        let state = &self.services[service.index()];
        let mut sets = state.sets.sets.iter();
        let alike = sets.all(|set| state.revisions.is_first(set.revision));
        if alike && state.vertical.is_none() && state.interval.surplus_capacity.value == 0 {
            return;
        }
        let cores = self.model.cores_of(service);
        let millicores = |cores: f64| (cores * 1000.0).round() as i64;
        let template = &self.service_of(service).pod;
        let planned = millicores(capacity_cores(template, template.cpu_limit, cores));
        let ready = state.pods.iter().copied().filter(|&server| {
            let pod = self.pod(server);
            pod.ready && pod.is_active()
        });
        let surplus: i64 = ready
            .map(|server| {
                let limit = self.size_of(server).cpu_limit;
                millicores(capacity_cores(self.template(server), limit, cores)) - planned
            })
            .sum();
        let level = &mut self.services[service.index()].interval.surplus_capacity;
        level.add(surplus - level.value(), self.now);
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

    /// A container ends: what it has used will be asked for, and it cannot answer any more.
    pub(super) fn retire_usage(&mut self, server: ServerId) {
        let usage = self.plane.usage(server, self.now);
        let service = self.pod(server).service;
        let ended = &mut self.services[service.index()].interval.ended;
        ended.cpu_seconds += usage.cpu_seconds;
        ended.cfs_periods += usage.cfs_periods;
        ended.cfs_throttled += usage.cfs_throttled;
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
        self.carry_endpoints();
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
        let capacity = capacity_cores(&service.pod, service.pod.cpu_limit, cores);
        report.cpu_capacity_seconds =
            interval.ready.take(now) * capacity + interval.surplus_capacity.take(now) / 1000.0;
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
fn capacity_cores(pod: &PodTemplate, limit: Option<Millicores>, node_cores: u32) -> f64 {
    let cores = f64::from(pod.threads.unwrap_or(u32::MAX).min(node_cores));
    limit.map_or(cores, |limit| limit.as_cores().min(cores))
}
