//! From the facts of a run to what people and programs read.
//!
//! A [`RunRecorder`] keeps, while the run goes on, what its report needs; [`Results`] sums it up;
//! an [`Exporter`] shows it: `report.json`, `timeseries.csv`, `events.csv`, `decisions.jsonl`, or
//! the summary in the terminal. An [`OutputDir`] puts files in place, all or none.
//!
//! ```
//! use flashcrowd_core::record::{Recorder, Totals};
//! use flashcrowd_report::{Exporter, Results, RunContext, RunRecorder, TextSummary};
//! # fn simulate(_: &mut impl Recorder) -> Totals { Totals::default() }
//! # fn context() -> RunContext {
//! #     RunContext {
//! #         name: "demo".into(), scenario_sha256: String::new(), version: "0.1.0".into(), seed: 1,
//! #         mode: "exact".into(), start: "2026-01-01T00:00[UTC]".parse().unwrap(),
//! #         duration: "1h".parse().unwrap(),
//! #         resolution: flashcrowd_telemetry::Resolution::for_run("1h".parse().unwrap()),
//! #         endpoints: vec![], services: vec![], queues: vec![], node_groups: vec![], objectives: vec![],
//! #     }
//! # }
//!
//! let mut recorder = RunRecorder::new(context());
//! let totals = simulate(&mut recorder);
//! let results = Results::new(recorder, &totals);
//! let mut text = Vec::new();
//! TextSummary::default().export(&results, &mut text).unwrap();
//! assert!(String::from_utf8(text).unwrap().starts_with("demo"));
//! ```

mod context;
mod demand;
pub mod explain;
mod export;
mod findings;
mod format;
mod objective;
mod output;
mod recorder;
pub mod report;
mod results;
mod text;
mod wall_clock;

#[cfg(test)]
mod made_up_run;

pub use context::{EndpointContext, NodeGroupContext, RunContext, ServiceContext};
pub use export::{
    DecisionsJsonl, EventsCsv, Exporter, JsonReport, TimeseriesCsv, standard_exporters,
};
pub use findings::{Finding, Severity};
pub use objective::{Objective, ObjectiveKind};
pub use output::{OutputDir, OutputError, REPORT_FILE};
pub use recorder::{
    AlertChange, DECISION_BYTES_LIMIT, DecisionCut, EndpointSample, Event, EventKind,
    MergedDecision, Minute, NodeGroupLevels, NodeGroupSample, POD_EVENT_LIMIT, QueueSample,
    ReplicaLevels, RunRecorder, Samples, Scalings, ServiceSample, WORST_MINUTES,
};
pub use report::Report;
pub use results::{Attachment, Results, Timing};
pub use text::TextSummary;
pub use wall_clock::WallClock;
