//! What the API server refuses in a Deployment and in a PodDisruptionBudget.

use super::Placed;
use crate::diagnostic::{Code, Problems, Severity};
use crate::path::FieldPath;
use flashcrowd_manifests::{Deployment, PodDisruptionBudget};

/// Checks the numbers that are not negative, and that the selector selects the template.
pub(super) fn deployment(deployment: &Placed<Deployment>, problems: &mut Problems) {
    let spec = &deployment.value.spec;
    let path = FieldPath::default().join("spec");
    let mut check = deployment.check(problems);
    let numbers = [
        ("replicas", spec.replicas),
        ("minReadySeconds", spec.min_ready_seconds),
        ("progressDeadlineSeconds", spec.progress_deadline_seconds),
        ("revisionHistoryLimit", spec.revision_history_limit),
    ];
    for (field, value) in numbers {
        if let Some(value) = value.filter(|value| *value < 0) {
            let message = format!("`{field}` is {value}: must be greater than or equal to 0");
            check.report(Code::Refused, &path.join(field), message, |problem| problem);
        }
    }
    let selector = path.join("selector");
    if spec.selector.match_labels.is_empty() && spec.selector.match_expressions.is_empty() {
        let message = "an empty `selector` is not allowed for a Deployment";
        check.report(Code::Refused, &selector, message, |problem| problem);
    } else if !spec.selector.matches(&spec.template.metadata.labels) {
        let message = "`selector` does not match the `labels` of the template";
        check.report(Code::Refused, &selector, message, |problem| {
            problem.help("repeat the labels of the selector under spec.template.metadata.labels")
        });
    }
}

/// Checks the numbers of a budget, and whether it protects anything.
pub(super) fn budget(budget: &Placed<PodDisruptionBudget>, problems: &mut Problems) {
    let spec = &budget.value.spec;
    let mut check = budget.check(problems);
    let kinds = [
        (Severity::Error, Code::Refused, spec.validate()),
        (Severity::Warning, Code::Ineffective, spec.lint()),
    ];
    for (severity, code, found) in kinds {
        for problem in found {
            let field = problem.path.rsplit('.').next().unwrap_or_default();
            let message = format!("`{field}` {}", problem.message);
            let path = FieldPath::default().join_dotted(&problem.path);
            check.report(code, &path, message, |it| it.severity(severity));
        }
    }
}
