//! Recorded decisions of the real KEDA, replayed through ours.
//!
//! Four kinds of traces: a ScaledObject over many polls and queries of its HPA, a ScaledJob over
//! many polls, the window of a cron trigger at many instants, the lag of a kafka trigger. The
//! kind shows in the fields of a trace. The format of the files is described in
//! `tests/golden/keda/README.md`.

mod cron;
mod job;
mod kafka;
mod object;
mod trigger;

use crate::conformance::{self, ConformError, ConformReport, Mismatch};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::io::BufRead;
use std::path::Path;

/// Replays trace files, one JSON object per line.
///
/// # Errors
/// If a file cannot be read or a line is not a trace; what came before it has been replayed, but
/// is not reported.
pub fn conform<P: AsRef<Path>>(paths: &[P]) -> Result<ConformReport, ConformError> {
    conformance::replay_files(paths, replay_line)
}

/// Replays the traces of one reader and adds them to a report. `name` stands in error messages.
///
/// # Errors
/// As [`conform`]; the report then holds the traces before the line.
pub fn conform_reader(
    name: &str,
    reader: impl BufRead,
    report: &mut ConformReport,
) -> Result<(), ConformError> {
    conformance::replay_lines(name, reader, report, replay_line)
}

/// The fields that tell the kinds of traces apart.
#[derive(Deserialize)]
struct Kind {
    hpa_name: Option<Value>,
    at: Option<Value>,
    rows: Option<Value>,
    spec: Option<KindOfSpec>,
}

#[derive(Deserialize)]
struct KindOfSpec {
    lag_threshold: Option<Value>,
    strategy: Option<Value>,
}

fn replay_line(text: &str, report: &mut ConformReport) -> Result<(), String> {
    let kind: Kind = read(text)?;
    if kind.hpa_name.is_some() {
        object::replay(&read(text)?, report)
    } else if kind.at.is_some() || kind.rows.is_some() {
        cron::replay(&read(text)?, report)
    } else if kind
        .spec
        .as_ref()
        .is_some_and(|spec| spec.lag_threshold.is_some())
    {
        kafka::replay(&read(text)?, report);
        Ok(())
    } else if kind.spec.is_some_and(|spec| spec.strategy.is_some()) {
        job::replay(&read(text)?, report)
    } else {
        Err("it is no trace of KEDA".to_owned())
    }
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// Where a difference is.
struct Place<'a> {
    trace: &'a str,
    tick: usize,
}

impl Place<'_> {
    /// Adds a mismatch for every field that differs: name, what was recorded, what ours gives.
    fn compare(
        &self,
        report: &mut ConformReport,
        fields: impl IntoIterator<Item = (&'static str, Value, Value)>,
        steps: impl Fn() -> Value,
    ) {
        for (field, expected, got) in fields {
            if expected != got {
                report.add(|| Mismatch {
                    trace: self.trace.to_owned(),
                    tick: self.tick,
                    field,
                    expected,
                    got,
                    steps: steps(),
                });
            }
        }
    }
}

/// Conditions in the words of the recording.
fn conditions(conditions: &flashcrowd_autoscalers::keda::Conditions) -> Value {
    conditions
        .iter()
        .map(|(name, condition)| (name.to_owned(), json!(condition.to_string())))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[cfg(test)]
mod tests;
