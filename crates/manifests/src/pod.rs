//! Pods, as templates of workloads describe them.

mod container;
mod lifecycle;
mod probe;
mod resources;
mod spec;

pub use container::{Container, ContainerPort, EnvVar};
pub use lifecycle::{
    ExecAction, GrpcAction, HttpGetAction, HttpHeader, Lifecycle, LifecycleHandler, SleepAction,
    TcpSocketAction,
};
pub use probe::{Probe, ProbeTimings};
pub use resources::ResourceRequirements;
pub use spec::{DEFAULT_TERMINATION_GRACE_PERIOD_SECONDS, PodSpec, PodTemplateSpec, Toleration};
