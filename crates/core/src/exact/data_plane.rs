//! What the control plane sees and does.

use super::request::NIL;
use super::{ExactPlane, Tracer};
use crate::model::{QueueId, ServiceId};
use crate::plane::{Change, DataPlane, Notice, PodUsage, QueueLevels, ServerId, ServiceTraffic};
use crate::record::{EndpointInterval, FailureCounts, QueueInterval, Totals};
use flashcrowd_units::SimTime;

impl<T: Tracer> DataPlane for ExactPlane<T> {
    fn advance(&mut self, to: SimTime) -> Option<(SimTime, Notice)> {
        assert!(
            to >= self.now,
            "simulated time would go back from {} to {to}",
            self.now
        );
        loop {
            let bound = to.min(self.next_special);
            // Completions before arrivals of the same instant.
            if let Some((now, slot)) = self.queue.pop_due(bound, self.next_arrival.0) {
                self.now = now;
                self.events += 1;
                if let Some(slot) = self.wake(now, slot) {
                    self.run_one(now, slot);
                }
            } else if self.next_arrival.0 < bound {
                let now = self.next_arrival.0;
                self.now = now;
                self.events += 1;
                if let Some(slot) = self.arrive(now) {
                    self.run_one(now, slot);
                }
            } else if let Some(notice) = self.notices.pop() {
                self.find_next_special();
                return Some((self.now, notice));
            } else if self.next_special < to {
                self.special();
            } else {
                self.now = to;
                return None;
            }
            // Callers whose callee has answered.
            self.run_runnable(self.now);
        }
    }

    fn apply(&mut self, now: SimTime, change: Change) {
        debug_assert!(now >= self.now);
        self.now = now;
        match change {
            Change::Start {
                server,
                service,
                phase,
                limits,
                settings,
            } => self.start(now, (server, service), phase, limits, settings),
            Change::Resize {
                server,
                limits,
                settings,
            } => self.resize(now, server, limits, settings),
            Change::Listen(server, listening) => {
                self.servers[server.0 as usize].listen(listening);
                if listening {
                    self.join_queues(now, server.0);
                } else {
                    self.queues.leave(server.0);
                }
            }
            Change::Route(server, routed) => {
                let server = &self.servers[server.0 as usize];
                let service = server.service;
                let router = &mut self.services[server.service as usize].router;
                if routed {
                    router.add(server.member);
                    self.release_held(now, service);
                } else {
                    router.remove(server.member);
                }
            }
            Change::Drain(server) => {
                let pod = &mut self.servers[server.0 as usize];
                pod.draining = true;
                if pod.inside == 0 {
                    self.notices.push(Notice::Drained(server));
                    self.next_special = SimTime::ZERO;
                }
            }
            Change::Kill(server, failure) => self.kill(now, server.0, failure),
            Change::Remove(server) => {
                let pod = &mut self.servers[server.0 as usize];
                let member = std::mem::replace(&mut pod.member, NIL);
                self.services[pod.service as usize].router.leave(member);
            }
        }
    }

    fn usage(&mut self, server: ServerId, now: SimTime) -> PodUsage {
        let pod = &mut self.servers[server.0 as usize];
        let (cfs_periods, cfs_throttled) = pod
            .station
            .as_mut()
            .map_or((0, 0), |s| s.periods(now.as_nanos()));
        PodUsage {
            cpu_seconds: pod.cpu_seconds(now.as_nanos()),
            memory_bytes: pod.memory_bytes(),
            inside: pod.inside,
            queued: pod.queued(),
            cfs_periods,
            cfs_throttled,
            probe_delay_seconds: pod
                .station
                .as_ref()
                .map_or(0.0, |station| station.backlog(now.as_nanos()) as f64 * 1e-9),
        }
    }

    fn endpoints(&self) -> &[EndpointInterval] {
        &self.endpoints
    }

    fn traffic(&mut self, service: ServiceId, now: SimTime) -> ServiceTraffic {
        let traffic = &self.services[service.index()];
        let inside = traffic
            .inside_sum
            .wrapping_add(u64::from(traffic.inside).wrapping_mul(now.as_nanos()));
        ServiceTraffic {
            attempts: traffic.attempts,
            failed: traffic.failed,
            inside_seconds: inside as f64 * 1e-9,
            inside: traffic.inside,
            held: self.held[service.index()].len(),
            held_seconds: self.held[service.index()].seconds(now),
        }
    }

    fn queue(&self, queue: QueueId, now: SimTime) -> QueueLevels {
        self.queues.levels(queue, now, &self.requests)
    }

    fn queues(&mut self, now: SimTime) -> &[QueueInterval] {
        self.queues.intervals(now, &self.requests)
    }

    fn end_interval(&mut self, now: SimTime) {
        for endpoint in &mut self.endpoints {
            self.past.offered += endpoint.offered;
            self.past.completed += endpoint.completed;
            for (total, count) in self.past.failed.iter_mut().zip(endpoint.failed) {
                *total += count;
            }
            (endpoint.offered, endpoint.completed) = (0, 0);
            endpoint.failed = FailureCounts::default();
            endpoint.latency.clear();
        }
        for traffic in &mut self.services {
            traffic.attempts = 0;
            traffic.failed = FailureCounts::default();
            traffic.inside_sum = u64::from(traffic.inside)
                .wrapping_mul(now.as_nanos())
                .wrapping_neg();
        }
        for held in &mut self.held {
            held.end_interval(now);
        }
        self.queues.end_interval(now);
    }

    fn totals(&self) -> Totals {
        let mut totals = self.past.clone();
        for endpoint in &self.endpoints {
            totals.offered += endpoint.offered;
            totals.completed += endpoint.completed;
            for (total, count) in totals.failed.iter_mut().zip(endpoint.failed) {
                *total += count;
            }
        }
        // Counted on its own account, so that conservation is a check and not a definition.
        totals.in_flight = self.requests.awaited_clients();
        totals.queues = self.queues.totals(&self.requests);
        totals.events = self.events;
        totals
    }
}
