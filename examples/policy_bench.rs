//! Testing a policy of one's own: first on recorded observations, by hand; then in a closed loop, where
//! what it decides changes what it sees next.
//!
//! ```console
//! cargo run --release --example policy_bench
//! ```

use flashcrowd::Scenario;
use flashcrowd::autoscalers::{
    Autoscaler, ContainerUsage, MilliValue, Observation, PodId, PodUsage, Reason, ResourceName,
    RestoreError, SavedState, Scale, ScaleOutcome, ScalingDecision, TimePoint,
};
use flashcrowd::core::World;
use flashcrowd::core::model::ServiceId;
use flashcrowd::report::{Results, RunRecorder};
use flashcrowd::units::{Replicas, SimDuration};
use std::error::Error;

/// The policy under test: enough pods for the CPU in use, and after a peak as many as at the peak
/// for `patience`.
#[derive(Debug)]
struct Patient {
    millicores_per_pod: i64,
    patience: SimDuration,
    min: u32,
    max: u32,
    /// The highest number in the time that patience covers, and when it was last asked for.
    peak: Option<(TimePoint, u32)>,
}

impl Patient {
    fn new() -> Self {
        Self {
            millicores_per_pod: 150,
            patience: SimDuration::from_secs(120),
            min: 2,
            max: 10,
            peak: None,
        }
    }
}

impl Autoscaler for Patient {
    fn decide(&mut self, observation: &Observation<'_>) -> ScalingDecision {
        let now = observation.now;
        let current = observation
            .scale
            .map_or(Replicas(self.min), |it| it.spec_replicas);
        let Some(pods) = observation.resources.filter(|pods| !pods.is_empty()) else {
            return ScalingDecision::hold(now, current, Reason::MetricsUnavailable);
        };
        let containers = pods.iter().flat_map(|pod| pod.containers);
        let cpu = containers.filter_map(|container| container.get(ResourceName::Cpu));
        let used: i64 = cpu.map(MilliValue::get).sum();
        let wanted = u32::try_from((used + self.millicores_per_pod - 1) / self.millicores_per_pod);
        let wanted = wanted.unwrap_or(0).clamp(self.min, self.max);
        let (_, desired) = match self.peak {
            Some((at, peak)) if wanted < peak && now < at + self.patience => (at, peak),
            _ => *self.peak.insert((now, wanted)),
        };
        ScalingDecision {
            desired: Replicas(desired),
            ..ScalingDecision::hold(now, current, Reason::Other("cpu in use".into()))
        }
    }

    fn save(&self) -> SavedState {
        SavedState::of(&self.peak)
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError> {
        self.peak = state.read()?;
        Ok(())
    }
}

/// What a metrics server has recorded \[s, millicores of all pods\], and the replicas that the policy
/// should ask for.
const RECORDED: [(i64, Option<i64>, u32); 8] = [
    (0, Some(240), 2),
    (15, Some(610), 5),
    (30, None, 5), // no metrics: nothing changes
    (45, Some(300), 5),
    (120, Some(310), 5),
    (135, Some(310), 3), // 120 s after the peak
    (150, Some(9000), 10),
    (165, Some(0), 10),
];

fn main() -> Result<(), Box<dyn Error>> {
    let replicas = replay(Box::new(Patient::new()), false);
    let expected: Vec<u32> = RECORDED.iter().map(|it| it.2).collect();
    println!("recorded observations: {replicas:?}");
    assert_eq!(replicas, expected);
    // Saved and restored before every sync it has to decide the same.
    assert_eq!(replay(Box::new(Patient::new()), true), expected);

    closed_loop(Patient::new())
}

/// Shows a policy the recorded observations, carries out what it decides, and lists the replicas.
fn replay(mut policy: Box<dyn Autoscaler>, restarts: bool) -> Vec<u32> {
    let mut replicas = Replicas(2);
    let sync = |&(second, cpu, _): &(i64, Option<i64>, u32)| {
        if restarts {
            let state = policy.save();
            policy = Box::new(Patient::new());
            policy
                .restore(&state)
                .expect("it is the policy's own memory");
        }
        let now = TimePoint::from_secs(second);
        let usage = [ContainerUsage {
            name: "backend",
            cpu: cpu.map(MilliValue::new),
            memory: None,
        }];
        let pod = [PodUsage {
            pod: PodId(0),
            at: now,
            window: SimDuration::from_secs(15),
            containers: &usage,
        }];
        let decision = policy.decide(&Observation {
            now,
            scale: Some(Scale {
                spec_replicas: replicas,
                status_replicas: replicas,
            }),
            pods: &[],
            resources: cpu.is_some().then_some(&pod),
            answers: &[],
        });
        if decision.is_rescale() {
            policy.committed(&decision, ScaleOutcome::Applied);
        }
        replicas = decision.desired;
        replicas.get()
    };
    RECORDED.iter().map(sync).collect()
}

/// Runs the flash crowd with a policy instead of the HPA, and holds it to what it promises.
fn closed_loop(policy: Patient) -> Result<(), Box<dyn Error>> {
    let scenario = Scenario::load("scenarios/flash-crowd.yaml", &[])?;
    let (min, max) = (policy.min, policy.max);
    let mut world = World::new(scenario.loaded.model.clone(), scenario.loaded.seed)?;
    world.set_autoscaler(ServiceId(0), Box::new(policy), SimDuration::from_secs(15));
    let mut recorder = RunRecorder::new(scenario.context());
    world.run_while(&mut recorder, &mut |_| true);
    let report = Results::new(recorder, &world.totals()).into_report();

    let backend = &report.services["backend"];
    println!(
        "closed loop: {} requests, {} failed, {:.1} pods on average, {} up, {} down",
        report.requests.offered,
        report.requests.failed,
        backend.replicas.mean,
        backend.scaling_events.up,
        backend.scaling_events.down
    );
    let (fewest, most) = (backend.replicas.min, backend.replicas.max);
    assert!(fewest >= u64::from(min) && most <= u64::from(max));
    assert!(
        backend.scaling_events.up > 0,
        "a flash crowd needs more pods"
    );
    Ok(())
}
