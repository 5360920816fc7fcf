//! Laws of the closed loop, over random loads: bounds, conservation, the same run twice.

use crate::systems::{constant, exponential, pod, service, share, system, workload};
use flashcrowd_autoscalers::PolicySpec;
use flashcrowd_core::World;
use flashcrowd_core::model::{
    Activator, EndpointId, JobArrivals, Model, OnKill, OnSigterm, Queue, QueueId, ServiceId, Step,
};
use flashcrowd_core::record::{QueueTotals, Record, Recorder, Totals};
use flashcrowd_units::{Bytes, SimDuration, SimTime};
use flashcrowd_workload::{ArrivalProcess, RateShape};
use proptest::prelude::*;
use serde_json::json;

/// Checks bounds at every change and the accounts of the queue at every interval.
struct Laws {
    bounds: (u32, u32),
    queue: QueueTotals,
    scaled: Vec<(SimTime, u32)>,
}

impl Recorder for Laws {
    fn record(&mut self, at: SimTime, record: &Record<'_>) {
        match record {
            Record::Scaled { to, .. } => {
                assert!(
                    (self.bounds.0..=self.bounds.1).contains(to),
                    "{at}: {to} pods"
                );
                self.scaled.push((at, *to));
            }
            Record::Interval(interval) => {
                let Some(part) = interval.queues.first() else {
                    return;
                };
                self.queue.enqueued += part.enqueued;
                self.queue.processed += part.processed;
                self.queue.failed += part.failed;
                (self.queue.waiting, self.queue.in_progress) = (part.waiting, part.in_progress);
                assert!(self.queue.is_conserved(), "{at}: {:?}", self.queue);
                let longest = part.waiting_max as f64 * (at - interval.start).as_secs_f64();
                assert!(part.waiting_seconds <= longest + 1e-6 && part.waiting_seconds > -1e-6);
            }
            _ => {}
        }
    }
}

fn run(model: Model, seed: u64, bounds: (u32, u32)) -> (Laws, Totals) {
    let mut laws = Laws {
        bounds,
        queue: QueueTotals::default(),
        scaled: Vec::new(),
    };
    // The world itself asserts that no request and no job is lost.
    let totals = World::new(model, seed)
        .expect("a legal model")
        .run(&mut laws);
    (laws, totals)
}

/// Up, down and up again.
fn waves() -> impl Strategy<Value = RateShape> {
    let level = prop_oneof![1 => Just(0.0), 4 => 0.0..30.0_f64];
    prop::collection::vec((30..200u64, level), 2..6).prop_map(|stages| {
        let stages: Vec<_> = stages
            .into_iter()
            .map(|(length, to)| json!({ "for": format!("{length}s"), "to": format!("{to:.3}/s") }))
            .collect();
        serde_json::from_value(json!({ "stages": stages })).expect("a legal rate")
    })
}

#[derive(Debug, Clone)]
struct Keda {
    min: u32,
    max: u32,
    idle: bool,
    trigger: usize,
    polling: u32,
    cooldown: u32,
}

fn keda() -> impl Strategy<Value = Keda> {
    (
        0..4u32,
        1..20u32,
        any::<bool>(),
        0..5usize,
        1..40u32,
        0..120u32,
    )
        .prop_map(|(min, more, idle, trigger, polling, cooldown)| Keda {
            min,
            max: min + more,
            idle: idle && min > 0,
            trigger,
            polling,
            cooldown,
        })
}

impl Keda {
    fn policy(&self) -> PolicySpec {
        let trigger = [
            json!({ "type": "redis", "metadata": { "listName": "jobs", "listLength": "3" } }),
            json!({ "type": "rabbitmq", "metadata": { "queueName": "jobs", "mode": "QueueLength", "value": "4" } }),
            json!({ "type": "rabbitmq", "metadata": { "queueName": "jobs", "mode": "MessageRate", "value": "2" } }),
            json!({ "type": "kafka", "metadata": { "topic": "jobs", "consumerGroup": "g", "bootstrapServers": "b", "lagThreshold": "5" } }),
            json!({ "type": "redis-streams", "metadata": { "stream": "jobs", "consumerGroup": "g", "lagCount": "5" } }),
        ][self.trigger]
            .clone();
        let mut spec = json!({
            "minReplicaCount": self.min, "maxReplicaCount": self.max,
            "pollingInterval": self.polling, "cooldownPeriod": self.cooldown,
            "triggers": [trigger],
        });
        if self.idle {
            spec["idleReplicaCount"] = json!(0);
        }
        serde_json::from_value(json!({ "keda": { "spec": spec } })).expect("a legal policy")
    }

    fn bounds(&self) -> (u32, u32) {
        (if self.idle { 0 } else { self.min }, self.max)
    }
}

fn queued(
    keda: &Keda,
    waves: RateShape,
    (takes, startup, concurrency, exits): (f64, f64, u32, bool),
) -> Model {
    let mut workers = service("worker", pod());
    workers.replicas = keda.min;
    workers.autoscaler = Some(keda.policy());
    workers.pod.startup = constant(startup);
    workers.pod.grace_period = SimDuration::from_secs(5);
    workers.pod.concurrency = Some(2);
    workers.pod.memory.per_request = Bytes::from_mebibytes(10);
    workers.pod.memory_limit = Some(Bytes::from_mebibytes(35));
    if exits {
        workers.pod.on_sigterm = OnSigterm::Exit;
    }
    let mut model = system(900.0, workers, vec![Step::Enqueue(QueueId(0))]);
    // Calls of an endpoint on the same pods may find none, or a full one.
    let call = Step::Call {
        endpoint: EndpointId(0),
        timeout: SimDuration::from_millis(50),
    };
    let sometimes = Step::Choose(vec![(share(0.1), vec![call])]);
    model.queues.push(Queue {
        concurrency,
        arrivals: Some(JobArrivals {
            process: ArrivalProcess::Poisson,
            rate: waves,
        }),
        on_kill: if exits { OnKill::Fail } else { OnKill::Requeue },
        partitions: 3,
        ..Queue::new(
            "jobs",
            ServiceId(0),
            vec![
                Step::Cpu(exponential(takes)),
                Step::Enqueue(QueueId(1)),
                sometimes,
            ],
        )
    });
    model.endpoints[0].steps = vec![Step::Cpu(exponential(0.01)), Step::Enqueue(QueueId(1))];
    model.queues.push(Queue {
        on_kill: OnKill::Fail,
        ..Queue::new("more", ServiceId(0), vec![Step::Wait(exponential(0.02))])
    });
    let mut clients = workload("clients", 2.0, 0);
    clients.timeout = SimDuration::from_millis(30);
    model.workloads.push(clients);
    model
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn keda_keeps_its_bounds_and_no_job_is_lost(
        keda in keda(),
        waves in waves(),
        how in (0.05..2.0_f64, 0.0..20.0_f64, 1..5u32, any::<bool>()),
        seed in any::<u64>(),
    ) {
        let model = || queued(&keda, waves.clone(), how);
        let (laws, totals) = run(model(), seed, keda.bounds());
        prop_assert!(totals.is_conserved());
        prop_assert_eq!(laws.queue, totals.queues[0]);
        let (again, same) = run(model(), seed, keda.bounds());
        prop_assert_eq!(laws.scaled, again.scaled);
        prop_assert_eq!(totals.queues, same.queues);
        prop_assert_eq!(totals.events, same.events);
    }

    #[test]
    fn kpa_keeps_its_bounds_and_no_request_is_lost(
        (min, more) in (0..3u32, 1..12u32),
        (limit, rps, capacity) in (0..8u32, any::<bool>(), 1..40u32),
        waves in waves(),
        (takes, startup, timeout) in (0.01..1.0_f64, 0.0..8.0_f64, 1..20u64),
        seed in any::<u64>(),
    ) {
        let max = min + more;
        let metric = if rps { "rps" } else { "concurrency" };
        let config = json!({ "kpa": { "containerConcurrency": limit, "annotations": {
            "min-scale": min.to_string(), "max-scale": max.to_string(), "metric": metric,
            "target": "2", "window": "20s" } } });
        let mut of = service("greeter", pod());
        of.replicas = min;
        of.autoscaler = Some(serde_json::from_value(config).expect("a legal policy"));
        of.activator = Some(Activator { capacity });
        of.pod.startup = constant(startup);
        of.pod.concurrency = Some(limit).filter(|&limit| limit > 0);
        of.pod.backlog = Some(5);
        of.pod.on_sigterm = OnSigterm::Exit;
        let mut model = system(900.0, of, vec![Step::Wait(exponential(takes))]);
        model.services.push(service("front", pod()));
        // A caller whose pod is killed while its callee is held.
        model.services[1].pod.leak_and_die();
        model.endpoints.push(crate::systems::endpoint("front", 1, vec![Step::Call {
            endpoint: EndpointId(0),
            timeout: SimDuration::from_secs(timeout),
        }]));
        let mut clients = workload("clients", 1.0, 0);
        clients.rate = waves;
        clients.timeout = SimDuration::from_secs(timeout);
        model.workloads.push(clients);
        model.workloads.push(workload("callers", 0.5, 1));
        let (laws, totals) = run(model.clone(), seed, (0, max));
        prop_assert!(totals.is_conserved());
        let (again, same) = run(model, seed, (0, max));
        prop_assert_eq!(laws.scaled, again.scaled);
        prop_assert_eq!(totals.failed, same.failed);
    }
}

/// A pod that is killed again and again.
trait Mortal {
    fn leak_and_die(&mut self);
}

impl Mortal for flashcrowd_core::model::PodTemplate {
    fn leak_and_die(&mut self) {
        self.memory.leak_per_request = Bytes::from_mebibytes(1);
        self.memory_limit = Some(Bytes::from_mebibytes(20));
    }
}
