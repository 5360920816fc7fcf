//! The control plane: what Kubernetes does around the pods.
//!
//! It sees requests only through the counters of the [`DataPlane`]. Four clocks stay apart: when
//! a metric was measured, when it became visible, when a controller decided, and when the effect
//! arrived at the pods.

mod actions;
mod autoscaling;
mod deployment;
mod instances;
mod intervals;
mod jobs;
mod lifecycle;
mod metrics;
mod nodes;
mod pod;
mod probes;
mod procedures;
mod reconcile;
mod revisions;
mod vertical;
mod victims;

use crate::error::ModelError;
use crate::exact::ExactPlane;
use crate::model::{Model, Service, ServiceId};
use crate::plane::{Change, DataPlane, Notice, ServerId};
use crate::record::{PodId, Recorder, Totals};
use autoscaling::Scaler;
use deployment::ReplicaSets;
use flashcrowd_autoscalers::Catalog;
use flashcrowd_engine::{Agenda, RngStreams, StreamRng};
use flashcrowd_units::{SimDuration, SimTime};
use instances::PoolState;
use intervals::IntervalState;
use jobs::{JobEvent, JobsState};
use lifecycle::PodEvent;
use metrics::named::{Carried, CarriedEndpoint, Sampler};
use nodes::{Cluster, NodeEvent};
use pod::Pod;
use procedures::ProcedureState;
use revisions::Revisions;
use serde::{Deserialize, Serialize};
use vertical::Vertical;

/// What can happen in the control plane.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum Event {
    /// Something in the life of a pod.
    Pod {
        server: ServerId,
        id: PodId,
        event: PodEvent,
    },
    /// Something in the life of a node, or its controllers are asked.
    Node(NodeEvent),
    /// Something in the life of a Job, or KEDA polls the triggers of a ScaledJob.
    Jobs(JobEvent),
    /// The Deployment controller looks again (`minReadySeconds` may have passed).
    Reconcile(ServiceId),
    /// A timed action of the model.
    Action(u32),
    /// The time of a procedure has come.
    Procedure(u32),
    /// The next step of a procedure is due.
    Step(u32),
    /// The rule that sets a procedure off is evaluated.
    Evaluate(u32),
    /// The metrics API answers again.
    MetricsBack,
    /// metrics-server scrapes all pods.
    Scrape,
    /// A metric is read for a monitoring system.
    Measure(u32),
    /// A controller is asked.
    Autoscale(ServiceId),
    /// Recommender and updater of a VPA make a pass.
    Vertical(ServiceId),
    /// The instances of a pool are measured.
    Meter(ServiceId),
    /// An instance of a warm pool is initialised.
    Warmed(ServiceId),
    /// A report interval ends.
    Interval,
}

impl Event {
    /// Breaks ties: pods first, then scrapes, then controllers, then reports.
    fn class(self) -> u8 {
        match self {
            Self::Pod { .. }
            | Self::Reconcile(_)
            | Self::Action(_)
            | Self::Procedure(_)
            | Self::Step(_)
            | Self::MetricsBack
            | Self::Warmed(_) => 0,
            Self::Node(event) => event.class(),
            Self::Jobs(event) => event.class(),
            Self::Scrape | Self::Measure(_) | Self::Meter(_) => 1,
            Self::Autoscale(_) | Self::Vertical(_) | Self::Evaluate(_) => 2,
            Self::Interval => 3,
        }
    }
}

/// A service as its controllers see it.
struct ServiceState {
    /// `spec.replicas` of the Deployment.
    desired: u32,
    sets: ReplicaSets,
    revisions: Revisions,
    /// Its pods, terminating ones included, oldest first.
    pods: Vec<ServerId>,
    rng: StreamRng,
    scaler: Option<Scaler>,
    /// The Jobs, where it is a ScaledJob.
    jobs: Option<Box<JobsState>>,
    vertical: Option<Vertical>,
    /// Where it runs on instances.
    pool: Option<PoolState>,
    interval: IntervalState,
    /// Counters before the present report interval.
    carried: Carried,
}

/// A model in motion.
///
/// Advances the data plane from one control event to the next. Everything it does follows from
/// the model and the seed.
pub struct World<P = ExactPlane> {
    model: Model,
    plane: P,
    now: SimTime,
    agenda: Agenda<Event>,
    services: Vec<ServiceState>,
    /// By server; `None` where the index is free.
    pods: Vec<Option<Pod>>,
    free_servers: Vec<ServerId>,
    /// The nodes, if the model has any.
    cluster: Option<Box<Cluster>>,
    next_pod: u32,
    report_interval: SimDuration,
    samplers: Vec<Sampler>,
    procedures: Vec<ProcedureState>,
    /// By endpoint: counters before the present report interval, if somebody asks for them.
    carried: Vec<CarriedEndpoint>,
    /// Until when the metrics API does not answer, while it does not.
    metrics_outage: Option<SimTime>,
    control_events: u64,
    seed: u64,
}

impl World {
    /// The world of a model at its start, with every request simulated.
    ///
    /// # Errors
    /// If the model cannot be simulated.
    pub fn new(model: Model, seed: u64) -> Result<Self, ModelError> {
        Self::with_catalog(model, seed, &Catalog::standard())
    }

    /// The same with autoscalers of your own, for [`PolicySpec::Custom`].
    ///
    /// # Errors
    /// If the model cannot be simulated.
    ///
    /// [`PolicySpec::Custom`]: flashcrowd_autoscalers::PolicySpec::Custom
    pub fn with_catalog(model: Model, seed: u64, catalog: &Catalog) -> Result<Self, ModelError> {
        crate::validate::validate(&model)?;
        let plane = ExactPlane::new(&model, seed)?;
        Self::with_plane(model, plane, seed, catalog)
    }
}

impl<P: DataPlane> World<P> {
    /// The world of a model on a data plane that was made from the same model.
    ///
    /// # Errors
    /// If the model cannot be simulated.
    pub fn with_plane(
        model: Model,
        plane: P,
        seed: u64,
        catalog: &Catalog,
    ) -> Result<Self, ModelError> {
        crate::validate::validate(&model)?;
        let streams = RngStreams::new(seed);
        let mut world = Self {
            plane,
            now: SimTime::ZERO,
            agenda: Agenda::default(),
            services: Vec::new(),
            pods: Vec::new(),
            free_servers: Vec::new(),
            cluster: None,
            next_pod: 0,
            report_interval: SimDuration::from_secs(1),
            samplers: Vec::new(),
            procedures: Vec::new(),
            carried: Vec::new(),
            metrics_outage: None,
            control_events: 0,
            seed,
            model,
        };
        for service in &world.model.services {
            world.services.push(ServiceState {
                desired: service.replicas,
                sets: ReplicaSets::new(service.replicas, service.rollout),
                revisions: Revisions::new(&service.pod),
                pods: Vec::new(),
                rng: streams.stream(&format!("pods/{}", service.name)),
                scaler: None,
                jobs: None,
                vertical: None,
                pool: PoolState::new(service.instances.as_ref(), &service.name, streams),
                interval: IntervalState::default(),
                carried: Carried::default(),
            });
        }
        world.start_cluster(streams);
        world.start_scraping(streams);
        for index in 0..world.model.services.len() {
            let id = ServiceId(index as u32);
            world.start_autoscaler(id, streams, catalog)?;
            world.start_scaled_job(id, streams)?;
            world.start_vertical(id, streams)?;
            world.start_metering(id);
            for _ in 0..world.model.services[index].replicas {
                world.place_running_pod(id);
            }
        }
        world.start_procedures(streams)?;
        for (index, action) in world.model.actions.iter().enumerate() {
            let event = Event::Action(index as u32);
            world.agenda.schedule(action.at, event.class(), event);
        }
        Ok(world)
    }

    /// How often intervals are recorded. One second unless set.
    pub fn set_report_interval(&mut self, interval: SimDuration) {
        assert!(!interval.is_zero(), "a report interval takes time");
        self.report_interval = interval;
    }

    /// Runs to the end of the model and tells everything to `recorder`.
    pub fn run(mut self, recorder: &mut dyn Recorder) -> Totals {
        self.run_while(recorder, &mut |_| true);
        self.totals()
    }

    /// Runs to the end, or until `go_on` says no. It is asked at the end of every report interval,
    /// with the time. Returns whether the end was reached.
    pub fn run_while(
        &mut self,
        recorder: &mut dyn Recorder,
        go_on: &mut dyn FnMut(SimTime) -> bool,
    ) -> bool {
        let end = SimTime::ZERO + self.model.duration;
        if self.now == SimTime::ZERO {
            let first = (SimTime::ZERO + self.report_interval).min(end);
            self.schedule(first, Event::Interval);
            self.announce_first_pods(recorder);
        }
        loop {
            let at = self.agenda.next_at().min(end);
            if let Some((when, notice)) = self.plane.advance(at) {
                self.now = when;
                // What follows from it may be due before `at`.
                self.heed(notice, recorder);
                continue;
            }
            assert!(
                at >= self.now,
                "simulated time went back to {at} from {}; seed {}",
                self.now,
                self.seed
            );
            self.now = at;
            let Some((_, event)) = self.agenda.pop() else {
                return true;
            };
            self.control_events += 1;
            self.handle(event, recorder);
            if matches!(event, Event::Interval) {
                if at == end {
                    self.check_conservation();
                    return true;
                }
                if !go_on(at) {
                    return false;
                }
            }
        }
    }

    /// Counters of the run so far.
    pub fn totals(&self) -> Totals {
        let mut totals = self.plane.totals();
        totals.events += self.control_events;
        totals
    }

    fn check_conservation(&self) {
        let totals = self.totals();
        assert!(
            totals.is_conserved(),
            "requests were lost: {totals:?}; seed {}, time {}",
            self.seed,
            self.now
        );
        for state in &self.services {
            let jobs = state.jobs.as_ref();
            assert!(
                jobs.is_none_or(|jobs| jobs.is_conserved(state.desired)),
                "Jobs were lost; seed {}, time {}",
                self.seed,
                self.now
            );
        }
    }

    fn schedule(&mut self, at: SimTime, event: Event) {
        self.agenda.schedule(at, event.class(), event);
    }

    fn handle(&mut self, event: Event, recorder: &mut dyn Recorder) {
        match event {
            Event::Pod { server, id, event } => self.pod_event(server, id, event, recorder),
            Event::Node(event) => self.node_event(event, recorder),
            Event::Jobs(event) => self.job_event(event, recorder),
            Event::Reconcile(service) => self.reconcile(service, recorder),
            Event::Action(index) => self.act(index as usize, recorder),
            Event::Procedure(index) => self.procedure_due(index, recorder),
            Event::Step(index) => self.step(index, recorder),
            Event::Evaluate(index) => self.evaluate(index, recorder),
            Event::MetricsBack => self.end_metrics_outage(recorder),
            Event::Scrape => self.scrape(),
            Event::Measure(index) => self.measure(index),
            Event::Autoscale(service) => self.autoscale(service, recorder),
            Event::Vertical(service) => self.size_pods(service, recorder),
            Event::Meter(service) => self.meter(service),
            Event::Warmed(service) => self.warmed(service),
            Event::Interval => self.end_interval(recorder),
        }
    }

    fn heed(&mut self, notice: Notice, recorder: &mut dyn Recorder) {
        match notice {
            Notice::OutOfMemory(server) => self.out_of_memory(server, recorder),
            Notice::Drained(server) => self.drained(server, recorder),
            Notice::Held(service) => self.poke_autoscaler(service, recorder),
            Notice::Idle(server) => self.pod_idles(server),
        }
    }

    fn pod(&self, server: ServerId) -> &Pod {
        self.pods[server.0 as usize]
            .as_ref()
            .expect("a pod that is listed exists")
    }

    fn pod_mut(&mut self, server: ServerId) -> &mut Pod {
        self.pods[server.0 as usize]
            .as_mut()
            .expect("a pod that is listed exists")
    }

    fn service_of(&self, service: ServiceId) -> &Service {
        &self.model.services[service.index()]
    }

    fn apply(&mut self, change: Change) {
        self.plane.apply(self.now, change);
    }
}
