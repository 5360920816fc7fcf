//! Queues of jobs and the pods that work them off.

use crate::systems::{constant, endpoint, exponential, pod, rate, service, system, workload};
use flashcrowd_core::World;
use flashcrowd_core::model::{
    Action, EndpointId, JobArrivals, Model, OnKill, OnSigterm, Queue, QueueId, ServiceId, Step,
    TimedAction,
};
use flashcrowd_core::record::{QueueInterval, QueueTotals, Record, Recorder, Totals};
use flashcrowd_units::{SimDuration, SimTime};
use flashcrowd_workload::ArrivalProcess;

/// Adds up the intervals of the first queue.
#[derive(Default)]
struct Depths {
    sum: QueueInterval,
}

impl Recorder for Depths {
    fn record(&mut self, _: SimTime, record: &Record<'_>) {
        if let Record::Interval(interval) = record {
            let part = &interval.queues[0];
            self.sum.enqueued += part.enqueued;
            self.sum.processed += part.processed;
            self.sum.failed += part.failed;
            self.sum.requeued += part.requeued;
            self.sum.waiting_seconds += part.waiting_seconds;
            self.sum.waiting_max = self.sum.waiting_max.max(part.waiting_max);
            self.sum.waits.merge(&part.waits);
        }
    }
}

/// A service of workers and a queue into which jobs come by themselves.
fn workers(seconds: f64, pods: u32, per_second: f64, steps: Vec<Step>) -> Model {
    let mut of = service("worker", pod());
    of.replicas = pods;
    let mut model = system(seconds, of, vec![Step::Cpu(constant(0.001))]);
    model.queues.push(Queue {
        arrivals: Some(JobArrivals {
            process: ArrivalProcess::Poisson,
            rate: rate(per_second),
        }),
        ..Queue::new("jobs", ServiceId(0), steps)
    });
    model
}

fn run(model: Model, seed: u64) -> (QueueInterval, Totals) {
    let mut recorder = Depths::default();
    let totals = World::new(model, seed)
        .expect("a legal model")
        .run(&mut recorder);
    let (sum, of) = (&recorder.sum, totals.queues[0]);
    assert_eq!(
        (sum.enqueued, sum.processed, sum.failed),
        (of.enqueued, of.processed, of.failed)
    );
    (recorder.sum, totals)
}

/// Erlang C for c servers at an offered load of a.
fn erlang_c(c: u32, a: f64) -> f64 {
    let mut term = 1.0;
    let mut below = 0.0;
    for k in 0..c {
        below += term;
        term *= a / f64::from(k + 1);
    }
    let full = term / (1.0 - a / f64::from(c));
    full / (below + full)
}

/// Four pods of two jobs each are an M/M/8 queue: its wait is that of Erlang's formula.
#[test]
fn waits_are_those_of_erlang() {
    let (arrivals, service_time) = (56.0, 0.1);
    let mut model = workers(20_000.0, 4, arrivals, vec![Step::Cpu(exponential(0.1))]);
    model.queues[0].concurrency = 2;
    let (sum, totals) = run(model, 7);
    let load: f64 = arrivals * service_time;
    let expected = erlang_c(8, load) * service_time / (8.0 - load);
    let mean = sum.waits.mean().expect("jobs waited").as_secs_f64();
    // The queue forgets within half a second: in 20,000 s there are some 40,000 independent looks
    // at it, and the standard error of the mean is about 1.5 %.
    assert!((mean / expected - 1.0).abs() < 0.05, "{mean} {expected}");
    // Little's law: what waits is the rate times the wait.
    let depth = sum.waiting_seconds / 20_000.0;
    let rate = sum.enqueued as f64 / 20_000.0;
    assert!((depth / (rate * mean) - 1.0).abs() < 0.01);
    assert!(totals.is_conserved());
}

#[test]
fn a_step_enqueues_and_goes_on_at_once() {
    let mut model = workers(9.5, 1, 0.001, vec![Step::Wait(constant(3.0))]);
    model.queues[0].arrivals = None;
    model.services.push(service("front", pod()));
    let steps = vec![Step::Enqueue(QueueId(0)), Step::Wait(constant(0.01))];
    model.endpoints.push(endpoint("order", 1, steps));
    let mut clients = workload("clients", 1.0, 1);
    clients.process = ArrivalProcess::Deterministic;
    model.workloads.push(clients);
    let (_, totals) = run(model, 1);
    // Orders at 1, 2, ..., 9 s, and one job every 3 s from 1 s on: done at 4 and 7 s.
    assert_eq!(totals.completed, 9);
    let expected = QueueTotals {
        enqueued: 9,
        processed: 2,
        failed: 0,
        waiting: 6,
        in_progress: 1,
    };
    assert_eq!(totals.queues, [expected]);
}

fn killed(on_kill: OnKill) -> QueueTotals {
    let mut model = workers(60.0, 2, 10.0, vec![Step::Wait(constant(2.0))]);
    model.queues[0].on_kill = on_kill;
    model.queues[0].concurrency = 5;
    model.services[0].pod.on_sigterm = OnSigterm::Exit;
    model.actions.push(TimedAction {
        at: SimTime::from_secs(30),
        action: Action::Scale(ServiceId(0), 1),
    });
    let (sum, totals) = run(model, 3);
    let requeued = if on_kill == OnKill::Requeue { 5 } else { 0 };
    assert_eq!(sum.requeued, requeued);
    totals.queues[0]
}

/// More jobs come than two pods of five can do: the five of the pod that goes are done again or
/// lost.
#[test]
fn jobs_of_a_killed_pod_are_done_again_or_lost() {
    let requeued = killed(OnKill::Requeue);
    assert_eq!(requeued.failed, 0);
    let lost = killed(OnKill::Fail);
    assert_eq!(lost.failed, 5);
    assert_eq!(requeued.enqueued, lost.enqueued);
}

#[test]
fn a_pod_that_drains_finishes_its_jobs_and_takes_no_more() {
    let mut model = workers(60.0, 2, 1.0, vec![Step::Wait(constant(5.0))]);
    model.actions.push(TimedAction {
        at: SimTime::from_secs(30),
        action: Action::Scale(ServiceId(0), 0),
    });
    let (sum, totals) = run(model, 3);
    let jobs = totals.queues[0];
    assert_eq!((jobs.failed, sum.requeued, jobs.in_progress), (0, 0, 0));
    // Two pods, 5 s a job: at most 12 before 30 s and those two that were in progress then.
    assert!((10..=14).contains(&jobs.processed), "{jobs:?}");
    assert!(jobs.waiting > 20);
}

/// A job that calls a service without pods fails; the worker goes on with the next one.
#[test]
fn a_failed_call_fails_the_job() {
    let call = Step::Call {
        endpoint: EndpointId(1),
        timeout: SimDuration::from_secs(1),
    };
    let mut model = workers(100.0, 1, 5.0, vec![Step::Wait(constant(0.01)), call]);
    let mut back = service("back", pod());
    back.replicas = 0;
    model.services.push(back);
    model
        .endpoints
        .push(endpoint("back", 1, vec![Step::Cpu(constant(0.001))]));
    let (_, totals) = run(model, 9);
    let jobs = totals.queues[0];
    assert_eq!(jobs.processed, 0);
    assert!(
        jobs.failed > 400 && jobs.waiting + jobs.in_progress < 10,
        "{jobs:?}"
    );
    assert_eq!((totals.offered, totals.failed_total()), (0, 0));
}

#[test]
fn a_call_that_times_out_fails_the_job() {
    let call = Step::Call {
        endpoint: EndpointId(1),
        timeout: SimDuration::from_millis(100),
    };
    let mut model = workers(100.0, 1, 5.0, vec![call]);
    model.services.push(service("back", pod()));
    model
        .endpoints
        .push(endpoint("back", 1, vec![Step::Wait(constant(60.0))]));
    let (_, totals) = run(model, 9);
    let jobs = totals.queues[0];
    assert!(jobs.failed > 400 && jobs.processed == 0, "{jobs:?}");
}

#[test]
fn jobs_that_lead_back_to_their_queue_are_refused() {
    let mut model = workers(1.0, 1, 1.0, vec![Step::Enqueue(QueueId(1))]);
    let back = vec![Step::Enqueue(QueueId(0))];
    model.queues.push(Queue::new("more", ServiceId(0), back));
    let error = World::new(model, 1).err().expect("a circle");
    assert!(error.to_string().contains("lead back"), "{error}");
}

/// Whichever of two queues is looked at first: a third one that is not there is refused, not stumbled over.
#[test]
fn a_queue_that_does_not_exist_is_refused() {
    let mut model = workers(1.0, 1, 1.0, vec![Step::Enqueue(QueueId(1))]);
    let nowhere = vec![Step::Enqueue(QueueId(99))];
    model.queues.push(Queue::new("more", ServiceId(0), nowhere));
    let error = World::new(model, 1).err().expect("no such queue");
    assert!(error.to_string().contains("no such queue"), "{error}");
}
