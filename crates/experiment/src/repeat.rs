//! A run again, for the decisions that its files left out.

use flashcrowd_core::{ModelError, World};
use flashcrowd_report::RunContext;
use flashcrowd_report::explain::{DecisionHistory, DecisionTracker};
use flashcrowd_scenario::Scenario;
use flashcrowd_units::{SimDuration, SimTime};
use serde::Deserialize;

/// What a report says about the run that it is of.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Provenance {
    /// Version of flashcrowd.
    pub version: String,
    /// SHA-256 of the resolved scenario, hexadecimal.
    pub scenario_sha256: String,
}

impl Provenance {
    /// That of a `report.json`. `None` if it has none.
    pub fn of_report(json: &str) -> Option<Self> {
        #[derive(Deserialize)]
        struct Report {
            provenance: Provenance,
        }
        let report: Report = serde_json::from_str(json).ok()?;
        Some(report.provenance)
    }
}

/// Simulates a scenario with its own seed, and keeps what was decided between two times, both
/// included. `go_on` is asked at the end of every report interval, with the simulated time; `None`
/// if it said no.
///
/// # Errors
/// If the model cannot be simulated.
pub fn decisions(
    scenario: &Scenario,
    from: SimTime,
    to: SimTime,
    go_on: &mut dyn FnMut(SimTime) -> bool,
) -> Result<Option<DecisionHistory>, ModelError> {
    let context = RunContext::new(&scenario.model, scenario.start.clone());
    let mut world = World::new(scenario.model.clone(), scenario.seed)?;
    // As in the run itself, so that the same events are processed.
    world.set_report_interval(context.resolution.step().min(SimDuration::from_secs(60)));
    let services = context.services.into_iter().map(|it| it.name).collect();
    let mut tracker = DecisionTracker::new(services, from, to);
    let mut interrupted = false;
    world.run_while(&mut tracker, &mut |now| {
        interrupted = !go_on(now);
        !interrupted && now <= to
    });
    Ok((!interrupted).then(|| tracker.into_history()))
}
