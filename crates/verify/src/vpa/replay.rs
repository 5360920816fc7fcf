//! One trace, pass by pass.

use super::trace::{Amounts, Oom, Recommendation, Sample, Tick, Trace};
use crate::conformance::{ConformReport, Mismatch};
use flashcrowd_autoscalers::vpa::{
    ContainerRecommendation, ContainerSample, OomKill, PodRecommendation, ResourceAmounts,
    ResourceRecommender, VpaRecommender,
};
use flashcrowd_autoscalers::{PodId, ResourceName, TimePoint};
use flashcrowd_units::{Bytes, Millicores};
use serde_json::{Value, json};

/// A field that differs: its name, what was recorded, what ours gives, and how it got there.
type Difference = (&'static str, Value, Value, Value);

/// Replays a trace and adds what differs to the report. `Err` says what is wrong with the trace.
pub(super) fn replay(trace: &Trace, report: &mut ConformReport) -> Result<(), String> {
    let mut recommender = VpaRecommender::with_policy(trace.policy(), trace.flags());
    report.traces += 1;
    for (index, tick) in trace.ticks.iter().enumerate() {
        report.ticks += 1;
        let mut differences = observe(trace, tick, &mut recommender)
            .map_err(|message| format!("tick {index}: {message}"))?;
        if let Some(recorded) = &tick.rec {
            let recommendation = recommender.recommend(TimePoint::from_millis(tick.t));
            compare(recorded, &recommendation, &mut differences);
        }
        for (field, expected, got, steps) in differences {
            report.add(|| Mismatch {
                trace: trace.id.clone(),
                tick: index,
                field,
                expected,
                got,
                steps,
            });
        }
    }
    Ok(())
}

/// Shows the samples of a pass, each OOM kill right after the sample of its container.
fn observe(
    trace: &Trace,
    tick: &Tick,
    recommender: &mut VpaRecommender,
) -> Result<Vec<Difference>, String> {
    let mut kills: Vec<&Oom> = tick.oom.iter().collect();
    let mut accepted = Vec::new();
    let mut dropped = Vec::new();
    for &Sample(pod, container, dt, cpu, memory) in &tick.s {
        let (name, label_set) = identity(trace, pod, container)?;
        let outcome = recommender.observe(&ContainerSample {
            pod: PodId(pod),
            container: name,
            label_set,
            at: TimePoint::from_millis(tick.t + dt),
            usage: ResourceAmounts::new(cpu.map(Millicores::new), memory.map(Bytes::new)),
        });
        let resources = [
            (outcome.cpu_accepted, "cpu"),
            (outcome.memory_accepted, "memory"),
        ];
        let refused = resources.into_iter().filter(|(accepted, _)| !accepted);
        dropped.extend(refused.map(|(_, resource)| (pod, container, resource.to_owned())));
        let (own, others) = kills
            .into_iter()
            .partition(|kill| (kill.0, kill.1) == (pod, container));
        kills = others;
        kill(trace, tick, own, recommender, &mut accepted)?;
    }
    kill(trace, tick, kills, recommender, &mut accepted)?;

    let mut differences = Vec::new();
    let expected = json!(tick.drop);
    let got = json!(dropped);
    if expected != got {
        differences.push(("drop", expected, got, Value::Null));
    }
    for (oom, was_accepted) in accepted {
        if was_accepted != (oom.4 != 0) {
            let got = json!([oom.0, oom.1, oom.2, oom.3, u8::from(was_accepted)]);
            let expected = json!([oom.0, oom.1, oom.2, oom.3, oom.4]);
            differences.push(("oom", expected, got, Value::Null));
        }
    }
    Ok(differences)
}

/// Shows OOM kills and notes whether each was accepted.
fn kill<'a>(
    trace: &Trace,
    tick: &Tick,
    kills: Vec<&'a Oom>,
    recommender: &mut VpaRecommender,
    accepted: &mut Vec<(&'a Oom, bool)>,
) -> Result<(), String> {
    for oom @ &Oom(pod, container, dt, requested, _) in kills {
        let (name, label_set) = identity(trace, pod, container)?;
        let needed = recommender.observe_oom(&OomKill {
            pod: PodId(pod),
            container: name,
            label_set,
            at: TimePoint::from_millis(tick.t + dt),
            requested: Bytes::new(requested),
        });
        accepted.push((oom, needed.is_some()));
    }
    Ok(())
}

/// Name of a container and label set of a pod.
fn identity(trace: &Trace, pod: u64, container: usize) -> Result<(&str, u64), String> {
    let name = trace.containers.get(container);
    let label_set = trace.pod_agg.get(pod as usize);
    match (name, label_set) {
        (Some(name), Some(label_set)) => Ok((name, *label_set)),
        (None, _) => Err(format!("there is no container {container}")),
        (_, None) => Err(format!("there is no pod {pod}")),
    }
}

fn compare(recorded: &[Recommendation], ours: &PodRecommendation, found: &mut Vec<Difference>) {
    let expected: Vec<&str> = recorded.iter().map(|it| it.c.as_str()).collect();
    let got: Vec<&str> = ours.containers.iter().map(|it| &*it.container).collect();
    let mut sorted = expected.clone();
    sorted.sort_unstable();
    if sorted != got {
        found.push(("rec", json!(sorted), json!(got), Value::Null));
    }
    for expected in recorded {
        let Some(ours) = ours.container(&expected.c) else {
            continue;
        };
        found.extend(differences(expected, ours));
    }
}

fn differences(
    recorded: &Recommendation,
    ours: &ContainerRecommendation,
) -> impl Iterator<Item = Difference> {
    let fields = [
        ("rec.target", recorded.target, ours.target),
        ("rec.lower", recorded.lower, ours.lower_bound),
        ("rec.upper", recorded.upper, ours.upper_bound),
        ("rec.uncapped", recorded.uncapped, ours.uncapped_target),
    ];
    fields.into_iter().filter_map(|(field, expected, got)| {
        let got = amounts(&got);
        let with_name = |amounts: Amounts| json!({ "c": recorded.c, "amounts": amounts });
        (expected != got).then(|| {
            (
                field,
                with_name(expected),
                with_name(got),
                json!(ours.steps),
            )
        })
    })
}

fn amounts(amounts: &ResourceAmounts) -> Amounts {
    [ResourceName::Cpu, ResourceName::Memory].map(|resource| amounts.get(resource))
}
