//! The Deployment and ReplicaSet controllers at work: from `spec.replicas` to pods.

use super::World;
use super::deployment::Observed;
use super::pod::{Instant, instant};
use super::victims::{self, Candidate};
use crate::model::{RolloutStrategy, ServiceId};
use crate::plane::{DataPlane, ServerId};
use crate::record::{Record, Recorder};

impl<P: DataPlane> World<P> {
    /// Writes `spec.replicas`.
    pub(super) fn scale(
        &mut self,
        service: ServiceId,
        to: u32,
        by: &str,
        reason: &str,
        recorder: &mut dyn Recorder,
    ) {
        let state = &mut self.services[service.index()];
        let from = std::mem::replace(&mut state.desired, to);
        if from == to {
            return;
        }
        self.watch_readiness(service);
        recorder.record(
            self.now,
            &Record::Scaled {
                service,
                from,
                to,
                by,
                reason,
            },
        );
        self.reconcile(service, recorder);
    }

    /// The Deployment and ReplicaSet controllers: each change that they make lets them look again.
    pub(super) fn reconcile(&mut self, service: ServiceId, recorder: &mut dyn Recorder) {
        if self.services[service.index()].jobs.is_some() {
            // There is no Deployment.
            return;
        }
        let strategy = self.model.services[service.index()].rollout;
        let was_rolling = self.services[service.index()].sets.is_rolling();
        loop {
            let before = self.services[service.index()].sets.clone();
            self.reconcile_once(service, strategy, recorder);
            if self.services[service.index()].sets == before {
                break;
            }
        }
        let sets = &self.services[service.index()].sets;
        if was_rolling && !sets.is_rolling() {
            recorder.record(
                self.now,
                &Record::Rollout {
                    service,
                    finished: true,
                },
            );
        } else if sets.is_rolling() {
            self.prune_sets(service, recorder);
        }
    }

    fn reconcile_once(
        &mut self,
        service: ServiceId,
        strategy: RolloutStrategy,
        recorder: &mut dyn Recorder,
    ) {
        let observed = self.observe_sets(service, strategy);
        let state = &self.services[service.index()];
        let count = |revision| {
            let of = |id: &&ServerId| self.pod(**id).revision == revision;
            state.pods.iter().filter(of).count() as u32
        };
        let existing: Vec<_> = state
            .sets
            .sets
            .iter()
            .map(|set| count(set.revision))
            .collect();
        let desired = state.desired;
        let sets = &mut self.services[service.index()].sets;
        sets.reconcile(desired, strategy, &observed, &existing);
        for set in sets.sets.clone() {
            self.size(service, set.revision, set.replicas, recorder);
        }
    }

    /// The last old pod may have gone without anything left to size.
    fn prune_sets(&mut self, service: ServiceId, recorder: &mut dyn Recorder) {
        let pods: Vec<u32> = self.services[service.index()]
            .pods
            .iter()
            .map(|id| self.pod(*id).revision)
            .collect();
        let sets = &mut self.services[service.index()].sets;
        let newest = sets.revision();
        sets.sets.retain(|set| {
            set.revision == newest || set.replicas > 0 || pods.contains(&set.revision)
        });
        if !sets.is_rolling() {
            recorder.record(
                self.now,
                &Record::Rollout {
                    service,
                    finished: true,
                },
            );
        }
    }

    fn observe_sets(&mut self, service: ServiceId, strategy: RolloutStrategy) -> Vec<Observed> {
        let min_ready = match strategy {
            RolloutStrategy::RollingUpdate { min_ready, .. } => min_ready.as_nanos() as Instant,
            RolloutStrategy::Recreate => 0,
        };
        let now = instant(self.now);
        let state = &self.services[service.index()];
        let mut observed: Vec<_> = state
            .sets
            .sets
            .iter()
            .map(|set| Observed {
                revision: set.revision,
                available: 0,
            })
            .collect();
        for pod in state
            .pods
            .iter()
            .map(|id| self.pod(*id))
            .filter(|pod| pod.is_active() && pod.ready)
        {
            let available = pod
                .ready_changed
                .is_none_or(|since| since + min_ready <= now);
            if let Some(set) = observed
                .iter_mut()
                .find(|set| set.revision == pod.revision && available)
            {
                set.available += 1;
            }
        }
        observed
    }

    /// The ReplicaSet controller: creates or deletes pods of one template.
    fn size(
        &mut self,
        service: ServiceId,
        revision: u32,
        replicas: u32,
        recorder: &mut dyn Recorder,
    ) {
        let cost = self.model.services[service.index()].pod.deletion_cost;
        let pods = self.services[service.index()]
            .pods
            .iter()
            .map(|id| self.pod(*id));
        let mut candidates: Vec<_> = pods
            .filter(|pod| pod.revision == revision && pod.is_active())
            .map(|pod| {
                let candidate = Candidate::new(pod, cost, self.neighbours(pod));
                (candidate, pod.server)
            })
            .collect();
        let (have, want) = (candidates.len(), replicas as usize);
        let pods: Vec<_> = candidates.iter().map(|(_, server)| *server).collect();
        let surplus = have.saturating_sub(want);
        if let Some(instances) = self.surplus_instances(&pods, surplus) {
            for server in instances {
                self.terminate(server, "ScaleIn", recorder);
            }
        } else if have > want {
            let now = instant(self.now);
            candidates.sort_by(|a, b| victims::order(&a.0, &b.0, now));
            for (_, server) in candidates.into_iter().take(have - want) {
                self.terminate(server, "ScaleDown", recorder);
            }
        }
        for _ in have..want {
            self.create_pod(service, revision, recorder);
        }
    }
}
