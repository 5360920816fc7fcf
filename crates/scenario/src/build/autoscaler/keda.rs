//! A ScaledObject.

use super::{flags, scale_target, traps};
use crate::build::metrics;
use crate::build::service::Part;
use crate::diagnostic::{Code, Problems};
use crate::path::FieldPath;
use flashcrowd_autoscalers::keda::{Keda, KedaPolicy};
use flashcrowd_autoscalers::{MetricQuery, PolicySpec};
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
        Ok(keda) => {
            for (index, source) in keda.sources().iter().enumerate() {
                let path = path.join("triggers").join(index).join("metadata");
                // All queries of a trigger are about the same source.
                let query = source.as_ref().and_then(|source| source.queries.first());
                if let Some(MetricQuery::External { name, .. }) = query {
                    metrics::check_asked(part, name, &path, problems);
                }
            }
        }
        Err(invalid) => {
            let mut check = part.context.check(problems);
            for found in invalid.problems {
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
    }
    traps::check_keda(part, &policy.spec, path, problems);
    if policy.spec.max_replica_count() > super::MOST {
        let message = format!(
            "`maxReplicaCount` is {}: more than can be simulated",
            policy.spec.max_replica_count()
        );
        let mut check = part.context.check(problems);
        check.invalid(&path.join("maxReplicaCount"), message, "at most 100000");
    }
    scale_target(
        part,
        path,
        policy.spec.scale_target_ref.kind.as_deref(),
        problems,
    );
    PolicySpec::Keda(policy)
}
