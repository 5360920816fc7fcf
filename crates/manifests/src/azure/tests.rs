//! Reading and refusing, against the template reference.

use super::*;
use serde_json::json;

fn setting() -> Value {
    json!({
        "type": "Microsoft.Insights/autoscaleSettings",
        "apiVersion": "2022-10-01",
        "name": "web",
        "location": "westeurope",
        "properties": {
            "name": "web",
            "enabled": true,
            "targetResourceUri": "vmss",
            "profiles": [{
                "name": "default",
                "capacity": { "minimum": "1", "maximum": "10", "default": "2" },
                "rules": [{
                    "metricTrigger": {
                        "metricName": "Percentage CPU", "metricResourceUri": "vmss",
                        "timeGrain": "PT1M", "statistic": "Average", "timeWindow": "PT10M",
                        "timeAggregation": "Average", "operator": "GreaterThan", "threshold": 75.0,
                        "dividePerInstance": false
                    },
                    "scaleAction": { "direction": "Increase", "type": "ChangeCount", "value": "1", "cooldown": "PT5M" }
                }]
            }]
        }
    })
}

fn problems(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut json = setting();
    change(&mut json);
    let setting: AutoscaleSetting = serde_json::from_value(json).expect("it reads");
    setting.validate().iter().map(ToString::to_string).collect()
}

#[test]
fn a_template_reads_and_is_written_as_it_was() {
    let read: AutoscaleSetting = serde_json::from_value(setting()).expect("it reads");
    assert_eq!(
        serde_json::to_value(&read).expect("it is written"),
        setting()
    );
    assert!(problems(|_| ()).is_empty());
    let lint: Vec<_> = read.lint().iter().map(ToString::to_string).collect();
    assert_eq!(
        lint,
        ["properties.profiles[0].rules: has no scale-in rule: the scale set never shrinks"]
    );
}

#[test]
fn mistakes_are_named() {
    let rule = "/properties/profiles/0/rules/0";
    let set = |pointer: &str, value: Value| {
        let pointer = pointer.to_owned();
        move |json: &mut Value| *json.pointer_mut(&pointer).expect("it is there") = value
    };
    assert_eq!(
        problems(set("/properties/profiles/0/capacity/default", json!("11"))),
        ["properties.profiles[0].capacity.default: is 11: must be 1 to 10"]
    );
    assert_eq!(
        problems(set(
            &format!("{rule}/metricTrigger/timeWindow"),
            json!("PT2M")
        )),
        [
            "properties.profiles[0].rules[0].metricTrigger.timeWindow: is PT2M: must be PT5M to PT12H"
        ]
    );
    assert_eq!(
        problems(set("/properties/profiles", json!([])))[0],
        "properties.profiles: are 0: must be 1 to 20"
    );
    let text = json!({ "minimum": "one", "maximum": "2", "default": "1" });
    assert!(serde_json::from_value::<ScaleCapacity>(text).is_err());
}
