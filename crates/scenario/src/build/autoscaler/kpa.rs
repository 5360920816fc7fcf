//! A revision that the Knative Pod Autoscaler scales.

use crate::build::service::Part;
use crate::diagnostic::{Code, Problems};
use crate::path::FieldPath;
use flashcrowd_autoscalers::PolicySpec;
use flashcrowd_autoscalers::kpa::KpaConfig;

pub(super) fn policy(
    part: &Part<'_>,
    config: &KpaConfig,
    path: &FieldPath,
    problems: &mut Problems,
) -> PolicySpec {
    if let Err(error) = config.resolve() {
        let annotation = config
            .annotations
            .keys()
            .find(|key| key.rsplit('/').next() == Some(&error.key));
        let place = match annotation {
            Some(key) => path.join("annotations").join(key),
            None if config.config.contains_key(&error.key) => path.join("config").join(&error.key),
            None => path.clone(),
        };
        let mut check = part.context.check(problems);
        check.report(Code::Refused, &place, error.to_string(), |problem| problem);
    }
    PolicySpec::Kpa(config.clone())
}
