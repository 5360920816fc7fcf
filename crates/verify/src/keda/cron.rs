//! One cron trigger at many instants.

use super::Place;
use crate::conformance::ConformReport;
use flashcrowd_autoscalers::keda::cron::CronWindow;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Trace {
    Window(Window),
    Refused(Refused),
}

#[derive(Debug, Deserialize)]
pub(super) struct Window {
    id: String,
    start: String,
    end: String,
    tz: String,
    desired: i64,
    /// `[Unix seconds, active]`.
    at: Vec<(f64, u8)>,
}

/// Specifications, and what becomes of them.
#[derive(Debug, Deserialize)]
pub(super) struct Refused {
    id: String,
    /// `[start, end, timezone, desiredReplicas, result]`.
    rows: Vec<[String; 5]>,
}

/// Replays a trace and adds what differs to the report. `Err` says what is wrong with the trace.
pub(super) fn replay(trace: &Trace, report: &mut ConformReport) -> Result<(), String> {
    report.traces += 1;
    match trace {
        Trace::Window(window) => replay_window(window, report),
        Trace::Refused(refused) => {
            replay_refused(refused, report);
            Ok(())
        }
    }
}

fn replay_window(trace: &Window, report: &mut ConformReport) -> Result<(), String> {
    let desired = trace.desired.to_string();
    let window = CronWindow::new(&trace.start, &trace.end, &trace.tz, &desired)
        .map_err(|error| error.to_string())?;
    for (tick, &(seconds, active)) in trace.at.iter().enumerate() {
        report.ticks += 1;
        let now = seconds.floor() as i64;
        let reading = window.reading(now);
        let expected_value = if active != 0 { trace.desired } else { 0 };
        let place = Place {
            trace: &trace.id,
            tick,
        };
        let fields = [
            (
                "active",
                json!(active != 0),
                json!(reading.map(|it| it.active)),
            ),
            (
                "value",
                json!(expected_value * 1000),
                json!(reading.map(|it| it.value.get())),
            ),
        ];
        place.compare(report, fields, || steps(&window, now));
    }
    Ok(())
}

fn steps(window: &CronWindow, now: i64) -> Value {
    let state = window.state(now);
    json!({
        "now": now,
        "next_start": state.and_then(|it| it.next_start),
        "next_end": state.and_then(|it| it.next_end),
    })
}

fn replay_refused(trace: &Refused, report: &mut ConformReport) {
    for (tick, [start, end, timezone, desired, result]) in trace.rows.iter().enumerate() {
        report.ticks += 1;
        let window = CronWindow::new(start, end, timezone, desired);
        let got = match &window {
            Err(_) => "rejected",
            Ok(window) if window.state(0).is_none() => "metric_error",
            Ok(_) => "ok",
        };
        let message = window.err().map(|error| error.to_string());
        let place = Place {
            trace: &trace.id,
            tick,
        };
        place.compare(
            report,
            [("result", json!(result), json!(got))],
            || json!({ "message": message }),
        );
    }
}
