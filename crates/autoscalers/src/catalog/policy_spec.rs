//! What can be said of a policy before it is built.

use super::{CustomPolicy, PolicySpec};
use crate::keda::KedaPolicy;
use crate::kpa::{KpaConfig, TICK_SECONDS};
use crate::schedule::ReplicaRange;
use flashcrowd_manifests::hpa::HpaSpec;
use flashcrowd_units::SimDuration;

/// How often a controller is asked that says nothing about it: the HPA's sync period.
const SYNC_PERIOD: SimDuration = SimDuration::from_secs(15);

/// Autoscalers of instance pools go by minutes.
const POOL_PERIOD: SimDuration = SimDuration::from_secs(60);

impl PolicySpec {
    /// Its name: the tag, or the name that it was registered under.
    pub fn name(&self) -> &str {
        match self {
            Self::Adapt(_) => "adapt",
            Self::AzureVmss(_) => "azure_vmss",
            Self::ConPaas(_) => "conpaas",
            Self::Ec2(_) => "ec2",
            Self::GcpMig(_) => "gcp_mig",
            Self::Hist(_) => "hist",
            Self::Hpa(_) => "hpa",
            Self::Keda(_) => "keda",
            Self::Kpa(_) => "kpa",
            Self::Oci(_) => "oci",
            Self::Predictive(_) => "predictive",
            Self::React(_) => "react",
            Self::Reg(_) => "reg",
            Self::Schedule(_) => "schedule",
            Self::Threshold(_) => "threshold",
            Self::Custom(CustomPolicy { name, .. }) => name,
        }
    }

    /// How often it is asked while it keeps no clock of its own
    /// ([`Autoscaler::next_wakeup`](crate::Autoscaler::next_wakeup)).
    pub fn sync_period(&self) -> SimDuration {
        match self {
            Self::Hpa(hpa) => hpa.flags.sync_period,
            Self::Keda(keda) => keda.flags.sync_period,
            Self::Kpa(_) => SimDuration::from_secs(TICK_SECONDS),
            Self::AzureVmss(_) | Self::Ec2(_) | Self::GcpMig(_) | Self::Oci(_) => POOL_PERIOD,
            Self::Schedule(schedule) => schedule
                .policy
                .as_deref()
                .map_or(SYNC_PERIOD, Self::sync_period),
            _ => SYNC_PERIOD,
        }
    }

    /// The fewest and the most replicas that it asks for as configured. `None` if that is not
    /// known before it is built.
    pub fn bounds(&self) -> Option<ReplicaRange> {
        match self {
            Self::Hpa(hpa) => Some(of_hpa(&hpa.spec)),
            Self::Keda(keda) => Some(of_keda(keda)),
            Self::Kpa(kpa) => of_kpa(kpa),
            Self::Predictive(policy) => Some(policy.replicas),
            Self::Adapt(policy) => Some(policy.replicas),
            Self::ConPaas(policy) => Some(policy.replicas),
            Self::Hist(policy) => Some(policy.replicas),
            Self::React(policy) => Some(policy.replicas),
            Self::Reg(policy) => Some(policy.replicas),
            Self::Threshold(policy) => Some(policy.replicas),
            // Of scheduled policies and profiles each has bounds of its own: the widest.
            Self::Oci(oci) => {
                let policies = oci.configuration.policies.iter();
                let capacities = policies.filter_map(|policy| policy.capacity);
                widest(capacities.filter_map(|it| it.min.zip(it.max)))
            }
            Self::AzureVmss(azure) => {
                let profiles = azure.setting.properties.profiles.iter();
                widest(profiles.map(|it| (it.capacity.minimum, it.capacity.maximum)))
            }
            Self::Ec2(ec2) => Some(ReplicaRange {
                min: ec2.group.min_size,
                max: ec2.group.max_size,
            }),
            Self::GcpMig(gcp) => Some(ReplicaRange {
                // The console fills in 2.
                min: gcp.policy.min_num_replicas.unwrap_or(2),
                max: gcp.policy.max_num_replicas,
            }),
            Self::Schedule(_) | Self::Custom(_) => None,
        }
    }
}

fn widest(bounds: impl Iterator<Item = (u32, u32)>) -> Option<ReplicaRange> {
    let (min, max) = bounds.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))?;
    Some(ReplicaRange { min, max })
}

fn range(min: i32, max: i32) -> ReplicaRange {
    ReplicaRange {
        min: u32::try_from(min).unwrap_or(0),
        max: u32::try_from(max).unwrap_or(0),
    }
}

fn of_hpa(spec: &HpaSpec) -> ReplicaRange {
    range(spec.min_replicas.unwrap_or(1), spec.max_replicas)
}

fn of_keda(policy: &KedaPolicy) -> ReplicaRange {
    let spec = &policy.spec;
    let min = spec.min_replica_count();
    let min = spec.idle_replica_count.unwrap_or(min).min(min);
    range(min, spec.max_replica_count())
}

fn of_kpa(config: &KpaConfig) -> Option<ReplicaRange> {
    let settings = config.resolve().ok()?;
    (settings.max_scale > 0).then(|| ReplicaRange {
        min: u32::try_from(settings.min_scale).unwrap_or(0),
        max: u32::try_from(settings.max_scale).unwrap_or(0),
    })
}
