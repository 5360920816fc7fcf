//! The contract between a recommender of resources and whoever drives it.

use super::{PodRecommendation, ResourceAmounts};
use crate::{PodId, RestoreError, SavedState, TimePoint};
use flashcrowd_units::Bytes;
use std::fmt;

/// A recommender of CPU and memory for the containers of a workload, as a state machine: memory in
/// `self`, everything else in the argument. The sibling of [`Autoscaler`](crate::Autoscaler),
/// which decides how many pods there are.
///
/// The driver brings samples in the order in which they become known, and asks for a
/// recommendation at every pass (1 min apart, for the one of Kubernetes).
pub trait ResourceRecommender: fmt::Debug + Send {
    /// Takes what a container used.
    fn observe(&mut self, sample: &ContainerSample<'_>) -> SampleOutcome;

    /// Takes an OOM kill, after the samples of the container that are older. Returns how much
    /// memory the container is taken to have needed; `None` if the kill is refused as too old.
    fn observe_oom(&mut self, kill: &OomKill<'_>) -> Option<Bytes>;

    /// What the containers should have. Asking is part of the history: it may shift the scale of
    /// weights, so a driver asks at every pass, or only when it wants to know, but not both.
    fn recommend(&mut self, now: TimePoint) -> PodRecommendation;

    /// A pod is gone. What its containers used stays in the distributions.
    fn forget_pod(&mut self, _pod: PodId) {}

    /// Forgets what nothing was heard of for long (8 days). Every hour, in Kubernetes.
    fn collect_garbage(&mut self, _now: TimePoint) {}

    /// The memory of this recommender, without its configuration.
    fn save(&self) -> SavedState;

    /// Takes over a memory that a recommender of the same kind and configuration has saved.
    ///
    /// # Errors
    /// If it is the memory of something else. The own memory is then unchanged.
    fn restore(&mut self, state: &SavedState) -> Result<(), RestoreError>;
}

/// What a container used at one time. CPU is an average over some window, memory is the working
/// set at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContainerSample<'a> {
    /// The pod.
    pub pod: PodId,
    /// Name of the container.
    pub container: &'a str,
    /// The labels of the pod, as a number that stands for them: pods of one revision of a
    /// workload share it.
    pub label_set: u64,
    /// When this was measured.
    pub at: TimePoint,
    /// How much; `None` for a resource that was not measured.
    pub usage: ResourceAmounts,
}

/// Whether a sample was taken. One that is late may be refused. `true` for a resource that it does
/// not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleOutcome {
    /// Whether its CPU was taken.
    pub cpu_accepted: bool,
    /// Whether its memory was taken.
    pub memory_accepted: bool,
}

/// A container that was killed because it had no memory left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OomKill<'a> {
    /// The pod.
    pub pod: PodId,
    /// Name of the container.
    pub container: &'a str,
    /// As in [`ContainerSample::label_set`].
    pub label_set: u64,
    /// When.
    pub at: TimePoint,
    /// What the container had requested.
    pub requested: Bytes,
}
