//! A ScaledObject as a scenario names it, and how it is read.

use super::source::Source;
use super::{CompositeConfig, Formula, ObjectConfig, TriggerConfig, TriggerKind};
use crate::TimePoint;
use crate::hpa::HpaFlags;
use flashcrowd_manifests::Problem;
use flashcrowd_manifests::hpa::MetricTargetType;
use flashcrowd_manifests::scaled_object::ScaledObjectSpec;
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// 2026-01-01T00:00:00Z.
const DEFAULT_EPOCH: i64 = 1_767_225_600;
/// A ScaledObject as a policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KedaPolicy {
    /// `spec` of a ScaledObject; `scaleTargetRef` may be left out.
    pub spec: ScaledObjectSpec,
    /// Its annotations, which can pause it.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// Flags and feature gates of the HPA controller.
    #[serde(default)]
    pub flags: HpaFlags,
    /// What the clock on the wall shows at [`TimePoint::ZERO`] \[Unix seconds\]; cron triggers go
    /// by it. The first second of 2026 if absent.
    #[serde(default = "default_epoch")]
    pub epoch_unix_seconds: i64,
}

pub(super) fn default_epoch() -> i64 {
    DEFAULT_EPOCH
}

/// A ScaledObject that KEDA would refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidKeda {
    /// Everything that is wrong with it.
    pub problems: Vec<Problem>,
}

impl fmt::Display for InvalidKeda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the ScaledObject is not valid")?;
        self.problems
            .iter()
            .try_for_each(|problem| write!(f, "; {problem}"))
    }
}

impl std::error::Error for InvalidKeda {}

pub(super) fn seconds(seconds: i32) -> SimDuration {
    SimDuration::from_secs(u64::try_from(seconds).unwrap_or(0))
}

pub(super) fn modifiers(spec: &ScaledObjectSpec) -> Result<Option<CompositeConfig>, Problem> {
    let Some(modifiers) = spec.scaling_modifiers() else {
        return Ok(None);
    };
    let formula = Formula::parse(&modifiers.formula).map_err(|error| Problem {
        path: "spec.advanced.scalingModifiers.formula".to_owned(),
        message: error.message,
    })?;
    Ok(Some(CompositeConfig {
        formula,
        target: modifiers.target.as_str().into(),
        activation: modifiers.activation_target.parse().unwrap_or(0.0),
        is_plain_value: modifiers.metric_type == Some(MetricTargetType::Value),
    }))
}

pub(super) fn object_config(
    spec: &ScaledObjectSpec,
    sources: &[Option<Source>],
    modifiers: Option<CompositeConfig>,
) -> ObjectConfig {
    let triggers = spec.triggers.iter().zip(sources);
    let triggers = triggers.map(|(trigger, source)| TriggerConfig {
        name: trigger.name.as_deref().map(Into::into),
        kind: match source {
            None => TriggerKind::Resource,
            Some(source) => TriggerKind::External {
                target: source.target,
                is_plain_value: trigger.metric_type == Some(MetricTargetType::Value),
                use_cached_metrics: trigger.use_cached_metrics == Some(true),
            },
        },
    });
    ObjectConfig {
        created: TimePoint::ZERO,
        cooldown: seconds(spec.cooldown_period()),
        initial_cooldown: seconds(spec.initial_cooldown_period.unwrap_or(0)),
        min: spec.min_replica_count(),
        idle: spec.idle_replica_count,
        fallback: spec.fallback,
        modifiers,
        triggers: triggers.collect(),
        reports_hpa: true,
    }
}
