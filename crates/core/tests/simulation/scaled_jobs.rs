//! ScaledJobs of KEDA in a closed loop: queues make Jobs, and Jobs work off queues.

mod failures;
mod laws;
mod strategies;
mod work;

use crate::systems::{constant, pod, service, system};
use flashcrowd_autoscalers::Steps;
use flashcrowd_autoscalers::keda::scaled_job::{JobId, JobSteps, ScaledJobPolicy};
use flashcrowd_core::World;
use flashcrowd_core::model::{JobArrivals, Model, PodTemplate, Queue, ScaledJob, ServiceId, Step};
use flashcrowd_core::record::{
    JobStage, PodId, PodStage, QueueTotals, Record, Recorder, ServiceInterval, Totals,
};
use flashcrowd_units::SimTime;
use flashcrowd_workload::ArrivalProcess;
use serde_json::{Value, json};

/// A seed with which the first poll of a ScaledJob that polls every 30 s is between 10 and 11 s
/// after the start.
const SEED: u64 = 5;

/// What happened to one service and its queue. Times in seconds.
#[derive(Debug, Default)]
struct Log {
    polls: Vec<(f64, JobSteps)>,
    jobs: Vec<(f64, JobId, JobStage, &'static str)>,
    pods: Vec<(f64, PodId, PodStage, &'static str)>,
    intervals: Vec<(f64, ServiceInterval)>,
    requeued: u64,
}

impl Recorder for Log {
    fn record(&mut self, at: SimTime, record: &Record<'_>) {
        let at = at.as_secs_f64();
        match *record {
            Record::Decision { decision, .. } => match &decision.steps {
                Steps::ScaledJob(steps) => {
                    assert_eq!(
                        decision.current.get(),
                        u32::try_from(steps.running).unwrap()
                    );
                    assert_eq!(
                        decision.desired.get(),
                        decision.current.get() + steps.create
                    );
                    self.polls.push((at, (**steps).clone()));
                }
                other => panic!("{other:?}"),
            },
            Record::Job {
                job, to, reason, ..
            } => self.jobs.push((at, job, to, reason)),
            Record::Pod {
                pod, to, reason, ..
            } => self.pods.push((at, pod, to, reason)),
            Record::Interval(ref interval) => {
                self.intervals.push((at, interval.services[0].clone()));
                self.requeued += interval.queues[0].requeued;
            }
            Record::Scaled { .. } => panic!("Jobs have no replicas that somebody writes"),
            _ => {}
        }
    }
}

impl Log {
    /// Jobs that were made at each poll.
    fn made(&self) -> Vec<u32> {
        self.polls.iter().map(|(_, steps)| steps.create).collect()
    }

    fn first_poll(&self) -> f64 {
        self.polls[0].0
    }

    /// When Jobs reached a stage, after the first poll.
    fn jobs(&self, stage: JobStage) -> Vec<(f64, &'static str)> {
        let found = self.jobs.iter().filter(|(_, _, to, _)| *to == stage);
        found
            .map(|(at, .., reason)| (rounded(at - self.first_poll()), *reason))
            .collect()
    }

    /// When pods reached a stage, after the first poll.
    fn pods(&self, stage: PodStage) -> Vec<f64> {
        let found = self.pods.iter().filter(|(_, _, to, _)| *to == stage);
        found
            .map(|(at, ..)| rounded(at - self.first_poll()))
            .collect()
    }
}

/// To milliseconds.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

/// A ScaledJob that makes a Job for each message of a queue that takes `seconds` for each; `changes`
/// are fields of its `spec`.
fn model(duration: f64, pod: PodTemplate, seconds: f64, changes: &Value) -> Model {
    let mut spec = json!({
        "triggers": [{ "type": "redis", "metadata": { "listName": "videos", "listLength": "1" } }],
    });
    let fields = spec.as_object_mut().unwrap();
    fields.extend(changes.as_object().unwrap().clone());
    let policy: ScaledJobPolicy = serde_json::from_value(json!({ "spec": spec })).unwrap();
    let mut worker = service("worker", pod);
    worker.replicas = 0;
    worker.scaled_job = Some(ScaledJob::new(policy));
    let mut model = system(duration, worker, Vec::new());
    model.endpoints.clear();
    let steps = vec![Step::Wait(constant(seconds))];
    model.queues.push(Queue::new("videos", ServiceId(0), steps));
    model
}

/// Messages in bunches: so many within the second after each time. All together fewer than 20.
fn bunches(model: &mut Model, bunches: &[(u32, u32)]) {
    assert!(bunches.iter().map(|(_, number)| number).sum::<u32>() < 20);
    let mut steps = Vec::new();
    for (at, number) in bunches {
        // A little longer, so that the last one is among them.
        steps.push(json!({ "at": format!("{at}s"), "rate": format!("{number}/s") }));
        steps.push(json!({ "at": format!("{}ms", at * 1000 + 1050), "rate": "0/s" }));
    }
    model.queues[0].arrivals = Some(JobArrivals {
        process: ArrivalProcess::Deterministic,
        rate: serde_json::from_value(json!({ "steps": steps })).unwrap(),
    });
}

fn run(model: Model, seed: u64) -> (Log, Totals) {
    let mut log = Log::default();
    let totals = World::new(model, seed)
        .unwrap_or_else(|error| panic!("{error}"))
        .run(&mut log);
    if let Some((at, _)) = log.polls.first()
        && seed == SEED
    {
        assert!(
            (10.0..11.0).contains(at),
            "first poll at {at} s: another seed"
        );
    }
    (log, totals)
}

fn done(number: u64) -> QueueTotals {
    QueueTotals {
        enqueued: number,
        processed: number,
        ..QueueTotals::default()
    }
}

fn instant_pod() -> PodTemplate {
    pod()
}
