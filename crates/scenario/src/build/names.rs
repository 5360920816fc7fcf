//! Names of services and endpoints, and what they refer to.

use super::Context;
use crate::diagnostic::{Code, Problem, Problems};
use crate::path::FieldPath;
use crate::spec::Spec;
use crate::yaml::Node;
use flashcrowd_core::model::{EndpointId, QueueId, ServiceId};

/// What there is to refer to.
pub(crate) struct Names {
    services: Vec<String>,
    /// Service and endpoint, in the order of the ids.
    endpoints: Vec<(ServiceId, String)>,
    /// Services and endpoints that were written but could not be read; references to them are fine.
    unread: Vec<(String, Option<String>)>,
    /// Whether the services could not be read at all.
    is_damaged: bool,
}

impl Names {
    pub(super) fn new(spec: &Spec, root: &Node) -> Self {
        let services: Vec<String> = spec.services.keys().cloned().collect();
        let endpoints = spec.services.values().zip(0..).flat_map(|(service, id)| {
            service
                .endpoints
                .keys()
                .map(move |name| (ServiceId(id), name.clone()))
        });
        let endpoints = endpoints.collect();
        let is_damaged = root.get("services").is_none_or(|node| !node.is_sound());
        let mut names = Self {
            services,
            endpoints,
            unread: Vec::new(),
            is_damaged,
        };
        for service in root.get("services").map(Node::entries).unwrap_or_default() {
            let name = &service.key.text;
            if !names.services.contains(name) {
                names.unread.push((name.clone(), None));
            }
            for endpoint in service
                .value
                .get("endpoints")
                .map(Node::entries)
                .unwrap_or_default()
            {
                let endpoint = &endpoint.key.text;
                let is_read = spec
                    .services
                    .get(name)
                    .is_some_and(|spec| spec.endpoints.contains_key(endpoint));
                if !is_read {
                    names.unread.push((name.clone(), Some(endpoint.clone())));
                }
            }
        }
        names
    }

    /// The name of an endpoint in reports: with its service where others have one of that name.
    pub(super) fn shown(&self, id: EndpointId) -> String {
        let (service, name) = &self.endpoints[id.index()];
        match self
            .endpoints
            .iter()
            .filter(|(_, other)| other == name)
            .count()
        {
            1 => name.clone(),
            _ => format!("{}/{name}", self.services[service.index()]),
        }
    }

    /// All endpoints with their ids, by service.
    pub(super) fn endpoints(&self) -> impl Iterator<Item = (EndpointId, ServiceId, &str)> {
        self.endpoints
            .iter()
            .zip(0..)
            .map(|((service, name), id)| (EndpointId(id), *service, name.as_str()))
    }

    fn candidates(&self, reference: &str) -> Vec<EndpointId> {
        let (service, name) = match reference.split_once('/') {
            Some((service, name)) => (Some(service), name),
            None => (None, reference),
        };
        self.endpoints()
            .filter(|(_, of, other)| {
                *other == name && service.is_none_or(|service| self.services[of.index()] == service)
            })
            .map(|(id, ..)| id)
            .collect()
    }

    fn is_unread(&self, reference: &str) -> bool {
        let (service, name) = match reference.split_once('/') {
            Some((service, name)) => (Some(service), name),
            None => (None, reference),
        };
        self.is_damaged
            || self.unread.iter().any(|(of, other)| {
                service.is_none_or(|service| service == of)
                    && other.as_ref().is_none_or(|other| other == name)
            })
    }
}

impl Context<'_> {
    /// The endpoint that a reference means. An unknown or ambiguous one is reported, at the key
    /// where the reference is one.
    pub(super) fn endpoint(
        &self,
        reference: &str,
        path: &FieldPath,
        is_key: bool,
        problems: &mut Problems,
    ) -> Option<EndpointId> {
        let names = &self.names;
        let candidates = names.candidates(reference);
        let shown: Vec<String> = match candidates.as_slice() {
            [only] => return Some(*only),
            [] => names.endpoints().map(|(id, ..)| names.shown(id)).collect(),
            several => several.iter().map(|id| names.shown(*id)).collect(),
        };
        if candidates.is_empty() && names.is_unread(reference) {
            return None;
        }
        let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
        let (code, message) = match candidates.len() {
            0 => (
                Code::UnknownReference,
                format!("no service has an endpoint `{reference}`"),
            ),
            count => (
                Code::AmbiguousReference,
                format!("{count} services have an endpoint `{reference}`"),
            ),
        };
        let add = |problem: Problem| {
            if candidates.is_empty() {
                return problem.names(reference, &shown);
            }
            problem
                .names("", &shown)
                .help(format!("write `{}`", shown[0]))
        };
        let mut check = self.check(problems);
        if is_key {
            check.report_key(code, path, message, add);
        } else {
            check.report(code, path, message, add);
        }
        None
    }

    /// Names end up in files, columns and random streams; they are plain words.
    pub(super) fn check_name(&self, path: &FieldPath, name: &str, problems: &mut Problems) {
        let legal = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.is_empty() || name.len() > 63 || !name.chars().all(legal) {
            self.check(problems).report_key(
                Code::InvalidValue,
                path,
                format!("`{name}` cannot be a name"),
                |problem| problem.legal("1 to 63 letters, digits, `-`, `_` and `.`"),
            );
        }
    }

    /// The service of a name. An unknown one is reported.
    pub(super) fn service(
        &self,
        name: &str,
        path: &FieldPath,
        problems: &mut Problems,
    ) -> Option<ServiceId> {
        let services = &self.names.services;
        let found = services.iter().position(|service| service == name);
        if found.is_none()
            && !self.names.is_damaged
            && !self.names.unread.iter().any(|(unread, _)| unread == name)
        {
            let shown: Vec<&str> = services.iter().map(String::as_str).collect();
            self.check(problems).report(
                Code::UnknownReference,
                path,
                format!("there is no service `{name}`"),
                |problem| problem.names(name, &shown),
            );
        }
        found.map(|index| ServiceId(index as u32))
    }
}

impl Context<'_> {
    /// The queue of a name. An unknown one is reported.
    pub(super) fn queue(
        &self,
        name: &str,
        path: &FieldPath,
        problems: &mut Problems,
    ) -> Option<QueueId> {
        let queues = &self.spec.queues;
        let found = queues.get_index_of(name);
        let is_unread = self
            .root
            .get("queues")
            .is_some_and(|node| !node.is_sound() || node.get(name).is_some());
        if found.is_none() && !is_unread {
            let shown: Vec<&str> = queues.keys().map(String::as_str).collect();
            let message = format!("there is no queue `{name}`");
            self.check(problems)
                .report(Code::UnknownReference, path, message, |problem| {
                    if shown.is_empty() {
                        return problem.help(format!("describe it under `queues`: {name}: ..."));
                    }
                    problem.names(name, &shown)
                });
        }
        found.map(|index| QueueId(index as u32))
    }
}

/// Checks all names.
pub(super) fn check(context: &Context<'_>, problems: &mut Problems) {
    let root = FieldPath::default();
    let mut word = |path: &FieldPath, name: &str| context.check_name(path, name, problems);
    for name in context.spec.workload.keys() {
        word(&root.join("workload").join(name), name);
    }
    for name in context.spec.queues.keys() {
        word(&root.join("queues").join(name), name);
    }
    for (name, service) in &context.spec.services {
        let path = root.join("services").join(name);
        word(&path, name);
        for endpoint in service.endpoints.keys() {
            word(&path.join("endpoints").join(endpoint), endpoint);
        }
    }
    let name = root.join("name");
    let spec_name = &context.spec.name;
    if spec_name.is_empty()
        || spec_name.contains(['/', '\\', '\n', '\0'])
        || spec_name.len() > 100
        || spec_name.starts_with('.')
    {
        let legal = "1 to 100 bytes, no `/` and no line break, not beginning with a dot";
        let message = if spec_name.is_empty() {
            "the name is empty".to_owned()
        } else {
            format!("`{spec_name}` cannot be a name")
        };
        context.check(problems).invalid(&name, message, legal);
    }
}
