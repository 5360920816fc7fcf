//! Keeps of a run what its report needs, in bounded memory.

mod bucket;
mod decisions;
mod events;
mod minutes;
mod node_groups;
mod replicas;
mod samples;
#[cfg(test)]
mod tests;

pub use decisions::{DECISION_BYTES_LIMIT, DecisionCut, MergedDecision};
pub use events::{AlertChange, Event, EventKind, POD_EVENT_LIMIT};
pub use minutes::{Minute, WORST_MINUTES};
pub use node_groups::{NodeGroupLevels, NodeGroupSample};
pub use replicas::ReplicaLevels;
pub use samples::{EndpointSample, QueueSample, Samples, ServiceSample};

use crate::context::RunContext;
use crate::findings::{self, Detector, Finding, Wording};
use crate::objective::{Minutes, Verdict};
use crate::wall_clock::WallClock;
use bucket::{Bucket, add_endpoint, add_queue, add_service};
pub(crate) use decisions::DecisionLog;
use events::EventLog;
use flashcrowd_core::model::ServiceId;
use flashcrowd_core::record::{
    EndpointInterval, Interval, QueueInterval, Record, Recorder, ServiceInterval,
};
use flashcrowd_telemetry::LatencyHistogram;
use flashcrowd_units::{SimDuration, SimTime};
use minutes::WorstMinutes;
use node_groups::NodeGroups;

/// The time that the word "minute" stands for.
const MINUTE: SimDuration = SimDuration::from_secs(60);

/// A [`Recorder`] for reports.
///
/// Intervals should be as long as the report's resolution, or a minute where that is shorter: it
/// adds them up itself. Time series hold one sample per report interval, at most 4,000; latencies
/// are kept in one histogram per endpoint for the whole run, one for the minute and one for the
/// sample under way; of single minutes only the worst few are kept; events and decisions are
/// bounded by [`POD_EVENT_LIMIT`] and [`DECISION_BYTES_LIMIT`]. So memory does not grow with the
/// number of requests.
#[derive(Debug)]
pub struct RunRecorder {
    context: RunContext,
    clock: WallClock,
    end: SimTime,
    endpoints: Vec<EndpointInterval>,
    services: Vec<ServiceInterval>,
    queues: Vec<QueueInterval>,
    scalings: Vec<Scalings>,
    replicas: Vec<ReplicaLevels>,
    nodes: NodeGroups,
    sample: Bucket,
    samples: Samples,
    minute: Bucket,
    worst_minutes: WorstMinutes,
    /// By objective.
    objective_minutes: Vec<Minutes>,
    /// All latencies of a minute.
    scratch: LatencyHistogram,
    events: EventLog,
    decisions: DecisionLog,
    detectors: Vec<Box<dyn Detector>>,
}

/// Changes of `spec.replicas`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scalings {
    /// To more replicas.
    pub up: u64,
    /// To fewer.
    pub down: u64,
}

impl RunRecorder {
    /// A recorder for one run from its start.
    pub fn new(context: RunContext) -> Self {
        let (endpoints, services) = (context.endpoints.len(), context.services.len());
        let queues = context.queues.len();
        Self {
            clock: WallClock::new(context.start.clone(), context.duration),
            end: SimTime::ZERO,
            endpoints: vec![EndpointInterval::default(); endpoints],
            services: vec![ServiceInterval::default(); services],
            queues: vec![QueueInterval::default(); queues],
            scalings: vec![Scalings::default(); services],
            replicas: context
                .services
                .iter()
                .map(|s| ReplicaLevels::new(s.replicas))
                .collect(),
            nodes: NodeGroups::new(context.node_groups.len()),
            sample: Bucket::new(context.resolution.step(), endpoints, services, queues),
            samples: Samples::new(endpoints, services, queues),
            minute: Bucket::new(MINUTE, endpoints, services, queues),
            worst_minutes: WorstMinutes::new(&context),
            objective_minutes: vec![Minutes::default(); context.objectives.len()],
            scratch: LatencyHistogram::new(),
            events: EventLog::default(),
            decisions: DecisionLog::new(services, DECISION_BYTES_LIMIT),
            detectors: findings::detectors(&context),
            context,
        }
    }

    /// The run as it was set up.
    pub fn context(&self) -> &RunContext {
        &self.context
    }

    /// Local times of the run.
    pub fn clock(&self) -> &WallClock {
        &self.clock
    }

    /// Until when the run is recorded.
    pub fn end(&self) -> SimTime {
        self.end
    }

    /// Each endpoint over the whole run.
    pub fn endpoints(&self) -> &[EndpointInterval] {
        &self.endpoints
    }

    /// Each service over the whole run; levels are those at its end.
    pub fn services(&self) -> &[ServiceInterval] {
        &self.services
    }

    /// Each queue over the whole run; levels are those at its end.
    pub fn queues(&self) -> &[QueueInterval] {
        &self.queues
    }

    /// By service: how often it was scaled.
    pub fn scalings(&self) -> &[Scalings] {
        &self.scalings
    }

    /// By service: its replicas over time.
    pub fn replicas(&self) -> &[ReplicaLevels] {
        &self.replicas
    }

    /// By node group: its nodes over time.
    pub fn node_groups(&self) -> &[NodeGroupLevels] {
        self.nodes.groups()
    }

    /// The node groups in one row of the [`samples`](Self::samples), and the pods that the
    /// scheduler had found no node for. `None` without node groups.
    pub fn node_samples(&self, row: usize) -> Option<(&[NodeGroupSample], u32)> {
        self.nodes.row(row)
    }

    /// The time series. Complete after [`finish`](Self::finish).
    pub fn samples(&self) -> &Samples {
        &self.samples
    }

    /// The worst minutes, the worst first. Complete after [`finish`](Self::finish).
    pub fn worst_minutes(&self) -> &[Minute] {
        self.worst_minutes.minutes()
    }

    /// The events in order of time.
    pub fn events(&self) -> &[Event] {
        self.events.events()
    }

    /// How many steps in the lives of pods were left out of the events, and since when.
    pub fn events_cut(&self) -> Option<(SimTime, u64)> {
        self.events.cut()
    }

    /// The decisions in order of time.
    pub fn decisions(&self) -> &[MergedDecision] {
        self.decisions.kept()
    }

    /// Which decisions were left out.
    pub fn decisions_cut(&self) -> Option<DecisionCut> {
        self.decisions.cut()
    }

    /// Closes the last minute and the last sample, which may be short. Harmless when repeated.
    pub fn finish(&mut self) {
        self.close_sample();
        self.close_minute();
    }

    /// How the objectives came out.
    pub(crate) fn verdicts(&self) -> Vec<Verdict<'_>> {
        let mut all = LatencyHistogram::new();
        for endpoint in &self.endpoints {
            all.merge(&endpoint.latency);
        }
        let objectives = self.context.objectives.iter().zip(&self.objective_minutes);
        objectives
            .map(|(objective, minutes)| Verdict {
                objective,
                evaluation: objective.evaluate(&self.endpoints, &all),
                minutes: *minutes,
            })
            .collect()
    }

    /// All findings in order.
    pub(crate) fn findings(&self, verdicts: &[Verdict<'_>]) -> Vec<Finding> {
        let wording = Wording {
            context: &self.context,
            clock: &self.clock,
        };
        let mut found = findings::missed_objectives(verdicts, &wording);
        for detector in &self.detectors {
            detector.findings(&wording, &mut found);
        }
        findings::sort(&mut found);
        found
    }

    fn interval(&mut self, at: SimTime, interval: &Interval<'_>) {
        for (sum, part) in self.endpoints.iter_mut().zip(interval.endpoints) {
            add_endpoint(sum, part);
        }
        for (sum, part) in self.services.iter_mut().zip(interval.services) {
            add_service(sum, part);
        }
        for (sum, part) in self.queues.iter_mut().zip(interval.queues) {
            add_queue(sum, part);
        }
        self.sample.add(at, interval);
        if self.sample.is_full() {
            self.close_sample();
        }
        self.minute.add(at, interval);
        if self.minute.is_full() {
            self.close_minute();
        }
    }

    fn close_sample(&mut self) {
        let rows = self.samples.len();
        self.samples.push(&self.sample);
        if self.samples.len() > rows {
            self.nodes.close_row();
        }
        self.sample.clear();
    }

    fn close_minute(&mut self) {
        let Some((start, _)) = self.minute.extent() else {
            return;
        };
        self.scratch.clear();
        for endpoint in &self.minute.endpoints {
            self.scratch.merge(&endpoint.latency);
        }
        let mut missed = 0;
        let objectives = self
            .context
            .objectives
            .iter()
            .zip(&mut self.objective_minutes);
        for (objective, minutes) in objectives.filter(|(objective, _)| objective.judges_minutes()) {
            let evaluation = objective.evaluate(&self.minute.endpoints, &self.scratch);
            if evaluation.measured != flashcrowd_telemetry::Measurement::Nothing {
                minutes.judge(start, evaluation.met);
                missed += u64::from(!evaluation.met);
            }
        }
        self.worst_minutes
            .consider(&self.minute, &self.scratch, missed);
        self.minute.clear();
    }
}

impl Recorder for RunRecorder {
    fn record(&mut self, at: SimTime, record: &Record<'_>) {
        assert!(self.end <= at, "records are in order of time");
        self.end = at;
        for (index, replicas) in self.replicas.iter_mut().enumerate() {
            replicas.observe(at, ServiceId(index as u32), record);
        }
        for detector in &mut self.detectors {
            detector.observe(at, record);
        }
        self.nodes.observe(at, record);
        match record {
            Record::Interval(interval) => self.interval(at, interval),
            Record::Decision { service, decision } => {
                self.decisions.observe(at, *service, decision);
            }
            Record::Scaled {
                service, from, to, ..
            } => {
                let scalings = &mut self.scalings[service.index()];
                scalings.up += u64::from(to > from);
                scalings.down += u64::from(to < from);
            }
            _ => {}
        }
        self.events.observe(at, record);
    }
}
