//! One ScaledJob, poll by poll.

use super::trigger::{Answer, Trigger};
use super::{Place, conditions};
use crate::conformance::ConformReport;
use flashcrowd_autoscalers::keda::Fetch;
use flashcrowd_autoscalers::keda::scaled_job::{
    JobConfig, JobDecision, JobId, JobLoop, JobObservation, JobPod, JobState, JobView,
};
use flashcrowd_autoscalers::{PodPhase, TimePoint};
use flashcrowd_manifests::scaled_job::{ScaledJobSpec, ScalingStrategy};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
pub(super) struct Trace {
    id: String,
    spec: Spec,
    ticks: Vec<Tick>,
}

#[derive(Debug, Deserialize)]
struct Spec {
    min: Option<i32>,
    max: Option<i32>,
    strategy: String,
    deduction: Option<i32>,
    percentage: Option<String>,
    multi: Option<String>,
    #[serde(default)]
    pending_conditions: Vec<String>,
    /// Completed, failed.
    history: Option<[i32; 2]>,
    triggers: Vec<Trigger>,
}

#[derive(Debug, Deserialize)]
struct Tick {
    t: i64,
    x: Vec<Answer>,
    #[serde(default)]
    j: Vec<Row>,
    o: Output,
}

/// `[id, state, completion time, pods]`.
#[derive(Debug, Deserialize)]
struct Row(String, RecordedState, Option<i64>, Vec<RecordedPod>);

#[derive(Debug, Clone, Copy, Deserialize)]
enum RecordedState {
    #[serde(rename = "A")]
    Active,
    #[serde(rename = "C")]
    Complete,
    #[serde(rename = "F")]
    Failed,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum RecordedPod {
    Phase(String),
    WithConditions(String, Vec<String>),
}

#[derive(Debug, Deserialize)]
struct Output {
    n: u32,
    /// Number of the first Job that is made; a name, which is not ours to decide.
    first: Option<u64>,
    #[serde(default)]
    del: Vec<String>,
    /// Which ones is not defined, only how many.
    #[serde(default)]
    delf: Vec<String>,
    la: Option<i64>,
    c: Option<Map<String, Value>>,
}

/// A Job that exists.
struct Job {
    state: JobState,
    pods: Vec<(PodPhase, Vec<String>)>,
}

impl Spec {
    fn config(&self) -> Result<JobConfig, String> {
        let calculation = self.multi.as_ref().map(|name| {
            serde_json::from_value(json!(name)).map_err(|_| format!("`{name}` is no calculation"))
        });
        let [completed, failed] = match self.history {
            Some(limits) => limits.map(Some),
            None => [None, None],
        };
        let spec = ScaledJobSpec {
            min_replica_count: self.min,
            max_replica_count: self.max,
            successful_jobs_history_limit: completed,
            failed_jobs_history_limit: failed,
            scaling_strategy: ScalingStrategy {
                strategy: Some(self.strategy.clone()),
                custom_scaling_queue_length_deduction: self.deduction,
                custom_scaling_running_job_percentage: self.percentage.clone(),
                pending_pod_conditions: self.pending_conditions.clone(),
                multiple_scalers_calculation: calculation.transpose()?,
            },
            ..ScaledJobSpec::default()
        };
        let triggers = self.triggers.iter().map(Trigger::config);
        Ok(JobConfig::new(&spec, triggers.collect::<Result<_, _>>()?))
    }
}

/// Replays a trace and adds what differs to the report. `Err` says what is wrong with the trace.
pub(super) fn replay(trace: &Trace, report: &mut ConformReport) -> Result<(), String> {
    let mut object = JobLoop::new(trace.spec.config()?);
    let mut jobs = BTreeMap::new();
    let mut recorded = Map::new();
    report.traces += 1;
    for (index, tick) in trace.ticks.iter().enumerate() {
        report.ticks += 1;
        for row in &tick.j {
            let (id, job) = row
                .job()
                .map_err(|message| format!("tick {index}: {message}"))?;
            jobs.insert(id, job);
        }
        let decision = poll(&mut object, &jobs, tick);
        if let Some(conditions) = &tick.o.c {
            recorded.clone_from(conditions);
        }
        let status = object.status();
        let deleted: Vec<_> = decision
            .delete_completed
            .iter()
            .map(|&id| name(id))
            .collect();
        let last_active = status.last_active.map(|at| at.as_nanos() / 1_000_000);
        let fields = [
            ("n", json!(tick.o.n), json!(decision.create)),
            ("del", json!(tick.o.del), json!(deleted)),
            (
                "delf",
                json!(tick.o.delf.len()),
                json!(decision.delete_failed.len()),
            ),
            ("la", json!(tick.o.la), json!(last_active)),
            ("c", json!(recorded), conditions(&status.conditions)),
        ];
        let place = Place {
            trace: &trace.id,
            tick: index,
        };
        place.compare(report, fields, || json!(decision.steps));
        apply(&mut jobs, tick)?;
    }
    Ok(())
}

fn poll(object: &mut JobLoop, jobs: &BTreeMap<JobId, Job>, tick: &Tick) -> JobDecision {
    let fetches: Vec<Fetch> = tick.x.iter().map(|answer| answer.0).collect();
    let conditions: Vec<Vec<Vec<&str>>> = jobs
        .values()
        .map(|job| {
            let pods = job.pods.iter();
            pods.map(|(_, names)| names.iter().map(String::as_str).collect())
                .collect()
        })
        .collect();
    let pods: Vec<Vec<JobPod<'_>>> = jobs
        .values()
        .zip(&conditions)
        .map(|(job, conditions)| {
            let pods = job.pods.iter().zip(conditions);
            pods.map(|(&(phase, _), conditions)| JobPod { phase, conditions })
                .collect()
        })
        .collect();
    let views: Vec<_> = jobs
        .iter()
        .zip(&pods)
        .map(|((&id, job), pods)| JobView {
            id,
            state: job.state,
            pods,
        })
        .collect();
    object.poll(&JobObservation {
        now: TimePoint::from_millis(tick.t),
        triggers: &fetches,
        jobs: &views,
    })
}

/// What was recorded happens, so that one difference does not make others.
fn apply(jobs: &mut BTreeMap<JobId, Job>, tick: &Tick) -> Result<(), String> {
    for id in tick.o.del.iter().chain(&tick.o.delf) {
        jobs.remove(&read_id(id)?);
    }
    let first = tick.o.first.unwrap_or(0);
    for id in first..first + u64::from(tick.o.n) {
        let job = Job {
            state: JobState::Active,
            pods: Vec::new(),
        };
        jobs.insert(JobId(id), job);
    }
    Ok(())
}

impl Row {
    fn job(&self) -> Result<(JobId, Job), String> {
        let Self(id, state, completion, pods) = self;
        let state = match (state, completion) {
            (RecordedState::Active, _) => JobState::Active,
            (RecordedState::Failed, _) => JobState::Failed,
            (RecordedState::Complete, Some(at)) => JobState::Complete(TimePoint::from_millis(*at)),
            (RecordedState::Complete, None) => {
                return Err(format!("Job {id} is complete without a time"));
            }
        };
        let pods = pods.iter().map(|pod| {
            let (phase, conditions) = match pod {
                RecordedPod::Phase(phase) => (phase, Vec::new()),
                RecordedPod::WithConditions(phase, conditions) => (phase, conditions.clone()),
            };
            Ok((read_phase(phase)?, conditions))
        });
        let job = Job {
            state,
            pods: pods.collect::<Result<_, String>>()?,
        };
        Ok((read_id(id)?, job))
    }
}

fn read_phase(phase: &str) -> Result<PodPhase, String> {
    Ok(match phase {
        "Pending" => PodPhase::Pending,
        "Running" => PodPhase::Running,
        "Succeeded" => PodPhase::Succeeded,
        "Failed" => PodPhase::Failed,
        "Unknown" => PodPhase::Unknown,
        _ => return Err(format!("`{phase}` is no phase")),
    })
}

fn name(id: JobId) -> String {
    format!("j{:05}", id.0)
}

fn read_id(name: &str) -> Result<JobId, String> {
    let digits = name.strip_prefix('j').and_then(|it| it.parse().ok());
    digits
        .map(JobId)
        .ok_or_else(|| format!("`{name}` is no Job"))
}
