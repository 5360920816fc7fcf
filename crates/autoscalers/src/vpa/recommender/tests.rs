//! The worked examples of the reference page, and what the recordings do not show.

use super::*;
use crate::vpa::Cap;
use flashcrowd_units::Millicores;
use serde_json::{Value, json};

const MIB: u64 = 1 << 20;
const DAY: i64 = 86_400;

fn with_policy(policy: &Value) -> VpaRecommender {
    let policy = json!({ "containerPolicies": policy });
    let policy = serde_json::from_value(policy).expect("the policy reads");
    VpaRecommender::with_policy(policy, RecommenderFlags::default())
}

fn recommender() -> VpaRecommender {
    with_policy(&json!([]))
}

fn sample(
    pod: u64,
    seconds: i64,
    cpu: Option<u64>,
    memory: Option<u64>,
) -> ContainerSample<'static> {
    ContainerSample {
        pod: PodId(pod),
        container: "shop",
        label_set: 0,
        at: TimePoint::from_secs(seconds),
        usage: ResourceAmounts::new(cpu.map(Millicores::new), memory.map(Bytes::new)),
    }
}

fn only(recommender: &mut VpaRecommender) -> ContainerRecommendation {
    let mut recommendation = recommender.recommend(TimePoint::ZERO);
    assert_eq!(recommendation.containers.len(), 1);
    recommendation.containers.remove(0)
}

fn cpu(amounts: ResourceAmounts) -> u64 {
    amounts.get(ResourceName::Cpu).expect("CPU is controlled")
}

fn memory(amounts: ResourceAmounts) -> u64 {
    amounts
        .get(ResourceName::Memory)
        .expect("memory is controlled")
}

#[test]
fn bounds_narrow_as_more_is_seen() {
    let mut recommender = recommender();
    let mut seen = 0;
    for (minutes, lower, upper) in [
        (360, 582, 2935),
        (720, 584, 1761),
        (1440, 585, 1174),
        (2880, 586, 880),
        (10_080, 586, 670),
    ] {
        for minute in seen..=minutes {
            recommender.observe(&sample(0, minute * 60, Some(500), None));
        }
        seen = minutes + 1;
        let only = only(&mut recommender);
        let found = (
            cpu(only.target),
            cpu(only.lower_bound),
            cpu(only.upper_bound),
        );
        assert_eq!(found, (587, lower, upper), "after {minutes} min");
    }
}

#[test]
fn an_exact_tie_belongs_to_the_lower_bucket() {
    let target = |low: u64| {
        let mut recommender = recommender();
        for pod in 0..1000 {
            let usage = if pod < low { 100 } else { 1000 };
            recommender.observe(&sample(pod, 0, Some(usage), None));
        }
        cpu(only(&mut recommender).target)
    };
    assert_eq!(target(900), 126);
    assert_eq!(target(899), 1168);
}

#[test]
fn memory_follows_the_daily_peaks() {
    let percentile = |peaks: &[u64]| {
        let mut recommender = recommender();
        for (day, peak) in (0..).zip(peaks) {
            recommender.observe(&sample(0, day * DAY, None, Some(peak * MIB)));
        }
        only(&mut recommender).steps.resources[1].target
    };
    assert_eq!(percentile(&[300]).estimate, 380_258_472);
    let old_peak = percentile(&[1024, 300, 300, 300, 300, 300, 300, 300]);
    assert_eq!(old_peak.estimate, 380_258_472);
    let recent_peak = percentile(&[300, 300, 300, 300, 300, 1024, 300, 300]);
    // The upper edge of the bucket is 1077095457.98.
    assert_eq!(recent_peak.percentile, 1_077_095_457);
}

#[test]
fn containers_share_the_minimum_of_their_pod() {
    let mut recommender = with_policy(&json!([{ "containerName": "off", "mode": "Off" }]));
    for container in ["shop", "side", "off"] {
        let sample = sample(0, 0, Some(1), Some(1));
        recommender.observe(&ContainerSample {
            container,
            ..sample
        });
    }
    let recommendation = recommender.recommend(TimePoint::ZERO);
    let names: Vec<&str> = recommendation
        .containers
        .iter()
        .map(|it| &*it.container)
        .collect();
    assert_eq!(names, ["shop", "side"]);
    for container in &recommendation.containers {
        // 0.01 core and 10^7 bytes with the margin are below this.
        assert_eq!(
            (cpu(container.target), memory(container.target)),
            (12, 125 * MIB)
        );
    }
}

#[test]
fn the_policy_bounds_everything_but_the_uncapped_target() {
    let mut recommender = with_policy(&json!([{
        "containerName": "*", "maxAllowed": { "cpu": "400m" }, "controlledResources": ["cpu"]
    }]));
    recommender.observe(&sample(0, 0, Some(500), Some(MIB)));
    recommender.observe(&sample(0, DAY, Some(500), Some(MIB)));
    let only = only(&mut recommender);
    for amounts in [only.target, only.upper_bound] {
        assert_eq!(
            amounts,
            ResourceAmounts::new(Some(Millicores::new(400)), None)
        );
    }
    assert_eq!(cpu(only.uncapped_target), 587);
    assert_eq!(only.steps.resources[0].capped, [Cap::MaxAllowed]);
    assert_eq!(only.steps.resources.len(), 1);
}

#[test]
fn a_new_revision_begins_with_what_is_known_of_the_old_one() {
    let mut recommender = recommender();
    recommender.observe(&sample(0, 0, Some(500), None));
    recommender.forget_pod(PodId(0));
    let new = sample(1, 60, Some(10), None);
    recommender.observe(&ContainerSample {
        label_set: 1,
        ..new
    });
    let only = only(&mut recommender);
    assert_eq!((only.steps.samples, cpu(only.target)), (2, 587));
}

#[test]
fn nothing_is_remembered_for_longer_than_eight_days() {
    let mut recommender = recommender();
    recommender.observe(&sample(0, 0, Some(500), Some(MIB)));
    recommender.collect_garbage(TimePoint::from_secs(8 * DAY - 1));
    assert_eq!(only(&mut recommender).steps.samples, 1);
    recommender.collect_garbage(TimePoint::from_secs(8 * DAY));
    let recommendation = recommender.recommend(TimePoint::ZERO);
    assert!(
        recommendation
            .containers
            .iter()
            .all(|it| it.steps.samples == 0)
    );
    recommender.forget_pod(PodId(0));
    recommender.collect_garbage(TimePoint::from_secs(8 * DAY));
    assert_eq!(recommender.memory, Memory::default());
}

#[test]
fn a_checkpoint_on_paper_is_exact() {
    let observe = |recommender: &mut VpaRecommender, range: std::ops::Range<i64>| {
        for step in range {
            let usage = Some((step * 37 % 997).unsigned_abs());
            let memory = Some((step * 7_919 % 1_000_003).unsigned_abs() * 1000);
            recommender.observe(&sample(0, step * 4_321, usage, memory));
            recommender.recommend(TimePoint::from_secs(step * 4_321));
        }
    };
    let mut whole = recommender();
    observe(&mut whole, 0..300);
    let text = serde_json::to_string(&whole.save()).unwrap();
    let mut resumed = recommender();
    resumed
        .restore(&serde_json::from_str(&text).unwrap())
        .unwrap();
    assert_eq!(resumed.memory, whole.memory);
    observe(&mut whole, 300..600);
    observe(&mut resumed, 300..600);
    assert_eq!(
        resumed.recommend(TimePoint::ZERO),
        whole.recommend(TimePoint::ZERO)
    );
}

#[test]
fn a_foreign_memory_is_refused() {
    let mut recommender = recommender();
    recommender.observe(&sample(0, 0, Some(500), None));
    let before = recommender.memory.clone();
    assert!(
        recommender
            .restore(&SavedState::of(&json!({ "shop": 1 })))
            .is_err()
    );
    assert_eq!(recommender.memory, before);
}

#[test]
fn a_policy_of_its_own_says_how_memory_grows_after_a_kill() {
    let spec = json!({ "resourcePolicy": { "containerPolicies": [
        { "containerName": "shop", "oomBumpUpRatio": "2", "oomMinBumpUp": "1Mi" }
    ] } });
    let spec: VpaSpec = serde_json::from_value(spec).unwrap();
    let refused = VpaRecommender::new(&spec, RecommenderFlags::default()).unwrap_err();
    assert_eq!(refused.problems.len(), 2, "{refused}");
    let mut flags = RecommenderFlags::default();
    flags.gates.per_vpa_config = true;
    let mut recommender = VpaRecommender::new(&spec, flags).unwrap();
    let kill = |container| OomKill {
        pod: PodId(0),
        container,
        label_set: 0,
        at: TimePoint::ZERO,
        requested: Bytes::from_mebibytes(100),
    };
    let needed = |mebibytes| Some(Bytes::from_mebibytes(mebibytes));
    assert_eq!(recommender.observe_oom(&kill("shop")), needed(200));
    // max(100 + 100, 100 * 1.2)
    let kill = OomKill {
        requested: Bytes::from_mebibytes(1000),
        ..kill("side")
    };
    assert_eq!(recommender.observe_oom(&kill), needed(1200));
}

#[test]
fn an_edit_keeps_what_has_been_seen() {
    let mut recommender = recommender();
    recommender.observe(&sample(0, 0, Some(500), None));
    let edit = |policy: Value| -> VpaSpec {
        serde_json::from_value(json!({ "resourcePolicy": { "containerPolicies": [policy] } }))
            .unwrap()
    };
    let bad = edit(json!({ "containerName": "" }));
    assert!(recommender.edit(&bad).is_err());
    let good = edit(json!({ "containerName": "shop", "minAllowed": { "cpu": 1 } }));
    recommender.edit(&good).unwrap();
    assert_eq!(cpu(only(&mut recommender).target), 1000);
}
