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
