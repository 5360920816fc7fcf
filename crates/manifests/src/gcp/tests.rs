//! Reading and refusing, against the API reference.

use super::*;
use serde_json::json;

fn policy(json: Value) -> AutoscalingPolicy {
    serde_json::from_value(json).expect("it reads")
}

fn problems(json: Value) -> Vec<String> {
    policy(json)
        .validate()
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn a_resource_reads_and_is_written_as_it_was() {
    let json = json!({
        "name": "web", "target": "zones/europe-west1-b/instanceGroupManagers/web",
        "autoscalingPolicy": {
            "minNumReplicas": 2, "maxNumReplicas": 20, "coolDownPeriodSec": 90,
            "cpuUtilization": { "utilizationTarget": 0.6, "predictiveMethod": "NONE" },
            "mode": "ONLY_SCALE_OUT",
            "scaleInControl": { "maxScaledInReplicas": { "percent": 10 }, "timeWindowSec": 600 },
            "scalingSchedules": { "weekdays": { "minRequiredReplicas": 10, "schedule": "0 8 * * 1-5",
                "durationSec": 36000, "timeZone": "Europe/Zurich", "disabled": false } }
        }
    });
    let read: Autoscaler = serde_json::from_value(json.clone()).expect("it reads");
    assert_eq!(read.autoscaling_policy.validate(), []);
    assert_eq!(serde_json::to_value(&read).expect("it is written"), json);
    assert_eq!(
        policy(json!({ "mode": "ONLY_UP" })).mode,
        Some(Mode::OnlyScaleOut)
    );
}

#[test]
fn mistakes_are_named() {
    assert_eq!(
        problems(json!({ "maxNumReplicas": 0 })),
        ["maxNumReplicas: is 0: must be at least 1"]
    );
    let cpu = json!({ "maxNumReplicas": 3, "cpuUtilization": { "utilizationTarget": 1.2 } });
    assert_eq!(
        problems(cpu),
        ["cpuUtilization.utilizationTarget: is 1.2: must be above 0, up to 1"]
    );
    let schedule = json!({ "maxNumReplicas": 3, "scalingSchedules": { "a": {
        "minRequiredReplicas": 1, "schedule": "0 8 * *", "durationSec": 60 } } });
    assert_eq!(
        problems(schedule),
        [
            "scalingSchedules.a.schedule: is `0 8 * *`: has 4 fields, must have 5",
            "scalingSchedules.a.durationSec: is 60: must be 300 to 31622400"
        ]
    );
    let control = json!({ "maxNumReplicas": 3, "scaleInControl": { "timeWindowSec": 30 } });
    assert_eq!(problems(control).len(), 2);
}

#[test]
fn percentages_round_up() {
    let percent = FixedOrPercent {
        percent: Some(10),
        ..FixedOrPercent::default()
    };
    assert_eq!((percent.of(10), percent.of(11), percent.of(0)), (1, 2, 0));
    let fixed = FixedOrPercent {
        fixed: Some(3),
        ..FixedOrPercent::default()
    };
    assert_eq!(fixed.of(10), 3);
}
