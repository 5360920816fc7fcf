//! Autoscalers as pure state machines: observation in, decision out.
//!
//! An [`Autoscaler`] keeps its memory in itself and takes everything else as an argument: the
//! time, the scale it controls, the pods and the metrics, each with its own timestamp
//! ([`Observation`]). It answers with a [`ScalingDecision`] that carries its reason and every
//! intermediate number. There is no clock, no randomness and no I/O here, so a controller can be
//! driven by a simulation, by a recorded metric history or by a list of golden decisions.
//!
//! ```
//! use flashcrowd_autoscalers::{Autoscaler, Observation, ScaleOutcome, hpa::{Hpa, HpaFlags}};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use flashcrowd_autoscalers::{ContainerUsage, MilliValue, PodId, PodPhase, PodRequests, PodUsage, PodView};
//! # use flashcrowd_autoscalers::{ReadyCondition, Scale, TimePoint};
//! # use flashcrowd_units::{Millicores, Replicas, SimDuration};
//! let spec = serde_json::from_str(r#"{ "maxReplicas": 10 }"#)?; // CPU at 80 % of the request
//! let mut hpa = Hpa::new(&spec, HpaFlags::default())?;
//!
//! let now = TimePoint::from_secs(3600);
//! let requests = PodRequests::single("shop", Some(Millicores::new(500)), None);
//! let pod = PodView {
//!     id: PodId(0),
//!     phase: PodPhase::Running,
//!     start_time: Some(TimePoint::from_secs(0)),
//!     ready: Some(ReadyCondition::ready_since(TimePoint::from_secs(10))),
//!     deleting: false,
//!     requests: &requests,
//! };
//! let usage = [ContainerUsage { name: "shop", cpu: Some(MilliValue::new(800)), memory: None }];
//! let sample = PodUsage { pod: PodId(0), at: now, window: SimDuration::from_secs(15), containers: &usage };
//! let decision = hpa.decide(&Observation {
//!     now,
//!     scale: Some(Scale { spec_replicas: Replicas(1), status_replicas: Replicas(1) }),
//!     pods: &[pod],
//!     resources: Some(&[sample]),
//!     answers: &[],
//! });
//! assert_eq!(decision.desired, Replicas(2)); // ceil(160 % / 80 % * 1)
//! assert_eq!(decision.reason.to_string(), "cpu resource utilization (percentage of request) above target");
//! hpa.committed(&decision, ScaleOutcome::Applied);
//! # Ok(())
//! # }
//! ```

mod autoscaler;
pub mod catalog;
pub mod cluster_autoscaler;
mod decision;
pub mod hpa;
pub mod karpenter;
pub mod keda;
pub mod kpa;
mod milli;
mod node_autoscaler;
mod observation;
pub mod pools;
pub mod predictive;
mod requests;
pub mod research;
pub mod schedule;
pub mod scheduling;
pub mod threshold;
mod time;
pub mod vpa;

pub use autoscaler::{Autoscaler, MetricQuery, RestoreError, SavedState, ScaleOutcome};
pub use catalog::{Catalog, CatalogError, InvalidPolicy, PolicyDoc, PolicySpec};
pub use decision::{Limit, Reason, ScalingDecision, Steps};
pub use milli::MilliValue;
pub use node_autoscaler::NodeAutoscaler;
pub use observation::{
    ConditionStatus, ContainerUsage, MetricAnswer, Observation, PodId, PodPhase, PodSample,
    PodUsage, PodView, ReadyCondition, ResourceName, Scale,
};
pub use requests::PodRequests;
pub use time::TimePoint;
pub use vpa::ResourceRecommender;
