//! Recorders that keep what the tests look at.

use flashcrowd_core::World;
use flashcrowd_core::model::Model;
use flashcrowd_core::record::{
    EndpointInterval, Failure, PodId, PodStage, Record, Recorder, ServiceInterval, Totals,
};
use flashcrowd_units::{SimDuration, SimTime};

/// Adds the intervals up that begin at `from` or later.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) from: SimTime,
    /// Time covered by the intervals.
    pub(crate) seconds: f64,
    pub(crate) endpoints: Vec<EndpointInterval>,
    /// By service: integral of the attempts inside pods.
    pub(crate) in_flight_seconds: Vec<f64>,
    /// By service: time without a ready pod.
    pub(crate) no_ready_seconds: Vec<f64>,
    /// The intervals of all services as they came.
    pub(crate) services: Vec<(SimTime, Vec<ServiceInterval>)>,
    pub(crate) keep_services: bool,
}

impl Ledger {
    pub(crate) fn after(warm_up_seconds: f64) -> Self {
        let from = SimTime::ZERO + SimDuration::from_secs_f64(warm_up_seconds);
        Self {
            from,
            ..Self::default()
        }
    }

    /// Failures of clients of the first endpoint for one reason.
    pub(crate) fn failed(&self, failure: Failure) -> u64 {
        self.endpoints[0].failed[failure as usize]
    }

    /// Mean latency of the first endpoint in seconds.
    pub(crate) fn mean_latency(&self) -> f64 {
        let latency = &self.endpoints[0].latency;
        latency.sum_nanos() as f64 * 1e-9 / latency.count() as f64
    }

    /// Mean number of attempts inside the pods of a service.
    pub(crate) fn mean_in_flight(&self, service: usize) -> f64 {
        self.in_flight_seconds[service] / self.seconds
    }
}

impl Recorder for Ledger {
    fn record(&mut self, at: SimTime, record: &Record<'_>) {
        let Record::Interval(interval) = record else {
            return;
        };
        if interval.start < self.from {
            return;
        }
        self.seconds += (at - interval.start).as_secs_f64();
        self.endpoints
            .resize_with(interval.endpoints.len(), EndpointInterval::default);
        for (sum, new) in self.endpoints.iter_mut().zip(interval.endpoints) {
            sum.offered += new.offered;
            sum.completed += new.completed;
            sum.failed
                .iter_mut()
                .zip(new.failed)
                .for_each(|(sum, new)| *sum += new);
            sum.latency.merge(&new.latency);
        }
        self.in_flight_seconds.resize(interval.services.len(), 0.0);
        for (sum, new) in self.in_flight_seconds.iter_mut().zip(interval.services) {
            *sum += new.in_flight_seconds;
        }
        self.no_ready_seconds.resize(interval.services.len(), 0.0);
        for (sum, new) in self.no_ready_seconds.iter_mut().zip(interval.services) {
            *sum += new.no_ready_seconds;
        }
        if self.keep_services {
            self.services.push((at, interval.services.to_vec()));
        }
    }
}

/// A step in the life of a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Move {
    pub(crate) at: SimTime,
    pub(crate) pod: PodId,
    pub(crate) to: PodStage,
    pub(crate) reason: &'static str,
}

/// What became of the pods, and the sums of a [`Ledger`].
#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) moves: Vec<Move>,
    /// When the metrics API stopped to answer (`true`) or answered again.
    pub(crate) outages: Vec<(f64, bool)>,
    pub(crate) ledger: Ledger,
}

impl History {
    /// When pods reached a stage, in seconds.
    pub(crate) fn times(&self, to: PodStage) -> Vec<f64> {
        self.moves
            .iter()
            .filter(|m| m.to == to)
            .map(|m| m.at.as_secs_f64())
            .collect()
    }

    /// Which pods were sent away, in order.
    pub(crate) fn victims(&self) -> Vec<u32> {
        self.moves
            .iter()
            .filter(|m| m.to == PodStage::Terminating)
            .map(|m| m.pod.0)
            .collect()
    }
}

impl Recorder for History {
    fn record(&mut self, at: SimTime, record: &Record<'_>) {
        if let Record::Pod {
            pod, to, reason, ..
        } = *record
        {
            self.moves.push(Move {
                at,
                pod,
                to,
                reason,
            });
        }
        if let Record::MetricsOutage(began) = *record {
            self.outages.push((at.as_secs_f64(), began));
        }
        self.ledger.record(at, record);
    }
}

/// Runs a model to its end and adds up what happened after the warm-up.
pub(crate) fn run(model: &Model, seed: u64, warm_up_seconds: f64) -> (Ledger, Totals) {
    let mut ledger = Ledger::after(warm_up_seconds);
    let world = World::new(model.clone(), seed).expect("models of tests are legal");
    let totals = world.run(&mut ledger);
    (ledger, totals)
}

/// Runs a model to its end and keeps what became of the pods.
pub(crate) fn history(model: &Model, seed: u64) -> (History, Totals) {
    let mut history = History::default();
    let world = World::new(model.clone(), seed).expect("models of tests are legal");
    let totals = world.run(&mut history);
    (history, totals)
}
