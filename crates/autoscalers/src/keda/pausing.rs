//! Annotations that pause an object or parts of it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the annotations `autoscaling.keda.sh/...` of an object say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Pausing {
    /// `paused-replicas` is there, with any value, or `paused` is true.
    pub paused: bool,
    /// `paused-scale-in`: the last replicas stay.
    pub scale_in: bool,
    /// `paused-scale-out`: the first replica does not come.
    pub scale_out: bool,
    /// `force-activation`: as if a trigger were active.
    pub force_activation: bool,
}

impl Pausing {
    /// Prefix of KEDA's annotations.
    pub const PREFIX: &'static str = "autoscaling.keda.sh/";

    /// Reads all annotations of an object; those of others are passed over.
    pub fn of(annotations: &BTreeMap<String, String>) -> Self {
        let get = |name: &str| annotations.get(&format!("{}{name}", Self::PREFIX));
        let is_true = |name| get(name).is_some_and(|value| is_true(value));
        Self {
            paused: get("paused-replicas").is_some() || is_true("paused"),
            scale_in: is_true("paused-scale-in"),
            scale_out: is_true("paused-scale-out"),
            force_activation: is_true("force-activation"),
        }
    }
}

/// Whether an annotation says yes. What is no truth value at all counts as yes.
pub(super) fn is_true(value: &str) -> bool {
    !matches!(value, "0" | "f" | "F" | "FALSE" | "false" | "False")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pausing(name: &str, value: &str) -> Pausing {
        Pausing::of(&BTreeMap::from([(
            format!("autoscaling.keda.sh/{name}"),
            value.to_owned(),
        )]))
    }

    #[test]
    fn only_a_clear_no_is_no() {
        for no in ["0", "f", "F", "FALSE", "false", "False"] {
            assert_eq!(pausing("paused-scale-in", no), Pausing::default(), "{no}");
        }
        for yes in ["1", "true", "True", "", "no", "fAlse", " false"] {
            assert!(pausing("force-activation", yes).force_activation, "{yes}");
        }
        assert!(pausing("paused-replicas", "false").paused);
        assert!(!pausing("paused", "false").paused);
    }
}
