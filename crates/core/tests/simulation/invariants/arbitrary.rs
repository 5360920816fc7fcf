//! Small models made up by chance, and everything that is legal in them.

mod autoscalers;
mod instances;
mod pods;

use crate::systems::{
    constant, endpoint, exponential, pod, rate, service, share, system, workload,
};
use autoscalers::hpa;
use flashcrowd_core::model::{
    Action, BalancingPolicy, EndpointId, EnvChange, EnvEffect, HpaPatch, IntOrPercent, KeepAlive,
    LoadBalancer, Model, PodTemplate, ResourceChange, RolloutStrategy, Service, ServiceId, Step,
    TimedAction, Workload,
};
use flashcrowd_units::{Millicores, SimDuration, SimTime};
use flashcrowd_workload::{ArrivalProcess, GammaRenewal, Lognormal, ServiceTime};
pub(super) use instances::on_instances;
use pods::template;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

fn millis(range: std::ops::Range<u64>) -> impl Strategy<Value = SimDuration> {
    range.prop_map(SimDuration::from_millis)
}

fn time(longest_millis: u64) -> impl Strategy<Value = ServiceTime> {
    (0..3, 0..longest_millis).prop_map(|(kind, millis)| {
        let mean = millis as f64 / 1000.0;
        match kind {
            1 if millis > 0 => exponential(mean),
            2 if millis > 0 => ServiceTime::Lognormal(Lognormal::MeanCv {
                mean: SimDuration::from_millis(millis),
                cv: 1.5,
            }),
            _ => constant(mean),
        }
    })
}

fn load_balancer() -> impl Strategy<Value = LoadBalancer> {
    let policies = vec![
        BalancingPolicy::Random,
        BalancingPolicy::RoundRobin,
        BalancingPolicy::LeastOutstanding,
        BalancingPolicy::PowerOfTwo,
    ];
    let keep_alive = of(
        (1..6u32, 1..20u32).prop_map(|(connections, requests)| KeepAlive {
            connections,
            requests,
        }),
    );
    (
        select(policies),
        millis(0..5_000),
        of(1..50u32),
        of(millis(20..3_000)),
        keep_alive,
    )
        .prop_map(
            |(policy, propagation, max_in_flight, timeout, keep_alive)| LoadBalancer {
                policy,
                propagation,
                max_in_flight,
                timeout,
                keep_alive,
            },
        )
}

fn rollout() -> impl Strategy<Value = RolloutStrategy> {
    let number = || {
        prop_oneof![
            (0..3u32).prop_map(IntOrPercent::Int),
            (0..101u32).prop_map(IntOrPercent::Percent)
        ]
    };
    let rolling = (number(), number(), millis(0..10_000)).prop_map(
        |(max_surge, max_unavailable, min_ready)| RolloutStrategy::RollingUpdate {
            max_surge,
            max_unavailable,
            min_ready,
        },
    );
    prop_oneof![4 => rolling, 1 => Just(RolloutStrategy::Recreate)]
}

fn services() -> impl Strategy<Value = Vec<Service>> {
    let one = (0..5u32, template(), rollout(), load_balancer(), of(hpa()));
    vec(one, 1..4).prop_map(|services| {
        let named = services.into_iter().enumerate();
        let build = |(index, (replicas, pod, rollout, load_balancer, autoscaler))| {
            let name = ["front", "middle", "back"][index];
            Service {
                replicas,
                rollout,
                load_balancer,
                autoscaler,
                ..service(name, pod)
            }
        };
        named.map(build).collect()
    })
}

/// Steps without calls, and a time-out for a call somewhere among them.
type Program = (Vec<Step>, SimDuration, bool, usize);

fn program() -> impl Strategy<Value = Program> {
    let step = prop_oneof![
        time(30).prop_map(Step::Cpu),
        time(60).prop_map(Step::Wait),
        (time(40), 1..5u32).prop_map(|(time, threads)| Step::ParallelCpu { time, threads }),
        time(400).prop_map(|slow| Step::Choose(vec![
            (share(0.1), vec![Step::Cpu(slow)]),
            (
                share(0.3),
                vec![
                    Step::Wait(slow),
                    Step::Choose(vec![(share(0.5), vec![Step::Cpu(slow)])])
                ]
            ),
        ])),
    ];
    (vec(step, 0..4), millis(5..3_000), any::<bool>(), 0..4usize)
}

/// Endpoint `index` of `count` calls those after it.
fn steps((mut steps, timeout, twice, place): Program, index: usize, count: usize) -> Vec<Step> {
    let callees = index + 1..count;
    for callee in callees {
        let call = Step::Call {
            endpoint: EndpointId(callee as u32),
            timeout,
        };
        let place = place.min(steps.len());
        if twice {
            steps.insert(
                place,
                Step::Choose(vec![(share(0.5), vec![call.clone(), call.clone()])]),
            );
        }
        steps.insert(place, call);
    }
    steps
}

fn clients() -> impl Strategy<Value = (ArrivalProcess, f64, SimDuration, f64)> {
    let gamma = ArrivalProcess::Gamma(GammaRenewal { cv: 3.0 });
    let process = select(vec![
        ArrivalProcess::Poisson,
        ArrivalProcess::Deterministic,
        gamma,
    ]);
    (process, 0.5..30.0f64, millis(20..8_000), 0.01..1.0f64)
}

fn actions() -> impl Strategy<Value = Vec<(u64, u32, u32, u32)>> {
    vec((0..300_000u64, 0..7u32, 0..3u32, 0..6u32), 0..8)
}

/// One to three services that call each other, with everything that can be set.
pub(super) fn model() -> impl Strategy<Value = Model> {
    let programs = vec(program(), 3);
    (
        services(),
        programs,
        vec(clients(), 1..3),
        actions(),
        60..240u64,
        (1..60u64, 0..20u64),
    )
        .prop_map(
            |(services, programs, clients, actions, seconds, (resolution, lag))| {
                let count = services.len();
                let mut model = system(seconds as f64, services[0].clone(), vec![]);
                model.endpoints.clear();
                for (index, (of, program)) in services.iter().zip(programs).enumerate() {
                    model.endpoints.push(endpoint(
                        &of.name,
                        index as u32,
                        steps(program, index, count),
                    ));
                }
                model.services = services;
                model.node_cores = 4;
                model.metrics_server.resolution = SimDuration::from_secs(resolution);
                model.metrics_server.lag = SimDuration::from_secs(lag);
                for (index, (process, per_second, timeout, front)) in
                    clients.into_iter().enumerate()
                {
                    let last = EndpointId(count as u32 - 1);
                    let endpoints = vec![(EndpointId(0), share(front)), (last, share(1.0 - front))];
                    let name = format!("clients-{index}");
                    let clients = workload(&name, per_second, 0);
                    model.workloads.push(Workload {
                        process,
                        rate: rate(per_second),
                        endpoints,
                        timeout,
                        ..clients
                    });
                }
                model.actions = actions
                    .into_iter()
                    .map(|action| timed(action, count as u32))
                    .collect();
                model
            },
        )
}

fn timed((millis, kind, service, number): (u64, u32, u32, u32), services: u32) -> TimedAction {
    let service = ServiceId(service % services);
    let action = match kind {
        0 => Action::RolloutRestart(service),
        1 => Action::Scale(service, number),
        2 => Action::MetricsOutage(SimDuration::from_secs(u64::from(number) * 20)),
        3 => Action::RolloutUndo(service),
        4 => Action::SetResources(
            service,
            ResourceChange {
                cpu_request: Some(Millicores::new(u64::from(number) * 100)),
                cpu_limit: Some(Millicores::new(u64::from(number) * 300)),
                ..ResourceChange::default()
            },
        ),
        5 => Action::SetEnv(
            service,
            EnvChange {
                effect: EnvEffect {
                    concurrency: Some(number),
                    backlog: Some(number),
                    ..EnvEffect::default()
                },
                ..EnvChange::default()
            },
        ),
        _ => Action::PatchHpa(
            service,
            HpaPatch {
                min_replicas: (number % 2 == 0).then_some(number),
                max_replicas: (number % 3 == 0).then_some(number + 1),
            },
        ),
    };
    TimedAction {
        at: SimTime::from_millis(millis),
        action,
    }
}

/// The same model with a service and clients that have nothing to do with it.
pub(super) fn stranger(mut model: Model) -> Model {
    let (service_index, endpoint_index) =
        (model.services.len() as u32, model.endpoints.len() as u32);
    let mut stranger = service(
        "stranger",
        PodTemplate {
            threads: Some(1),
            ..pod()
        },
    );
    stranger.replicas = 2;
    model.services.push(stranger);
    model.endpoints.push(endpoint(
        "stranger",
        service_index,
        vec![Step::Cpu(exponential(0.02)), Step::Wait(constant(0.1))],
    ));
    model
        .workloads
        .push(workload("strangers", 20.0, endpoint_index));
    model.actions.push(TimedAction {
        at: SimTime::from_secs(20),
        action: Action::RolloutRestart(ServiceId(service_index)),
    });
    model
}

/// The same model with times that are never equal: among events of one instant the slot decides,
/// and who has which slot depends on everybody.
pub(super) fn without_ties(mut model: Model) -> Model {
    fn vary(time: &mut ServiceTime) {
        if let ServiceTime::Constant(length) = *time {
            *time = exponential(0.001 + length.as_secs_f64());
        }
    }
    fn walk(steps: &mut [Step]) {
        for step in steps {
            match step {
                Step::Cpu(time) | Step::Wait(time) | Step::ParallelCpu { time, .. } => vary(time),
                Step::Choose(alternatives) => {
                    for (_, steps) in alternatives {
                        walk(steps);
                    }
                }
                Step::Call { .. } | Step::Enqueue(_) => {}
            }
        }
    }
    model
        .endpoints
        .iter_mut()
        .for_each(|endpoint| walk(&mut endpoint.steps));
    model
        .workloads
        .iter_mut()
        .for_each(|workload| workload.process = ArrivalProcess::Poisson);
    model
}
