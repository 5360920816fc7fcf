//! Pods that are kept from nodes which they seem to want.

use crate::build::Context;
use crate::diagnostic::{Code, Problems, Severity};
use crate::path::FieldPath;
use flashcrowd_autoscalers::scheduling::TaintEffect;
use flashcrowd_core::model::{NodeGroup, Placement, Service};

/// Whether a toleration of the pods is for a taint of the group, and none of its taints keeps them out.
fn is_tolerated(placement: &Placement, group: &NodeGroup) -> bool {
    let mut hard = group
        .shape
        .taints
        .iter()
        .filter(|taint| taint.effect != TaintEffect::PreferNoSchedule)
        .peekable();
    let tolerations = &placement.tolerations;
    hard.peek().is_some() && hard.all(|taint| tolerations.iter().any(|it| it.tolerates(taint)))
}

fn is_selected(placement: &Placement, group: &NodeGroup) -> bool {
    let labels = &group.shape.labels;
    let mut selector = placement.node_selector.iter();
    selector.all(|(key, value)| labels.get(key) == Some(value))
}

/// Warns of tolerations that the node selector makes idle: a toleration lets pods onto a node and
/// does not take them there.
pub(super) fn tolerated_in_vain(
    context: &Context<'_>,
    service: &Service,
    groups: &[NodeGroup],
    problems: &mut Problems,
) {
    let placement = &service.pod.placement;
    let tolerated: Vec<&NodeGroup> = groups
        .iter()
        .filter(|group| group.max > 0 && is_tolerated(placement, group))
        .collect();
    if tolerated.is_empty() || tolerated.iter().any(|group| is_selected(placement, group)) {
        return;
    }
    let names: Vec<String> = tolerated
        .iter()
        .map(|group| format!("`{}`", group.name))
        .collect();
    let message = format!(
        "the pods of `{}` tolerate the taints of {}, and their node selector keeps them from it: they never land there",
        service.name,
        names.join(" and ")
    );
    let path = FieldPath::default().join("services").join(&service.name);
    let mut check = context.check(problems);
    check.report_key(Code::Ineffective, &path, message, |problem| {
        let problem = problem.severity(Severity::Warning);
        problem.help("select a label that those nodes have, or drop the toleration")
    });
}
