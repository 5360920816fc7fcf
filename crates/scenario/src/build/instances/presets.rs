//! What the clouds do if nobody says otherwise.
//!
//! | | oci | ec2 | azure_vmss | gcp_mig |
//! |---|---|---|---|---|
//! | health check: interval, timeout, healthy, unhealthy | 10 s, 3 s, 3, 3 | 30 s, 5 s, 5, 2 | 5 s, 5 s, 1, 2 | 5 s, 5 s, 2, 2 |
//! | drain | none | 300 s | none | none |
//! | boot: median, p95 | 75 s, 150 s | 40 s, 75 s | 75 s, 120 s | 75 s, 120 s |
//! | who goes first | oldest | billing hour | newest | not in service |
//! | grace period of repairs | - | 300 s | 10 min | 300 s |
//!
//! Sources: health checks and deregistration delay from the references of OCI Load Balancing,
//! Elastic Load Balancing, Azure Load Balancer and Cloud Load Balancing; grace periods from "Health
//! check grace period" (the console's value), "Automatic instance repairs" and "Autohealing". The
//! times of boots are our choice: nobody documents them.

use crate::spec::Cloud;
use flashcrowd_core::model::{Probe, TerminationOrder};
use flashcrowd_units::SimDuration;
use flashcrowd_workload::{Lognormal, ServiceTime};

/// What a cloud does if nobody says otherwise.
pub(super) struct Preset {
    pub(super) health_check: Probe,
    pub(super) drain: SimDuration,
    pub(super) boot: ServiceTime,
    pub(super) termination_order: TerminationOrder,
    /// Of repairs.
    pub(super) grace: SimDuration,
}

/// From the stop of an instance until it is gone: 30 to 120 s.
pub(super) const TERMINATION: ServiceTime = lognormal(60, 120);
/// From the request until a stopped instance runs: 20 to 40 s.
pub(super) const WARM_START: ServiceTime = lognormal(30, 40);

pub(super) fn preset(cloud: Cloud) -> Preset {
    match cloud {
        Cloud::Oci => Preset {
            health_check: check(10, 3, 3, 3),
            drain: SimDuration::ZERO,
            boot: lognormal(75, 150),
            termination_order: TerminationOrder::OldestFirst,
            grace: SimDuration::from_secs(300),
        },
        Cloud::Ec2 => Preset {
            health_check: check(30, 5, 5, 2),
            drain: SimDuration::from_secs(300),
            boot: lognormal(40, 75),
            termination_order: TerminationOrder::BillingHour,
            grace: SimDuration::from_secs(300),
        },
        Cloud::AzureVmss => Preset {
            health_check: check(5, 5, 1, 2),
            drain: SimDuration::ZERO,
            boot: lognormal(75, 120),
            termination_order: TerminationOrder::NewestFirst,
            grace: SimDuration::from_secs(600),
        },
        Cloud::GcpMig => Preset {
            health_check: check(5, 5, 2, 2),
            drain: SimDuration::ZERO,
            boot: lognormal(75, 120),
            termination_order: TerminationOrder::UnhealthyFirst,
            grace: SimDuration::from_secs(300),
        },
    }
}

const fn check(interval: u64, timeout: u64, healthy: u32, unhealthy: u32) -> Probe {
    Probe {
        initial_delay: SimDuration::ZERO,
        period: SimDuration::from_secs(interval),
        timeout: SimDuration::from_secs(timeout),
        success_threshold: healthy,
        failure_threshold: unhealthy,
        grace_period: None,
    }
}

const fn lognormal(median: u64, p95: u64) -> ServiceTime {
    ServiceTime::Lognormal(Lognormal::MedianP95 {
        median: SimDuration::from_secs(median),
        p95: SimDuration::from_secs(p95),
    })
}
