//! What is done to the system during the run.

use super::Context;
use crate::diagnostic::{Code, Problems};
use crate::path::FieldPath;
use crate::spec::{ActionSpec, AutoscalerSpec};
use flashcrowd_core::model::{Action, TimedAction};
use flashcrowd_units::SimTime;

const CHOICES: &str = "exactly one of `rollout_restart`, `scale`, `metrics_outage`";

pub(super) fn actions(context: &Context<'_>, problems: &mut Problems) -> Vec<TimedAction> {
    let base = FieldPath::default().join("actions");
    let actions = context.spec.actions.iter().enumerate();
    actions
        .filter_map(|(index, action)| one(context, action, &base.join(index), problems))
        .collect()
}

fn one(
    context: &Context<'_>,
    spec: &ActionSpec,
    path: &FieldPath,
    problems: &mut Problems,
) -> Option<TimedAction> {
    if spec.at > context.spec.duration {
        let message = format!(
            "at {} the run, which lasts {}, is over",
            spec.at, context.spec.duration
        );
        context.check(problems).warn(
            Code::Ineffective,
            &path.join("at"),
            message,
            "times count from the start of the run",
        );
    }
    let mut found = Vec::new();
    if let Some(service) = &spec.rollout_restart {
        found.push(
            context
                .service(service, &path.join("rollout_restart"), problems)
                .map(Action::RolloutRestart),
        );
    }
    if let Some(scale) = &spec.scale {
        let id = context.service(
            &scale.service,
            &path.join("scale").join("service"),
            problems,
        );
        found.push(id.map(|id| Action::Scale(id, scale.replicas)));
        let target = context.spec.services.get(&scale.service);
        // Of a ScaledJob worse is said.
        let is_scaled = |it: &AutoscalerSpec| !matches!(it, AutoscalerSpec::ScaledJob(_));
        if target.is_some_and(|it| it.autoscaler.as_ref().is_some_and(is_scaled)) {
            let message = format!(
                "`{}` has an autoscaler, which takes this back as soon as its metrics ask for another number: up at its next sync, down when it may scale down",
                scale.service
            );
            context.check(problems).warn(
                Code::Ineffective,
                &path.join("scale"),
                message,
                "change its minimum or maximum instead, or take the autoscaler out",
            );
        }
    }
    if let Some(length) = spec.metrics_outage {
        if length.is_zero() {
            context.check(problems).invalid(
                &path.join("metrics_outage"),
                "an outage takes time",
                "above 0s, as 5m",
            );
        }
        found.push(Some(Action::MetricsOutage(length)));
    }
    if found.len() != 1 {
        let message = match found.len() {
            0 => "this action does nothing",
            _ => "this action does several things",
        };
        // A removed field was reported, and may be the one that counts.
        if !context.is_damaged(path) {
            context.check(problems).invalid(path, message, CHOICES);
        }
        return None;
    }
    let at = SimTime::ZERO + spec.at;
    found
        .pop()
        .flatten()
        .map(|action| TimedAction { at, action })
}
