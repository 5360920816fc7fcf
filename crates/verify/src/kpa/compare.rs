//! Ours beside what was recorded.

use crate::conformance::{ConformReport, Mismatch};
use flashcrowd_autoscalers::kpa::{Aggregation, KpaSettings, ScalingMetric};
use flashcrowd_units::SimDuration;
use serde_json::{Map, Value, json};

/// How far a weighted average may be from the recorded one: powers differ in the last bits.
const RELATIVE: f64 = 1e-9;

/// Where a difference is.
pub(super) struct Place<'a> {
    pub(super) trace: &'a str,
    pub(super) row: usize,
}

pub(super) type Field = (&'static str, Value, Value);

impl Place<'_> {
    /// Adds a mismatch for every field that differs: name, what was recorded, what ours gives.
    pub(super) fn compare(
        &self,
        report: &mut ConformReport,
        fields: impl IntoIterator<Item = Field>,
        steps: impl Fn() -> Value,
    ) {
        for (field, expected, got) in fields {
            if expected != got {
                report.add(|| Mismatch {
                    trace: self.trace.to_owned(),
                    tick: self.row,
                    field,
                    expected,
                    got,
                    steps: steps(),
                });
            }
        }
    }
}

/// An average beside the recorded one. Linear ones must be equal; a weighted one that is close
/// enough counts as equal.
pub(super) fn average(
    field: &'static str,
    expected: Option<f64>,
    got: Option<f64>,
    aggregation: Aggregation,
) -> Field {
    let close = match (expected, got, aggregation) {
        (Some(expected), Some(got), Aggregation::WeightedExponential) => {
            (expected - got).abs() <= RELATIVE * expected.abs().max(got.abs())
        }
        _ => expected == got,
    };
    let got = if close { expected } else { got };
    (field, json!(expected), json!(got))
}

/// The settings in the words of the recording.
pub(super) fn settings(settings: &KpaSettings, recorded: &Map<String, Value>) -> Vec<Field> {
    let ours = [
        ("activation_scale", json!(settings.activation_scale)),
        ("activation_timeout_ms", millis(settings.activation_timeout)),
        ("activator_capacity", json!(settings.activator_capacity)),
        ("delay_ms", millis(settings.scale_down_delay)),
        ("down", json!(settings.max_scale_down_rate)),
        ("grace_ms", millis(settings.grace_period)),
        ("initial_scale", json!(settings.initial_scale)),
        ("max", json!(settings.max_scale)),
        (
            "metric",
            json!(match settings.metric {
                ScalingMetric::Concurrency => "concurrency",
                ScalingMetric::Rps => "rps",
            }),
        ),
        ("min", json!(settings.min_scale)),
        ("panic_ms", millis(settings.panic_window)),
        ("panic_threshold", json!(settings.panic_threshold)),
        ("retention_ms", millis(settings.pod_retention)),
        ("scale_to_zero", json!(u8::from(settings.scale_to_zero))),
        ("stable_ms", millis(settings.stable_window)),
        ("target", json!(settings.target)),
        ("tbc", json!(settings.target_burst_capacity)),
        ("total", json!(settings.total)),
        ("up", json!(settings.max_scale_up_rate)),
        (
            "weighted",
            json!(u8::from(
                settings.aggregation == Aggregation::WeightedExponential
            )),
        ),
    ];
    let mut fields: Vec<Field> = Vec::new();
    for (name, got) in ours {
        let expected = recorded.get(name).cloned().unwrap_or(Value::Null);
        fields.push((name, as_number(expected), as_number(got)));
    }
    fields
}

/// Numbers are equal whether they are written with a point or not.
fn as_number(value: Value) -> Value {
    value.as_f64().map_or(value, |number| json!(number))
}

fn millis(duration: SimDuration) -> Value {
    json!(duration.as_nanos() / 1_000_000)
}
