//! One trace, sync by sync.

use super::cluster::{Answer, Cluster, Samples};
use super::output::{Difference, Observed};
use super::trace::{Failure, Tick, Trace};
use crate::conformance::{ConformReport, Mismatch};
use flashcrowd_autoscalers::hpa::Hpa;
use flashcrowd_autoscalers::{
    Autoscaler, MetricAnswer, Observation, Scale, ScaleOutcome, ScalingDecision, TimePoint,
};
use flashcrowd_manifests::hpa::HpaSpec;
use flashcrowd_units::Replicas;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Replays a trace and adds what differs to the report. `Err` says what is wrong with the trace.
pub(super) fn replay(trace: &Trace, report: &mut ConformReport) -> Result<(), String> {
    let mut cluster = Cluster::new(trace)?;
    let mut hpa = Hpa::new(&trace.spec, trace.flags()).map_err(|error| error.to_string())?;
    let mut spec = trace.spec.defaulted();
    let mut conditions = BTreeMap::new();
    report.traces += 1;
    let differences = edited(&hpa, &spec, &trace.spec_eff, trace.tol_eff);
    add(report, trace, 0, differences, || Value::Null);

    for (index, tick) in trace.ticks.iter().enumerate() {
        let in_tick = |message: String| format!("tick {index}: {message}");
        report.ticks += 1;
        cluster.advance(tick).map_err(in_tick)?;
        if tick.restart != 0 {
            hpa.restart();
        }
        if let Some(new) = &tick.spec {
            hpa.edit(new).map_err(|error| in_tick(error.to_string()))?;
            spec = new.defaulted();
            let differences = match (&tick.spec_eff, tick.tol_eff) {
                (Some(effective), Some(tolerance)) => edited(&hpa, &spec, effective, tolerance),
                _ => return Err(in_tick("an edit lacks spec_eff or tol_eff".to_owned())),
            };
            add(report, trace, index, differences, || Value::Null);
        }
        if let Some(recorded) = &tick.o.c {
            conditions.clone_from(recorded);
        }
        let (decision, outcome) = sync(&mut hpa, &cluster, &spec, tick).map_err(in_tick)?;
        let steps = decision
            .steps
            .hpa()
            .ok_or_else(|| in_tick("the HPA gave no steps".to_owned()))?;
        let observed = Observed {
            decision: &decision,
            steps,
            outcome,
            hpa: &hpa,
        };
        let differences = observed.differences(tick, &spec, &conditions);
        add(report, trace, index, differences, || json!(steps));
    }
    Ok(())
}

/// One sync and, if there is something to write, its outcome.
fn sync(
    hpa: &mut Hpa,
    cluster: &Cluster,
    spec: &HpaSpec,
    tick: &Tick,
) -> Result<(ScalingDecision, Option<ScaleOutcome>), String> {
    let samples = match &tick.rm {
        Some(metrics) => cluster.samples(tick.t, metrics)?,
        None => None,
    };
    let usages = samples.as_ref().map(Samples::usages);
    let sources = spec.metrics.iter().map(|metric| metric.source_type);
    let values = tick.mv.iter();
    let answers: Vec<Answer> = sources
        .zip(values)
        .map(|(source, value)| cluster.answer(source, value))
        .collect::<Result<_, _>>()?;
    let answers: Vec<MetricAnswer<'_>> = answers.iter().map(borrowed).collect();
    let pods = cluster.pods();
    let scale = Scale {
        spec_replicas: Replicas(tick.r),
        status_replicas: Replicas(tick.s),
    };
    let decision = hpa.decide(&Observation {
        now: TimePoint::from_millis(tick.t),
        scale: (tick.fail != Some(Failure::Get)).then_some(scale),
        pods: &pods,
        resources: usages.as_deref(),
        answers: &answers,
    });
    let outcome = decision.is_rescale().then_some(match tick.fail {
        Some(Failure::Update) => ScaleOutcome::Failed,
        _ => ScaleOutcome::Applied,
    });
    if let Some(outcome) = outcome {
        hpa.committed(&decision, outcome);
    }
    Ok((decision, outcome))
}

fn borrowed(answer: &Answer) -> MetricAnswer<'_> {
    match answer {
        Answer::Unavailable => MetricAnswer::Unavailable,
        Answer::Pods(samples) => MetricAnswer::Pods(samples),
        Answer::Object(value) => MetricAnswer::Object(*value),
        Answer::External(values) => MetricAnswer::External(values),
    }
}

/// What differs in the specification after defaulting.
fn edited(hpa: &Hpa, spec: &HpaSpec, effective: &HpaSpec, tolerance: [f64; 2]) -> Vec<Difference> {
    let got = hpa.tolerance();
    let mut differences = Vec::new();
    if spec != effective {
        differences.push(("spec_eff", json!(effective), json!(spec)));
    }
    if tolerance != [got.scale_down, got.scale_up] {
        differences.push((
            "tol_eff",
            json!(tolerance),
            json!([got.scale_down, got.scale_up]),
        ));
    }
    differences
}

fn add(
    report: &mut ConformReport,
    trace: &Trace,
    tick: usize,
    differences: Vec<Difference>,
    steps: impl Fn() -> Value,
) {
    for (field, expected, got) in differences {
        let trace = trace.id.clone();
        report.add(|| Mismatch {
            trace,
            tick,
            field,
            expected,
            got,
            steps: steps(),
        });
    }
}
