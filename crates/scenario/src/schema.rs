//! JSON Schema of the scenario file.

use crate::spec::{PriceSheet, Spec};
use schemars::{Schema, SchemaGenerator, generate::SchemaSettings, json_schema};

/// The JSON Schema (draft 2020-12) of scenario files, as indented JSON. Editors complete and
/// explain scenarios with it.
pub fn schema() -> String {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<Spec>();
    schema.insert("title".to_owned(), "flashcrowd scenario".into());
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

/// A path, or the content of a price file.
pub(crate) fn prices(generator: &mut SchemaGenerator) -> Schema {
    let sheet = generator.subschema_for::<PriceSheet>();
    json_schema!({ "anyOf": [{ "type": "string" }, sheet, { "type": "null" }] })
}

pub(crate) fn int_or_percent(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": ["integer", "string"],
        "minimum": 0,
        "pattern": "^[0-9]+%$",
        "examples": [1, "25%"]
    })
}

/// `spec` of a ScaledObject. Nothing is required: what a manifest says need not be said again.
pub(crate) fn keda(_: &mut SchemaGenerator) -> Schema {
    let seconds = json_schema!({ "type": "integer", "minimum": 0 });
    json_schema!({
        "description": "The fields of `spec` of a ScaledObject in keda.sh/v1alpha1.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "scaleTargetRef": { "type": "object" },
            "pollingInterval": seconds,
            "initialCooldownPeriod": seconds,
            "cooldownPeriod": seconds,
            "idleReplicaCount": { "type": "integer", "minimum": 0, "description": "Replicas while nothing is active, if that is to be fewer than the minimum." },
            "minReplicaCount": { "type": "integer", "minimum": 0, "description": "Lower bound; 0 by default." },
            "maxReplicaCount": { "type": "integer", "minimum": 1, "description": "Upper bound; 100 by default." },
            "advanced": { "type": "object" },
            "fallback": { "type": "object" },
            "triggers": {
                "type": "array",
                "description": "What is looked at; the largest proposal wins.",
                "items": {
                    "type": "object",
                    "required": ["type"],
                    "properties": {
                        "type": { "enum": ["cpu", "memory", "cron", "kafka", "prometheus", "rabbitmq", "redis", "redis-streams"] },
                        "metadata": { "type": "object", "additionalProperties": { "type": "string" } }
                    }
                }
            }
        }
    })
}

/// `spec` of a ScaledJob. Nothing is required: what a manifest says need not be said again.
pub(crate) fn scaled_job(_: &mut SchemaGenerator) -> Schema {
    let count = json_schema!({ "type": "integer", "minimum": 0 });
    json_schema!({
        "description": "The fields of `spec` of a ScaledJob in keda.sh/v1alpha1.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "jobTargetRef": {
                "type": "object",
                "description": "The Job that is made: `spec` of a Job in batch/v1.",
                "properties": {
                    "parallelism": { "type": "integer", "minimum": 1, "description": "Pods of a Job at once; 1 by default." },
                    "completions": { "type": "integer", "minimum": 1, "description": "Pods that have to succeed; 1 by default." },
                    "backoffLimit": { "type": "integer", "minimum": 0, "description": "Failures of pods that a Job puts up with; 6 by default." },
                    "activeDeadlineSeconds": { "type": "integer", "minimum": 1 },
                    "template": { "type": "object" }
                }
            },
            "pollingInterval": { "type": "integer", "minimum": 1, "description": "Seconds between two polls; 30 by default." },
            "successfulJobsHistoryLimit": count.clone(),
            "failedJobsHistoryLimit": count.clone(),
            "rolloutStrategy": { "type": "string" },
            "rollout": { "type": "object" },
            "envSourceContainerName": { "type": "string" },
            "minReplicaCount": { "type": "integer", "minimum": 0, "description": "Jobs that run even if nothing is to do; 0 by default." },
            "maxReplicaCount": { "type": "integer", "minimum": 0, "description": "Jobs that run at most; 100 by default." },
            "scalingStrategy": {
                "type": "object",
                "properties": {
                    "strategy": { "enum": ["default", "custom", "accurate", "eager"] },
                    "customScalingQueueLengthDeduction": { "type": "integer" },
                    "customScalingRunningJobPercentage": { "type": "string" },
                    "pendingPodConditions": { "type": "array", "items": { "type": "string" } },
                    "multipleScalersCalculation": { "enum": ["max", "min", "avg", "sum"] }
                }
            },
            "triggers": {
                "type": "array",
                "description": "What is looked at.",
                "items": {
                    "type": "object",
                    "required": ["type"],
                    "properties": {
                        "type": { "enum": ["cpu", "memory", "cron", "kafka", "prometheus", "rabbitmq", "redis", "redis-streams"] },
                        "metadata": { "type": "object", "additionalProperties": { "type": "string" } }
                    }
                }
            }
        }
    })
}

/// Settings of a Knative revision.
pub(crate) fn kpa(_: &mut SchemaGenerator) -> Schema {
    let texts = json_schema!({ "type": "object", "additionalProperties": { "type": "string" } });
    json_schema!({
        "description": "Settings of a Knative revision.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "config": { "description": "Keys of the ConfigMap config-autoscaler.", "anyOf": [texts.clone()] },
            "annotations": { "description": "Annotations of the revision, with or without `autoscaling.knative.dev/`.", "anyOf": [texts] },
            "containerConcurrency": { "type": "integer", "minimum": 0, "description": "Requests that one pod may work on; 0, the default, is any number." },
            "reachable": { "type": "boolean", "description": "Whether traffic can reach the revision; true by default." },
            "progressDeadline": { "type": "string", "description": "How long a revision may take to start; 600s by default." }
        }
    })
}

/// `spec` of a VerticalPodAutoscaler.
pub(crate) fn vpa(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "description": "The fields of `spec` of a VerticalPodAutoscaler in autoscaling.k8s.io/v1.",
        "type": ["object", "null"],
        "additionalProperties": false,
        "properties": {
            "targetRef": { "type": "object" },
            "updatePolicy": {
                "type": "object",
                "properties": {
                    "updateMode": { "enum": ["Off", "Initial", "Recreate", "Auto", "InPlaceOrRecreate", "InPlace"] },
                    "minReplicas": { "type": "integer", "minimum": 1 }
                }
            },
            "resourcePolicy": { "type": "object", "description": "Bounds of the recommendations, container by container." },
            "recommenders": { "type": "array" },
            "startupBoost": { "type": "object" }
        }
    })
}

/// What a cloud's own tools take: files, or the same written out.
pub(crate) fn configuration(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "anyOf": [
            { "type": "string", "description": "A JSON file, relative to the scenario." },
            { "type": "array", "description": "Several files, or what such a file holds." },
            { "type": "object" }
        ]
    })
}

pub(crate) fn custom(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "additionalProperties": false,
        "required": ["name"],
        "properties": {
            "name": { "type": "string", "description": "The name that it was registered under." },
            "params": { "description": "What its builder gets." }
        }
    })
}

/// `spec` of a HorizontalPodAutoscaler in `autoscaling/v2`. Nothing is required: what a manifest
/// says need not be said again.
pub(crate) fn hpa(generator: &mut SchemaGenerator) -> Schema {
    let quantity = generator.subschema_for::<flashcrowd_units::Quantity>();
    let rules = json_schema!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "stabilizationWindowSeconds": { "type": "integer", "minimum": 0, "maximum": 3600 },
            "selectPolicy": { "enum": ["Max", "Min", "Disabled"] },
            "tolerance": quantity,
            "policies": {
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["type", "value", "periodSeconds"],
                    "properties": {
                        "type": { "enum": ["Pods", "Percent"] },
                        "value": { "type": "integer", "minimum": 1 },
                        "periodSeconds": { "type": "integer", "minimum": 1, "maximum": 1800 }
                    }
                }
            }
        }
    });
    json_schema!({
        "description": "The fields of `spec` of a HorizontalPodAutoscaler in autoscaling/v2.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "scaleTargetRef": { "type": "object" },
            "minReplicas": { "type": "integer", "minimum": 1, "description": "Lower bound; 1 by default." },
            "maxReplicas": { "type": "integer", "minimum": 1, "description": "Upper bound." },
            "metrics": {
                "type": "array",
                "description": "What is measured, and how much of it is wanted; the largest proposal wins.",
                "items": {
                    "type": "object",
                    "required": ["type"],
                    "properties": { "type": { "enum": ["Resource", "ContainerResource", "Pods", "Object", "External"] } }
                }
            },
            "behavior": {
                "type": "object",
                "description": "How fast the number may change.",
                "additionalProperties": false,
                "properties": { "scaleUp": rules, "scaleDown": rules }
            }
        }
    })
}
