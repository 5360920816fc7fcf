//! A ScaledObject.

use super::{flags, scale_target, traps};
use crate::build::metrics;
use crate::build::service::Part;
use crate::diagnostic::{Code, Problems};
use crate::path::FieldPath;
use flashcrowd_autoscalers::keda::{Keda, KedaPolicy, Source};
use flashcrowd_autoscalers::{MetricQuery, PolicySpec};
use flashcrowd_manifests::Problem as Refusal;
use flashcrowd_manifests::scaled_object::ScaledObjectSpec;

pub(super) fn policy(
    part: &Part<'_>,
    spec: &ScaledObjectSpec,
    path: &FieldPath,
    problems: &mut Problems,
) -> PolicySpec {
    let mut spec = spec.clone();
    if spec.scale_target_ref.name.is_empty() {
        // Written in the scenario, it can mean only this service.
        part.name.clone_into(&mut spec.scale_target_ref.name);
    }
    let object = part.chosen.scaled_object;
    let policy = KedaPolicy {
        spec,
        annotations: object.map_or_else(Default::default, |object| {
            object.value.metadata.annotations.clone()
        }),
        flags: flags(part.context.spec.controllers.hpa),
        epoch_unix_seconds: part.context.spec.start.0.timestamp().as_second(),
    };
    match Keda::new(&policy) {
        Ok(keda) => check_sources(part, keda.sources(), path, problems),
        Err(invalid) => refuse(part, invalid.problems, path, problems),
    }
    traps::check_keda(part, &policy.spec, path, problems);
    check_max(part, policy.spec.max_replica_count(), path, problems);
    scale_target(
        part,
        path,
        policy.spec.scale_target_ref.kind.as_deref(),
        problems,
    );
    PolicySpec::Keda(policy)
}

/// The source that a trigger asks, by name. All of its queries are about the same one.
pub(super) fn asked(source: Option<&Source>) -> Option<&str> {
    match source?.queries.first()? {
        MetricQuery::External { name, .. } => Some(name),
        _ => None,
    }
}

/// Warns about triggers whose source nothing measures.
pub(super) fn check_sources(
    part: &Part<'_>,
    sources: &[Option<Source>],
    path: &FieldPath,
    problems: &mut Problems,
) {
    for (index, source) in sources.iter().enumerate() {
        let path = path.join("triggers").join(index).join("metadata");
        if let Some(name) = asked(source.as_ref()) {
            metrics::check_asked(part, name, &path, problems);
        }
    }
}

/// Reports what KEDA refuses, and triggers that are not known here.
pub(super) fn refuse(
    part: &Part<'_>,
    found: Vec<Refusal>,
    path: &FieldPath,
    problems: &mut Problems,
) {
    let mut check = part.context.check(problems);
    for found in found {
        let below = found.path.strip_prefix("spec").unwrap_or(&found.path);
        let field = found.path.rsplit('.').next().unwrap_or_default();
        let is_unknown = field == "type" && below.starts_with(".triggers");
        let code = if is_unknown {
            Code::NotModelled
        } else {
            Code::Refused
        };
        let message = format!("`{field}` {}", found.message);
        check.report(code, &path.join_dotted(below), message, |problem| problem);
    }
}

pub(super) fn check_max(part: &Part<'_>, max: i32, path: &FieldPath, problems: &mut Problems) {
    if max > super::MOST {
        let message = format!("`maxReplicaCount` is {max}: more than can be simulated");
        let mut check = part.context.check(problems);
        check.invalid(&path.join("maxReplicaCount"), message, "at most 100000");
    }
}
