//! Pods: what they may use, how they start, how they end.

use super::{millis, time};
use crate::systems::pod;
use flashcrowd_core::model::{
    Container, CpuModel, CpuScheduling, MemoryModel, OnSigterm, PodTemplate, Probe, Readiness,
};
use flashcrowd_units::{Bytes, Millicores};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

fn probe() -> impl Strategy<Value = Probe> {
    (
        millis(0..20_000),
        millis(500..15_000),
        millis(1..2_000),
        1..4u32,
        1..5u32,
    )
        .prop_map(
            |(initial_delay, period, timeout, success_threshold, failure_threshold)| Probe {
                initial_delay,
                period,
                timeout,
                success_threshold,
                failure_threshold,
                grace_period: None,
            },
        )
}

/// Liveness and startup probes succeed once or fail, and may have a grace period of their own.
fn health_probe() -> impl Strategy<Value = Probe> {
    (probe(), of(millis(0..15_000))).prop_map(|(probe, grace_period)| Probe {
        success_threshold: 1,
        grace_period,
        ..probe
    })
}

fn readiness() -> impl Strategy<Value = Readiness> {
    prop_oneof![
        Just(Readiness::ContainerRunning),
        Just(Readiness::Listening),
        probe().prop_map(Readiness::Probe)
    ]
}

/// What a pod may use.
fn resources() -> impl Strategy<Value = PodTemplate> {
    let cpu = (
        of(50..500u32),
        of(50..2_000u32),
        of(1..5u32),
        any::<bool>(),
        any::<bool>(),
    );
    let places = (of(1..10u32), of(0..20u32));
    let memory = (
        of(1..40u64),
        0..4u64,
        prop_oneof![4 => Just(0), 1 => 1..100u64],
    );
    (cpu, places, memory).prop_map(|(cpu, (concurrency, backlog), (room, per_request, leak))| {
        let (request, limit, threads, event_loop, smooth) = cpu;
        let cpu_request = request.map(|millis| Millicores::new(millis.into()));
        PodTemplate {
            cpu_request,
            cpu_limit: limit.map(|millis| Millicores::new(millis.into())),
            threads,
            scheduling: if event_loop {
                CpuScheduling::EventLoop
            } else {
                CpuScheduling::TimeShared
            },
            cpu_model: if smooth {
                CpuModel::Shared
            } else {
                CpuModel::Cfs
            },
            concurrency,
            backlog,
            memory_limit: room.map(|room| Bytes::new((100 + room) << 20)),
            memory: MemoryModel {
                base: Bytes::new(100 << 20),
                per_request: Bytes::new(per_request << 20),
                leak_per_request: Bytes::new(leak << 10),
            },
            containers: vec![Container {
                name: "app".to_owned(),
                cpu_request,
                memory_request: None,
            }],
            ..pod()
        }
    })
}

pub(super) fn template() -> impl Strategy<Value = PodTemplate> {
    let start = (time(3_000), time(5_000), time(20_000));
    let probes = (of(health_probe()), readiness(), of(health_probe()));
    let end = (
        millis(0..10_000),
        millis(0..15_000),
        select(vec![OnSigterm::Drain, OnSigterm::Exit, OnSigterm::Ignore]),
    );
    (resources(), start, probes, end).prop_map(
        |(
            resources,
            (scheduling_delay, pull, startup),
            (startup_probe, readiness, liveness_probe),
            end,
        )| PodTemplate {
            scheduling_delay,
            pull,
            startup,
            startup_probe,
            readiness,
            liveness_probe,
            pre_stop: end.0,
            grace_period: end.1,
            on_sigterm: end.2,
            ..resources
        },
    )
}
