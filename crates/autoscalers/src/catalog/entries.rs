//! The policies that have a name, in alphabetical order.

use super::policy_doc::{PolicyDoc, first_bytes, header_len, policy_doc};

/// One line for each policy: its tag in [`PolicySpec`](super::PolicySpec) and its file.
pub(super) static ENTRIES: &[PolicyDoc] = &[
    policy_doc!("adapt", "../research/adapt.rs"),
    policy_doc!("azure_vmss", "../pools/azure_vmss.rs"),
    policy_doc!("conpaas", "../research/conpaas.rs"),
    policy_doc!("ec2", "../pools/ec2.rs"),
    policy_doc!("gcp_mig", "../pools/gcp_mig.rs"),
    policy_doc!("hist", "../research/hist.rs"),
    policy_doc!("hpa", "../hpa.rs"),
    policy_doc!("keda", "../keda.rs"),
    policy_doc!("keda.scaled_job", "../keda/scaled_job.rs"),
    policy_doc!("kpa", "../kpa.rs"),
    policy_doc!("oci", "../pools/oci.rs"),
    policy_doc!("predictive", "../predictive.rs"),
    policy_doc!("predictive.holt_winters", "../predictive/holt_winters.rs"),
    policy_doc!("predictive.linear", "../predictive/linear.rs"),
    policy_doc!(
        "predictive.seasonal_naive",
        "../predictive/seasonal_naive.rs"
    ),
    policy_doc!("react", "../research/react.rs"),
    policy_doc!("reg", "../research/reg.rs"),
    policy_doc!("schedule", "../schedule.rs"),
    policy_doc!("threshold", "../threshold.rs"),
];

/// The autoscalers that are no policies: of nodes, and of what pods request.
pub(super) static SIBLINGS: &[PolicyDoc] = &[
    policy_doc!("cluster_autoscaler", "../cluster_autoscaler.rs"),
    policy_doc!("karpenter", "../karpenter.rs"),
    policy_doc!("vpa", "../vpa.rs"),
];

#[cfg(test)]
mod tests;
