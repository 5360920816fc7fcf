//! The Vertical Pod Autoscaler (`autoscaling.k8s.io/v1`), version 1.7.
//!
//! # What it does
//! Three parts that meet only in the recommendation:
//!
//! * [`VpaRecommender`] watches what containers use and says what they should request: the 90th
//!   percentile of CPU usage and of daily memory peaks in the last days, plus 15 %, with bounds
//!   that are wide at first and narrow as more is seen. It implements [`ResourceRecommender`].
//! * [`VpaUpdater`] compares the pods that run with the recommendation, and evicts or resizes
//!   those that are outside the bounds, or off by a tenth after twelve hours; a few at a time.
//! * [`admit`] gives a pod that is being created the recommended requests, and limits in the
//!   proportion that they had.
//!
//! # When it hurts
//! An eviction is a restart, and a single replica is never evicted unless `minReplicas` says so.
//! One peak of memory stays for days; a leak that was fixed is forgotten slowly. Together with an
//! HPA on the same resource it moves the denominator of the HPA's utilization.
//!
//! # Parameters
//! `VpaSpec`, as in a manifest (`updatePolicy`, `resourcePolicy`); [`RecommenderFlags`] and
//! [`UpdaterFlags`] with the defaults of upstream: a pass each minute, half-lives of 24 h, 15 % margin,
//! half of the pods at a time.
//!
//! # Source
//! `vertical-pod-autoscaler/pkg` of kubernetes/autoscaler. The recommender reproduces recorded
//! recommendations to the byte (`tests/golden/vpa`); updater and admission follow the rules of the
//! source, for which no recordings exist. Not modelled: `LimitRange`, startup boost, the
//! eviction rate limit (off by default), several VPAs for one pod.

mod admission;
mod amounts;
mod capping;
mod recommendation;
mod recommender;
mod resource_recommender;
mod updater;

pub use admission::{AdmittedContainer, ContainerResources, LimitRule, PodContainer, admit};
pub use amounts::ResourceAmounts;
pub use recommendation::{
    Cap, ContainerRecommendation, ContainerSteps, EstimateSteps, PodRecommendation, ResourceSteps,
};
pub use recommender::{EstimatorFlags, RecommenderFlags, VpaRecommender};
pub use resource_recommender::{ContainerSample, OomKill, ResourceRecommender, SampleOutcome};
pub use updater::{
    PodVerdict, ReplicaGroup, Resize, ResizeState, UpdateAction, UpdateDecision, UpdatePriority,
    UpdaterContainer, UpdaterFlags, UpdaterObservation, UpdaterPod, Verdict, VpaUpdater,
};

use flashcrowd_manifests::Problem;
use flashcrowd_manifests::vpa::{VpaFeatureGates, VpaSpec};
use std::fmt;

/// A specification that the admission webhook would refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidVpa {
    /// Everything that is wrong with it.
    pub problems: Vec<Problem>,
}

impl InvalidVpa {
    /// Checks everything but `targetRef`.
    fn check(spec: &VpaSpec, gates: VpaFeatureGates) -> Result<(), Self> {
        let mut problems = spec.validate(gates);
        problems.retain(|problem| !problem.path.starts_with("spec.targetRef"));
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Self { problems })
        }
    }
}

impl fmt::Display for InvalidVpa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the VerticalPodAutoscaler is not valid")?;
        self.problems
            .iter()
            .try_for_each(|problem| write!(f, "; {problem}"))
    }
}

impl std::error::Error for InvalidVpa {}
