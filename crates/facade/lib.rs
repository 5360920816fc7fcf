//! Find out what your autoscaler will do before your traffic does.
//!
//! flashcrowd simulates Kubernetes services, their pods and their autoscalers under a load that
//! you describe or have recorded, request by request. This crate is the whole of it as a library:
//!
//! ```
//! use flashcrowd::{Scenario, simulate};
//!
//! let scenario = Scenario::load("scenarios/black-friday.yaml", &["duration=2m"])?;
//! let report = simulate(&scenario)?.into_report();
//! let browse = &report.endpoints["browse"];
//! println!("p95 {:?} s, {} failed", browse.latency_seconds.p95, browse.requests.failed);
//! assert_eq!(report.requests.offered, report.requests.completed + report.requests.failed + report.requests.in_flight);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | To | Start at |
//! |---|---|
//! | run a scenario file | [`Scenario::load`], [`simulate`] |
//! | build a system in code | [`core::model::Model`], [`core::World`] |
//! | write a controller | [`autoscalers::Autoscaler`] |
//! | use a controller without the simulator | [`autoscalers::hpa::Hpa`] |
//!
//! Leave out the command line with `default-features = false`.

pub use flashcrowd_autoscalers as autoscalers;
pub use flashcrowd_core as core;
pub use flashcrowd_engine as engine;
pub use flashcrowd_experiment as experiment;
pub use flashcrowd_manifests as manifests;
pub use flashcrowd_report as report;
pub use flashcrowd_scenario as scenario;
pub use flashcrowd_telemetry as telemetry;
pub use flashcrowd_units as units;
pub use flashcrowd_workload as workload;

use flashcrowd_core::{ModelError, World};
use flashcrowd_report::{Objective, ObjectiveKind, Results, RunContext, RunRecorder};
use flashcrowd_scenario::{Diagnostics, Options};
use flashcrowd_units::{SimDuration, SimTime};
use std::path::Path;

/// Version of flashcrowd, as reports name it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A scenario that is in order, and what there is to say about it.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// What is simulated.
    pub loaded: flashcrowd_scenario::Scenario,
    /// Warnings and notes.
    pub diagnostics: Diagnostics,
    /// How many of the objectives were asked for beside the file.
    assertions: usize,
}

impl Scenario {
    /// Reads a scenario file and everything that it names. `overrides` set single fields, as
    /// `services.backend.replicas=4`.
    ///
    /// # Errors
    /// Everything that is wrong with it, at once.
    pub fn load(path: impl AsRef<Path>, overrides: &[&str]) -> Result<Self, Diagnostics> {
        let split = |field: &&str| {
            let (path, value) = field.split_once('=').unwrap_or((field, ""));
            (path.trim().to_owned(), value.trim().to_owned())
        };
        let options = Options {
            overrides: overrides.iter().map(split).collect(),
            ..Options::default()
        };
        Self::load_with(path, &options)
    }

    /// The same with all options.
    ///
    /// # Errors
    /// Everything that is wrong with it, at once.
    pub fn load_with(path: impl AsRef<Path>, options: &Options) -> Result<Self, Diagnostics> {
        let loaded = flashcrowd_scenario::load(path, options)?;
        Ok(Self {
            loaded: loaded.scenario,
            diagnostics: loaded.diagnostics,
            assertions: options.assertions.len(),
        })
    }

    /// What its report has to know of it.
    pub fn context(&self) -> RunContext {
        let scenario = &self.loaded;
        let first_assertion = scenario.slos.len() - self.assertions;
        let objectives = scenario
            .slos
            .iter()
            .enumerate()
            .map(|(index, slo)| Objective {
                name: slo.name.clone(),
                kind: if index < first_assertion {
                    ObjectiveKind::Slo
                } else {
                    ObjectiveKind::Assertion
                },
                endpoint: slo.endpoint,
                threshold: slo.objective,
                written: slo.written.clone(),
                population: slo.of,
            });
        RunContext {
            name: scenario.name.clone(),
            scenario_sha256: scenario.sha256(),
            version: VERSION.to_owned(),
            seed: scenario.seed,
            objectives: objectives.collect(),
            ..RunContext::new(&scenario.model, scenario.start.clone())
        }
    }
}

/// Runs a scenario to its end.
///
/// # Errors
/// If its model cannot be simulated.
pub fn simulate(scenario: &Scenario) -> Result<Results, ModelError> {
    let finished = simulate_while(scenario, &mut |_| true)?;
    Ok(finished.expect("a run that nobody stops comes to its end"))
}

/// Runs a scenario to its end, or until `go_on` says no; then there are no results. `go_on` is
/// asked at the end of every report interval, with the simulated time.
///
/// # Errors
/// If its model cannot be simulated.
pub fn simulate_while(
    scenario: &Scenario,
    go_on: &mut dyn FnMut(SimTime) -> bool,
) -> Result<Option<Results>, ModelError> {
    let context = scenario.context();
    // Minutes are judged one by one, so an interval is never longer.
    let interval = context.resolution.step().min(SimDuration::from_secs(60));
    let mut world = World::new(scenario.loaded.model.clone(), scenario.loaded.seed)?;
    world.set_report_interval(interval);
    let mut recorder = RunRecorder::new(context);
    if !world.run_while(&mut recorder, go_on) {
        return Ok(None);
    }
    Ok(Some(Results::new(recorder, &world.totals())))
}

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
