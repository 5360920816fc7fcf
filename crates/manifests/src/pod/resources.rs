//! Requests and limits (`v1`).

use crate::nullable::or_default;
use flashcrowd_units::Quantity;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// `resources` of a container or of a pod.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceRequirements {
    /// What is set aside: what scheduling counts and what HPA utilisation is measured against.
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub requests: BTreeMap<String, Quantity>,
    /// What may be used at most.
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub limits: BTreeMap<String, Quantity>,
    /// Claims on devices. Not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims: Option<Value>,
}

impl ResourceRequirements {
    /// The request for a resource (`cpu`, `memory`, ...). A limit without a request is its
    /// request, which the API server fills in.
    pub fn request(&self, resource: &str) -> Option<Quantity> {
        self.requests
            .get(resource)
            .or_else(|| self.limits.get(resource))
            .copied()
    }

    /// The limit for a resource.
    pub fn limit(&self, resource: &str) -> Option<Quantity> {
        self.limits.get(resource).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_also_the_request_unless_there_is_one() {
        let read = |text: &str| serde_json::from_str::<ResourceRequirements>(text).unwrap();
        let limited = read(
            r#"{ "limits": { "cpu": "500m", "memory": "1Gi" }, "requests": { "cpu": "250m" } }"#,
        );
        assert_eq!(limited.request("cpu"), Some(Quantity::from_milli(250)));
        assert_eq!(
            limited.request("memory"),
            Some(Quantity::from_units(1 << 30))
        );
        assert_eq!(limited.limit("cpu"), Some(Quantity::from_milli(500)));
        assert_eq!(read(r#"{ "requests": { "cpu": 1 } }"#).limit("cpu"), None);
    }
}
