//! What actions and procedures must hold.

use super::check_metric;
use crate::error::ModelError;
use crate::model::{Action, Model, Procedure, Trigger};

pub(super) fn check_all(model: &Model) -> Result<(), ModelError> {
    for timed in &model.actions {
        check_action(&timed.action, "actions", model)?;
    }
    for procedure in &model.procedures {
        for step in &procedure.steps {
            check_action(&step.action, &procedure.name, model)?;
        }
        check_trigger(procedure, model)?;
    }
    Ok(())
}

fn check_action(action: &Action, of: &str, model: &Model) -> Result<(), ModelError> {
    let is_known = |index: usize| index < model.services.len();
    if action
        .service()
        .is_none_or(|service| is_known(service.index()))
    {
        return Ok(());
    }
    Err(ModelError::Invalid {
        what: "service",
        of: of.to_owned(),
        problem: "no such service".to_owned(),
    })
}

/// Timetables are read, and refused, when the world is built.
fn check_trigger(procedure: &Procedure, model: &Model) -> Result<(), ModelError> {
    let Trigger::Threshold(trigger) = &procedure.when else {
        return Ok(());
    };
    check_metric(&trigger.metric, model)?;
    let problem = if trigger.interval.is_zero() {
        "0s; evaluations need a distance"
    } else if !trigger.comparison.threshold().is_finite() {
        "no finite threshold"
    } else {
        return Ok(());
    };
    Err(ModelError::Invalid {
        what: "when",
        of: procedure.name.clone(),
        problem: problem.to_owned(),
    })
}
