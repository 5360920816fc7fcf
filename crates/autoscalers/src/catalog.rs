//! Autoscalers by name: how a scenario file picks one.

mod entries;
mod invalid_policy;
mod policy_doc;
mod policy_spec;

pub use invalid_policy::InvalidPolicy;
pub use policy_doc::PolicyDoc;

use crate::Autoscaler;
use crate::hpa::{Hpa, HpaFlags, InvalidHpa};
use crate::keda::{InvalidKeda, Keda, KedaPolicy};
use crate::kpa::{Kpa, KpaConfig, KpaConfigError};
use crate::pools::{
    AzurePolicy, AzureVmss, Ec2AutoScaling, Ec2Policy, GcpMig, GcpPolicy, InvalidPool, OciPolicy,
    OciPool,
};
use crate::predictive::{Predictive, PredictivePolicy};
use crate::research::adapt::AdaptPolicy;
use crate::research::conpaas::ConPaasPolicy;
use crate::research::hist::HistPolicy;
use crate::research::react::ReactPolicy;
use crate::research::reg::RegPolicy;
use crate::research::{Adapt, ConPaas, Hist, React, Reg, Research};
use crate::schedule::{Schedule, SchedulePolicy};
use crate::threshold::{Threshold, ThresholdPolicy};
use flashcrowd_manifests::hpa::HpaSpec;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// An autoscaler as a scenario file writes it, tagged by its name: `hpa: { spec: ... }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[allow(
    clippy::large_enum_variant,
    reason = "there is one for each service, and it is read once"
)]
pub enum PolicySpec {
    /// Adapt, see [`crate::research::adapt`].
    Adapt(AdaptPolicy),
    /// Autoscale of an Azure scale set, see [`crate::pools::azure_vmss`].
    AzureVmss(AzurePolicy),
    /// ConPaaS, see [`crate::research::conpaas`].
    #[serde(rename = "conpaas")]
    ConPaas(ConPaasPolicy),
    /// Amazon EC2 Auto Scaling, see [`crate::pools::ec2`].
    Ec2(Ec2Policy),
    /// The autoscaler of a Google Cloud instance group, see [`crate::pools::gcp_mig`].
    GcpMig(GcpPolicy),
    /// Hist, see [`crate::research::hist`].
    Hist(HistPolicy),
    /// The Horizontal Pod Autoscaler, see [`crate::hpa`].
    Hpa(HpaPolicy),
    /// KEDA's ScaledObject with its HPA, see [`crate::keda`].
    Keda(KedaPolicy),
    /// The Knative Pod Autoscaler, see [`crate::kpa`].
    Kpa(KpaConfig),
    /// Autoscaling of an OCI instance pool, see [`crate::pools::oci`].
    Oci(OciPolicy),
    /// Forecasts, see [`crate::predictive`].
    Predictive(PredictivePolicy),
    /// React, see [`crate::research::react`].
    React(ReactPolicy),
    /// Reg, see [`crate::research::reg`].
    Reg(RegPolicy),
    /// Replicas by the calendar, see [`crate::schedule`].
    Schedule(SchedulePolicy),
    /// Rules with thresholds, see [`crate::threshold`].
    Threshold(ThresholdPolicy),
    /// One that was registered with [`Catalog::add`].
    Custom(CustomPolicy),
}

/// Parameters of the Horizontal Pod Autoscaler.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HpaPolicy {
    /// `spec` of a HorizontalPodAutoscaler; `scaleTargetRef` may be left out.
    pub spec: HpaSpec,
    /// Flags and feature gates of the controller.
    #[serde(default)]
    pub flags: HpaFlags,
}

/// Parameters of an autoscaler from outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomPolicy {
    /// The name that it was registered under.
    pub name: String,
    /// What its builder gets.
    #[serde(default)]
    pub params: serde_json::Value,
}

type Build = dyn Fn(&serde_json::Value) -> Result<Box<dyn Autoscaler>, String> + Send + Sync;

/// The autoscalers that a program knows.
///
/// ```
/// use flashcrowd_autoscalers::hpa::{Hpa, HpaFlags};
/// use flashcrowd_autoscalers::{Catalog, PolicySpec};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let catalog = Catalog::standard().add("mine", |params| {
///     let spec = serde_json::from_value(params.clone()).map_err(|error| error.to_string())?;
///     let hpa = Hpa::new(&spec, HpaFlags::default()).map_err(|error| error.to_string())?;
///     Ok(Box::new(hpa))
/// });
/// let policy: PolicySpec =
///     serde_json::from_str(r#"{ "custom": { "name": "mine", "params": { "maxReplicas": 5 } } }"#)?;
/// let autoscaler = catalog.build(&policy)?;
/// assert_eq!(autoscaler.queries().len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Default)]
pub struct Catalog {
    custom: BTreeMap<String, Box<Build>>,
}

impl Catalog {
    /// Those of this crate.
    pub fn standard() -> Self {
        Self::default()
    }

    /// Registers an autoscaler from outside for `custom: { name, params }`. The same name again
    /// replaces the earlier one.
    pub fn add<F>(mut self, name: impl Into<String>, build: F) -> Self
    where
        F: Fn(&serde_json::Value) -> Result<Box<dyn Autoscaler>, String> + Send + Sync + 'static,
    {
        self.custom.insert(name.into(), Box::new(build));
        self
    }

    /// What the policies of this crate do, by name.
    pub fn entries() -> &'static [PolicyDoc] {
        entries::ENTRIES
    }

    /// The [`entries`](Self::entries) as a page in Markdown: `docs/policies.md`.
    pub fn page() -> String {
        PolicyDoc::page(entries::ENTRIES, entries::SIBLINGS)
    }

    /// Makes the autoscaler that a scenario asks for.
    ///
    /// # Errors
    /// If its parameters are not legal or its name is not registered.
    pub fn build(&self, policy: &PolicySpec) -> Result<Box<dyn Autoscaler>, CatalogError> {
        match policy {
            PolicySpec::Adapt(policy) => Ok(Box::new(Research::<Adapt>::new(policy)?)),
            PolicySpec::AzureVmss(policy) => Ok(Box::new(AzureVmss::new(policy)?)),
            PolicySpec::ConPaas(policy) => Ok(Box::new(Research::<ConPaas>::new(policy)?)),
            PolicySpec::Ec2(policy) => Ok(Box::new(Ec2AutoScaling::new(policy)?)),
            PolicySpec::GcpMig(policy) => Ok(Box::new(GcpMig::new(policy)?)),
            PolicySpec::Hist(policy) => Ok(Box::new(Research::<Hist>::new(policy)?)),
            PolicySpec::Hpa(policy) => Ok(Box::new(Hpa::new(&policy.spec, policy.flags)?)),
            PolicySpec::Keda(policy) => Ok(Box::new(Keda::new(policy)?)),
            PolicySpec::Kpa(config) => Ok(Box::new(Kpa::new(config)?)),
            PolicySpec::Oci(policy) => Ok(Box::new(OciPool::new(policy)?)),
            PolicySpec::Predictive(policy) => Ok(Box::new(Predictive::new(policy)?)),
            PolicySpec::React(policy) => Ok(Box::new(Research::<React>::new(policy)?)),
            PolicySpec::Reg(policy) => Ok(Box::new(Research::<Reg>::new(policy)?)),
            PolicySpec::Schedule(policy) => {
                let inner = policy.policy.as_deref().map(|it| self.build(it));
                Ok(Box::new(Schedule::new(policy, inner.transpose()?)?))
            }
            PolicySpec::Threshold(policy) => Ok(Box::new(Threshold::new(policy)?)),
            PolicySpec::Custom(CustomPolicy { name, params }) => {
                let build = self.custom.get(name).ok_or_else(|| CatalogError::Unknown {
                    name: name.clone(),
                    known: self.custom.keys().cloned().collect(),
                })?;
                build(params).map_err(|message| CatalogError::Custom {
                    name: name.clone(),
                    message,
                })
            }
        }
    }
}

impl fmt::Debug for Catalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Catalog")
            .field("custom", &self.custom.keys())
            .finish()
    }
}

/// An autoscaler that cannot be made. All of these are mistakes in the scenario.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogError {
    /// The HPA's specification is not legal.
    #[error(transparent)]
    Hpa(#[from] InvalidHpa),
    /// The ScaledObject is not legal.
    #[error(transparent)]
    Keda(#[from] InvalidKeda),
    /// A setting of the Knative Pod Autoscaler cannot be used.
    #[error(transparent)]
    Kpa(#[from] KpaConfigError),
    /// The parameters of another policy are not legal.
    #[error(transparent)]
    Policy(#[from] InvalidPolicy),
    /// The configuration of an instance pool is not legal.
    #[error(transparent)]
    Pool(#[from] InvalidPool),
    /// Nobody has registered this name.
    #[error("no autoscaler is registered as `{name}`; known are: {}", known.join(", "))]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// The names that are registered.
        known: Vec<String>,
    },
    /// The builder of an autoscaler from outside refuses its parameters.
    #[error("autoscaler `{name}`: {message}")]
    Custom {
        /// The name it is registered under.
        name: String,
        /// What its builder says.
        message: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn build(policy: serde_json::Value) -> Result<Box<dyn Autoscaler>, CatalogError> {
        Catalog::standard().build(&serde_json::from_value(policy).expect("the policy reads"))
    }

    #[test]
    fn the_hpa_is_standard() {
        let policy =
            json!({ "hpa": { "spec": { "maxReplicas": 5 }, "flags": { "tolerance": 0.2 } } });
        assert!(build(policy).is_ok());
    }

    #[test]
    fn keda_and_kpa_are_standard() {
        let list = json!({ "type": "redis", "metadata": { "listName": "orders" } });
        let keda = build(json!({ "keda": { "spec": { "triggers": [list] } } }));
        assert_eq!(keda.expect("it is legal").queries().len(), 1);
        let kpa = build(json!({ "kpa": { "containerConcurrency": 10 } }));
        assert_eq!(kpa.expect("it is legal").queries().len(), 1);
        let refused = build(json!({ "keda": { "spec": { "triggers": [] } } }));
        let message = refused.expect_err("it is a mistake").to_string();
        assert!(
            message.starts_with("the ScaledObject is not valid; spec.triggers"),
            "{message}"
        );
    }

    #[test]
    fn instance_pools_are_standard() {
        let capacity = json!({ "min": 1, "max": 3, "initial": 1 });
        let rule = json!({ "action": { "type": "CHANGE_COUNT_BY", "value": 1 }, "metric": {
            "metricType": "CPU_UTILIZATION", "threshold": { "operator": "GT", "value": 70 } } });
        let oci = json!({ "oci": { "configuration": {
            "policies": [{ "capacity": capacity, "rules": [rule] }] } } });
        let ec2 = json!({ "ec2": { "group": { "MinSize": 1, "MaxSize": 3 } } });
        let azure = json!({ "azure_vmss": { "setting": { "properties": { "profiles": [{
            "capacity": { "minimum": "1", "maximum": "3", "default": "1" } }] } } } });
        let gcp = json!({ "gcp_mig": { "policy": { "maxNumReplicas": 3 } } });
        for policy in [oci, ec2, azure, gcp] {
            assert!(build(policy).is_ok());
        }
        let refused = build(json!({ "gcp_mig": { "policy": { "maxNumReplicas": 0 } } }));
        assert_eq!(
            refused.expect_err("it is a mistake").to_string(),
            "the autoscaling policy of the instance group is not valid; maxNumReplicas: is 0: must be at least 2"
        );
    }

    #[test]
    fn mistakes_are_named() {
        let message = |policy| build(policy).expect_err("it is a mistake").to_string();
        let bounds = message(json!({ "hpa": { "spec": { "maxReplicas": 0 } } }));
        assert_eq!(
            bounds,
            "the HorizontalPodAutoscaler is not valid; spec.maxReplicas: is 0: must be greater than 0"
        );
        let unknown = message(json!({ "custom": { "name": "mine" } }));
        assert!(
            unknown.starts_with("no autoscaler is registered as `mine`"),
            "{unknown}"
        );
    }
}
