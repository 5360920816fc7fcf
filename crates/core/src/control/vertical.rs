//! The Vertical Pod Autoscaler at work: samples in, recommendations, evictions, and what new pods
//! are given.
//!
//! Once a minute, recommender and updater one after the other: upstream they run side by side,
//! each once a minute. Only the application's container is looked at; sidecars use nothing here.
//! Pods that are to be resized in place are (`resize`), where the kubelet can.

pub(super) mod resize;

use super::pod::{Pod, PodSize};
use super::{Event, World};
use crate::error::ModelError;
use crate::model::{PodTemplate, ServiceId};
use crate::plane::{DataPlane, ServerId};
use crate::record::{PodStage, Recorder};
use flashcrowd_autoscalers::vpa::{
    ContainerResources, ContainerSample, InvalidVpa, OomKill, PodContainer, PodRecommendation,
    RecommenderFlags, ReplicaGroup, ResourceAmounts, ResourceRecommender, UpdateAction,
    UpdaterContainer, UpdaterFlags, UpdaterObservation, UpdaterPod, VpaRecommender, VpaUpdater,
    admit,
};
use flashcrowd_autoscalers::{PodId, PodPhase, TimePoint};
use flashcrowd_engine::RngStreams;
use flashcrowd_manifests::vpa::VpaSpec;
use flashcrowd_units::{Bytes, Replicas, SimDuration, SimTime};
use rand::RngExt;
use resize::{is_resizable, size_with};

/// After how long what nobody has heard of is forgotten: once an hour.
const COLLECTION: SimDuration = SimDuration::from_secs(3_600);

/// The VPA of one service.
pub(super) struct Vertical {
    spec: VpaSpec,
    recommender: VpaRecommender,
    updater: VpaUpdater,
    recommendation: Option<PodRecommendation>,
    next_collection: SimTime,
}

impl Vertical {
    fn new(spec: &VpaSpec) -> Result<Self, InvalidVpa> {
        Ok(Self {
            recommender: VpaRecommender::new(spec, RecommenderFlags::default())?,
            updater: VpaUpdater::new(spec, UpdaterFlags::default())?,
            spec: spec.clone(),
            recommendation: None,
            next_collection: SimTime::ZERO + COLLECTION,
        })
    }
}

/// The size of a pod that nobody has resized: that of the application's container.
fn template_size(template: &PodTemplate) -> PodSize {
    let application = template.containers.first();
    PodSize {
        cpu_request: application.and_then(|container| container.cpu_request),
        memory_request: application.and_then(|container| container.memory_request),
        cpu_limit: template.cpu_limit,
        memory_limit: template.memory_limit,
    }
}

fn resources(size: PodSize) -> ContainerResources {
    ContainerResources {
        requests: ResourceAmounts::new(size.cpu_request, size.memory_request),
        limits: ResourceAmounts::new(size.cpu_limit, size.memory_limit),
    }
}

/// The pods of one revision share their labels.
fn label_set(pod: &Pod) -> u64 {
    u64::from(pod.revision)
}

impl<P: DataPlane> World<P> {
    pub(super) fn start_vertical(
        &mut self,
        service: ServiceId,
        streams: RngStreams,
    ) -> Result<(), ModelError> {
        let of = self.service_of(service);
        let Some(spec) = &of.vpa else { return Ok(()) };
        let vertical = Vertical::new(spec).map_err(|error| ModelError::Invalid {
            what: "vpa",
            of: of.name.clone(),
            problem: error.to_string(),
        })?;
        let interval = vertical.recommender.flags().interval;
        let phase = streams
            .stream(&format!("vpa/{}", of.name))
            .random_range(0..interval.as_nanos());
        self.services[service.index()].vertical = Some(vertical);
        self.schedule(SimTime::from_nanos(phase), Event::Vertical(service));
        Ok(())
    }

    /// One pass of recommender and updater.
    pub(super) fn size_pods(&mut self, service: ServiceId, recorder: &mut dyn Recorder) {
        let Some(mut vertical) = self.services[service.index()].vertical.take() else {
            return;
        };
        let now = TimePoint::from(self.now);
        if self.metrics_available() {
            self.sample_usage(service, &mut vertical);
        }
        let recommendation = vertical.recommender.recommend(now);
        let has_any = !recommendation.containers.is_empty();
        vertical.recommendation = has_any.then_some(recommendation);
        if self.now >= vertical.next_collection {
            vertical.recommender.collect_garbage(now);
            vertical.next_collection = self.now + COLLECTION;
        }
        self.retry_resizes(service, recorder);
        let actions = self.to_update(service, &mut vertical);
        let interval = vertical.recommender.flags().interval;
        self.services[service.index()].vertical = Some(vertical);
        for action in actions {
            match action {
                UpdateAction::Evict(id) => {
                    if let Some(server) = self.server_of(service, id) {
                        self.terminate(server, "EvictedByVPA", recorder);
                    }
                }
                UpdateAction::Resize(resize) => {
                    // The application's container is the only one that was shown.
                    let server = self.server_of(service, resize.pod);
                    if let (Some(server), [container]) = (server, &*resize.containers) {
                        self.resize_pod(server, size_with(&container.resources), recorder);
                    }
                }
            }
        }
        self.reconcile(service, recorder);
        self.schedule(self.now + interval, Event::Vertical(service));
    }

    /// Shows the recommender what the metrics API serves.
    fn sample_usage(&mut self, service: ServiceId, vertical: &mut Vertical) {
        let name = self.application(service);
        for server in self.services[service.index()].pods.clone() {
            let now = self.now;
            let pod = self.pod_mut(server);
            let Some(value) = pod.metrics.served(now) else {
                continue;
            };
            let millicores = (value.cpu * 1000.0).round() as u64;
            let cpu = flashcrowd_units::Millicores::new(millicores);
            vertical.recommender.observe(&ContainerSample {
                pod: PodId(u64::from(pod.id.0)),
                container: &name,
                label_set: label_set(pod),
                at: TimePoint::from(value.at),
                usage: ResourceAmounts::new(Some(cpu), Some(Bytes::new(value.memory))),
            });
        }
    }

    fn application(&self, service: ServiceId) -> String {
        let containers = &self.service_of(service).pod.containers;
        containers
            .first()
            .map_or_else(String::new, |container| container.name.clone())
    }

    fn server_of(&self, service: ServiceId, id: PodId) -> Option<ServerId> {
        let mut pods = self.services[service.index()].pods.iter().copied();
        pods.find(|&server| u64::from(self.pod(server).id.0) == id.0)
    }

    /// What the updater does to pods now.
    fn to_update(&self, service: ServiceId, vertical: &mut Vertical) -> Vec<UpdateAction> {
        let name = self.application(service);
        let state = &self.services[service.index()];
        let containers: Vec<_> = state
            .pods
            .iter()
            .map(|&server| {
                let pod = self.pod(server);
                [UpdaterContainer {
                    container: PodContainer {
                        name: &name,
                        resources: resources(self.size_of(server)),
                    },
                    oom_killed_after: pod.oom_killed_after,
                }]
            })
            .collect();
        let recommendation = vertical.recommendation.as_ref();
        let is_resizable = |server: ServerId, containers: &[UpdaterContainer<'_>; 1]| {
            let admitted = admit(&vertical.spec, recommendation, &[containers[0].container]);
            let new = admitted.first().map(|it| size_with(&it.resources));
            new.is_some_and(|new| is_resizable(self.size_of(server), new))
        };
        let pods: Vec<Vec<_>> = (state.sets.sets.iter())
            .map(|set| {
                let pods = state.pods.iter().zip(&containers);
                let pods = pods.map(|(&server, containers)| (self.pod(server), containers));
                pods.filter(|(pod, _)| pod.revision == set.revision)
                    .map(|(pod, containers)| UpdaterPod {
                        id: PodId(u64::from(pod.id.0)),
                        phase: if pod.container.starts == 0 {
                            PodPhase::Pending
                        } else {
                            PodPhase::Running
                        },
                        scheduled: pod.stage != PodStage::Pending,
                        deleting: pod.deleting.is_some(),
                        start_time: pod.started.map(TimePoint::from_nanos),
                        containers,
                        resize: pod.resize.map(|resize| resize.state),
                        resizable: is_resizable(pod.server, containers),
                    })
                    .collect()
            })
            .collect();
        let sets = state.sets.sets.iter().zip(&pods);
        let groups: Vec<_> = sets
            .map(|(set, pods)| ReplicaGroup {
                configured: Replicas(set.replicas),
                disruptions_allowed: self.disruptions_allowed(service),
                pods,
            })
            .collect();
        let decision = vertical.updater.decide(&UpdaterObservation {
            now: TimePoint::from(self.now),
            recommendation,
            groups: &groups,
        });
        decision.actions
    }

    /// Requests and limits of a pod's application.
    pub(super) fn size_of(&self, server: ServerId) -> PodSize {
        let pod = self.pod(server);
        let template = || template_size(self.template(server));
        pod.size.unwrap_or_else(template)
    }

    /// What the admission webhook makes of a pod that is being created. `None`: what its template
    /// says.
    pub(super) fn admitted_size(&self, service: ServiceId, revision: u32) -> Option<PodSize> {
        let state = &self.services[service.index()];
        let vertical = state.vertical.as_ref()?;
        let name = self.application(service);
        let container = PodContainer {
            name: &name,
            resources: resources(template_size(state.revisions.template(revision))),
        };
        let recommendation = vertical.recommendation.as_ref();
        let admitted = admit(&vertical.spec, recommendation, &[container]);
        Some(size_with(&admitted.first()?.resources))
    }

    /// A container was killed because it had no memory left.
    pub(super) fn tell_vertical_of_oom(&mut self, server: ServerId, ran: SimDuration) {
        let service = self.pod(server).service;
        let requested = self.size_of(server).memory_request;
        let name = self.application(service);
        let at = TimePoint::from(self.now);
        let pod = self.pod_mut(server);
        pod.oom_killed_after = Some(ran);
        let (id, label_set) = (PodId(u64::from(pod.id.0)), label_set(pod));
        if let Some(vertical) = &mut self.services[service.index()].vertical {
            vertical.recommender.observe_oom(&OomKill {
                pod: id,
                container: &name,
                label_set,
                at,
                requested: requested.unwrap_or_default(),
            });
        }
    }

    /// A pod is gone.
    pub(super) fn forget_pod(&mut self, service: ServiceId, pod: crate::record::PodId) {
        if let Some(vertical) = &mut self.services[service.index()].vertical {
            vertical.recommender.forget_pod(PodId(u64::from(pod.0)));
        }
    }
}
