//! The revisions of a Deployment: its pod templates, one after the other.

use crate::model::{EnvChange, MemoryModel, PodTemplate, ResourceChange};
use crate::plane::Settings;
use flashcrowd_units::{Bytes, Millicores};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Every template that a Deployment has had. The number of a revision is its place here; the
/// first one is that of the model.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Revisions {
    templates: Vec<Revision>,
    /// Numbers in the order in which they were last rolled out; the last one is the present one.
    history: Vec<u32>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Revision {
    template: PodTemplate,
    /// Environment variables that were set.
    variables: BTreeMap<String, String>,
    /// How often it was restarted: the annotation that `kubectl rollout restart` writes.
    restarts: u32,
}

/// What an action makes of a Deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edit {
    /// Its template stays as it is: there is nothing to roll out.
    Unchanged,
    /// This revision is to be rolled out.
    Roll(u32),
}

impl Revisions {
    pub(crate) fn new(template: &PodTemplate) -> Self {
        Self {
            templates: vec![Revision {
                template: template.clone(),
                variables: BTreeMap::new(),
                restarts: 0,
            }],
            history: vec![0],
        }
    }

    /// The template of a revision.
    pub(crate) fn template(&self, revision: u32) -> &PodTemplate {
        &self.templates[revision as usize].template
    }

    /// Whether a revision has the template of the model.
    pub(crate) fn is_first(&self, revision: u32) -> bool {
        revision == 0 || self.templates[revision as usize].has_settings_of(&self.templates[0])
    }

    fn present(&self) -> &Revision {
        let last = self.history.last().copied().unwrap_or(0);
        &self.templates[last as usize]
    }

    /// `kubectl rollout restart`.
    pub(crate) fn restart(&mut self) -> u32 {
        let restarts = self.templates.iter().map(|it| it.restarts).max();
        let next = Revision {
            restarts: restarts.unwrap_or(0) + 1,
            ..self.present().clone()
        };
        self.templates.push(next);
        self.adopt(self.templates.len() as u32 - 1)
    }

    /// `kubectl rollout undo`. `None`: there is nothing before the present revision.
    pub(crate) fn undo(&mut self) -> Option<u32> {
        let before = self.history.len().checked_sub(2)?;
        let revision = self.history[before];
        Some(self.adopt(revision))
    }

    /// `kubectl set resources`.
    ///
    /// # Errors
    /// What the API server would say.
    pub(crate) fn set_resources(&mut self, change: &ResourceChange) -> Result<Edit, String> {
        let mut next = self.present().clone();
        resize(&mut next.template, change)?;
        Ok(self.edit(next))
    }

    /// `kubectl set env`.
    ///
    /// # Errors
    /// If no container could run like that.
    pub(crate) fn set_env(&mut self, change: &EnvChange) -> Result<Edit, String> {
        let mut next = self.present().clone();
        let variables = change.variables.clone();
        next.variables.extend(variables);
        let (template, effect) = (&mut next.template, change.effect);
        template.threads = effect.threads.or(template.threads);
        template.concurrency = effect.concurrency.or(template.concurrency);
        template.backlog = effect.backlog.or(template.backlog);
        let memory = &mut template.memory;
        memory.base = effect.memory_base.unwrap_or(memory.base);
        memory.per_request = effect.memory_per_request.unwrap_or(memory.per_request);
        check(template)?;
        Ok(self.edit(next))
    }

    /// Another template. One that was there before keeps its number, and its ReplicaSet.
    fn edit(&mut self, next: Revision) -> Edit {
        let is_same = |it: &Revision| {
            it.restarts == next.restarts
                && it.variables == next.variables
                && it.has_settings_of(&next)
        };
        if is_same(self.present()) {
            return Edit::Unchanged;
        }
        let known = self.templates.iter().position(is_same);
        let revision = known.unwrap_or_else(|| {
            self.templates.push(next);
            self.templates.len() - 1
        });
        Edit::Roll(self.adopt(revision as u32))
    }

    fn adopt(&mut self, revision: u32) -> u32 {
        self.history.retain(|&other| other != revision);
        self.history.push(revision);
        revision
    }
}

impl Revision {
    /// Whether containers are given the same by both.
    fn has_settings_of(&self, other: &Self) -> bool {
        let (a, b) = (&self.template, &other.template);
        (a.cpu_request, a.cpu_limit) == (b.cpu_request, b.cpu_limit)
            && (a.memory_request, a.memory_limit) == (b.memory_request, b.memory_limit)
            && a.containers == b.containers
            && settings(a) == settings(b)
    }
}

/// What an application of this template takes from its environment.
pub(crate) fn settings(template: &PodTemplate) -> Settings {
    Settings {
        threads: template.threads,
        concurrency: template.concurrency,
        backlog: template.backlog,
        memory: template.memory,
    }
}

fn resize(template: &mut PodTemplate, change: &ResourceChange) -> Result<(), String> {
    let is_meant = |name: &str| change.container.as_ref().is_none_or(|it| it == name);
    let mut found = false;
    let mut is_application = true;
    for container in &mut template.containers {
        let is_first = std::mem::replace(&mut is_application, false);
        if !is_meant(&container.name) {
            continue;
        }
        found = true;
        container.cpu_request = change.cpu_request.or(container.cpu_request);
        container.memory_request = change.memory_request.or(container.memory_request);
        if is_first {
            let cpu = change.cpu_limit.or(template.cpu_limit);
            let memory = change.memory_limit.or(template.memory_limit);
            template.cpu_limit = cpu.filter(|limit| limit.get() > 0);
            template.memory_limit = memory.filter(|limit| limit.get() > 0);
            // A limit without a request is the request too.
            container.cpu_request = container.cpu_request.or(template.cpu_limit);
            container.memory_request = container.memory_request.or(template.memory_limit);
            above("cpu", container.cpu_request, template.cpu_limit)?;
            above("memory", container.memory_request, template.memory_limit)?;
        }
    }
    if !found {
        let name = change.container.as_deref().unwrap_or_default();
        return Err(format!("unable to find container named {name}"));
    }
    let containers = template.containers.iter();
    let cpu: Option<u64> = containers
        .clone()
        .map(|it| it.cpu_request.map(Millicores::get))
        .sum();
    let memory: Option<u64> = containers.map(|it| it.memory_request.map(Bytes::get)).sum();
    template.cpu_request = cpu.map(Millicores::new);
    template.memory_request = memory.map(Bytes::new);
    check(template)
}

fn above<T: Copy + Ord + std::fmt::Display>(
    resource: &str,
    request: Option<T>,
    limit: Option<T>,
) -> Result<(), String> {
    match (request, limit) {
        (Some(request), Some(limit)) if request > limit => Err(format!(
            "Invalid value: \"{request}\": must be less than or equal to {resource} limit of {limit}"
        )),
        _ => Ok(()),
    }
}

fn check(template: &PodTemplate) -> Result<(), String> {
    let MemoryModel { base, .. } = template.memory;
    if template.threads == Some(0) || template.concurrency == Some(0) {
        return Err("nothing would ever be done".to_owned());
    }
    match template.memory_limit {
        Some(limit) if limit <= base => Err(format!(
            "the idle process takes {base}, and is killed at {limit}"
        )),
        _ => Ok(()),
    }
}
