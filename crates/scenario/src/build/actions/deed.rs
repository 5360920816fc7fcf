//! One thing that is done.

use super::{Scene, resources};
use crate::diagnostic::{Code, Problems};
use crate::path::FieldPath;
use crate::spec::{
    ActionSpec, ActionStepSpec, PatchHpaSpec, ScaleSpec, SetEnvSpec, SetNodeGroupSpec,
};
use flashcrowd_autoscalers::PolicySpec;
use flashcrowd_core::model::{Action, EnvChange, EnvEffect, HpaPatch, Service, ServiceId};

const CHOICES: &str = "exactly one of `rollout_restart`, `rollout_undo`, `scale`, `set_resources`, `set_env`, `patch_hpa`, `set_node_group`, `metrics_outage`";
const CHOICES_OR_STEPS: &str = "exactly one of `steps`, `rollout_restart`, `rollout_undo`, `scale`, `set_resources`, `set_env`, `patch_hpa`, `set_node_group`, `metrics_outage`";

/// What an action or a step can do, whichever of it was written.
pub(super) struct Deeds {
    step: ActionStepSpec,
    choices: &'static str,
    whole: &'static str,
}

impl Deeds {
    pub(super) fn of_action(spec: &ActionSpec) -> Self {
        Self {
            step: spec.own_step(),
            choices: CHOICES_OR_STEPS,
            whole: "this action",
        }
    }

    pub(super) fn of_step(spec: &ActionStepSpec) -> Self {
        Self {
            step: spec.clone(),
            choices: CHOICES,
            whole: "this step",
        }
    }

    fn count(&self) -> usize {
        let step = &self.step;
        [
            step.rollout_restart.is_some(),
            step.rollout_undo.is_some(),
            step.scale.is_some(),
            step.set_resources.is_some(),
            step.set_env.is_some(),
            step.patch_hpa.is_some(),
            step.set_node_group.is_some(),
            step.metrics_outage.is_some(),
        ]
        .into_iter()
        .filter(|&is_there| is_there)
        .count()
    }

    pub(super) fn any(&self) -> bool {
        self.count() > 0
    }

    /// The one that is done; all that are written are checked.
    pub(super) fn only(
        &self,
        scene: Scene<'_>,
        path: &FieldPath,
        problems: &mut Problems,
    ) -> Option<Action> {
        let mut found = self.read(scene, path, problems);
        if self.count() != 1 {
            let message = match self.count() {
                0 => format!("{} does nothing", self.whole),
                _ => format!("{} does several things", self.whole),
            };
            // A removed field was reported, and may be the one that counts.
            if !scene.context.is_damaged(path) {
                let mut check = scene.context.check(problems);
                check.invalid(path, message, self.choices);
            }
            return None;
        }
        found.pop()
    }

    fn read(&self, scene: Scene<'_>, path: &FieldPath, problems: &mut Problems) -> Vec<Action> {
        let context = scene.context;
        let mut found = Vec::new();
        if let Some(service) = &self.step.rollout_restart {
            let target = deployment(scene, service, &path.join("rollout_restart"), problems);
            found.extend(target.map(|(id, _)| Action::RolloutRestart(id)));
        }
        if let Some(service) = &self.step.rollout_undo {
            let target = deployment(scene, service, &path.join("rollout_undo"), problems);
            found.extend(target.map(|(id, _)| Action::RolloutUndo(id)));
        }
        if let Some(spec) = &self.step.scale {
            found.extend(scale(scene, spec, &path.join("scale"), problems));
        }
        if let Some(spec) = &self.step.set_resources {
            let path = path.join("set_resources");
            found.extend(resources::set_resources(scene, spec, &path, problems));
        }
        if let Some(spec) = &self.step.set_env {
            found.extend(set_env(scene, spec, &path.join("set_env"), problems));
        }
        if let Some(spec) = &self.step.patch_hpa {
            found.extend(patch_hpa(scene, spec, &path.join("patch_hpa"), problems));
        }
        if let Some(spec) = &self.step.set_node_group {
            let path = path.join("set_node_group");
            found.extend(set_node_group(scene, spec, &path, problems));
        }
        if let Some(length) = self.step.metrics_outage {
            if length.is_zero() {
                context.check(problems).invalid(
                    &path.join("metrics_outage"),
                    "an outage takes time",
                    "above 0s, as 5m",
                );
            }
            found.push(Action::MetricsOutage(length));
        }
        found
    }
}

/// The service of a name, and what was built of it.
pub(super) fn target<'a>(
    scene: Scene<'a>,
    name: &str,
    path: &FieldPath,
    problems: &mut Problems,
) -> Option<(ServiceId, &'a Service)> {
    deployment(scene, name, &path.join("service"), problems)
}

/// The same where `path` is that of the name. A ScaledJob is refused.
fn deployment<'a>(
    scene: Scene<'a>,
    name: &str,
    path: &FieldPath,
    problems: &mut Problems,
) -> Option<(ServiceId, &'a Service)> {
    let id = scene.context.service(name, path, problems)?;
    let service = scene.services.get(id.index())?;
    if service.scaled_job.is_some() {
        let message = format!("`{name}` is a ScaledJob: it has no replicas and no rollouts");
        let mut check = scene.context.check(problems);
        check.report(Code::InvalidValue, path, message, |problem| problem);
        return None;
    }
    Some((id, service))
}

fn scale(
    scene: Scene<'_>,
    spec: &ScaleSpec,
    path: &FieldPath,
    problems: &mut Problems,
) -> Option<Action> {
    let context = scene.context;
    let (id, service) = target(scene, &spec.service, path, problems)?;
    if service.autoscaler.is_some() {
        let message = format!(
            "`{}` has an autoscaler, which takes this back as soon as its metrics ask for another number: up at its next sync, down when it may scale down",
            spec.service
        );
        context.check(problems).warn(
            Code::Ineffective,
            path,
            message,
            "change its minimum or maximum instead, or take the autoscaler out",
        );
    }
    Some(Action::Scale(id, spec.replicas))
}

fn set_env(
    scene: Scene<'_>,
    spec: &SetEnvSpec,
    path: &FieldPath,
    problems: &mut Problems,
) -> Option<Action> {
    let (id, service) = target(scene, &spec.service, path, problems)?;
    let given = spec.effect;
    let mut check = scene.context.check(problems);
    let effect_path = path.join("effect");
    for (field, value) in [
        ("threads", given.threads),
        ("concurrency", given.concurrency),
    ] {
        if value == Some(0) {
            let message = format!("`{field}` is 0: nothing would ever be done");
            check.invalid(&effect_path.join(field), message, "1 or more");
        }
    }
    let effect = EnvEffect {
        threads: given.threads,
        concurrency: given.concurrency,
        backlog: given.backlog,
        memory_base: given.memory.base,
        memory_per_request: given.memory.per_request,
    };
    if spec.env.is_empty() && effect == EnvEffect::default() {
        let help = "name a variable under `env`, or what changes under `effect`";
        check.warn(Code::Ineffective, path, "this sets nothing", help);
    }
    if let (Some(base), Some(limit)) = (effect.memory_base, service.pod.memory_limit)
        && base >= limit
    {
        let message = format!("the idle process takes {base}, and is killed at {limit}");
        let help = format!("below the limit of {limit}, unless `set_resources` raises that first");
        check.warn(
            Code::Ineffective,
            &effect_path.join("memory").join("base"),
            message,
            &help,
        );
    }
    let mut queues = scene.context.spec.queues.iter();
    let queue = queues.find(|(_, queue)| queue.workers == spec.service);
    if let (Some((queue, _)), Some(_)) = (queue, effect.concurrency) {
        let message = format!("how many jobs of `{queue}` a pod works on is said by the queue");
        let help = "this bounds requests, and leaves jobs as they are";
        check.warn(
            Code::Ineffective,
            &effect_path.join("concurrency"),
            message,
            help,
        );
    }
    let variables = spec.env.iter();
    let variables = variables
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    Some(Action::SetEnv(id, EnvChange { variables, effect }))
}

fn patch_hpa(
    scene: Scene<'_>,
    spec: &PatchHpaSpec,
    path: &FieldPath,
    problems: &mut Problems,
) -> Option<Action> {
    let (id, service) = target(scene, &spec.service, path, problems)?;
    let mut check = scene.context.check(problems);
    let name = &spec.service;
    let hpa = match &service.autoscaler {
        Some(PolicySpec::Hpa(hpa)) => Some(hpa),
        Some(PolicySpec::Keda(_)) => {
            let message =
                format!("the HPA of `{name}` belongs to KEDA, which writes its own bounds back");
            let legal = "a service whose autoscaler is an `hpa`";
            check.invalid(&path.join("service"), message, legal);
            None
        }
        _ => {
            let message = format!("`{name}` has no HorizontalPodAutoscaler");
            let legal = "a service whose autoscaler is an `hpa`";
            check.invalid(&path.join("service"), message, legal);
            None
        }
    };
    let (min, max) = (spec.min_replicas, spec.max_replicas);
    if min.is_none() && max.is_none() && !scene.context.is_damaged(path) {
        let mut check = scene.context.check(problems);
        let legal = "`min_replicas`, `max_replicas` or both";
        check.invalid(path, "this changes nothing", legal);
    }
    let mut check = scene.context.check(problems);
    if max == Some(0) {
        let path = path.join("max_replicas");
        check.invalid(
            &path,
            "an HPA has at least one replica at most",
            "1 or more",
        );
    }
    let scale_to_zero = hpa.is_some_and(|hpa| hpa.flags.gates.scale_to_zero);
    if min == Some(0) && !scale_to_zero {
        let legal = "1 or more, unless `controllers: { hpa: { scale_to_zero: true } }`";
        let message = "a minimum of 0 needs the feature gate HPAScaleToZero";
        check.invalid(&path.join("min_replicas"), message, legal);
    }
    if let (Some(min), Some(max)) = (min, max)
        && min > max
        && max > 0
    {
        let message = format!("a minimum of {min} is above the maximum of {max}");
        let legal = format!("at most {max}, the maximum");
        check.invalid(&path.join("min_replicas"), message, &legal);
    }
    let patch = HpaPatch {
        min_replicas: min,
        max_replicas: max,
    };
    hpa.map(|_| Action::PatchHpa(id, patch))
}

fn set_node_group(
    scene: Scene<'_>,
    spec: &SetNodeGroupSpec,
    path: &FieldPath,
    problems: &mut Problems,
) -> Option<Action> {
    let context = scene.context;
    let groups = &context.spec.nodes.groups;
    let section = context
        .root
        .at(&FieldPath::default().join("nodes").join("groups").0);
    let is_unread = section.is_some_and(|node| !node.is_sound() || node.get(&spec.group).is_some());
    let mut check = context.check(problems);
    let Some((index, _, group)) = groups.get_full(&spec.group) else {
        if !is_unread {
            let known: Vec<&str> = groups.keys().map(String::as_str).collect();
            let message = format!("there is no node group `{}`", spec.group);
            check.report(
                Code::UnknownReference,
                &path.join("group"),
                message,
                |problem| problem.names(&spec.group, &known),
            );
        }
        return None;
    };
    if !(group.min..=group.max).contains(&spec.nodes) {
        let message = format!("`{}` never has {} nodes", spec.group, spec.nodes);
        let legal = format!("{} to {}, the bounds of the group", group.min, group.max);
        check.invalid(&path.join("nodes"), message, &legal);
    }
    Some(Action::SetNodeGroup(index, spec.nodes))
}
