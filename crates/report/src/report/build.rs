//! From what was recorded to the report.

use super::{
    Cost, DepthSummary, EndpointReport, LatencySummary, LevelSummary, MinuteReport, MinuteService,
    Provenance, QueueReport, Report, Requests, SCHEMA, ScalingEvents, ServiceReport, SloReport,
};
use crate::context::{EndpointContext, RunContext};
use crate::demand;
use crate::format;
use crate::objective::Verdict;
use crate::recorder::{Minute, ReplicaLevels, RunRecorder, ServiceSample};
use crate::wall_clock::WallClock;
use flashcrowd_core::record::{
    EndpointInterval, Failure, FailureCounts, QueueInterval, QueueTotals, Totals,
};
use flashcrowd_telemetry::{Aggregate, Measurement, TimeWeighted};
use flashcrowd_units::SimTime;
use indexmap::IndexMap;
use std::collections::BTreeMap;

impl Report {
    /// Sums up a run that has ended.
    ///
    /// # Panics
    /// If requests or jobs were lost or invented: `totals` and the records must agree, and every
    /// request must have completed, failed, or be in flight, every job be done, failed, or left.
    pub fn new(recorder: &mut RunRecorder, totals: &Totals) -> Self {
        recorder.finish();
        assert_conserved(recorder, totals);
        let recorder = &*recorder;
        let context = recorder.context();
        let verdicts = recorder.verdicts();
        let services = services(recorder);
        let node_groups = super::nodes::node_groups(recorder);
        let of_services = services
            .iter()
            .map(|(name, service)| (name.clone(), service.cost_usd));
        let of_nodes = node_groups
            .iter()
            .map(|(name, group)| (format!("nodes/{name}"), group.cost_usd));
        let by_item: IndexMap<_, _> = of_services.chain(of_nodes).collect();
        Self {
            schema: SCHEMA,
            provenance: provenance(recorder),
            requests: requests(totals.offered, totals.completed, &totals.failed),
            endpoints: endpoints(recorder),
            services,
            node_groups,
            queues: queues(recorder),
            databases: IndexMap::new(),
            caches: IndexMap::new(),
            slos: verdicts
                .iter()
                .map(|verdict| slo(verdict, context))
                .collect(),
            elasticity: elasticity(recorder),
            cost: Cost {
                total_usd: by_item.values().fold(0.0, |sum, item| sum + item),
                by_item,
            },
            worst_minutes: recorder
                .worst_minutes()
                .iter()
                .map(|m| minute(m, context, recorder.clock()))
                .collect(),
            findings: recorder.findings(&verdicts),
            notes: notes(recorder),
            events_processed: totals.events,
            outputs: BTreeMap::new(),
        }
    }
}

fn assert_conserved(recorder: &RunRecorder, totals: &Totals) {
    let seed = recorder.context().seed;
    assert!(
        totals.is_conserved(),
        "requests were lost or invented: {totals:?} (seed {seed})"
    );
    let sum =
        |count: fn(&EndpointInterval) -> u64| recorder.endpoints().iter().map(count).sum::<u64>();
    let recorded = (
        sum(|e| e.offered),
        sum(|e| e.completed),
        sum(EndpointInterval::failed_total),
    );
    let counted = (totals.offered, totals.completed, totals.failed_total());
    assert_eq!(
        recorded, counted,
        "records and totals disagree on offered, completed, failed (seed {seed})"
    );
    let recorded = recorder.queues().iter().map(|queue| QueueTotals {
        enqueued: queue.enqueued,
        processed: queue.processed,
        failed: queue.failed,
        waiting: queue.waiting,
        in_progress: queue.in_progress,
    });
    assert!(
        recorded.eq(totals.queues.iter().copied()),
        "records and totals disagree on the jobs of queues (seed {seed})"
    );
}

fn provenance(recorder: &RunRecorder) -> Provenance {
    let context = recorder.context();
    Provenance {
        version: context.version.clone(),
        scenario: context.name.clone(),
        scenario_sha256: context.scenario_sha256.clone(),
        seed: context.seed,
        mode: context.mode.clone(),
        simulated_seconds: recorder.end().as_secs_f64(),
        start: context.start.to_string(),
    }
}

fn failures(counts: &FailureCounts) -> IndexMap<&'static str, u64> {
    let counted = Failure::ALL
        .into_iter()
        .map(|reason| (reason.name(), counts[reason as usize]));
    counted.filter(|(_, count)| *count > 0).collect()
}

fn requests(offered: u64, completed: u64, failed: &FailureCounts) -> Requests {
    let failures = failures(failed);
    let failed = failures.values().sum();
    let in_flight = offered.checked_sub(completed + failed);
    let in_flight = in_flight.expect("no more requests end than were offered");
    Requests {
        offered,
        completed,
        failed,
        in_flight,
        failures,
    }
}

fn endpoints(recorder: &RunRecorder) -> IndexMap<String, EndpointReport> {
    let context = recorder.context();
    let report = |(endpoint, known): (&EndpointContext, &EndpointInterval)| {
        let report = EndpointReport {
            service: context.services[endpoint.service.index()].name.clone(),
            requests: requests(known.offered, known.completed, &known.failed),
            latency_seconds: LatencySummary::new(&known.latency),
        };
        (endpoint.name.clone(), report)
    };
    context
        .endpoints
        .iter()
        .zip(recorder.endpoints())
        .map(report)
        .collect()
}

fn queues(recorder: &RunRecorder) -> IndexMap<String, QueueReport> {
    let seconds = recorder.end().as_secs_f64();
    let report = |(name, known): (&String, &QueueInterval)| {
        let report = QueueReport {
            enqueued: known.enqueued,
            processed: known.processed,
            failed: known.failed,
            requeued: known.requeued,
            waiting: known.waiting,
            in_progress: known.in_progress,
            oldest_seconds: known.oldest_seconds,
            depth: DepthSummary {
                mean: quotient(known.waiting_seconds, seconds).unwrap_or(0.0),
                max: known.waiting_max,
            },
            wait_seconds: LatencySummary::new(&known.waits),
        };
        (name.clone(), report)
    };
    let queues = recorder.context().queues.iter();
    queues.zip(recorder.queues()).map(report).collect()
}

pub(super) fn level(level: &TimeWeighted, end: SimTime) -> LevelSummary {
    LevelSummary {
        min: level.min(end),
        mean: level.mean(end),
        max: level.max(end),
    }
}

/// `part / whole`, unless there is no whole.
fn quotient(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

fn services(recorder: &RunRecorder) -> IndexMap<String, ServiceReport> {
    let names = recorder
        .context()
        .services
        .iter()
        .map(|service| service.name.clone());
    names
        .enumerate()
        .map(|(index, name)| (name, service(recorder, index)))
        .collect()
}

fn service(recorder: &RunRecorder, index: usize) -> ServiceReport {
    let end = recorder.end();
    let ReplicaLevels {
        desired,
        current,
        ready,
    } = &recorder.replicas()[index];
    let scalings = recorder.scalings()[index];
    let whole = &recorder.services()[index];
    ServiceReport {
        replicas: level(desired, end),
        desired: level(desired, end),
        current: level(current, end),
        ready: level(ready, end),
        scaling_events: ScalingEvents {
            up: scalings.up,
            down: scalings.down,
        },
        cpu_utilization_mean: quotient(whole.cpu_seconds, whole.cpu_request_seconds),
        cpu_of_capacity_mean: quotient(whole.cpu_seconds, whole.cpu_capacity_seconds),
        cpu_core_seconds: whole.cpu_seconds,
        cpu_throttled_ratio: quotient(whole.cfs_throttled as f64, whole.cfs_periods as f64),
        attempts: whole.attempts,
        failed: whole.failed.iter().sum(),
        failures: failures(&whole.failed),
        in_flight_mean: quotient(whole.in_flight_seconds, end.as_secs_f64()).unwrap_or(0.0),
        pod_hours: whole.pod_seconds / 3600.0,
        cost_usd: whole.cost.get(),
    }
}

fn slo(verdict: &Verdict<'_>, context: &RunContext) -> SloReport {
    let objective = verdict.objective;
    let evaluation = &verdict.evaluation;
    let endpoint = objective
        .endpoint
        .map(|id| context.endpoints[id.index()].name.clone());
    SloReport {
        name: objective.name.clone(),
        kind: objective.kind,
        endpoint,
        objective: objective.threshold.to_string(),
        of: objective.population,
        measured: evaluation.measured.as_f64(),
        unit: match objective.threshold.aggregate() {
            Aggregate::Rate => "share",
            Aggregate::Count => "requests",
            _ => "seconds",
        },
        infinite: evaluation.measured == Measurement::Infinite,
        met: evaluation.met,
        error_budget_used: evaluation.error_budget_used,
        minutes_missed: objective.judges_minutes().then_some(verdict.minutes.missed),
    }
}

fn elasticity(recorder: &RunRecorder) -> IndexMap<String, demand::ServiceElasticity> {
    let services = recorder.context().services.iter().enumerate();
    // Without bounds there is no autoscaler whose elasticity could be asked for.
    // Jobs follow a queue; what they use of their CPU says nothing about how many there should be.
    let services = services.filter(|(_, service)| !service.is_scaled_job);
    let scaled = services.filter(|(index, _)| recorder.services()[*index].bounds.is_some());
    scaled
        .filter_map(|(index, service)| {
            let samples: Vec<_> = recorder.samples().service(index).collect();
            let elasticity = demand::elasticity(service, samples.into_iter())?;
            Some((service.name.clone(), elasticity))
        })
        .collect()
}

fn minute(minute: &Minute, context: &RunContext, clock: &WallClock) -> MinuteReport {
    let service = |sample: &ServiceSample| MinuteService {
        desired: sample.desired,
        ready: sample.ready,
        cpu_of_capacity: quotient(sample.cpu_cores, sample.cpu_capacity_cores),
    };
    let names = context.services.iter().map(|service| service.name.clone());
    MinuteReport {
        at_seconds: minute.start.as_secs_f64(),
        local_time: clock.timestamp(minute.start),
        seconds: minute.length.as_secs_f64(),
        offered: minute.requests.offered,
        completed: minute.requests.completed,
        failed: minute.requests.failed,
        slow: minute.slow,
        p50_seconds: minute.requests.p50,
        p95_seconds: minute.requests.p95,
        p99_seconds: minute.requests.p99,
        failure: minute.failure.map(Failure::name),
        worst_endpoint: context.endpoints[minute.worst_endpoint.index()]
            .name
            .clone(),
        worst_endpoint_bad: minute.worst_endpoint_bad,
        services: names.zip(minute.services.iter().map(service)).collect(),
    }
}

fn notes(recorder: &RunRecorder) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some((since, number)) = recorder.events_cut() {
        notes.push(format!(
            "events.csv leaves out {} in the lives of pods from {} on",
            format::times(number, "step"),
            recorder.clock().short(since),
        ));
    }
    if let Some(cut) = recorder.decisions_cut() {
        notes.push(format!(
            "decisions.jsonl leaves out {} from {} on",
            format::times(cut.syncs, "decision"),
            recorder.clock().short(cut.first),
        ));
    }
    notes
}
