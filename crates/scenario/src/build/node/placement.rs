//! Which nodes the pods of a service may use.

use crate::build::pod::{in_manifest, manifest, metadata};
use crate::build::service::Part;
use crate::diagnostic::{Code, Problems, Severity};
use crate::path::FieldPath;
use flashcrowd_autoscalers::scheduling::{TaintEffect, Toleration, TolerationOperator};
use flashcrowd_core::model::Placement;
use flashcrowd_manifests::pod::{PodSpec, Toleration as Written};
use serde_json::Value;

const DO_NOT_DISRUPT: &str = "karpenter.sh/do-not-disrupt";
const SAFE_TO_EVICT: &str = "cluster-autoscaler.kubernetes.io/safe-to-evict";
const HOSTNAME: &str = "kubernetes.io/hostname";

/// What the scenario says, over what the manifest says.
pub(in crate::build) fn placement(part: &Part<'_>, problems: &mut Problems) -> Placement {
    let own = &part.spec.placement;
    let read = manifest(part);
    let (pod, path) = match &read {
        Some((pod, path)) => (Some(*pod), path.clone()),
        None => (None, FieldPath::default()),
    };
    let given = own.tolerations.as_ref().map(|tolerations| {
        let tolerations = tolerations.iter().map(|it| Toleration {
            key: it.key.clone(),
            operator: it.operator,
            value: it.value.clone(),
            effect: it.effect,
        });
        tolerations.collect()
    });
    let written = || {
        let tolerations = pod
            .map_or(&[][..], |pod| &pod.tolerations)
            .iter()
            .enumerate();
        let path = path.join("tolerations");
        tolerations
            .filter_map(|(index, it)| toleration(part, it, &path.join(index), problems))
            .collect()
    };
    let tolerations = given.unwrap_or_else(written);
    if let Some(pod) = pod
        && super::has_nodes(&part.context.spec.nodes)
    {
        notes(part, pod, &path, problems);
    }
    let template = metadata(part);
    let object = part.chosen.deployment.map(|it| &it.value.metadata);
    let object = object.or(part.chosen.scaled_job.map(|it| &it.value.metadata));
    let selector = || pod.map(|pod| pod.node_selector.clone()).unwrap_or_default();
    let namespace = object.and_then(|it| it.namespace.clone());
    Placement {
        namespace: namespace.unwrap_or_else(|| "default".to_owned()),
        node_selector: own.node_selector.clone().unwrap_or_else(selector),
        tolerations,
        one_per_node: own
            .one_per_node
            .unwrap_or_else(|| pod.is_some_and(is_one_per_node)),
        priority: pod.and_then(|pod| pod.priority),
        safe_to_evict: template
            .and_then(|it| it.annotations.get(SAFE_TO_EVICT))
            .and_then(|text| text.parse().ok()),
        do_not_disrupt: template
            .and_then(|it| it.annotations.get(DO_NOT_DISRUPT))
            .is_some_and(|text| text == "true"),
        local_storage: pod.is_some_and(has_local_storage),
    }
}

fn toleration(
    part: &Part<'_>,
    written: &Written,
    path: &FieldPath,
    problems: &mut Problems,
) -> Option<Toleration> {
    let mut refuse = |field: &str, text: &str, legal: &str| {
        let message = format!("`{text}` is not allowed here");
        in_manifest(part, problems).report(Code::Refused, &path.join(field), message, |problem| {
            problem.legal(legal)
        });
    };
    let operator = match written.operator.as_deref() {
        None | Some("" | "Equal") => TolerationOperator::Equal,
        Some("Exists") => TolerationOperator::Exists,
        Some(other) => {
            refuse("operator", other, "`Equal` or `Exists`");
            return None;
        }
    };
    let effect = match written.effect.as_deref() {
        None | Some("") => None,
        Some("NoSchedule") => Some(TaintEffect::NoSchedule),
        Some("PreferNoSchedule") => Some(TaintEffect::PreferNoSchedule),
        Some("NoExecute") => Some(TaintEffect::NoExecute),
        Some(other) => {
            let legal = "`NoSchedule`, `PreferNoSchedule` or `NoExecute`";
            refuse("effect", other, legal);
            return None;
        }
    };
    Some(Toleration {
        key: written.key.clone().unwrap_or_default(),
        operator,
        value: written.value.clone().unwrap_or_default(),
        effect,
    })
}

/// Says what of the scheduling is not modelled.
fn notes(part: &Part<'_>, pod: &PodSpec, path: &FieldPath, problems: &mut Problems) {
    let mut note = |field: &str, message: &str| {
        let path = path.join(field);
        in_manifest(part, problems).report(Code::NotModelled, &path, message, |problem| {
            problem.severity(Severity::Note)
        });
    };
    if pod.affinity.is_some() && !is_one_per_node(pod) {
        let message = "of affinity only required anti-affinity between the pods of a Deployment, by host, is modelled";
        note("affinity", message);
    }
    if pod.topology_spread_constraints.is_some() {
        let message =
            "spread is not modelled but for the scheduler's own preference for other hosts";
        note("topologySpreadConstraints", message);
    }
}

/// Required anti-affinity by host name; its selector is taken to be that of the pods themselves.
fn is_one_per_node(pod: &PodSpec) -> bool {
    let terms = pod.affinity.as_ref().and_then(|affinity| {
        affinity
            .get("podAntiAffinity")?
            .get("requiredDuringSchedulingIgnoredDuringExecution")?
            .as_array()
    });
    let by_host = |term: &Value| term.get("topologyKey").and_then(Value::as_str) == Some(HOSTNAME);
    terms.is_some_and(|terms| terms.iter().any(by_host))
}

/// An `emptyDir` on disk or a `hostPath`.
fn has_local_storage(pod: &PodSpec) -> bool {
    let volumes = pod.volumes.as_ref().and_then(Value::as_array);
    let is_local = |volume: &Value| {
        let in_memory =
            |empty: &Value| empty.get("medium").and_then(Value::as_str) == Some("Memory");
        volume.get("hostPath").is_some()
            || volume
                .get("emptyDir")
                .is_some_and(|empty| !in_memory(empty))
    };
    volumes.is_some_and(|volumes| volumes.iter().any(is_local))
}
