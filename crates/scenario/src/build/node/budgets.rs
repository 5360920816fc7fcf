//! PodDisruptionBudgets of the manifests.

use crate::build::Context;
use crate::diagnostic::{Code, Problems, Severity};
use crate::manifest::Placed;
use crate::path::FieldPath;
use flashcrowd_core::model::{DisruptionBudget, DisruptionFloor, IntOrPercent, ServiceId};
use flashcrowd_manifests::pod_disruption_budget::UnhealthyPodEvictionPolicy;
use flashcrowd_manifests::{Deployment, PodDisruptionBudget};
use std::collections::BTreeSet;

/// Each budget once, however many services name its file, with the services that it selects.
pub(super) fn budgets(context: &Context<'_>, problems: &mut Problems) -> Vec<DisruptionBudget> {
    let mut seen = BTreeSet::new();
    let mut budgets = Vec::new();
    for objects in context.objects.values() {
        for budget in &objects.budgets {
            let metadata = &budget.value.metadata;
            let identity = (metadata.namespace.clone(), metadata.name.clone());
            if seen.insert(identity) {
                budgets.extend(one(context, budget, problems));
            }
        }
    }
    budgets
}

/// Says that budgets play no part where no node is ever drained.
pub(super) fn without_groups(context: &Context<'_>, problems: &mut Problems) {
    for objects in context.objects.values() {
        for budget in &objects.budgets {
            let name = budget.value.metadata.name.as_deref().unwrap_or_default();
            let message =
                format!("PodDisruptionBudget `{name}` plays no part without `nodes.groups`");
            let path = FieldPath::default().join("kind");
            budget
                .check(problems)
                .report(Code::NotModelled, &path, message, |problem| {
                    problem.severity(Severity::Note)
                });
        }
    }
}

fn one(
    context: &Context<'_>,
    budget: &Placed<PodDisruptionBudget>,
    problems: &mut Problems,
) -> Option<DisruptionBudget> {
    let spec = &budget.value.spec;
    let floor = match (spec.min_available, spec.max_unavailable) {
        (Some(value), _) => DisruptionFloor::MinAvailable(number(value)?),
        (None, Some(value)) => DisruptionFloor::MaxUnavailable(number(value)?),
        (None, None) => return None,
    };
    let selector = spec.selector.as_ref()?;
    let namespace = budget.value.metadata.namespace.as_deref();
    let is_selected = |deployment: &Deployment| {
        let same = deployment
            .metadata
            .namespace
            .as_deref()
            .unwrap_or("default")
            == namespace.unwrap_or("default");
        same && selector.matches(&deployment.spec.template.metadata.labels)
    };
    let mut services = Vec::new();
    for (index, (name, service)) in context.spec.services.iter().enumerate() {
        let deployment = context
            .objects
            .get(name)
            .and_then(|objects| objects.deployment(service.deployment.as_deref(), name));
        if deployment.is_some_and(|deployment| is_selected(&deployment.value)) {
            services.push(ServiceId(index as u32));
        }
    }
    if services.is_empty() {
        budget.check(problems).warn(
            Code::Ineffective,
            &FieldPath::default().join("spec").join("selector"),
            "this PodDisruptionBudget selects none of the pods that the manifests describe",
            "compare the selector with the labels in the Deployment's pod template",
        );
        return None;
    }
    Some(DisruptionBudget {
        name: budget.value.metadata.name.clone().unwrap_or_default(),
        services,
        floor,
        always_evict_unready: spec.unhealthy_pod_eviction_policy
            == Some(UnhealthyPodEvictionPolicy::AlwaysAllow),
    })
}

fn number(value: flashcrowd_manifests::IntOrPercent) -> Option<IntOrPercent> {
    use flashcrowd_manifests::IntOrPercent as Manifest;
    match value {
        Manifest::Int(number) => u32::try_from(number).ok().map(IntOrPercent::Int),
        Manifest::Percent(percent) => u32::try_from(percent).ok().map(IntOrPercent::Percent),
    }
}
