//! `decisions.jsonl`: every sync of every controller, with its steps.
//!
//! One JSON object a line: `component`, `time_seconds` of the first and `until_seconds` of the last
//! of `syncs` identical decisions, and `decision` as the controller reports it. If decisions were
//! left out, the last line is `{"cut": {"time_seconds", "until_seconds", "syncs"}}`.

use super::Exporter;
use crate::results::Results;
use serde::Serialize;
use serde_json::value::RawValue;
use std::io::{self, Write};

/// All decisions.
#[derive(Debug, Clone, Copy, Default)]
pub struct DecisionsJsonl;

#[derive(Serialize)]
struct Line<'a> {
    component: &'a str,
    time_seconds: f64,
    until_seconds: f64,
    syncs: u64,
    decision: &'a RawValue,
}

impl Exporter for DecisionsJsonl {
    fn file_name(&self) -> &'static str {
        "decisions.jsonl"
    }

    fn export(&self, results: &Results, out: &mut dyn Write) -> io::Result<()> {
        let recorder = results.recorder();
        for merged in recorder.decisions() {
            let line = Line {
                component: &recorder.context().services[merged.service.index()].name,
                time_seconds: merged.first.as_secs_f64(),
                until_seconds: merged.last.as_secs_f64(),
                syncs: merged.syncs,
                decision: serde_json::from_str(&merged.json)?,
            };
            serde_json::to_writer(&mut *out, &line)?;
            writeln!(out)?;
        }
        if let Some(cut) = recorder.decisions_cut() {
            let cut = serde_json::json!({
                "time_seconds": cut.first.as_secs_f64(),
                "until_seconds": cut.last.as_secs_f64(),
                "syncs": cut.syncs,
            });
            serde_json::to_writer(&mut *out, &serde_json::json!({ "cut": cut }))?;
            writeln!(out)?;
        }
        Ok(())
    }
}
