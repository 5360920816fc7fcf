//! Reading, defaulting and validation against what the API reference says.

use super::*;
use serde_json::json;

fn spec(changes: Value) -> VpaSpec {
    let mut spec = json!({
        "targetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "shop" }
    });
    let Value::Object(changes) = changes else {
        panic!("changes are an object")
    };
    spec.as_object_mut()
        .expect("the base is an object")
        .extend(changes);
    serde_json::from_value(spec).expect("the specification reads")
}

fn refused_with(changes: Value, gates: VpaFeatureGates) -> Vec<String> {
    let problems = spec(changes).validate(gates);
    problems.into_iter().map(|problem| problem.path).collect()
}

fn refused(changes: Value) -> Vec<String> {
    refused_with(changes, VpaFeatureGates::default())
}

/// One container policy and what is wrong with it, by path below it.
fn refused_policy(policy: Value) -> Vec<String> {
    let mut policy = policy;
    policy["containerName"] = json!("shop");
    let paths = refused(json!({ "resourcePolicy": { "containerPolicies": [policy] } }));
    let below = |path: String| {
        let prefix = "spec.resourcePolicy.containerPolicies[0].";
        path.strip_prefix(prefix)
            .expect("it is below the policy")
            .to_owned()
    };
    paths.into_iter().map(below).collect()
}

/// A guide's manifest, field by field.
const MANIFEST: &str = r#"{
    "apiVersion": "autoscaling.k8s.io/v1", "kind": "VerticalPodAutoscaler",
    "metadata": { "name": "backend-vpa", "namespace": "shop" },
    "spec": {
        "targetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "backend" },
        "updatePolicy": { "updateMode": "Auto" },
        "resourcePolicy": { "containerPolicies": [{
            "containerName": "backend",
            "minAllowed": { "cpu": "100m", "memory": "128Mi" },
            "maxAllowed": { "cpu": 4, "memory": "8Gi" },
            "controlledResources": ["cpu", "memory"],
            "controlledValues": "RequestsAndLimits"
        }] }
    }
}"#;

#[test]
fn a_manifest_is_read_verbatim_and_completely() {
    let mut unknown = Vec::new();
    let reader = &mut serde_json::Deserializer::from_str(MANIFEST);
    let vpa: VerticalPodAutoscaler =
        serde_ignored::deserialize(reader, |path| unknown.push(path.to_string())).unwrap();
    assert_eq!(unknown, Vec::<String>::new());
    assert_eq!(vpa.spec.update_mode(), UpdateMode::Auto);
    let policy = vpa
        .spec
        .container_policy("backend")
        .expect("it has a policy");
    assert_eq!(policy.max_allowed["cpu"].milli_value(), 4000);
    assert_eq!(policy.max_allowed["memory"].value(), 8 << 30);
    assert_eq!(vpa.spec.container_policy("sidecar"), None);
    assert_eq!(vpa.spec.validate(VpaFeatureGates::default()), []);
    let written: Value = serde_json::to_value(&vpa).unwrap();
    let again: VerticalPodAutoscaler = serde_json::from_value(written).unwrap();
    assert_eq!(again, vpa);
}

#[test]
fn every_field_of_the_api_is_known() {
    let full = json!({
        "targetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "shop" },
        "updatePolicy": {
            "updateMode": "InPlaceOrRecreate", "minReplicas": 1, "evictAfterOOMSeconds": 60,
            "evictionRequirements": [
                { "resources": ["cpu"], "changeRequirement": "TargetHigherThanRequests" }
            ]
        },
        "resourcePolicy": { "containerPolicies": [{
            "containerName": "*", "mode": "Auto",
            "minAllowed": { "cpu": "1" }, "maxAllowed": { "cpu": "2" },
            "controlledResources": ["cpu"], "controlledValues": "RequestsOnly",
            "oomBumpUpRatio": "1500m", "oomMinBumpUp": "50Mi",
            "startupBoost": { "cpu": { "type": "Factor", "factor": 2 } }
        }] },
        "recommenders": [{ "name": "other" }],
        "startupBoost": { "cpu": { "type": "Factor", "factor": 2 } }
    });
    let mut unknown = Vec::new();
    let read: VpaSpec =
        serde_ignored::deserialize(&full, |path| unknown.push(path.to_string())).unwrap();
    assert_eq!(unknown, Vec::<String>::new());
    assert_eq!(serde_json::to_value(read).unwrap(), full);
}

#[test]
fn absent_fields_have_their_meaning() {
    assert_eq!(spec(json!({})).update_mode(), UpdateMode::Recreate);
    let filled = spec(json!({
        "resourcePolicy": { "containerPolicies": [
            { "containerName": "shop" }, { "containerName": "*", "mode": "Off" }
        ] }
    }))
    .defaulted();
    let expected = json!({
        "targetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "shop" },
        "updatePolicy": { "updateMode": "Recreate" },
        "resourcePolicy": { "containerPolicies": [
            { "containerName": "shop", "mode": "Auto", "controlledResources": ["cpu", "memory"],
              "controlledValues": "RequestsAndLimits" },
            { "containerName": "*", "mode": "Off" }
        ] }
    });
    assert_eq!(serde_json::to_value(&filled).unwrap(), expected);
    assert_eq!(filled.validate(VpaFeatureGates::default()), []);
    assert!(!filled.container_policy("shop").unwrap().is_off());
    assert!(filled.container_policy("other").unwrap().is_off());
}

#[test]
fn a_name_wins_over_the_wildcard_wherever_it_stands() {
    let policies = spec(json!({ "resourcePolicy": { "containerPolicies": [
        { "containerName": "*", "mode": "Off" },
        { "containerName": "shop", "controlledResources": ["memory"] }
    ] } }));
    let policy = policies.container_policy("shop").unwrap();
    assert!(!policy.is_off() && !policy.controls("cpu") && policy.controls("memory"));
}

#[test]
fn the_update_policy_is_checked() {
    let update = |policy: Value| json!({ "updatePolicy": policy });
    let mode = "spec.updatePolicy.updateMode";
    assert_eq!(refused(update(json!({}))), [mode]);
    assert_eq!(refused(update(json!({ "updateMode": "InPlace" }))), [mode]);
    let on = VpaFeatureGates {
        per_vpa_config: true,
    };
    let one = update(json!({ "updateMode": "Auto", "evictAfterOOMSeconds": 1 }));
    assert_eq!(refused_with(one, on), Vec::<String>::new());
    let zero = update(json!({ "updateMode": "Auto", "evictAfterOOMSeconds": 0 }));
    assert_eq!(
        refused_with(zero, on),
        ["spec.updatePolicy.evictAfterOOMSeconds"]
    );
    let none = update(json!({ "updateMode": "Off", "minReplicas": 0 }));
    assert_eq!(refused(none), ["spec.updatePolicy.minReplicas"]);
    let oom = update(json!({ "updateMode": "Auto", "evictAfterOOMSeconds": 60 }));
    assert_eq!(refused(oom), ["spec.updatePolicy.evictAfterOOMSeconds"]);
    let unknown = json!({ "updatePolicy": { "updateMode": "Sometimes" } });
    assert!(serde_json::from_value::<VpaSpec>(unknown).is_err());
}

#[test]
fn container_policies_are_checked() {
    let conflict = json!({ "minAllowed": { "cpu": "2" }, "maxAllowed": { "cpu": "1" } });
    assert_eq!(refused_policy(conflict), ["maxAllowed.cpu"]);
    let fine =
        json!({ "minAllowed": { "cpu": "1", "memory": "1Gi" }, "maxAllowed": { "cpu": "1" } });
    assert_eq!(refused_policy(fine), Vec::<String>::new());
    let fractions = json!({ "minAllowed": { "cpu": "100u" }, "maxAllowed": { "memory": "1500m" } });
    assert_eq!(
        refused_policy(fractions),
        ["minAllowed.cpu", "maxAllowed.memory"]
    );
    let off = json!({ "mode": "Off", "controlledValues": "RequestsAndLimits" });
    assert_eq!(refused_policy(off), ["controlledValues"]);
    let oom = json!({ "oomBumpUpRatio": "1.5", "oomMinBumpUp": "1Mi" });
    assert_eq!(refused_policy(oom), ["oomBumpUpRatio", "oomMinBumpUp"]);
}

#[test]
fn the_rest_is_checked() {
    let missing = VpaSpec::default().validate(VpaFeatureGates::default());
    assert_eq!(
        missing[0].to_string(),
        "spec.targetRef: must be given",
        "{missing:?}"
    );
    let two = json!({ "recommenders": [{ "name": "a" }, { "name": "b" }] });
    assert_eq!(refused(two), ["spec.recommenders"]);
    let boost = json!({ "startupBoost": { "cpu": { "type": "Factor", "factor": 2 } } });
    assert_eq!(refused(boost), ["spec.startupBoost"]);
}

#[test]
fn lints_name_what_is_ignored() {
    let lints = spec(json!({
        "updatePolicy": { "updateMode": "Auto" },
        "resourcePolicy": { "containerPolicies": [
            { "containerName": "shop" },
            { "containerName": "shop", "controlledResources": ["gpu"] }
        ] }
    }))
    .lint();
    let paths: Vec<_> = lints.iter().map(|lint| lint.path.as_str()).collect();
    let second = "spec.resourcePolicy.containerPolicies[1]";
    assert_eq!(
        paths,
        [
            "spec.updatePolicy.updateMode".to_owned(),
            format!("{second}.containerName"),
            format!("{second}.controlledResources")
        ]
    );
}
