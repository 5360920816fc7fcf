//! React: replicas for the load of now, with a reserve.
//!
//! # What it does
//! If the load needs more replicas than there are, it adds the missing ones and a fifth on top. If
//! it needs fewer by more than a tenth, it goes to what is needed plus a fifth. In between nothing
//! happens.
//!
//! # When it hurts
//! It follows every swing of the load, without memory and without waiting; the replicas that it adds
//! come as late as they start. The reserve of a scale-up is rounded down, so the
//! first four have none. At nine tenths of the capacity the scale-down branch *adds* a replica.
//!
//! # Parameters
//! * `load`, `per_replica`, `replicas`, `interval` (1m): as for all of them.
//! * `tuning.reserve` (1.2): factor on what is missing, and on what is needed when scaling down.
//! * `tuning.slack` (1.1): a load that needs fewer replicas even when multiplied with this leads to
//!   a scale-down.
//!
//! # Source
//! T. C. Chieu et al., *Dynamic scaling of web applications in a virtualized cloud computing
//! environment*, ICEBE 2009, as generalised in `Reactive.py` of ahmedaley/Autoscalers. The paper
//! counts sessions per server, and adds or removes one at a time.

use super::{Evaluation, ResearchPolicy, ResearchRule};
use crate::schedule::replica_range::whole_replicas;
use serde::{Deserialize, Serialize};

/// Parameters of [`React`].
pub type ReactPolicy = ResearchPolicy<ReactTuning>;

/// The constants of React.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ReactTuning {
    /// Factor on what is missing, and on what is needed.
    pub reserve: f64,
    /// Factor on the load before it counts as too little.
    pub slack: f64,
}

impl Default for ReactTuning {
    fn default() -> Self {
        Self {
            reserve: 1.2,
            slack: 1.1,
        }
    }
}

/// See the [module documentation](self). It remembers nothing.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct React {}

impl ResearchRule for React {
    type Tuning = ReactTuning;
    const NAME: &'static str = "react";

    fn problems(tuning: &ReactTuning) -> Vec<(&'static str, &'static str)> {
        let is_factor = |it: f64| it.is_finite() && it >= 1.0;
        let fields = [("reserve", tuning.reserve), ("slack", tuning.slack)];
        let bad = fields.into_iter().filter(|&(_, value)| !is_factor(value));
        bad.map(|(field, _)| (field, "must be a finite number of at least 1"))
            .collect()
    }

    fn evaluate(
        &mut self,
        it: &Evaluation,
        tuning: &ReactTuning,
    ) -> (u32, Vec<(&'static str, f64)>) {
        let needed = it.needed();
        let exact = it.load / it.per_replica;
        let wanted = if needed > it.current {
            let missing = f64::from(needed - it.current);
            it.current.saturating_add((missing * tuning.reserve) as u32)
        } else if tuning.slack * exact < f64::from(it.current) {
            whole_replicas(f64::from(needed) * tuning.reserve)
        } else {
            it.current
        };
        (wanted, Vec::new())
    }
}
