//! The specification of a ScaledObject as it is meant: defaulted, nothing to look up.

use super::formula::Formula;
use crate::{MilliValue, TimePoint};
use flashcrowd_manifests::scaled_object::Fallback;
use flashcrowd_units::SimDuration;
use std::sync::Arc;

/// What the poll loop and the metrics server of KEDA know about a ScaledObject.
#[derive(Debug, Clone)]
pub struct ObjectConfig {
    /// When the object was made.
    pub created: TimePoint,
    /// How long after the last activity the last replicas stay.
    pub cooldown: SimDuration,
    /// How long after its creation an object that was never active keeps its replicas.
    pub initial_cooldown: SimDuration,
    /// Lower bound \[pods\].
    pub min: i32,
    /// Replicas while nothing is active, if that is to be fewer than `min`.
    pub idle: Option<i32>,
    /// What stands in for a trigger that keeps failing.
    pub fallback: Option<Fallback>,
    /// One metric out of all triggers, if that is wanted.
    pub modifiers: Option<CompositeConfig>,
    /// What is looked at.
    pub triggers: Vec<TriggerConfig>,
    /// Whether the object knows its HPA and reports on it.
    pub reports_hpa: bool,
}

/// One metric out of all triggers (`scalingModifiers`).
#[derive(Debug, Clone)]
pub struct CompositeConfig {
    /// What it is.
    pub formula: Formula,
    /// How much of it is wanted. Fallback needs a whole number here.
    pub target: Arc<str>,
    /// The object is active if the value is above it.
    pub activation: f64,
    /// Whether the target is meant for the plain value instead of the value per pod.
    pub is_plain_value: bool,
}

/// One trigger.
#[derive(Debug, Clone)]
pub struct TriggerConfig {
    /// Its name in formulas.
    pub name: Option<Arc<str>>,
    /// What kind it is.
    pub kind: TriggerKind,
}

/// What kind a trigger is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TriggerKind {
    /// CPU or memory: the HPA's business alone.
    Resource,
    /// A scaler.
    External {
        /// How much of its metric is wanted.
        target: MilliValue,
        /// Whether the target is meant for the plain value instead of the value per pod.
        is_plain_value: bool,
        /// Whether the HPA gets the value of the last poll.
        use_cached_metrics: bool,
    },
}

impl ObjectConfig {
    /// The fallback, if KEDA can use it (`validateFallback`): no negative numbers, and with a
    /// formula a target that is a whole number above 0. Without a valid one no failures are
    /// counted.
    pub(super) fn valid_fallback(&self) -> Option<Fallback> {
        let fallback = self.fallback?;
        let target_fits = match &self.modifiers {
            Some(modifiers) => modifiers.whole_target().is_some(),
            None => true,
        };
        let fits = fallback.failure_threshold >= 0 && fallback.replicas >= 0 && target_fits;
        fits.then_some(fallback)
    }

    /// The external trigger at an index.
    pub(super) fn external(&self, index: usize) -> Option<(&TriggerConfig, External)> {
        let trigger = self.triggers.get(index)?;
        match trigger.kind {
            TriggerKind::Resource => None,
            TriggerKind::External {
                target,
                is_plain_value,
                use_cached_metrics,
            } => Some((
                trigger,
                External {
                    target,
                    is_plain_value,
                    use_cached_metrics,
                },
            )),
        }
    }

    /// All triggers in the order in which KEDA's routines get to them. Upstream they run side by
    /// side; this is the order that was recorded, and that a single processor gives.
    pub(super) fn fetch_order(&self) -> impl Iterator<Item = usize> {
        let last = self.triggers.len().checked_sub(1);
        last.into_iter().chain(0..last.unwrap_or(0))
    }
}

/// The parameters of an external trigger.
#[derive(Debug, Clone, Copy)]
pub(super) struct External {
    pub(super) target: MilliValue,
    pub(super) is_plain_value: bool,
    pub(super) use_cached_metrics: bool,
}

impl CompositeConfig {
    /// The target, if it is a whole number above 0.
    pub(super) fn whole_target(&self) -> Option<i64> {
        self.target.parse().ok().filter(|&target: &i64| target > 0)
    }
}
