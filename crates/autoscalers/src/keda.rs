//! KEDA 2.20: event-driven autoscaling.
//!
//! # What it does
//! Two loops share a workload. KEDA's own polls its triggers and decides only between nothing and
//! something: 0 (or idle) to the minimum when a trigger becomes active, and back once none has
//! been for the cooldown. Everything between minimum and maximum is the business of an ordinary
//! HPA that KEDA makes, whose external metrics are queries to KEDA. A ScaledJob has no HPA: each
//! poll makes Jobs.
//!
//! # When it hurts
//! * A trigger in error freezes the time of the last activity, so a later cooldown may be cut
//!   short. Fallback counts failed queries of the HPA too, so its threshold is reached sooner than
//!   the polling interval suggests.
//! * Cooldown says nothing about the way from N to 1: that is the HPA's stabilization.
//! * cpu and memory triggers never count as activity.
//!
//! # Parameters
//! * `spec`: the ScaledObject's, with its triggers; `scaleTargetRef` may be left out.
//! * `annotations`: those of the ScaledObject, which can pause it.
//! * `flags`: of the HPA that KEDA makes.
//! * `epoch_unix_seconds`: when the run starts, for cron triggers.
//!
//! # Source
//! kedacore/keda at `8b4f083c` (v2.20.1-117), whose recorded decisions (`tests/golden/keda`) this
//! implementation reproduces without a difference.

mod autoscaler;
mod config;
mod copies;
pub mod cron;
mod fallback;
mod fetch;
pub mod formula;
mod hpa_spec;
pub mod kafka;
mod pausing;
mod policy;
pub mod scaled_job;
mod scaled_object;
mod source;
mod status;
mod steps;

pub use autoscaler::Keda;
pub use config::{CompositeConfig, ObjectConfig, TriggerConfig, TriggerKind};
pub use fetch::{Fetch, Outcome, Reading};
pub use formula::{Formula, FormulaError};
pub use pausing::Pausing;
pub use policy::{InvalidKeda, KedaPolicy};
pub use scaled_object::{MetricName, ObjectLoop, ObjectObservation, PollDecision};
pub use source::{FIELD_LABEL, SCALER_LABEL, Source};
pub use status::{Condition, Conditions, Health, ObjectStatus};
pub use steps::{KedaSteps, PollPath, PollSteps, QuerySteps, TriggerStep};
