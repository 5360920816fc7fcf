//! What is done to the system during the run, and when.

mod deed;
mod resources;
mod trigger;

use super::Context;
use super::workload::report_all;
use crate::diagnostic::{Code, Problems};
use crate::path::FieldPath;
use crate::spec::{ActionSpec, ActionStepSpec};
use deed::Deeds;
use flashcrowd_core::model::{
    NamedMetric, Procedure, ProcedureStep, Service, TimedAction, Trigger,
};
use flashcrowd_units::SimDuration;
use flashcrowd_workload::ServiceTime;

const NO_TIME: ServiceTime = ServiceTime::Constant(SimDuration::ZERO);

/// What the checks of actions need.
#[derive(Clone, Copy)]
struct Scene<'a> {
    context: &'a Context<'a>,
    services: &'a [Service],
    metrics: &'a [NamedMetric],
}

/// Single actions at given times, and everything else.
pub(super) fn actions(
    context: &Context<'_>,
    services: &[Service],
    metrics: &[NamedMetric],
    problems: &mut Problems,
) -> (Vec<TimedAction>, Vec<Procedure>) {
    let base = FieldPath::default().join("actions");
    let scene = Scene {
        context,
        services,
        metrics,
    };
    let (mut actions, mut procedures) = (Vec::new(), Vec::<Procedure>::new());
    for (index, spec) in context.spec.actions.iter().enumerate() {
        let path = base.join(index);
        check_name(context, index, &path, problems);
        let when = trigger::when(scene, spec, &path, problems);
        let steps = steps(scene, spec, &path, problems);
        let (Some(when), Some(mut steps)) = (when, steps) else {
            continue;
        };
        match (when, steps.len()) {
            (Trigger::At(at), 1) if spec.name.is_none() && spec.steps.is_none() => {
                let actions_of = steps.drain(..).map(|step| step.action);
                actions.extend(actions_of.map(|action| TimedAction { at, action }));
            }
            (when, _) => procedures.push(Procedure {
                name: name(spec, index),
                when,
                steps,
            }),
        }
    }
    (actions, procedures)
}

fn name(spec: &ActionSpec, index: usize) -> String {
    let by_place = || format!("action-{}", index + 1);
    spec.name.clone().unwrap_or_else(by_place)
}

fn check_name(context: &Context<'_>, index: usize, path: &FieldPath, problems: &mut Problems) {
    let specs = &context.spec.actions;
    let Some(own) = &specs[index].name else {
        return;
    };
    let path = path.join("name");
    context.check_name(&path, own, problems);
    let others = specs[..index].iter().enumerate();
    if others
        .map(|(index, spec)| name(spec, index))
        .any(|it| it == *own)
    {
        let message = format!("there are two actions named `{own}`");
        let help = "give each its own name; reports tell them apart by it";
        context
            .check(problems)
            .report(Code::DuplicateName, &path, message, |it| it.help(help));
    }
}

/// What is done, in order; `None` if something about it is wrong.
fn steps(
    scene: Scene<'_>,
    spec: &ActionSpec,
    path: &FieldPath,
    problems: &mut Problems,
) -> Option<Vec<ProcedureStep>> {
    let own = Deeds::of_action(spec);
    let Some(steps) = &spec.steps else {
        let action = own.only(scene, path, problems)?;
        let after = NO_TIME;
        return Some(vec![ProcedureStep { after, action }]);
    };
    let context = scene.context;
    if own.any() {
        let message = "this action has steps, and does something beside them";
        let legal = "what is done in a step of its own, or no `steps`";
        context.check(problems).invalid(path, message, legal);
    }
    if steps.is_empty() && !context.is_damaged(&path.join("steps")) {
        let message = "this action does nothing";
        context
            .check(problems)
            .invalid(&path.join("steps"), message, "one step or more");
    }
    let base = path.join("steps");
    let built: Vec<_> = (steps.iter().enumerate())
        .map(|(index, step)| one_step(scene, step, &base.join(index), problems))
        .collect();
    let is_sound = !own.any() && !steps.is_empty();
    let built: Option<Vec<_>> = built.into_iter().collect();
    built.filter(|_| is_sound)
}

fn one_step(
    scene: Scene<'_>,
    spec: &ActionStepSpec,
    path: &FieldPath,
    problems: &mut Problems,
) -> Option<ProcedureStep> {
    if let Some(after) = &spec.after {
        let mut check = scene.context.check(problems);
        report_all(&mut check, &path.join("after"), after.validate());
    }
    let action = Deeds::of_step(spec).only(scene, path, problems)?;
    let after = spec.after.unwrap_or(NO_TIME);
    Some(ProcedureStep { after, action })
}
