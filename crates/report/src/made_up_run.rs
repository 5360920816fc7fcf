//! A run that nobody simulated: numbers in the shape of a sale, to test what is made of them.
//!
//! One backend with 2 to 10 pods of half a core, each request 9 ms of CPU, an M/M/1-like delay
//! while it keeps up, and time-outs once it does not.

use crate::context::{EndpointContext, RunContext, ServiceContext};
use crate::objective::{Objective, ObjectiveKind};
use crate::recorder::RunRecorder;
use crate::results::Results;
use flashcrowd_autoscalers::{Reason, ScalingDecision};
use flashcrowd_core::model::{EndpointId, ServiceId};
use flashcrowd_core::record::{
    EndpointInterval, Failure, Interval, PodId, PodStage, Record, Recorder, ServiceInterval, Totals,
};
use flashcrowd_telemetry::{Population, Resolution};
use flashcrowd_units::{Bytes, Replicas, SimDuration, SimTime, Usd};

pub(crate) const BACKEND: ServiceId = ServiceId(0);
const STEP: u64 = 15;
const PODS_MAX: u32 = 10;
const CPU_PER_REQUEST: f64 = 0.009;
const POD_CORES: f64 = 0.5;

/// The context of the run.
pub(crate) fn context(duration: SimDuration) -> RunContext {
    let endpoint = |name: &str| EndpointContext {
        name: name.to_owned(),
        service: BACKEND,
    };
    let objective = |name: &str, endpoint: Option<u32>, threshold: &str| Objective {
        name: name.to_owned(),
        kind: ObjectiveKind::Slo,
        endpoint: endpoint.map(EndpointId),
        threshold: threshold.parse().unwrap(),
        written: threshold.to_owned(),
        population: Population::All,
    };
    RunContext {
        name: "black-friday".to_owned(),
        scenario_sha256: "5e8c0f6d3b9a".repeat(6)[..64].to_owned(),
        version: "0.1.0".to_owned(),
        seed: 2025,
        mode: "exact".to_owned(),
        start: "2025-11-28T06:00[Asia/Kolkata]".parse().unwrap(),
        duration,
        resolution: Resolution::for_run(duration),
        endpoints: ["browse", "search", "checkout"].map(endpoint).to_vec(),
        services: vec![ServiceContext {
            name: "backend".to_owned(),
            is_pool: false,
            replicas: 2,
            cpu_target: Some(0.7),
            cpu_request: Some(0.25),
            cpu_usable: POD_CORES,
            threads: None,
            memory_limit: Some(Bytes::from_mebibytes(512)),
            backlog: Some(200),
            max_in_flight: None,
            is_scaled_job: false,
            sized_and_scaled: None,
        }],
        queues: Vec::new(),
        node_groups: Vec::new(),
        objectives: vec![
            objective("fast-browse", Some(0), "p(95)<500ms"),
            objective("fast-checkout", Some(2), "p(99)<2s"),
            objective("reliable", None, "rate<1%"),
        ],
    }
}

/// Six hours with a peak that ten pods cannot serve.
pub(crate) fn black_friday() -> Results {
    Sale { peak: 640.0 }.run()
}

/// Six hours with a peak that four pods serve.
pub(crate) fn quiet_day() -> Results {
    Sale { peak: 120.0 }.run()
}

struct Sale {
    peak: f64,
}

struct State {
    recorder: RunRecorder,
    totals: Totals,
    replicas: u32,
    next_pod: u32,
    pods: Vec<PodId>,
    last_scaled: u64,
}

impl Sale {
    fn run(&self) -> Results {
        let recorder = RunRecorder::new(context(SimDuration::from_secs(6 * 3600)));
        let pods = vec![PodId(0), PodId(1)];
        let mut state = State {
            recorder,
            totals: Totals::default(),
            replicas: 2,
            next_pod: 2,
            pods,
            last_scaled: 0,
        };
        for step in 0..6 * 3600 / STEP {
            self.step(&mut state, step * STEP);
        }
        state.totals.events = 4 * state.totals.offered;
        Results::new(state.recorder, &state.totals)
    }

    /// A morning at a tenth of the peak, a ramp, two hours of sale, a decline.
    fn rate(&self, second: u64) -> f64 {
        let hour = second as f64 / 3600.0;
        let level = match hour {
            h if h < 2.5 => 0.1,
            h if h < 3.0 => 0.1 + (h - 2.5) * 1.8,
            h if h < 4.2 => 1.0,
            h if h < 5.2 => 1.0 - (h - 4.2) * 0.8,
            _ => 0.2,
        };
        self.peak * level
    }

    fn step(&self, state: &mut State, second: u64) {
        let start = SimTime::from_secs(second);
        let end = SimTime::from_secs(second + STEP);
        let pods = f64::from(state.replicas);
        let capacity = pods * POD_CORES;
        let work = self.rate(second) * CPU_PER_REQUEST;
        let load = work / capacity;
        let lost = (1.0 - 0.97 / load).max(0.0);
        let delay = if load < 0.97 {
            0.03 / (1.0 - load)
        } else {
            12.0
        };
        let mut endpoints = Vec::new();
        for share in [0.8, 0.15, 0.05] {
            let endpoint = endpoint(
                (self.rate(second) * share * STEP as f64) as u64,
                lost,
                delay,
            );
            state.totals.offered += endpoint.offered;
            state.totals.completed += endpoint.completed;
            for (sum, failed) in state.totals.failed.iter_mut().zip(endpoint.failed) {
                *sum += failed;
            }
            endpoints.push(endpoint);
        }
        let used = load.min(0.99);
        let seconds = STEP as f64;
        let mut service = ServiceInterval {
            attempts: endpoints.iter().map(|e| e.offered).sum(),
            desired: state.replicas,
            current: state.replicas,
            ready: state.replicas,
            bounds: Some((2, PODS_MAX)),
            cpu_seconds: used * capacity * seconds,
            cpu_capacity_seconds: capacity * seconds,
            cpu_request_seconds: pods * 0.25 * seconds,
            cfs_periods: u64::from(state.replicas) * STEP * 10,
            cfs_throttled: (f64::from(state.replicas) * seconds * 10.0 * used * used) as u64,
            memory_bytes: u64::from(state.replicas) * 190 * 1024 * 1024,
            memory_max_bytes: 200 * 1024 * 1024,
            pod_seconds: pods * seconds,
            cost: Usd(pods * seconds / 3600.0 * 0.10),
            ..ServiceInterval::default()
        };
        for endpoint in &endpoints {
            for (sum, failed) in service.failed.iter_mut().zip(endpoint.failed) {
                *sum += failed;
            }
        }
        let interval = Interval {
            start,
            endpoints: &endpoints,
            services: &[service],
            queues: &[],
            nodes: &[],
            unschedulable: 0,
        };
        state.recorder.record(end, &Record::Interval(interval));
        state.scale(end, (pods * used * POD_CORES / 0.25 / 0.7).ceil() as u32);
    }
}

fn endpoint(offered: u64, lost: f64, delay: f64) -> EndpointInterval {
    let mut endpoint = EndpointInterval {
        offered,
        ..EndpointInterval::default()
    };
    let failed = (offered as f64 * lost) as u64;
    endpoint.failed[Failure::ClientTimeout as usize] = failed;
    endpoint.completed = offered - failed;
    // The quantiles of an exponential distribution, two hundred of them.
    let parts = 200;
    for part in 0..parts {
        let number = endpoint.completed * (part + 1) / parts - endpoint.completed * part / parts;
        let q = (part as f64 + 0.5) / parts as f64;
        let seconds = -delay * flashcrowd_units::math::ln(1.0 - q);
        endpoint
            .latency
            .record_n(SimDuration::from_secs_f64(0.01 + seconds.min(29.9)), number);
    }
    endpoint
}

impl State {
    /// Up at once and at most to double, down by one a minute after five minutes.
    fn scale(&mut self, at: SimTime, wanted: u32) {
        let second = at.as_nanos() / 1_000_000_000;
        let from = self.replicas;
        let to = match wanted.clamp(2, PODS_MAX) {
            wanted if wanted > from => wanted.min(2 * from),
            wanted if wanted < from && second >= self.last_scaled + 300 => from - 1,
            _ => from,
        };
        let mut decision = ScalingDecision::hold(at.into(), Replicas(from), Reason::None);
        decision.desired = Replicas(to);
        self.recorder.record(
            at,
            &Record::Decision {
                service: BACKEND,
                decision: &decision,
            },
        );
        if from == to {
            return;
        }
        self.last_scaled = if to < from { second - 240 } else { second };
        self.replicas = to;
        let service = BACKEND;
        let reason = "cpu resource utilization (percentage of request) above target";
        self.recorder.record(
            at,
            &Record::Scaled {
                service,
                from,
                to,
                by: "hpa",
                reason,
            },
        );
        let step = |recorder: &mut RunRecorder, pod, from, to, reason| {
            recorder.record(
                at,
                &Record::Pod {
                    service,
                    pod,
                    from,
                    to,
                    reason,
                },
            );
        };
        while (self.pods.len() as u32) < to {
            let pod = PodId(self.next_pod);
            self.next_pod += 1;
            self.pods.push(pod);
            step(&mut self.recorder, pod, None, PodStage::Pending, "Created");
            step(
                &mut self.recorder,
                pod,
                Some(PodStage::Pending),
                PodStage::Ready,
                "Ready",
            );
        }
        while self.pods.len() as u32 > to {
            let pod = self.pods.pop().unwrap();
            step(
                &mut self.recorder,
                pod,
                Some(PodStage::Ready),
                PodStage::Terminating,
                "ScaleDown",
            );
            step(
                &mut self.recorder,
                pod,
                Some(PodStage::Terminating),
                PodStage::Deleted,
                "Completed",
            );
        }
    }
}
