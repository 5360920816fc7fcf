//! Autoscalers of virtual machine pools, as the four large clouds have them.
//!
//! | Cloud | Module | Configuration |
//! |---|---|---|
//! | Azure | [`azure_vmss`] | an autoscale setting as JSON |
//! | AWS | [`ec2`] | group, scaling policies, alarms and scheduled actions as the AWS command line takes them |
//! | Google Cloud | [`gcp_mig`] | an autoscaling policy as JSON |
//! | OCI | [`oci`] | an autoscaling configuration as JSON |
//!
//! Instances are pods here: an instance is *running* when its phase is, *in service* when it is
//! ready, and its time in service counts from the last transition of that condition. Utilization
//! is usage over request, and an instance requests all of its cores and memory. Every other metric
//! is asked for by name ([`MetricQuery::External`](crate::MetricQuery::External)); the series of
//! the answer are added up.
//!
//! All four look at minutes: samples are put into the minute in which they were measured, and
//! rules see minutes that are over. [`next_wakeup`](crate::Autoscaler::next_wakeup) asks for a
//! sync at each full minute.
//!
//! The services are closed: their behaviour is taken from the documentation, and where that is
//! silent the choice is said in the module.

pub mod azure_vmss;
mod calendar;
pub mod ec2;
#[cfg(test)]
mod fixture;
pub mod gcp_mig;
mod instances;
mod metric;
pub mod oci;
mod series;

pub use azure_vmss::{AzurePolicy, AzureSteps, AzureVmss};
pub use ec2::{Ec2AutoScaling, Ec2Policy, Ec2Steps};
pub use gcp_mig::{GcpMig, GcpPolicy, GcpSteps};
pub use oci::{OciPolicy, OciPool, OciSteps};

use crate::TimePoint;
use flashcrowd_manifests::Problem;
use flashcrowd_units::SimDuration;
use std::fmt;

/// A configuration that the cloud would refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidPool {
    /// What is configured, in the cloud's words.
    pub kind: &'static str,
    /// Everything that is wrong with it.
    pub problems: Vec<Problem>,
}

impl InvalidPool {
    /// Nothing, or the problems as an error.
    fn unless_empty(kind: &'static str, problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Self { kind, problems })
        }
    }
}

impl fmt::Display for InvalidPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the {} is not valid", self.kind)?;
        self.problems
            .iter()
            .try_for_each(|problem| write!(f, "; {problem}"))
    }
}

impl std::error::Error for InvalidPool {}

/// The first second of 2026 \[Unix seconds\].
const DEFAULT_EPOCH: i64 = 1_767_225_600;

fn default_epoch() -> i64 {
    DEFAULT_EPOCH
}

/// How long a minute takes to show up in the metrics of a cloud, by our choice.
fn default_publish_delay() -> SimDuration {
    SimDuration::from_secs(60)
}

/// The next full minute.
fn next_minute(now: TimePoint) -> TimePoint {
    TimePoint::from_nanos(series::minute_end(series::full_minutes(now)))
}

/// A number of instances rounded up. What floating point adds to a whole number does not count.
fn ceil_instances(number: f64) -> u32 {
    const NOISE: f64 = 1e-9;
    (number - NOISE * number.abs().clamp(1.0, 1e12)).ceil() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_stay_whole() {
        for (number, instances) in [
            (15.0, 15),
            (15.000_000_000_000_002, 15),
            (14.999_999_999_999_998, 15),
            (3.1, 4),
            (0.0, 0),
            (-1.0, 0),
            (f64::INFINITY, u32::MAX),
            (f64::NAN, 0),
        ] {
            assert_eq!(ceil_instances(number), instances, "{number}");
        }
    }

    #[test]
    fn the_next_minute_is_later() {
        let next = |millis| next_minute(TimePoint::from_millis(millis));
        assert_eq!(next(0), TimePoint::from_secs(60));
        assert_eq!(next(59_999), TimePoint::from_secs(60));
        assert_eq!(next(60_000), TimePoint::from_secs(120));
        assert_eq!(next(-1), TimePoint::ZERO);
    }
}
