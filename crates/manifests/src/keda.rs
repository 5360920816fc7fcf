//! What the kinds of KEDA (`keda.sh/v1alpha1`) share: triggers.
//!
//! Source: `apis/keda/v1alpha1/withtriggers_types.go` of KEDA 2.20. The meaning of the metadata of
//! a trigger is its scaler's business; here it is text.

mod trigger;

pub(crate) use trigger::validate;
pub use trigger::{AuthenticationRef, ScaleTrigger};

/// `apiVersion` of ScaledObject and ScaledJob.
pub const API_VERSION: &str = "keda.sh/v1alpha1";
/// How often KEDA polls its triggers where nothing else is said \[s\].
pub const DEFAULT_POLLING_INTERVAL: i32 = 30;
/// The largest number of replicas where nothing else is said.
pub const DEFAULT_MAX_REPLICA_COUNT: i32 = 100;
