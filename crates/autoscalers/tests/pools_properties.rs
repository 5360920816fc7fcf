//! What must hold for every load of an instance pool: bounds, cooldowns, rate limits,
//! determinism, checkpoints, and no panic on any number.

use flashcrowd_autoscalers::{
    Autoscaler, Catalog, ContainerUsage, MetricAnswer, MilliValue, Observation, PodId, PodPhase,
    PodRequests, PodUsage, PodView, PolicySpec, ReadyCondition, Scale, ScaleOutcome,
    ScalingDecision, Steps, TimePoint,
};
use flashcrowd_units::{Millicores, Replicas, SimDuration};
use proptest::prelude::*;
use serde_json::{Value, json};

const MIN: u32 = 2;
const MAX: u32 = 12;
const BOOT_SECS: i64 = 100;

/// One sync: seconds since the one before, CPU in millicores of each instance if it is measured,
/// the value of every other metric if there is one, and whether the write fails.
type Sync = (i64, Option<i64>, Option<i64>, bool);

fn syncs() -> impl Strategy<Value = Vec<Sync>> {
    let millis = || prop_oneof![4 => 0..2000_i64, 1 => Just(i64::MAX), 1 => Just(i64::MIN)];
    let optional = || prop::option::weighted(0.9, millis());
    let gap = prop_oneof![4 => Just(60_i64), 1 => 1..200_i64, 1 => 200..100_000_i64];
    prop::collection::vec(
        (gap, optional(), optional(), prop::bool::weighted(0.1)),
        1..150,
    )
}

/// Loads that stay in the range of a real pool, minute by minute.
fn minutes() -> impl Strategy<Value = Vec<Sync>> {
    let phase = (0..1200_i64, 1..25_usize);
    prop::collection::vec(phase, 1..12).prop_map(|phases| {
        let minute = |cpu| (60, Some(cpu), Some(cpu), false);
        phases
            .into_iter()
            .flat_map(|(cpu, n)| std::iter::repeat_n(minute(cpu), n))
            .collect()
    })
}

fn oci() -> Value {
    let rule = |operator: &str, value: i32, step: i32| {
        json!({ "action": { "type": "CHANGE_COUNT_BY", "value": step }, "metric": {
            "metricType": "CPU_UTILIZATION", "threshold": { "operator": operator, "value": value } } })
    };
    json!({ "oci": { "publish_delay": "0", "configuration": { "policies": [{
        "capacity": { "min": MIN, "max": MAX, "initial": 3 },
        "rules": [rule("GT", 70, 3), rule("LT", 30, -2)] }] } } })
}

fn ec2() -> Value {
    let simple = |name: &str, step: i32| json!({ "PolicyName": name, "AdjustmentType": "ChangeInCapacity", "ScalingAdjustment": step });
    json!({ "ec2": { "group": { "MinSize": MIN, "MaxSize": MAX },
        "policies": [
            { "PolicyName": "cpu", "PolicyType": "TargetTrackingScaling", "TargetTrackingConfiguration": {
                "TargetValue": 50.0, "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "ASGAverageCPUUtilization" } } },
            { "PolicyName": "forecast", "PolicyType": "PredictiveScaling", "PredictiveScalingConfiguration": {
                "Mode": "ForecastAndScale", "MetricSpecifications": [{ "TargetValue": 50.0,
                    "PredefinedMetricPairSpecification": { "PredefinedMetricType": "ALBRequestCount" } }] } },
            simple("out", 4), simple("in", -4)
        ],
        "alarms": [
            { "AlarmName": "high", "MetricName": "queue", "Period": 60, "EvaluationPeriods": 2, "Threshold": 1.0,
              "ComparisonOperator": "GreaterThanThreshold", "AlarmActions": ["out"] },
            { "AlarmName": "low", "MetricName": "queue", "Period": 120, "EvaluationPeriods": 3, "Threshold": 0.2,
              "ComparisonOperator": "LessThanThreshold", "AlarmActions": ["in"], "TreatMissingData": "breaching" }
        ] } })
}

fn azure() -> Value {
    let rule = |operator: &str, threshold: f64, direction: &str| {
        json!({ "metricTrigger": { "metricName": "Percentage CPU", "timeGrain": "PT1M", "statistic": "Average",
                "timeWindow": "PT5M", "timeAggregation": "Average", "operator": operator, "threshold": threshold },
            "scaleAction": { "direction": direction, "type": "PercentChangeCount", "value": "40", "cooldown": "PT10M" } })
    };
    json!({ "azure_vmss": { "publish_delay": "0", "setting": { "properties": { "profiles": [{
        "capacity": { "minimum": MIN.to_string(), "maximum": MAX.to_string(), "default": "4" },
        "rules": [rule("GreaterThan", 70.0, "Increase"), rule("LessThan", 40.0, "Decrease")] }] } } } })
}

fn gcp() -> Value {
    json!({ "gcp_mig": { "policy": { "minNumReplicas": MIN, "maxNumReplicas": MAX,
        "cpuUtilization": { "utilizationTarget": 0.6 },
        "customMetricUtilizations": [{ "metric": "queue", "singleInstanceAssignment": 0.2 }],
        "scaleInControl": { "maxScaledInReplicas": { "fixed": 2 }, "timeWindowSec": 900 } } } })
}

fn build(policy: &Value) -> Box<dyn Autoscaler> {
    let policy: PolicySpec = serde_json::from_value(policy.clone()).expect("the policy reads");
    Catalog::standard().build(&policy).expect("it is legal")
}

/// A pool that boots what it is asked for; the oldest instances go first.
struct Pool {
    now: i64,
    in_service: Vec<(u64, i64)>,
    next_id: u64,
}

impl Pool {
    fn new(size: u32) -> Self {
        let ids = 0..u64::from(size);
        Self {
            now: 0,
            in_service: ids.map(|id| (id, -90_000)).collect(),
            next_id: u64::from(size),
        }
    }

    fn size(&self) -> u32 {
        self.in_service.len() as u32
    }

    fn sync(
        &mut self,
        scaler: &mut dyn Autoscaler,
        (step, cpu, value, fails): Sync,
    ) -> ScalingDecision {
        self.now += step;
        let now = TimePoint::from_secs(self.now);
        let requests = PodRequests::single("app", Some(Millicores::new(1000)), None);
        let view = |&(id, at): &(u64, i64)| PodView {
            id: PodId(id),
            phase: if at <= self.now {
                PodPhase::Running
            } else {
                PodPhase::Pending
            },
            start_time: None,
            ready: (at <= self.now).then(|| ReadyCondition::ready_since(TimePoint::from_secs(at))),
            deleting: false,
            requests: &requests,
        };
        let pods: Vec<_> = self.in_service.iter().map(view).collect();
        let usage = [ContainerUsage {
            name: "app",
            cpu: cpu.map(MilliValue::new),
            memory: None,
        }];
        let sample = |pod: &PodView<'_>| PodUsage {
            pod: pod.id,
            at: now,
            window: SimDuration::from_secs(60),
            containers: &usage,
        };
        let samples: Vec<_> = pods
            .iter()
            .filter(|pod| pod.is_ready())
            .map(sample)
            .collect();
        let series = value.map(|value| [MilliValue::new(value)]);
        let answer = series
            .as_ref()
            .map_or(MetricAnswer::Unavailable, |it| MetricAnswer::External(it));
        let answers = vec![answer; scaler.queries().len()];
        let size = Replicas(self.size());
        let decision = scaler.decide(&Observation {
            now,
            scale: Some(Scale {
                spec_replicas: size,
                status_replicas: size,
            }),
            pods: &pods,
            resources: cpu.map(|_| samples.as_slice()),
            answers: &answers,
        });
        if decision.is_rescale() {
            let outcome = if fails {
                ScaleOutcome::Failed
            } else {
                ScaleOutcome::Applied
            };
            scaler.committed(&decision, outcome);
            if !fails {
                self.resize(decision.desired.get());
            }
        }
        decision
    }

    fn resize(&mut self, size: u32) {
        let excess = self.size().saturating_sub(size) as usize;
        self.in_service.drain(..excess);
        while self.size() < size {
            self.in_service.push((self.next_id, self.now + BOOT_SECS));
            self.next_id += 1;
        }
    }
}

/// The changes of a run: time, size before and after.
fn changes(policy: &Value, start: u32, syncs: &[Sync]) -> Vec<(i64, u32, u32)> {
    let (mut scaler, mut pool) = (build(policy), Pool::new(start));
    let mut changes = Vec::new();
    for &sync in syncs {
        let before = pool.size();
        pool.sync(scaler.as_mut(), sync);
        if pool.size() != before {
            changes.push((pool.now, before, pool.size()));
        }
    }
    changes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// On any number, at any time, and if there is a pod too many or too few.
    #[test]
    fn sizes_stay_within_bounds(start in MIN..=MAX, syncs in syncs()) {
        for policy in [oci(), ec2(), azure(), gcp()] {
            let (mut scaler, mut pool) = (build(&policy), Pool::new(start));
            for &sync in &syncs {
                let decision = pool.sync(scaler.as_mut(), sync);
                prop_assert!((MIN..=MAX).contains(&decision.desired.get()), "{decision:?}");
                let next = scaler.next_wakeup().expect("it keeps a clock");
                prop_assert!(next > decision.at && next <= decision.at + SimDuration::from_secs(60));
            }
        }
    }

    #[test]
    fn decisions_are_the_same_after_a_checkpoint(start in MIN..=MAX, syncs in syncs()) {
        for policy in [oci(), ec2(), azure(), gcp()] {
            let (mut one, mut two) = (build(&policy), build(&policy));
            let (mut first, mut second) = (Pool::new(start), Pool::new(start));
            for &sync in &syncs {
                let text = serde_json::to_string(&two.save()).expect("the state can be written");
                two = build(&policy);
                two.restore(&serde_json::from_str(&text).expect("it can be read")).expect("it fits");
                let decision = first.sync(one.as_mut(), sync);
                prop_assert_eq!(&decision, &second.sync(two.as_mut(), sync));
                prop_assert!(!matches!(decision.steps, Steps::None | Steps::Other(_)));
            }
        }
    }

    /// OCI: launch and cooldown lie between two actions, and each is one step of a rule.
    #[test]
    fn oci_waits_for_launch_and_cooldown(syncs in minutes()) {
        let changes = changes(&oci(), 3, &syncs);
        for pair in changes.windows(2) {
            let launch = if pair[0].2 > pair[0].1 { BOOT_SECS } else { 0 };
            prop_assert!(pair[1].0 - pair[0].0 >= launch + 300, "{changes:?}");
        }
        for &(_, before, after) in &changes {
            let step = i64::from(after) - i64::from(before);
            let at_bound = after == MAX || after == MIN;
            prop_assert!([3, -2].contains(&step) || (at_bound && (-2..=3).contains(&step)), "{changes:?}");
        }
    }

    /// Azure: the cooldown lies between two actions, and a percentage is never exceeded.
    #[test]
    fn azure_waits_for_the_cooldown(start in MIN..=MAX, syncs in minutes()) {
        let changes = changes(&azure(), start, &syncs);
        for pair in changes.windows(2) {
            prop_assert!(pair[1].0 - pair[0].0 >= 600, "{changes:?}");
        }
        for &(_, before, after) in &changes {
            let share = (f64::from(before) * 0.4).round().max(1.0);
            prop_assert!(f64::from(after.abs_diff(before)) <= share, "{changes:?}");
        }
    }

    /// Google Cloud: no size is more than two below the largest of the last 15 minutes, and the
    /// group never shrinks within ten minutes of growing.
    #[test]
    fn gcp_scales_in_slowly(start in MIN..=MAX, syncs in minutes()) {
        let changes = changes(&gcp(), start, &syncs);
        for (index, &(at, before, after)) in changes.iter().enumerate() {
            let earlier = || changes[..index].iter().rev();
            // Sizes that a sync within the window has seen.
            let window = earlier().take_while(|change| change.0 - 60 > at - 900);
            let peak = window.map(|change| change.1.max(change.2)).fold(before, u32::max);
            prop_assert!(after + 2 >= peak, "{changes:?}");
            let grown = earlier().find(|change| change.2 > change.1);
            if after < before && let Some(grown) = grown {
                prop_assert!(at - grown.0 >= 600, "{changes:?}");
            }
        }
    }

    /// EC2: while the metric lies between 90 and 100 % of the target, nothing happens.
    #[test]
    fn ec2_has_a_dead_band(start in MIN..=MAX, cpu in 450..=500_i64, minutes in 1..60_usize) {
        let mut policy = ec2();
        policy["ec2"]["policies"].as_array_mut().expect("a list").truncate(1);
        policy["ec2"]["alarms"] = json!([]);
        let syncs = vec![(60, Some(cpu), None, false); minutes];
        prop_assert_eq!(changes(&policy, start, &syncs), vec![]);
    }
}
