//! Every field that the API knows is known, and every other one is noticed.

use flashcrowd_manifests::{Deployment, HorizontalPodAutoscaler, Ingress, Service};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// Names of the fields that are maps with free keys or kept as they are written.
const FREE: &[&str] = &[
    "affinity",
    "annotations",
    "claims",
    "dnsConfig",
    "envFrom",
    "ephemeralContainers",
    "evictionResponders",
    "hostAliases",
    "imagePullSecrets",
    "labels",
    "limits",
    "managedFields",
    "matchLabels",
    "nodeSelector",
    "os",
    "overhead",
    "readinessGates",
    "requests",
    "resizePolicy",
    "resourceClaims",
    "restartPolicyRules",
    "schedulingGates",
    "schedulingGroup",
    "securityContext",
    "selector",
    "status",
    "topologySpreadConstraints",
    "valueFrom",
    "volumeDevices",
    "volumeMounts",
    "volumes",
    "workloadRef",
];

fn ignored<T: DeserializeOwned>(object: &Value) -> (T, Vec<String>) {
    let mut paths = Vec::new();
    let read = serde_ignored::deserialize(object, |path| paths.push(path.to_string()));
    (read.unwrap_or_else(|error| panic!("{error}")), paths)
}

/// JSON pointers to all objects whose keys are field names. `selector` is a map only in a Service.
fn objects(value: &Value, pointer: &str, is_service: bool, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.push(pointer.to_owned());
            for (name, value) in fields {
                let is_free = FREE.contains(&name.as_str()) && (name != "selector" || is_service);
                if !is_free {
                    objects(value, &format!("{pointer}/{name}"), is_service, found);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                objects(item, &format!("{pointer}/{index}"), is_service, found);
            }
        }
        _ => {}
    }
}

fn holds<T: DeserializeOwned + Serialize + PartialEq + std::fmt::Debug>(text: &str) {
    let full: Value = serde_json::from_str(text).expect("the sample is JSON");
    let (read, unknown) = ignored::<T>(&full);
    assert_eq!(unknown, Vec::<String>::new());

    let written = serde_json::to_value(&read).expect("the object can be written");
    assert_eq!(
        ignored::<T>(&written).0,
        read,
        "what is written reads as the same"
    );
    assert_eq!(
        fields(&written),
        fields(&full),
        "nothing is lost on the way"
    );

    let mut pointers = Vec::new();
    objects(&full, "", full["kind"] == "Service", &mut pointers);
    for pointer in pointers {
        let mut typo = full.clone();
        let object = typo
            .pointer_mut(&pointer)
            .and_then(Value::as_object_mut)
            .expect("an object");
        object.insert("maxReplcias".to_owned(), json!(1));
        let (_, unknown) = ignored::<T>(&typo);
        assert_eq!(
            unknown.len(),
            1,
            "a typing error in `{pointer}` gives {unknown:?}"
        );
        assert!(unknown[0].ends_with("maxReplcias"), "{unknown:?}");
    }
}

/// All values with their pointers, in order: the field order of the file does not matter.
fn fields(value: &Value) -> Vec<(String, Value)> {
    fn collect(value: &Value, pointer: &str, found: &mut Vec<(String, Value)>) {
        match value {
            Value::Object(fields) => {
                fields
                    .iter()
                    .for_each(|(name, value)| collect(value, &format!("{pointer}/{name}"), found));
            }
            Value::Array(items) => {
                let items = items.iter().enumerate();
                items.for_each(|(index, value)| {
                    collect(value, &format!("{pointer}/{index}"), found);
                });
            }
            leaf => found.push((pointer.to_owned(), leaf.clone())),
        }
    }
    let mut found = Vec::new();
    collect(value, "", &mut found);
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

#[test]
fn deployment() {
    holds::<Deployment>(include_str!("api/deployment.json"));
}

#[test]
fn horizontal_pod_autoscaler() {
    holds::<HorizontalPodAutoscaler>(include_str!("api/hpa.json"));
}

#[test]
fn service() {
    holds::<Service>(include_str!("api/service.json"));
}

#[test]
fn ingress() {
    holds::<Ingress>(include_str!("api/ingress.json"));
}

#[test]
fn null_is_the_same_as_absent() {
    let deployment: Deployment = serde_json::from_value(json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "shop", "creationTimestamp": null, "labels": null },
        "spec": { "selector": { "matchLabels": { "app": "shop" } }, "strategy": null, "template": {
            "metadata": null,
            "spec": { "containers": [{ "name": "shop", "resources": null, "ports": null }], "volumes": null }
        } },
        "status": null
    }))
    .expect("it reads");
    assert_eq!(deployment.spec.template.spec.containers[0].name, "shop");
    assert_eq!(deployment.status, None);
}
