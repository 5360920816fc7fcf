//! Reading and bounds against what the API reference says.

use super::*;
use serde_json::json;

fn spec(changes: Value) -> ScaledJobSpec {
    let mut spec = json!({
        "jobTargetRef": { "template": { "spec": {
            "restartPolicy": "Never", "containers": [{ "name": "import" }] } } },
        "triggers": [{ "type": "rabbitmq", "metadata": { "queueName": "imports" } }]
    });
    let Value::Object(changes) = changes else {
        panic!("changes are an object")
    };
    spec.as_object_mut()
        .expect("the base is an object")
        .extend(changes);
    serde_json::from_value(spec).expect("the specification reads")
}

#[test]
fn the_range_forgets_the_minimum_where_no_maximum_is_given() {
    let bounds = |changes| {
        let spec = spec(changes);
        (spec.effective_min(), spec.scaling_range())
    };
    assert_eq!(bounds(json!({})), (0, 100));
    assert_eq!(bounds(json!({ "minReplicaCount": 5 })), (5, 100));
    assert_eq!(
        bounds(json!({ "minReplicaCount": 5, "maxReplicaCount": 20 })),
        (5, 15)
    );
    assert_eq!(
        bounds(json!({ "minReplicaCount": 20, "maxReplicaCount": 8 })),
        (8, 8)
    );
}

#[test]
fn unknown_strategies_are_the_default() {
    let kind = |name: &str| {
        spec(json!({ "scalingStrategy": { "strategy": name } }))
            .scaling_strategy
            .kind()
    };
    assert_eq!(kind("accurate"), StrategyKind::Accurate);
    assert_eq!(kind("Eager"), StrategyKind::Default);
    assert_eq!(
        spec(json!({ "scalingStrategy": null }))
            .scaling_strategy
            .kind(),
        StrategyKind::Default
    );
}

#[test]
fn negative_numbers_are_refused() {
    let problems = spec(json!({ "pollingInterval": 0, "failedJobsHistoryLimit": -1 })).validate();
    let paths: Vec<_> = problems
        .iter()
        .map(|problem| problem.path.as_str())
        .collect();
    assert_eq!(
        paths,
        ["spec.pollingInterval", "spec.failedJobsHistoryLimit"]
    );
    assert!(spec(json!({})).validate().is_empty());
}

#[test]
fn a_job_needs_one_pod_where_nothing_is_said() {
    let counts = |job: Value| {
        let job: JobSpec = serde_json::from_value(job).expect("the Job reads");
        (job.effective_parallelism(), job.effective_completions())
    };
    assert_eq!(counts(json!({})), (1, Some(1)));
    assert_eq!(counts(json!({ "completions": 5 })), (1, Some(5)));
    // A work queue: the first success says that nothing is left.
    assert_eq!(counts(json!({ "parallelism": 3 })), (3, None));
}

#[test]
fn a_job_that_the_api_server_refuses_is_refused() {
    let found = |job: Value| {
        let problems = spec(json!({ "jobTargetRef": job })).validate();
        let texts = problems.iter().map(ToString::to_string);
        texts.collect::<Vec<_>>()
    };
    let template = |policy: Value| {
        json!({ "template": { "spec": { "restartPolicy": policy,
            "containers": [{ "name": "import" }] } } })
    };
    assert!(found(template(json!("OnFailure"))).is_empty());
    assert!(found(json!({ "backoffLimit": 0 })).is_empty());
    assert_eq!(
        found(template(json!("Always"))),
        [
            "spec.jobTargetRef.template.spec.restartPolicy: is Always: that of a Job must be OnFailure or Never"
        ]
    );
    assert_eq!(
        found(template(Value::Null)),
        [
            "spec.jobTargetRef.template.spec: has no restartPolicy: that of a Job must be OnFailure or Never"
        ]
    );
    assert_eq!(
        found(json!({ "backoffLimit": -1, "activeDeadlineSeconds": 0 })).len(),
        2
    );
}

#[test]
fn triggers_have_no_metric_type() {
    let trigger = json!({ "type": "rabbitmq", "metricType": "Value", "metadata": {} });
    let problems = spec(json!({ "triggers": [trigger] })).validate();
    assert_eq!(problems[0].path, "spec.triggers[0].metricType");
}
