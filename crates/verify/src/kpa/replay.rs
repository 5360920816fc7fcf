//! One trace, row by row.

use super::compare::{self, Field, Place};
use super::trace::{Kind, Reconcile, Row, Sample, Tick, Trace, Update, at, duration};
use crate::conformance::ConformReport;
use flashcrowd_autoscalers::TimePoint;
use flashcrowd_autoscalers::kpa::{
    Aggregation, Decider, DeciderSpec, DeciderStatus, Decision, KpaSettings, MetricAverages,
    MetricWindow, ReconcileDecision, ReconcileObservation, Scaler, ScalingMetric, ServeMode,
};
use flashcrowd_units::SimDuration;
use serde_json::{Value, json};

/// Length of a bucket where it is not recorded.
const GRANULARITY: SimDuration = SimDuration::from_secs(1);

/// Replays a trace and adds what differs to the report. `Err` says what is wrong with the trace.
pub(super) fn replay(trace: &Trace, report: &mut ConformReport) -> Result<(), String> {
    report.traces += 1;
    if trace.kind == Kind::Window {
        return replay_window(trace, report);
    }
    let settings = trace
        .config()
        .resolve()
        .map_err(|error| error.to_string())?;
    let mut revision = Revision::new(trace, settings)?;
    let place = Place {
        trace: &trace.id,
        row: 0,
    };
    let mut fields = match &trace.eff {
        Some(recorded) => compare::settings(&settings, recorded),
        None => return Err("the trace has no settings".to_owned()),
    };
    if let Some(init) = trace.init {
        let status = revision.decider.status();
        let ours = [status.desired, status.excess_burst_capacity];
        fields.push(("init", json!(init), json!(ours)));
    }
    place.compare(report, fields, || Value::Null);
    for (row, content) in trace.rows.iter().enumerate() {
        report.ticks += 1;
        let place = Place {
            trace: &trace.id,
            row,
        };
        revision
            .advance(content, &place, report)
            .map_err(|message| format!("row {row}: {message}"))?;
    }
    Ok(())
}

/// What a trace of settings is about.
struct Revision {
    kind: Kind,
    settings: KpaSettings,
    stable: MetricWindow,
    panic: MetricWindow,
    decider: Decider,
    scaler: Scaler,
    /// What the decider has said, as far as reconciles know.
    said: DeciderStatus,
}

impl Revision {
    fn new(trace: &Trace, settings: KpaSettings) -> Result<Self, String> {
        let start = match trace.kind {
            Kind::Full => at(trace.start),
            _ => TimePoint::ZERO,
        };
        let ready = match trace.start_ready {
            None => 0,
            Some(ready) => ready.count().ok_or("start_ready is an error")?,
        };
        let window = |length| MetricWindow::new(settings.aggregation, length, GRANULARITY);
        let decider = Decider::new(&settings, start, ready);
        Ok(Self {
            kind: trace.kind,
            settings,
            stable: window(settings.stable_window),
            panic: window(settings.panic_window),
            said: decider.status(),
            decider,
            scaler: Scaler::new(settings, at(trace.created)),
        })
    }

    fn advance(
        &mut self,
        row: &Row,
        place: &Place<'_>,
        report: &mut ConformReport,
    ) -> Result<(), String> {
        match row {
            Row::Tick(tick) => {
                let (fields, steps) = self.tick(tick);
                place.compare(report, fields, || steps.clone());
            }
            Row::Update(update) => self.decider.update(updated(self.decider.spec(), update)),
            Row::Sample(sample) => self.sample(sample),
            Row::DeciderStatus { desired, excess } => {
                self.said = DeciderStatus {
                    desired: *desired,
                    excess_burst_capacity: *excess,
                };
            }
            Row::Reconcile(reconcile) => {
                let (fields, steps) = self.reconcile(reconcile);
                place.compare(report, fields, || steps.clone());
            }
            Row::Record { .. } | Row::Average { .. } | Row::Resize { .. } => {
                return Err("a row of a window in another kind of trace".to_owned());
            }
        }
        Ok(())
    }

    /// What goes through the activator is taken off: the activator reports it itself.
    fn sample(&mut self, sample: &Sample) {
        let &Sample(t, concurrency, proxied_concurrency, rps, proxied_rps) = sample;
        let value = match self.settings.metric {
            ScalingMetric::Concurrency => concurrency - proxied_concurrency,
            ScalingMetric::Rps => rps - proxied_rps,
        };
        self.stable.record(at(t), value);
        self.panic.record(at(t), value);
    }

    fn tick(&mut self, tick: &Tick) -> (Vec<Field>, Value) {
        let now = at(tick.t);
        let ready = tick.ready.count();
        let mut fields = Vec::new();
        let averages = if self.kind == Kind::Full {
            let averages = self.averages(now);
            // Without a number of ready pods the averages are not asked for.
            if ready.is_some() {
                let how = self.settings.aggregation;
                let ours = (averages.map(|it| it.stable), averages.map(|it| it.panic));
                fields.push(compare::average("stable", tick.stable, ours.0, how));
                fields.push(compare::average("panic", tick.panic, ours.1, how));
            }
            averages
        } else {
            recorded(tick)
        };
        let decision = self.decider.decide(now, ready, averages);
        if let Some(decision) = decision {
            self.said = decision.status;
        }
        let status = decision.map(|it| it.status);
        let panic_since = self.decider.panic_since();
        fields.extend([
            ("valid", json!(tick.valid != 0), json!(decision.is_some())),
            ("want", json!(tick.want), json!(status.map(|it| it.desired))),
            (
                "ebc",
                json!(tick.excess),
                json!(status.map(|it| it.excess_burst_capacity)),
            ),
            (
                "panicSince",
                json!(tick.panic_since),
                json!(panic_since.map(millis)),
            ),
            (
                "maxPanic",
                json!(tick.max_panic),
                json!(self.decider.max_panic()),
            ),
        ]);
        if let Some(informed) = tick.informed {
            let ours = decision.is_some_and(|it| it.inform);
            fields.push(("informed", json!(informed != 0), json!(ours)));
        }
        (fields, steps(decision))
    }

    /// The averages of the windows. Without a decision to make there are none; where the activator
    /// takes everything, there is always one.
    fn averages(&self, now: TimePoint) -> Option<MetricAverages> {
        if self.stable.is_empty(now) && self.settings.target_burst_capacity != -1.0 {
            return None;
        }
        Some(MetricAverages {
            stable: self.stable.average(now),
            panic: self.panic.average(now),
        })
    }

    fn reconcile(&mut self, row: &Reconcile) -> (Vec<Field>, Value) {
        let &Reconcile(
            t,
            ready,
            replicas,
            probe,
            mode,
            proxy_since,
            want,
            replicas_after,
            ref active,
            since,
            initialized,
            new_mode,
            desired_scale,
            activators,
            ref delays,
            async_probes,
        ) = row;
        let decision = self.scaler.reconcile(&ReconcileObservation {
            now: at(t),
            ready,
            probe: probe != 0,
            mode: mode.into(),
            proxy_since: proxy_since.map(at),
            decider: self.said,
        });
        let status = self.scaler.status();
        let condition = status.active;
        let after = if decision.apply {
            decision.want
        } else {
            replicas
        };
        let delay = decision.requeue_after.map(|it| it.as_nanos() / 1_000_000);
        let fields = vec![
            ("want", json!(want), json!(decision.want)),
            ("replicasAfter", json!(replicas_after), json!(after)),
            ("active", json!(active), json!(condition.status.to_string())),
            ("since", json!(since), json!(millis(condition.since))),
            ("init", json!(initialized != 0), json!(status.initialized)),
            (
                "newMode",
                json!(ServeMode::from(new_mode)),
                json!(decision.mode),
            ),
            (
                "desiredScale",
                json!(desired_scale),
                json!(status.desired_scale),
            ),
            ("activators", json!(activators), json!(decision.activators)),
            (
                "delays",
                json!(delays),
                json!(delay.into_iter().collect::<Vec<_>>()),
            ),
            (
                "asyncProbes",
                json!(async_probes),
                json!(u32::from(decision.async_probe)),
            ),
        ];
        let steps = reconcile_steps(&decision, self.said);
        (fields, steps)
    }
}

fn reconcile_steps(decision: &ReconcileDecision, said: DeciderStatus) -> Value {
    json!({ "decider": said, "action": decision.action, "apply": decision.apply })
}

fn steps(decision: Option<Decision>) -> Value {
    json!(decision.map(|it| it.steps))
}

/// The averages that a trace of the decider alone gives.
fn recorded(tick: &Tick) -> Option<MetricAverages> {
    Some(MetricAverages {
        stable: tick.stable?,
        panic: tick.panic?,
    })
}

fn updated(spec: &DeciderSpec, update: &Update) -> DeciderSpec {
    DeciderSpec {
        target: update.target.unwrap_or(spec.target),
        total: update.total.unwrap_or(spec.total),
        target_burst_capacity: update.tbc.unwrap_or(spec.target_burst_capacity),
        max_scale_up_rate: update.up.unwrap_or(spec.max_scale_up_rate),
        max_scale_down_rate: update.down.unwrap_or(spec.max_scale_down_rate),
        panic_threshold: update.panic_threshold.unwrap_or(spec.panic_threshold),
        stable_window: update.stable_ms.map_or(spec.stable_window, duration),
        activation_scale: update.activation_scale.unwrap_or(spec.activation_scale),
        reachable: update.reachable.map_or(spec.reachable, |it| it != 0),
    }
}

fn millis(at: TimePoint) -> i64 {
    at.as_nanos() / 1_000_000
}

fn replay_window(trace: &Trace, report: &mut ConformReport) -> Result<(), String> {
    let (Some(length), Some(granularity)) = (trace.window_ms, trace.granularity_ms) else {
        return Err("the trace has no window".to_owned());
    };
    if granularity == 0 {
        return Err("the granularity is 0".to_owned());
    }
    let aggregation = if trace.weighted != 0 {
        Aggregation::WeightedExponential
    } else {
        Aggregation::Linear
    };
    let mut window = MetricWindow::new(aggregation, duration(length), duration(granularity));
    for (row, content) in trace.rows.iter().enumerate() {
        report.ticks += 1;
        match content {
            Row::Record { t, value } => window.record(at(*t), *value),
            Row::Resize { t, window_ms } => window.resize(at(*t), duration(*window_ms)),
            Row::Average { t, average, empty } => {
                let ours = window.average(at(*t));
                let fields = [
                    compare::average("average", Some(*average), Some(ours), aggregation),
                    ("empty", json!(*empty != 0), json!(window.is_empty(at(*t)))),
                ];
                let place = Place {
                    trace: &trace.id,
                    row,
                };
                place.compare(report, fields, || json!(window));
            }
            _ => return Err(format!("row {row}: no row of a window")),
        }
    }
    Ok(())
}
