//! Sentences about decisions of the controller itself, with numbers reckoned by hand.

use super::*;
use flashcrowd_autoscalers::{
    ContainerUsage, MilliValue, Observation, PodId, PodPhase, PodRequests, PodUsage, PodView,
    PolicySpec, ReadyCondition, Scale, ScaleOutcome, TimePoint,
};
use flashcrowd_units::{Millicores, Replicas, SimDuration, SimTime};
use jiff::Zoned;

const POLICY: &str = r#"{ "hpa": { "spec": { "minReplicas": 2, "maxReplicas": 10, "metrics": [
    { "type": "Resource", "resource": { "name": "cpu",
      "target": { "type": "Utilization", "averageUtilization": 70 } } } ] } } }"#;

fn start() -> Zoned {
    "2025-11-28T06:00[Asia/Kolkata]".parse().unwrap()
}

/// Syncs every 15 s, with these percentages of a request of 1 core on every pod. The samples are 7 s
/// old.
fn decided(replicas: u32, percents: &[i64]) -> DecisionHistory {
    decided_by(POLICY, replicas, percents)
}

fn decided_by(policy: &str, replicas: u32, percents: &[i64]) -> DecisionHistory {
    let policy: PolicySpec = serde_json::from_str(policy).unwrap();
    let mut hpa = flashcrowd_autoscalers::Catalog::standard()
        .build(&policy)
        .unwrap();
    let requests = PodRequests::single("app", Some(Millicores::new(1000)), None);
    let mut replicas = replicas;
    let mut history = DecisionHistory::default();
    for (index, percent) in percents.iter().enumerate() {
        let now = SimTime::from_secs(15 * index as u64);
        let past = TimePoint::from_secs(-3600);
        let pods: Vec<_> = (0..u64::from(replicas))
            .map(|id| PodView {
                id: PodId(id),
                phase: PodPhase::Running,
                start_time: Some(past),
                ready: Some(ReadyCondition::ready_since(past)),
                deleting: false,
                requests: &requests,
            })
            .collect();
        let usage = [ContainerUsage {
            name: "app",
            cpu: Some(MilliValue::new(percent * 10)),
            memory: None,
        }];
        let samples: Vec<_> = pods
            .iter()
            .map(|pod| PodUsage {
                pod: pod.id,
                at: TimePoint::from(now) - SimDuration::from_secs(7),
                window: SimDuration::from_secs(15),
                containers: &usage,
            })
            .collect();
        let number = Replicas(replicas);
        let decision = hpa.decide(&Observation {
            now: now.into(),
            scale: Some(Scale {
                spec_replicas: number,
                status_replicas: number,
            }),
            pods: &pods,
            resources: Some(&samples),
            answers: &[],
        });
        if decision.is_rescale() {
            replicas = decision.desired.get();
            hpa.committed(&decision, ScaleOutcome::Applied);
        }
        let logged = LoggedDecision::new(now, "shop", &decision);
        if !history
            .decisions
            .last_mut()
            .is_some_and(|last| last.absorb(&logged))
        {
            history.decisions.push(logged);
        }
    }
    history
}

fn story(history: &DecisionHistory, seconds: u64, why_not: bool) -> String {
    story_of(POLICY, history, seconds, why_not)
}

fn story_of(policy: &str, history: &DecisionHistory, seconds: u64, why_not: bool) -> String {
    let policy: PolicySpec = serde_json::from_str(policy).unwrap();
    let explainer = Explainer {
        history,
        component: "shop",
        rules: &Rules::of(&policy),
        start: &start(),
        with_date: false,
    };
    let (decision, sync) = history
        .in_force("shop", SimTime::from_secs(seconds))
        .unwrap();
    explainer.story(decision, sync, why_not)
}

#[test]
fn a_step_up_is_told_with_its_arithmetic() {
    // 105 / 70 = 1.5, x 4 pods = 6.
    let text = story(&decided(4, &[105]), 0, false);
    let expected = "\
shop at 06:00:00: HPA scaled it from 4 to 6 replicas.
  - It saw samples of 4 pods, which were 7 s old.
  - cpu resource utilization (percentage of request): 105 % (1050m for each pod) against a target of 70 %; ratio 1.50. That is outside the tolerance (0.90 to 1.10), so it asks for 6 replicas: 1.50 x 4 pods, rounded up.
  - Stabilization: there is no window on the way up.
  - Policies and bounds allow the whole step.
  - Conditions: AbleToScale True (SucceededRescale), ScalingActive True (ValidMetricFound), ScalingLimited False (DesiredWithinRange).
";
    assert_eq!(text, expected);
}

/// 35 / 70 x 2 = 1, the HPA's own minimum is 2, and the schedule wants at least 4.
#[test]
fn a_schedule_has_the_last_word() {
    let policy = format!(
        r#"{{ "schedule": {{ "replicas": {{ "min": 4, "max": 9 }}, "policy": {POLICY} }} }}"#
    );
    let history = decided_by(&policy, 2, &[35]);
    let text = story_of(&policy, &history, 0, false);
    for part in [
        "HPA within its schedule scaled it from 2 to 4 replicas",
        "The schedule allows no fewer than 4 replicas now: 2 became 4.",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn a_number_that_is_held_says_by_what_and_until_when() {
    // 35 / 70 x 6 = 3; but at 15 s (77 %, within the tolerance) 6 were recommended.
    let history = decided(4, &[105, 77, 35]);
    let text = story(&history, 30, true);
    for part in [
        "HPA kept it at 6 replicas",
        "on the way down the highest recommendation of the last 5 min counts, which is 6, given \
         last at 06:00:15; it counts until 06:05:15. So 3 became 6.",
        "AbleToScale True (ScaleDownStabilized)",
        "Why not fewer: the metrics ask for 3; what keeps it at 6 is stabilization.",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn why_nothing_happened_names_the_thresholds() {
    // With 6 pods: 77 / 70 is within the tolerance, 78 / 70 x 6 = 6.7 asks for 7;
    // 63 / 70 = 0.9 is within it too, 62 / 70 x 6 = 5.3 asks for 6, 58 / 70 x 6 = 4.97 for 5.
    let text = story(&decided(6, &[70]), 0, true);
    let part = "for more with cpu at 78 % or more; for fewer with cpu at 58 % or less.";
    assert!(text.contains(part), "{text}");
}

#[test]
fn limits_are_named() {
    // 350 / 70 x 2 = 10, but without behavior at most 4 at once; then 10 / 4 ... at most 8.
    let history = decided(2, &[350, 350, 350]);
    let first = story(&history, 0, false);
    assert!(
        first.contains("at most 4 replicas now. So 10 became 4."),
        "{first}"
    );
    let last = story(&history, 30, false);
    // 350 / 70 x 8 = 40.
    assert!(last.contains("maxReplicas is 10: 40 became 10."), "{last}");
}

#[test]
fn equal_syncs_are_one_and_can_be_clipped() {
    let history = decided(6, &[70, 70, 70, 70, 70]);
    let [only] = history.decisions.as_slice() else {
        panic!("{history:?}")
    };
    let at = SimTime::from_secs;
    assert_eq!(only.clipped(at(10), at(50)), Some((at(15), at(45), 3)));
    assert_eq!(only.clipped(at(15), at(15)), Some((at(15), at(15), 1)));
    assert_eq!(only.clipped(at(61), at(90)), None);
    assert_eq!(only.clipped(at(16), at(29)), None);
}

#[test]
fn times_are_local_and_a_minute_is_a_minute() {
    let hours = |hours: u64| SimDuration::from_secs(hours * 3600);
    let parse = |text: &str, length| Moment::parse(text, &start(), length);
    let nine = parse("09:14", hours(6)).unwrap();
    assert_eq!(nine.at, SimTime::from_secs(11_640));
    assert!(nine.until > SimTime::from_secs(11_699) && nine.until < SimTime::from_secs(11_700));
    assert_eq!(parse("3h14m", hours(6)).unwrap().at, nine.at);
    let second = parse("2025-11-28T09:14:30", hours(6)).unwrap();
    assert_eq!(
        (second.at, second.until),
        (SimTime::from_secs(11_670), second.at)
    );
    let outside = parse("12:01", hours(6)).unwrap_err().to_string();
    assert!(
        outside.ends_with("from 2025-11-28T06:00:00 to 2025-11-28T12:00:00 (Asia/Kolkata)"),
        "{outside}"
    );
    let twice = parse("09:14", hours(48)).unwrap_err().to_string();
    assert!(
        twice.contains("2 days") && twice.contains("2025-11-28T09:14"),
        "{twice}"
    );
    assert!(matches!(
        parse("soon", hours(6)),
        Err(MomentError::Unreadable(_))
    ));
}
