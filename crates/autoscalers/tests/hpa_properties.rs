//! What must hold for every load: bounds, rate policies, determinism, checkpoints.

use flashcrowd_autoscalers::hpa::{Hpa, HpaFlags, HpaPath};
use flashcrowd_autoscalers::{
    Autoscaler, MetricAnswer, MilliValue, Observation, Scale, ScaleOutcome, ScalingDecision,
    TimePoint,
};
use flashcrowd_manifests::hpa::{HpaSpec, PolicyType, ScalingPolicy, ScalingRules, SelectPolicy};
use flashcrowd_units::Replicas;
use proptest::prelude::*;
use serde_json::json;

/// One sync: seconds since the one before, queue length, and whether the write fails.
type Sync = (i64, i64, bool);

fn syncs() -> impl Strategy<Value = Vec<Sync>> {
    prop::collection::vec((1..90_i64, 0..600_i64, prop::bool::weighted(0.05)), 1..120)
}

fn policies() -> impl Strategy<Value = Vec<ScalingPolicy>> {
    let kind = prop_oneof![Just(PolicyType::Pods), Just(PolicyType::Percent)];
    let policy =
        (kind, 1..150, 1..300).prop_map(|(policy_type, value, period_seconds)| ScalingPolicy {
            policy_type,
            value,
            period_seconds,
        });
    prop::collection::vec(policy, 1..4)
}

fn rules() -> impl Strategy<Value = ScalingRules> {
    let select = prop_oneof![
        Just(SelectPolicy::Max),
        Just(SelectPolicy::Min),
        Just(SelectPolicy::Disabled)
    ];
    (0..400, select, policies()).prop_map(|(window, select, policies)| ScalingRules {
        stabilization_window_seconds: Some(window),
        select_policy: Some(select),
        policies: Some(policies),
        tolerance: None,
    })
}

/// Ten waiting messages for each replica.
fn spec(min: i32, max: i32, rules: Option<(ScalingRules, ScalingRules)>) -> HpaSpec {
    let behavior = rules.map(|(up, down)| json!({ "scaleUp": up, "scaleDown": down }));
    let external = json!({ "metric": { "name": "depth" }, "target": { "type": "AverageValue", "averageValue": "10" } });
    serde_json::from_value(json!({
        "minReplicas": min, "maxReplicas": max, "behavior": behavior,
        "metrics": [{ "type": "External", "external": external }]
    }))
    .expect("the specification reads")
}

fn hpa(spec: &HpaSpec) -> Hpa {
    Hpa::new(spec, HpaFlags::default()).expect("the specification is legal")
}

/// A workload that always has the replicas that were last written.
struct Workload {
    now: i64,
    replicas: u32,
}

impl Workload {
    fn sync(&mut self, hpa: &mut Hpa, (step, depth, fails): Sync) -> ScalingDecision {
        self.now += step;
        let values = [MilliValue::new(depth * 1000)];
        let replicas = Replicas(self.replicas);
        let decision = hpa.decide(&Observation {
            now: TimePoint::from_secs(self.now),
            scale: Some(Scale {
                spec_replicas: replicas,
                status_replicas: replicas,
            }),
            pods: &[],
            resources: None,
            answers: &[MetricAnswer::External(&values)],
        });
        if decision.is_rescale() {
            let outcome = if fails {
                ScaleOutcome::Failed
            } else {
                ScaleOutcome::Applied
            };
            hpa.committed(&decision, outcome);
            if outcome == ScaleOutcome::Applied {
                self.replicas = decision.desired.get();
            }
        }
        decision
    }
}

/// Rescales that were carried out: time in seconds, replicas before and after.
fn run(hpa: &mut Hpa, replicas: u32, syncs: &[Sync]) -> Vec<(i64, i64, i64)> {
    let mut workload = Workload { now: 0, replicas };
    let mut rescales = Vec::new();
    for &sync in syncs {
        let before = workload.replicas;
        workload.sync(hpa, sync);
        if workload.replicas != before {
            rescales.push((workload.now, before.into(), workload.replicas.into()));
        }
    }
    rescales
}

/// Whether a policy allows to get from `start` to `after` within its period. A percentage of pods is
/// rounded to whole pods, in float64, so it may be up to one pod more.
fn allows(policy: &ScalingPolicy, start: i64, after: i64) -> bool {
    let change = (after - start).abs();
    match policy.policy_type {
        PolicyType::Pods => change <= i64::from(policy.value),
        PolicyType::Percent => {
            (change as f64) < start as f64 * f64::from(policy.value) / 100.0 + 1.0 + 1e-6
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn replicas_stay_within_bounds(
        min in 1..20_i32,
        span in 0..40_i32,
        start in 1..80_u32,
        rules in prop::option::of((rules(), rules())),
        syncs in syncs(),
    ) {
        let (low, high) = (min.unsigned_abs(), (min + span).unsigned_abs());
        let mut hpa = hpa(&spec(min, min + span, rules));
        let mut workload = Workload { now: 0, replicas: start };
        for sync in syncs {
            let decision = workload.sync(&mut hpa, sync);
            prop_assert!((low..=high).contains(&decision.desired.get()), "{decision:?}");
        }
    }

    /// With one policy for each direction: no window of its period sees a larger change than it
    /// allows, counted from the replicas at the beginning of the window.
    #[test]
    fn one_policy_is_never_exceeded(
        (up, down) in (policies(), policies()),
        start in 1..60_u32,
        syncs in syncs(),
    ) {
        let single = |policy: &ScalingPolicy| ScalingRules {
            stabilization_window_seconds: Some(0),
            select_policy: Some(SelectPolicy::Max),
            policies: Some(vec![*policy]),
            tolerance: None,
        };
        let mut hpa = hpa(&spec(1, 60, Some((single(&up[0]), single(&down[0])))));
        let rescales = run(&mut hpa, start, &syncs);
        for (last, &(at, before, after)) in rescales.iter().enumerate() {
            let up_now = after > before;
            let policy = if up_now { &up[0] } else { &down[0] };
            let window: Vec<_> = rescales[..last]
                .iter()
                .filter(|rescale| rescale.0 > at - i64::from(policy.period_seconds))
                .collect();
            // Events of the other direction are forgotten after the longest period of their own
            // rules; where that is shorter the controller sees another beginning.
            let other = if up_now { &down[0] } else { &up[0] };
            if other.period_seconds < policy.period_seconds {
                continue;
            }
            let first = window.first().map_or(before, |rescale| rescale.1);
            let back = if up_now { after <= first } else { after >= first };
            prop_assert!(back || allows(policy, first, after), "{policy:?}: {first} -> {after} by {rescales:?}");
        }
    }

    #[test]
    fn a_disabled_direction_does_not_move(start in 1..60_u32, syncs in syncs(), up_disabled: bool) {
        let disabled = ScalingRules { select_policy: Some(SelectPolicy::Disabled), ..ScalingRules::default() };
        let free = ScalingRules { stabilization_window_seconds: Some(0), ..ScalingRules::default() };
        let rules = if up_disabled { (disabled, free) } else { (free, disabled) };
        let mut hpa = hpa(&spec(1, 60, Some(rules)));
        for (_, before, after) in run(&mut hpa, start, &syncs) {
            prop_assert_eq!(after < before, up_disabled);
        }
    }

    #[test]
    fn without_behavior_one_sync_at_most_doubles(start in 1..60_u32, syncs in syncs()) {
        let mut hpa = hpa(&spec(1, 60, None));
        for (_, before, after) in run(&mut hpa, start, &syncs) {
            prop_assert!(after <= (2 * before).max(4), "{before} -> {after}");
        }
    }

    #[test]
    fn decisions_are_the_same_twice_and_after_a_checkpoint(
        rules in prop::option::of((rules(), rules())),
        start in 1..60_u32,
        syncs in syncs(),
    ) {
        let spec = spec(2, 50, rules);
        let (mut one, mut two) = (hpa(&spec), hpa(&spec));
        let (mut first, mut second) = (Workload { now: 0, replicas: start }, Workload { now: 0, replicas: start });
        for sync in syncs {
            let text = serde_json::to_string(&two.save()).expect("the state can be written");
            two = hpa(&spec);
            two.restore(&serde_json::from_str(&text).expect("it can be read")).expect("it fits");
            let decision = first.sync(&mut one, sync);
            prop_assert_eq!(&decision, &second.sync(&mut two, sync));
            prop_assert_eq!(one.status(), two.status());
            let steps = decision.steps.hpa().expect("the HPA tells its steps");
            prop_assert!(matches!(steps.path, HpaPath::Metrics | HpaPath::AboveMax | HpaPath::BelowMin));
        }
    }
}
