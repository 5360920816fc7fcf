//! A controller of one's own against the HPA, on the same flash crowd with the same requests.
//!
//! ```console
//! cargo run --release --example custom_autoscaler
//! ```

use flashcrowd::Scenario;
use flashcrowd::autoscalers::{
    Autoscaler, Observation, Reason, ResourceName, RestoreError, SavedState, ScalingDecision,
};
use flashcrowd::core::World;
use flashcrowd::core::model::ServiceId;
use flashcrowd::report::{Report, Results, RunRecorder};
use flashcrowd::units::{Replicas, SimDuration};
use std::error::Error;

/// Enough pods for the CPU that all of them use now, and a reserve; down by one pod at a time.
#[derive(Debug)]
struct TargetTracking {
    /// What one pod should use \[millicores\].
    millicores_per_pod: f64,
    min: u32,
    max: u32,
}

impl Autoscaler for TargetTracking {
    fn decide(&mut self, observation: &Observation<'_>) -> ScalingDecision {
        let current = observation
            .scale
            .map_or(Replicas(self.min), |scale| scale.spec_replicas);
        let Some(pods) = observation.resources.filter(|pods| !pods.is_empty()) else {
            return ScalingDecision::hold(observation.now, current, Reason::MetricsUnavailable);
        };
        let containers = pods.iter().flat_map(|pod| pod.containers);
        let cpu = containers.filter_map(|container| container.get(ResourceName::Cpu));
        let millicores: i64 = cpu.map(flashcrowd::autoscalers::MilliValue::get).sum();
        // Pods that have no metrics yet are on their way: what is used now is spread over all.
        let wanted = (millicores as f64 / self.millicores_per_pod).ceil() as u32;
        let desired = wanted
            .max(current.get().saturating_sub(1))
            .clamp(self.min, self.max);
        ScalingDecision {
            desired: Replicas(desired),
            ..ScalingDecision::hold(
                observation.now,
                current,
                Reason::Other("cpu per pod".into()),
            )
        }
    }

    /// It remembers nothing.
    fn save(&self) -> SavedState {
        SavedState::of(&())
    }

    fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError> {
        state.read()
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let scenario = Scenario::load("scenarios/flash-crowd.yaml", &[])?;
    let hpa = flashcrowd::simulate(&scenario)?.into_report();
    // Half of what the HPA of the manifest aims at (70 % of a request of 250m), but no waiting
    // before a scale-down.
    let policy = TargetTracking {
        millicores_per_pod: 0.35 * 250.0,
        min: 2,
        max: 10,
    };
    let own = run(&scenario, policy)?;

    println!("                    p95       p99     failed   pods   scalings");
    print("HPA", &hpa);
    print("target tracking", &own);
    // Another controller changes what the system does, not what is asked of it.
    assert_eq!(hpa.requests.offered, own.requests.offered);
    Ok(())
}

/// Runs a scenario with another controller for its first service, asked every 15 s like the HPA.
fn run(scenario: &Scenario, policy: TargetTracking) -> Result<Report, Box<dyn Error>> {
    let mut world = World::new(scenario.loaded.model.clone(), scenario.loaded.seed)?;
    world.set_autoscaler(ServiceId(0), Box::new(policy), SimDuration::from_secs(15));
    let mut recorder = RunRecorder::new(scenario.context());
    world.run_while(&mut recorder, &mut |_| true);
    Ok(Results::new(recorder, &world.totals()).into_report())
}

fn print(name: &str, report: &Report) {
    let browse = &report.endpoints["browse"].latency_seconds;
    let backend = &report.services["backend"];
    let milliseconds = |seconds: Option<f64>| seconds.map_or(f64::NAN, |seconds| seconds * 1e3);
    println!(
        "{name:<15} {:>5.0} ms  {:>5.0} ms  {:>9}  {:>5.1}  {:>9}",
        milliseconds(browse.p95),
        milliseconds(browse.p99),
        report.requests.failed,
        backend.ready.mean,
        backend.scaling_events.up + backend.scaling_events.down,
    );
}
