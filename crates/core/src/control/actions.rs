//! What is done to the system from outside: by hand, by a script, by a timetable.

use super::World;
use super::revisions::Edit;
use crate::model::{Action, HpaPatch, ServiceId};
use crate::plane::DataPlane;
use crate::record::{Record, Recorder};
use flashcrowd_autoscalers::hpa::Hpa;
use flashcrowd_autoscalers::{Autoscaler, PolicySpec};

impl<P: DataPlane> World<P> {
    /// A timed action of the model is due.
    pub(super) fn act(&mut self, index: usize, recorder: &mut dyn Recorder) {
        let action = self.model.actions[index].action.clone();
        self.perform(&action, None, recorder);
    }

    /// Takes an action: the one of a procedure, or one that somebody takes at that time.
    pub(super) fn perform(
        &mut self,
        action: &Action,
        procedure: Option<usize>,
        recorder: &mut dyn Recorder,
    ) {
        let edit = self.edit(action);
        recorder.record(
            self.now,
            &Record::Action {
                action,
                procedure: procedure.map(|index| &self.model.procedures[index]),
                refused: edit.as_ref().err().map(String::as_str),
            },
        );
        if let (Some(service), Ok(Edit::Roll(revision))) = (action.service(), &edit) {
            self.roll_out(service, *revision, recorder);
        }
        if edit.is_err() {
            return;
        }
        match action {
            Action::Scale(service, replicas) => {
                let reason = match procedure {
                    None => "Manual".to_owned(),
                    Some(index) => self.model.procedures[index].name.clone(),
                };
                self.scale(*service, *replicas, "kubectl scale", &reason, recorder);
            }
            Action::SetNodeGroup(group, nodes) => self.set_desired(*group, *nodes, recorder),
            Action::MetricsOutage(length) => self.begin_metrics_outage(*length, recorder),
            _ => {}
        }
    }

    /// What an action makes of the Deployment and of its HPA.
    fn edit(&mut self, action: &Action) -> Result<Edit, String> {
        let revisions = action
            .service()
            .map(|service| &mut self.services[service.index()].revisions);
        match (action, revisions) {
            (Action::RolloutRestart(_), Some(revisions)) => Ok(Edit::Roll(revisions.restart())),
            (Action::RolloutUndo(_), Some(revisions)) => revisions
                .undo()
                .map(Edit::Roll)
                .ok_or_else(|| "no rollout history found".to_owned()),
            (Action::SetResources(_, change), Some(revisions)) => revisions.set_resources(change),
            (Action::SetEnv(_, change), Some(revisions)) => revisions.set_env(change),
            (Action::SetNodeGroup(group, nodes), _) => {
                self.check_desired(*group, *nodes)?;
                Ok(Edit::Unchanged)
            }
            (Action::PatchHpa(service, patch), _) => {
                self.patch_hpa(*service, *patch)?;
                Ok(Edit::Unchanged)
            }
            _ => Ok(Edit::Unchanged),
        }
    }

    /// The Deployment has another template: its pods are replaced.
    fn roll_out(&mut self, service: ServiceId, revision: u32, recorder: &mut dyn Recorder) {
        self.services[service.index()].sets.roll_to(revision);
        recorder.record(
            self.now,
            &Record::Rollout {
                service,
                finished: false,
            },
        );
        self.reconcile(service, recorder);
    }

    /// Somebody edits the bounds of the HPA, whose controller finds them at its next sync. Its
    /// recommendations and scale events stay as they are.
    fn patch_hpa(&mut self, service: ServiceId, patch: HpaPatch) -> Result<(), String> {
        let Some(PolicySpec::Hpa(policy)) = &self.model.services[service.index()].autoscaler else {
            return Err("horizontalpodautoscalers.autoscaling not found".to_owned());
        };
        let mut policy = policy.clone();
        let as_written = |replicas: u32| i32::try_from(replicas).unwrap_or(i32::MAX);
        if let Some(min) = patch.min_replicas {
            policy.spec.min_replicas = Some(as_written(min));
        }
        if let Some(max) = patch.max_replicas {
            policy.spec.max_replicas = as_written(max);
        }
        let scaler = self.services[service.index()].scaler.as_mut();
        let Some(scaler) = scaler.filter(|scaler| scaler.bounds().is_some()) else {
            return Err("horizontalpodautoscalers.autoscaling not found".to_owned());
        };
        // As `Hpa::edit`: memory and status outlive the specification.
        let refused = |problem: &dyn std::fmt::Display| problem.to_string();
        let mut hpa = Hpa::new(&policy.spec, policy.flags).map_err(|it| refused(&it))?;
        let memory = scaler.policy().save();
        hpa.restore(&memory).map_err(|it| refused(&it))?;
        scaler.edit(Box::new(hpa), super::autoscaling::bounds_of(&policy.spec));
        self.model.services[service.index()].autoscaler = Some(PolicySpec::Hpa(policy));
        Ok(())
    }
}
