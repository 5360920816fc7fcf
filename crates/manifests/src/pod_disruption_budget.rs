//! `PodDisruptionBudget` (`policy/v1`).
//!
//! Source: kubernetes `staging/src/k8s.io/api/policy/v1/types.go`, `pkg/apis/policy/validation`.

use crate::nullable::or_default;
use crate::{IntOrPercent, LabelSelector, ObjectMeta, Problem};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A `PodDisruptionBudget`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodDisruptionBudget {
    /// `policy/v1`.
    #[serde(default)]
    pub api_version: String,
    /// `PodDisruptionBudget`.
    #[serde(default)]
    pub kind: String,
    /// Name, namespace, labels.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: ObjectMeta,
    /// What is wanted.
    #[serde(default, deserialize_with = "or_default")]
    pub spec: PodDisruptionBudgetSpec,
    /// What the controller last counted. Not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Value>,
}

/// `spec` of a [`PodDisruptionBudget`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodDisruptionBudgetSpec {
    /// Pods that have to stay healthy; a percentage of the wanted ones is rounded up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_available: Option<IntOrPercent>,
    /// Pods that may be missing; a percentage of the wanted ones is rounded up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_unavailable: Option<IntOrPercent>,
    /// Which pods of the namespace: absent selects none, an empty one selects all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<LabelSelector>,
    /// Whether pods that are not ready may be evicted while the budget is overdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unhealthy_pod_eviction_policy: Option<UnhealthyPodEvictionPolicy>,
}

/// Which pods that run and are not ready may be evicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum UnhealthyPodEvictionPolicy {
    /// Only while the budget holds.
    #[default]
    IfHealthyBudget,
    /// All.
    AlwaysAllow,
}

impl PodDisruptionBudgetSpec {
    /// Everything that the API server would refuse, with field paths from `spec` on.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut add = |path: &str, message: &str| {
            problems.push(Problem::new(path, message));
        };
        if self.min_available.is_some() && self.max_unavailable.is_some() {
            add(
                "spec.maxUnavailable",
                "excludes `minAvailable`: give one of the two",
            );
        }
        let fields = [
            ("spec.minAvailable", self.min_available),
            ("spec.maxUnavailable", self.max_unavailable),
        ];
        for (path, value) in fields {
            match value {
                Some(IntOrPercent::Int(..=-1) | IntOrPercent::Percent(..=-1)) => {
                    add(path, "is negative");
                }
                Some(IntOrPercent::Percent(101..)) => add(path, "is above 100%"),
                _ => {}
            }
        }
        problems
    }

    /// What the API server accepts although it is not what was meant.
    pub fn lint(&self) -> Vec<Problem> {
        let problem = |path: &str, message: &str| Problem::new(path, message);
        let mut problems = Vec::new();
        if self.min_available.is_none() && self.max_unavailable.is_none() {
            let message = "says neither `minAvailable` nor `maxUnavailable`: nothing is protected";
            problems.push(problem("spec", message));
        }
        if self.selector.is_none() {
            problems.push(problem("spec", "has no `selector`: no pod is protected"));
        }
        if self.min_available == Some(IntOrPercent::Percent(100)) {
            let message = "is 100%: no pod can ever be evicted, and no node drained";
            problems.push(problem("spec.minAvailable", message));
        }
        let none = [IntOrPercent::Int(0), IntOrPercent::Percent(0)];
        if self.max_unavailable.is_some_and(|it| none.contains(&it)) {
            let message = "is 0: no pod can ever be evicted, and no node drained";
            problems.push(problem("spec.maxUnavailable", message));
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(spec: &str) -> PodDisruptionBudgetSpec {
        serde_json::from_str(spec).unwrap()
    }

    /// The example of the Kubernetes documentation ("Specifying a Disruption Budget").
    #[test]
    fn reads_the_example_of_the_documentation() {
        let text = r#"{ "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
            "metadata": { "name": "zk-pdb" },
            "spec": { "minAvailable": 2, "selector": { "matchLabels": { "app": "zookeeper" } } } }"#;
        let read: PodDisruptionBudget = serde_json::from_str(text).unwrap();
        assert_eq!(read.spec.min_available, Some(IntOrPercent::Int(2)));
        let labels = [("app".to_owned(), "zookeeper".to_owned())].into();
        assert!(read.spec.selector.as_ref().unwrap().matches(&labels));
        assert!(read.spec.validate().is_empty() && read.spec.lint().is_empty());
    }

    #[test]
    fn refuses_what_the_api_server_refuses() {
        let paths = |spec: &str| -> Vec<String> {
            let problems = budget(spec).validate();
            problems.into_iter().map(|it| it.path).collect()
        };
        assert_eq!(
            paths(r#"{ "minAvailable": 1, "maxUnavailable": "10%" }"#),
            ["spec.maxUnavailable"]
        );
        assert_eq!(
            paths(r#"{ "minAvailable": "101%" }"#),
            ["spec.minAvailable"]
        );
        assert_eq!(
            paths(r#"{ "maxUnavailable": -1 }"#),
            ["spec.maxUnavailable"]
        );
        assert!(paths(r#"{ "maxUnavailable": "100%" }"#).is_empty());
    }

    #[test]
    fn warns_of_budgets_that_allow_nothing() {
        let lints = |spec: &str| budget(spec).lint().len();
        assert_eq!(lints(r#"{ "selector": {}, "minAvailable": "100%" }"#), 1);
        assert_eq!(lints(r#"{ "selector": {}, "maxUnavailable": 0 }"#), 1);
        assert_eq!(lints(r#"{ "minAvailable": 1 }"#), 1);
    }
}
