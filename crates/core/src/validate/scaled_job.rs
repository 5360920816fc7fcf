//! What a ScaledJob must hold.

use crate::error::ModelError;
use crate::model::{Action, Model, Service, ServiceId};

/// Checks a service of Jobs, which is no Deployment, and what others want of it.
pub(super) fn check(id: ServiceId, service: &Service, model: &Model) -> Result<(), ModelError> {
    let Some(scaled_job) = &service.scaled_job else {
        return Ok(());
    };
    let (job, work) = (scaled_job.job, scaled_job.work);
    let is_worked_off = model.queues.iter().any(|queue| queue.workers == id);
    let is_acted_on = model.actions.iter().any(|timed| {
        matches!(timed.action, Action::Scale(of, _) | Action::RolloutRestart(of) if of == id)
    });
    let rules = [
        (
            service.replicas > 0,
            "replicas",
            "above 0; Jobs are made by KEDA alone",
        ),
        (
            service.autoscaler.is_some(),
            "autoscaler",
            "Jobs have no replicas to scale",
        ),
        (service.vpa.is_some(), "vpa", "pods of Jobs are not sized"),
        (
            service.activator.is_some(),
            "activator",
            "Jobs answer no requests",
        ),
        (job.parallelism == 0, "parallelism", "0; a Job has pods"),
        (
            job.completions == Some(0),
            "completions",
            "0; a Job has pods that succeed",
        ),
        (
            work.messages == Some(0),
            "messages",
            "0; a pod takes at least one message",
        ),
        (
            work.messages.is_none() && work.until_idle.is_none(),
            "work",
            "neither messages nor until_idle; its pods would never end",
        ),
        (
            !is_worked_off,
            "scaled_job",
            "works off no queue; its pods would never end",
        ),
        (
            is_acted_on,
            "actions",
            "Jobs are neither scaled by hand nor rolled out",
        ),
    ];
    match rules.into_iter().find(|(is_broken, ..)| *is_broken) {
        None => Ok(()),
        Some((_, what, problem)) => Err(ModelError::Invalid {
            what,
            of: service.name.clone(),
            problem: problem.to_owned(),
        }),
    }
}
