//! One ScaledObject, poll by poll and query by query.

use super::trigger::{Answer, Trigger};
use super::{Place, conditions};
use crate::conformance::ConformReport;
use flashcrowd_autoscalers::keda::{
    CompositeConfig, Fetch, Formula, MetricName, ObjectConfig, ObjectLoop, ObjectObservation,
    Pausing,
};
use flashcrowd_autoscalers::{ConditionStatus, MilliValue, ScaleOutcome, TimePoint};
use flashcrowd_manifests::scaled_object::{DEFAULT_COOLDOWN_PERIOD, Fallback, FallbackBehavior};
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
pub(super) struct Trace {
    id: String,
    #[serde(default)]
    hpa_name: u8,
    spec: Spec,
    ticks: Vec<Tick>,
}

#[derive(Debug, Deserialize)]
struct Spec {
    cooldown: Option<u64>,
    #[serde(default)]
    init_cooldown: u64,
    #[serde(default)]
    min: i32,
    idle: Option<i32>,
    created: i64,
    fallback: Option<RecordedFallback>,
    modifiers: Option<Modifiers>,
    triggers: Vec<Trigger>,
}

#[derive(Debug, Deserialize)]
struct RecordedFallback {
    threshold: i32,
    replicas: i32,
    #[serde(default)]
    behavior: FallbackBehavior,
}

#[derive(Debug, Deserialize)]
struct Modifiers {
    formula: String,
    target: String,
    #[serde(default)]
    activation: String,
    mtype: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Tick {
    t: i64,
    q: Option<i64>,
    x: Vec<Answer>,
    r: i32,
    #[serde(default)]
    rp: u32,
    ann: Option<BTreeMap<String, String>>,
    /// Status and reason; null is a change to nothing, which is not the same as being absent.
    #[serde(default, deserialize_with = "present")]
    hpa: Option<Value>,
    f: Option<Failure>,
    o: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Failure {
    Get,
    Update,
}

#[derive(Debug, Deserialize)]
struct Output {
    n: Option<i32>,
    v: Option<i64>,
    la: Option<i64>,
    c: Option<Map<String, Value>>,
    act: Option<Map<String, Value>>,
    h: Option<Map<String, Value>>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Trace {
    fn config(&self) -> Result<ObjectConfig, String> {
        let spec = &self.spec;
        let triggers = spec.triggers.iter().map(Trigger::config);
        let modifiers = spec.modifiers.as_ref().map(Modifiers::config);
        Ok(ObjectConfig {
            created: TimePoint::from_millis(spec.created),
            cooldown: SimDuration::from_secs(
                spec.cooldown
                    .unwrap_or(u64::from(DEFAULT_COOLDOWN_PERIOD.unsigned_abs())),
            ),
            initial_cooldown: SimDuration::from_secs(spec.init_cooldown),
            min: spec.min,
            idle: spec.idle,
            fallback: spec.fallback.as_ref().map(|fallback| Fallback {
                failure_threshold: fallback.threshold,
                replicas: fallback.replicas,
                behavior: fallback.behavior,
            }),
            modifiers: modifiers.transpose()?,
            triggers: triggers.collect::<Result<_, _>>()?,
            reports_hpa: self.hpa_name != 0,
        })
    }
}

impl Modifiers {
    fn config(&self) -> Result<CompositeConfig, String> {
        let activation = match self.activation.as_str() {
            "" => 0.0,
            text => text
                .parse()
                .map_err(|_| format!("activation `{text}` is no number"))?,
        };
        Ok(CompositeConfig {
            formula: Formula::parse(&self.formula).map_err(|error| error.to_string())?,
            target: self.target.as_str().into(),
            activation,
            is_plain_value: self.mtype.as_deref() == Some("Value"),
        })
    }
}

/// What stays as it is until a tick says otherwise.
#[derive(Default)]
struct Standing {
    pausing: Pausing,
    scaling_active: Option<(ConditionStatus, String)>,
    recorded: Recorded,
}

#[derive(Default)]
struct Recorded {
    conditions: Map<String, Value>,
    activity: Map<String, Value>,
    failures: Map<String, Value>,
}

/// Replays a trace and adds what differs to the report. `Err` says what is wrong with the trace.
pub(super) fn replay(trace: &Trace, report: &mut ConformReport) -> Result<(), String> {
    let mut object = ObjectLoop::new(trace.config()?);
    let mut standing = Standing::default();
    report.traces += 1;
    for (index, tick) in trace.ticks.iter().enumerate() {
        report.ticks += 1;
        standing
            .advance(tick)
            .map_err(|message| format!("tick {index}: {message}"))?;
        let (mut fields, steps) = run(&mut object, &standing, tick);
        fields.extend(status(&object, &standing.recorded, tick));
        let place = Place {
            trace: &trace.id,
            tick: index,
        };
        place.compare(report, fields, || steps.clone());
    }
    Ok(())
}

type Field = (&'static str, Value, Value);

fn run(object: &mut ObjectLoop, standing: &Standing, tick: &Tick) -> (Vec<Field>, Value) {
    let fetches: Vec<Fetch> = tick.x.iter().map(|answer| answer.0).collect();
    let scaling_active = standing.scaling_active.as_ref();
    let observation = ObjectObservation {
        now: TimePoint::from_millis(tick.t),
        replicas: (tick.f != Some(Failure::Get)).then_some(tick.r),
        ready_pods: tick.rp,
        triggers: &fetches,
        pausing: standing.pausing,
        scaling_active: scaling_active.map(|(status, reason)| (*status, reason.as_str())),
    };
    if let Some(query) = tick.q {
        let name = match usize::try_from(query) {
            Ok(trigger) => MetricName::Trigger(trigger),
            Err(_) => MetricName::Composite,
        };
        let steps = object.query(name, &observation);
        let fields = vec![(
            "v",
            json!(tick.o.v),
            json!(steps.value.map(MilliValue::get)),
        )];
        return (fields, json!(steps));
    }
    let decision = object.poll(&observation);
    let mut replicas = tick.r;
    if let Some(write) = decision.write {
        let failed = tick.f == Some(Failure::Update);
        object.written(if failed {
            ScaleOutcome::Failed
        } else {
            ScaleOutcome::Applied
        });
        if !failed {
            replicas = write;
        }
    }
    let fields = vec![("n", json!(tick.o.n), json!(replicas))];
    (fields, json!(decision.steps))
}

/// The fields of the status.
fn status(object: &ObjectLoop, recorded: &Recorded, tick: &Tick) -> Vec<Field> {
    let status = object.status();
    let activity: Map<_, _> = status
        .activity
        .iter()
        .map(|(trigger, active)| (trigger.to_string(), json!(u8::from(*active))))
        .collect();
    let failures: Map<_, _> = status
        .health
        .iter()
        .map(|(trigger, health)| (trigger.to_string(), json!(health.failures)))
        .collect();
    let last_active = status.last_active.map(|at| at.as_nanos() / 1_000_000);
    let mut fields = vec![
        ("la", json!(tick.o.la), json!(last_active)),
        ("act", json!(recorded.activity), json!(activity)),
        ("h", json!(recorded.failures), json!(failures)),
    ];
    // Until a condition has changed for the first time, none has been recorded.
    if !recorded.conditions.is_empty() {
        let ours = conditions(&status.conditions);
        fields.push(("c", json!(recorded.conditions), ours));
    }
    fields
}

impl Standing {
    fn advance(&mut self, tick: &Tick) -> Result<(), String> {
        if let Some(annotations) = &tick.ann {
            let annotations = annotations
                .iter()
                .map(|(name, value)| (format!("{}{name}", Pausing::PREFIX), value.clone()));
            self.pausing = Pausing::of(&annotations.collect());
        }
        if let Some(hpa) = &tick.hpa {
            let condition: Option<(String, String)> =
                serde_json::from_value(hpa.clone()).map_err(|error| error.to_string())?;
            self.scaling_active = match condition {
                None => None,
                Some((status, reason)) => Some((read_status(&status)?, reason)),
            };
        }
        let Output { c, act, h, .. } = &tick.o;
        let recorded = &mut self.recorded;
        for (new, kept) in [
            (c, &mut recorded.conditions),
            (act, &mut recorded.activity),
            (h, &mut recorded.failures),
        ] {
            if let Some(new) = new {
                kept.clone_from(new);
            }
        }
        Ok(())
    }
}

fn read_status(text: &str) -> Result<ConditionStatus, String> {
    match text {
        "True" | "T" => Ok(ConditionStatus::True),
        "False" | "F" => Ok(ConditionStatus::False),
        "Unknown" | "U" => Ok(ConditionStatus::Unknown),
        _ => Err(format!("`{text}` is no status")),
    }
}
