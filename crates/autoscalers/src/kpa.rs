//! The Knative Pod Autoscaler (KPA), which can go to zero and back.
//!
//! # What it does
//! Every second the concurrency (or the requests per second) of all pods together is recorded in
//! two windows, a stable one (60 s) and a short panic one (6 s). Every 2 s each average asks for
//! `ceil(average / target)` pods, within rates that are relative to the pods that are *ready*. If
//! the panic window asks for twice what is ready, it panics: for a whole stable window nothing is
//! taken away. A reconcile then applies bounds, and takes the last pod away only once the activator,
//! which buffers requests at zero, is known to be in the path ([`Scaler`]).
//!
//! # When it hurts
//! * On the way down the rate is of ready pods, so it halves at each tick only as fast as pods end.
//! * Any positive stable average keeps a pod. The linear average is 0 only after a whole window of
//!   silence.
//! * A new autoscaler that finds more than one pod starts in panic.
//!
//! # Parameters
//! * `config`: keys of the ConfigMap `config-autoscaler`.
//! * `annotations`: of the revision, with or without `autoscaling.knative.dev/`.
//! * `container_concurrency`: requests that one pod may work on; 0 is any number.
//! * `reachable`: whether traffic can reach the revision.
//! * `progress_deadline`: how long a revision may take to start.
//!
//! # Source
//! knative/serving at `98e5ef90` (August 2026): `pkg/autoscaler` and
//! `pkg/reconciler/autoscaling/kpa`, whose recorded decisions (`tests/golden/kpa`) this
//! implementation reproduces.

mod autoscaler;
mod config;
mod decider;
mod delay;
mod scaler;
mod status;
mod steps;
mod window;

pub use autoscaler::Kpa;
pub use config::{Aggregation, KpaConfig, KpaConfigError, KpaSettings, ScalingMetric};
pub use decider::{Decider, DeciderSpec, DeciderStatus, Decision, MetricAverages};
pub use scaler::{ReconcileDecision, ReconcileObservation, Scaler};
pub use status::{ActiveCondition, ActiveStatus, ScaleStatus, ServeMode};
pub use steps::{DeciderSteps, KpaSteps, ScaleAction};
pub use window::MetricWindow;

/// How often the autoscaler decides \[s\].
pub const TICK_SECONDS: u64 = 2;
