//! What the scheduler looks at in nodes and pods.

use flashcrowd_units::{Bytes, Millicores};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The taint that the scheduler sees on a cordoned node.
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// Resources of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeResources {
    /// CPU.
    pub cpu: Millicores,
    /// Memory.
    pub memory: Bytes,
    /// How many pods it takes.
    pub pods: u32,
}

impl NodeResources {
    /// Whole cores, rounded up, as limits in cores count them.
    pub fn cores(&self) -> u64 {
        self.cpu.get().div_ceil(1000)
    }
}

/// What nodes of one kind have in common.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeShape {
    /// `status.capacity`.
    pub capacity: NodeResources,
    /// `status.allocatable`: what pods can request.
    pub allocatable: NodeResources,
    /// Labels, without those that differ from node to node.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Taints, without those that come and go with a node's state.
    #[serde(default)]
    pub taints: Vec<Taint>,
}

/// A taint of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taint {
    /// Its key.
    pub key: String,
    /// Its value.
    #[serde(default)]
    pub value: String,
    /// What it does to pods that do not tolerate it.
    pub effect: TaintEffect,
}

/// What a taint does to pods that do not tolerate it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TaintEffect {
    /// They are not scheduled here.
    NoSchedule,
    /// They are scheduled here if there is no better place. Never a reason not to fit.
    PreferNoSchedule,
    /// They are not scheduled here, and evicted if they run here.
    NoExecute,
}

/// A toleration of a pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Toleration {
    /// The key of the taints it is for; empty for any.
    #[serde(default)]
    pub key: String,
    /// How the value is compared.
    #[serde(default)]
    pub operator: TolerationOperator,
    /// The value of the taints it is for, with [`TolerationOperator::Equal`].
    #[serde(default)]
    pub value: String,
    /// The effect of the taints it is for; `None` for any.
    #[serde(default)]
    pub effect: Option<TaintEffect>,
}

/// How a toleration compares values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum TolerationOperator {
    /// They are the same.
    #[default]
    Equal,
    /// Any value will do.
    Exists,
}

impl Toleration {
    /// Whether it tolerates this taint.
    pub fn tolerates(&self, taint: &Taint) -> bool {
        self.is_for(&taint.key, &taint.value, taint.effect)
    }

    fn is_for(&self, key: &str, value: &str, effect: TaintEffect) -> bool {
        self.effect.is_none_or(|it| it == effect)
            && (self.key.is_empty() || self.key == key)
            && (self.operator == TolerationOperator::Exists || self.value == value)
    }
}

/// What pods of one workload ask of a node.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PodShape {
    /// CPU request; zero never runs out.
    pub cpu: Millicores,
    /// Memory request; zero never runs out.
    pub memory: Bytes,
    /// Taints it tolerates.
    #[serde(default)]
    pub tolerations: Vec<Toleration>,
    /// Labels the node must have.
    #[serde(default)]
    pub node_selector: BTreeMap<String, String>,
    /// Required anti-affinity to pods of the same workload, by host.
    #[serde(default)]
    pub one_per_node: bool,
}

impl PodShape {
    /// Whether it tolerates all taints that keep pods away.
    pub(super) fn tolerates(&self, taints: &[Taint]) -> bool {
        taints
            .iter()
            .filter(|taint| taint.effect != TaintEffect::PreferNoSchedule)
            .all(|taint| self.tolerations.iter().any(|it| it.tolerates(taint)))
    }

    /// Whether it can be put on a cordoned node.
    pub(super) fn tolerates_cordon(&self) -> bool {
        let is_for = |it: &Toleration| it.is_for(UNSCHEDULABLE, "", TaintEffect::NoSchedule);
        self.tolerations.iter().any(is_for)
    }

    /// Whether it tolerates any taint whatsoever, such as the one of a node about to be deleted.
    pub(super) fn tolerates_deletion(&self) -> bool {
        let any = |it: &Toleration| {
            it.operator == TolerationOperator::Exists
                && it
                    .effect
                    .is_none_or(|effect| effect == TaintEffect::NoSchedule)
                && (it.key.is_empty() || it.key == "ToBeDeletedByClusterAutoscaler")
        };
        self.tolerations.iter().any(any)
    }

    /// Whether the labels have all that the selector asks for.
    pub(super) fn selects(&self, labels: &BTreeMap<String, String>) -> bool {
        let has = |(key, value): (&String, &String)| labels.get(key) == Some(value);
        self.node_selector.iter().all(has)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toleration(key: &str, operator: TolerationOperator, value: &str) -> Toleration {
        Toleration {
            key: key.to_owned(),
            operator,
            value: value.to_owned(),
            effect: None,
        }
    }

    /// The table of the Kubernetes documentation on taints and tolerations.
    #[test]
    fn a_toleration_matches_key_value_and_effect() {
        let taint = Taint {
            key: "team".to_owned(),
            value: "a".to_owned(),
            effect: TaintEffect::NoSchedule,
        };
        let exists = toleration("team", TolerationOperator::Exists, "");
        assert!(exists.tolerates(&taint));
        assert!(toleration("", TolerationOperator::Exists, "").tolerates(&taint));
        assert!(toleration("team", TolerationOperator::Equal, "a").tolerates(&taint));
        assert!(!toleration("team", TolerationOperator::Equal, "b").tolerates(&taint));
        assert!(!toleration("other", TolerationOperator::Exists, "").tolerates(&taint));
        let other_effect = Toleration {
            effect: Some(TaintEffect::NoExecute),
            ..exists
        };
        assert!(!other_effect.tolerates(&taint));
    }

    #[test]
    fn cores_are_rounded_up() {
        let cores = |cpu| {
            let cpu = Millicores::new(cpu);
            NodeResources {
                cpu,
                ..NodeResources::default()
            }
            .cores()
        };
        assert_eq!([cores(2000), cores(2001), cores(1)], [2, 3, 1]);
    }
}
