//! Label selectors (`meta/v1`).

use crate::nullable::or_default;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which objects are meant, by their labels. An empty selector matches everything.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LabelSelector {
    /// Labels that must be there with exactly these values.
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub match_labels: BTreeMap<String, String>,
    /// Further conditions; all must hold.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub match_expressions: Vec<LabelSelectorRequirement>,
}

/// One condition of a [`LabelSelector`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LabelSelectorRequirement {
    /// The label's name.
    pub key: String,
    /// How it is compared.
    pub operator: LabelSelectorOperator,
    /// What it is compared with; empty for `Exists` and `DoesNotExist`.
    #[serde(
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub values: Vec<String>,
}

/// The comparison of a [`LabelSelectorRequirement`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LabelSelectorOperator {
    /// The value is one of the given ones.
    In,
    /// The label is absent or its value is none of the given ones.
    NotIn,
    /// The label is there.
    Exists,
    /// The label is not there.
    DoesNotExist,
}

impl LabelSelector {
    /// Whether an object with these labels is selected.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.match_labels
            .iter()
            .all(|(key, value)| labels.get(key) == Some(value))
            && self
                .match_expressions
                .iter()
                .all(|requirement| requirement.matches(labels))
    }
}

impl LabelSelectorRequirement {
    fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.key);
        match self.operator {
            LabelSelectorOperator::In => value.is_some_and(|value| self.values.contains(value)),
            LabelSelectorOperator::NotIn => value.is_none_or(|value| !self.values.contains(value)),
            LabelSelectorOperator::Exists => value.is_some(),
            LabelSelectorOperator::DoesNotExist => value.is_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_follow_the_api() {
        let labels = BTreeMap::from([("app".to_owned(), "shop".to_owned())]);
        let holds = |key: &str, operator, values: &[&str]| {
            let values = values.iter().map(|&value| value.to_owned()).collect();
            let requirement = LabelSelectorRequirement {
                key: key.to_owned(),
                operator,
                values,
            };
            LabelSelector {
                match_expressions: vec![requirement],
                ..LabelSelector::default()
            }
            .matches(&labels)
        };
        assert!(holds("app", LabelSelectorOperator::In, &["shop", "web"]));
        assert!(!holds("tier", LabelSelectorOperator::In, &["web"]));
        assert!(holds("tier", LabelSelectorOperator::NotIn, &["web"]));
        assert!(!holds("app", LabelSelectorOperator::NotIn, &["shop"]));
        assert!(holds("app", LabelSelectorOperator::Exists, &[]));
        assert!(holds("tier", LabelSelectorOperator::DoesNotExist, &[]));
        assert!(LabelSelector::default().matches(&labels));
    }
}
