//! Asking the controllers: what they may see, and what becomes of what they say.

use super::metrics::named::{Answer, Binding};
use super::pod::{Pod, PodSize};
use super::{Event, World};
use crate::error::ModelError;
use crate::model::{InstancePool, PodTemplate, ServiceId};
use crate::plane::DataPlane;
use crate::record::{PodStage, Record, Recorder};
use flashcrowd_autoscalers::{
    Autoscaler, Catalog, ConditionStatus, ContainerUsage, MilliValue, Observation, PodId, PodPhase,
    PodRequests, PodUsage, PodView, PolicySpec, ReadyCondition, Scale, ScaleOutcome, TimePoint,
};
use flashcrowd_engine::RngStreams;
use flashcrowd_manifests::hpa::HpaSpec;
use flashcrowd_units::{Replicas, SimDuration, SimTime};
use rand::RngExt;

/// The controller of one service.
pub(super) struct Scaler {
    policy: Box<dyn Autoscaler>,
    /// What it is called in the records.
    name: String,
    period: SimDuration,
    bounds: Option<(u32, u32)>,
    requests: PodRequests,
    /// Where the answers to its queries come from; empty if it asks for nothing but resources.
    bindings: Vec<Binding>,
}

impl Scaler {
    /// The bounds that it keeps, if it has any.
    pub(super) fn bounds(&self) -> Option<(u32, u32)> {
        self.bounds
    }

    /// Who decides.
    pub(super) fn policy(&self) -> &dyn Autoscaler {
        &*self.policy
    }

    /// Somebody has edited its specification.
    pub(super) fn edit(&mut self, policy: Box<dyn Autoscaler>, bounds: (u32, u32)) {
        self.policy = policy;
        self.bounds = Some(bounds);
    }
}

/// The bounds of an HPA.
pub(super) fn bounds_of(spec: &HpaSpec) -> (u32, u32) {
    (
        u32::try_from(spec.min_replicas.unwrap_or(1)).unwrap_or(0),
        u32::try_from(spec.max_replicas).unwrap_or(0),
    )
}

fn requests_of(template: &PodTemplate) -> PodRequests {
    PodRequests::of_containers(template.containers.iter().map(|container| {
        (
            container.name.as_str(),
            container.cpu_request,
            container.memory_request,
        )
    }))
}

/// The same where the application was given something else.
fn requests_of_sized(template: &PodTemplate, size: PodSize) -> PodRequests {
    let containers = template.containers.iter().enumerate();
    PodRequests::of_containers(containers.map(|(index, container)| {
        let name = container.name.as_str();
        if index == 0 {
            (name, size.cpu_request, size.memory_request)
        } else {
            (name, container.cpu_request, container.memory_request)
        }
    }))
}

impl<P: DataPlane> World<P> {
    /// Lets a policy of your own scale a service instead of what the model says. It is asked
    /// every `period`.
    pub fn set_autoscaler(
        &mut self,
        service: ServiceId,
        policy: Box<dyn Autoscaler>,
        period: SimDuration,
    ) {
        assert!(!period.is_zero(), "a controller needs a period");
        let queries = policy.queries();
        let bindings = self.bind(service, &queries, RngStreams::new(self.seed));
        let scaler = Scaler {
            policy,
            bindings,
            name: "custom".to_owned(),
            period,
            bounds: None,
            requests: requests_of(&self.service_of(service).pod),
        };
        if self.services[service.index()]
            .scaler
            .replace(scaler)
            .is_none()
        {
            self.schedule(SimTime::ZERO + period, Event::Autoscale(service));
        }
    }

    pub(super) fn start_autoscaler(
        &mut self,
        service: ServiceId,
        streams: RngStreams,
        catalog: &Catalog,
    ) -> Result<(), ModelError> {
        let of = self.service_of(service);
        let Some(spec) = &of.autoscaler else {
            return Ok(());
        };
        let policy = catalog
            .build(spec)
            .map_err(|error| ModelError::Autoscaler {
                service: of.name.clone(),
                error,
            })?;
        let (name, period) = (spec.name().to_owned(), spec.sync_period());
        let bounds = spec.bounds().map(|range| (range.min, range.max));
        // Where in its period a controller is when the run begins, nobody knows; those of pools go
        // by the minutes of the clock.
        let phase = if InstancePool::is_scaled_by(spec) {
            0
        } else {
            streams
                .stream(&format!("autoscaler/{}", of.name))
                .random_range(0..period.as_nanos())
        };
        let requests = requests_of(&of.pod);
        let bindings = self.bind(service, &policy.queries(), streams);
        self.services[service.index()].scaler = Some(Scaler {
            policy,
            name,
            period,
            bounds,
            requests,
            bindings,
        });
        self.schedule(SimTime::from_nanos(phase), Event::Autoscale(service));
        Ok(())
    }

    pub(super) fn autoscale(&mut self, service: ServiceId, recorder: &mut dyn Recorder) {
        let Some(mut scaler) = self.services[service.index()].scaler.take() else {
            return;
        };
        self.sync(service, &mut scaler, recorder);
        let next = match scaler.policy.next_wakeup() {
            Some(at) if at > TimePoint::from(self.now) => {
                SimTime::from_nanos(at.as_nanos().unsigned_abs())
            }
            _ => self.now + scaler.period,
        };
        self.services[service.index()].scaler = Some(scaler);
        self.schedule(next, Event::Autoscale(service));
    }

    /// The activator holds the first request of a service without pods. The autoscaler of Knative
    /// does not wait for its next tick then, if it wants no pods so far (`Poke` in
    /// `pkg/autoscaler/scaling/multiscaler.go`).
    pub(super) fn poke_autoscaler(&mut self, service: ServiceId, recorder: &mut dyn Recorder) {
        let is_kpa = matches!(
            self.service_of(service).autoscaler,
            Some(PolicySpec::Kpa(_))
        );
        let state = &mut self.services[service.index()];
        if !is_kpa || state.desired > 0 {
            return;
        }
        let Some(mut scaler) = state.scaler.take() else {
            return;
        };
        self.tell_of_first_request(&scaler.bindings);
        self.sync(service, &mut scaler, recorder);
        self.services[service.index()].scaler = Some(scaler);
    }

    /// Asks a controller and does what it says.
    fn sync(&mut self, service: ServiceId, scaler: &mut Scaler, recorder: &mut dyn Recorder) {
        let decision = self.ask(service, scaler);
        recorder.record(
            self.now,
            &Record::Decision {
                service,
                decision: &decision,
            },
        );
        if decision.is_rescale() {
            let reason = decision.reason.to_string();
            self.scale(
                service,
                decision.desired.get(),
                &scaler.name,
                &reason,
                recorder,
            );
            scaler.policy.committed(&decision, ScaleOutcome::Applied);
        }
        self.fill_warm_pool(service, &decision.steps);
    }

    /// Shows the controller what it may know now.
    fn ask(
        &mut self,
        service: ServiceId,
        scaler: &mut Scaler,
    ) -> flashcrowd_autoscalers::ScalingDecision {
        let now = self.now;
        let answers = self.answers(service, &scaler.bindings);
        let answers: Vec<_> = answers.iter().map(Answer::borrowed).collect();
        let template = &self.model.services[service.index()].pod;
        let state = &self.services[service.index()];
        // Pods that a VPA has sized, or of another template, request something of their own.
        let sized: Vec<_> = (state.pods.iter())
            .map(|&server| {
                let pod = self.pod(server);
                // The specification says at once what a resize will make of it.
                let size = pod.resize.map(|resize| resize.target).or(pod.size);
                if size.is_none() && state.revisions.is_first(pod.revision) {
                    return None;
                }
                let template = state.revisions.template(pod.revision);
                let size = size.unwrap_or_else(|| self.size_of(server));
                Some(requests_of_sized(template, size))
            })
            .collect();
        let mut pods = Vec::with_capacity(state.pods.len());
        // The application's container first, the others idle.
        let mut usages: Vec<Vec<ContainerUsage<'_>>> = Vec::with_capacity(state.pods.len());
        let mut samples = Vec::with_capacity(state.pods.len());
        for (server, sized) in state.pods.iter().zip(&sized) {
            let pod = self.pods[server.0 as usize]
                .as_mut()
                .expect("a pod that is listed exists");
            pods.push(view(pod, sized.as_ref().unwrap_or(&scaler.requests)));
            if let Some(value) = pod.metrics.served(now) {
                let nanocores = (value.cpu * 1e9) as i64;
                let usage = |first: bool| ContainerUsage {
                    name: "",
                    cpu: Some(MilliValue::new(if first {
                        (nanocores + 999_999) / 1_000_000
                    } else {
                        0
                    })),
                    memory: Some(MilliValue::new(if first {
                        value.memory as i64 * 1000
                    } else {
                        0
                    })),
                };
                let containers = template.containers.iter().enumerate();
                usages.push(
                    containers
                        .map(|(i, c)| ContainerUsage {
                            name: &c.name,
                            ..usage(i == 0)
                        })
                        .collect(),
                );
                samples.push((
                    PodId(u64::from(pod.id.0)),
                    TimePoint::from(value.at),
                    value.window,
                ));
            }
        }
        let current = pods.iter().filter(|pod| !pod.deleting).count() as u32;
        let resources: Vec<_> = samples
            .iter()
            .zip(&usages)
            .map(|(&(pod, at, window), containers)| PodUsage {
                pod,
                at,
                window,
                containers,
            })
            .collect();
        let scale = Scale {
            spec_replicas: Replicas(state.desired),
            status_replicas: Replicas(current),
        };
        scaler.policy.decide(&Observation {
            now: TimePoint::from(now),
            scale: Some(scale),
            pods: &pods,
            resources: self.metrics_available().then_some(resources.as_slice()),
            answers: &answers,
        })
    }
}

/// A pod as the API server shows it.
fn view<'a>(pod: &Pod, requests: &'a PodRequests) -> PodView<'a> {
    let pending = pod.container.starts == 0;
    let status = if pod.ready {
        ConditionStatus::True
    } else {
        ConditionStatus::False
    };
    PodView {
        id: PodId(u64::from(pod.id.0)),
        phase: if pending || pod.stage == PodStage::Pending {
            PodPhase::Pending
        } else {
            PodPhase::Running
        },
        start_time: pod.started.map(TimePoint::from_nanos),
        ready: pod.ready_changed.map(|at| ReadyCondition {
            status,
            last_transition: TimePoint::from_nanos(at),
        }),
        deleting: pod.deleting.is_some(),
        requests,
    }
}
