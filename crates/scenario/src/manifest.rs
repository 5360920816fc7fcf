//! Kubernetes objects out of manifest files.

mod select;
mod settings;
mod validate;

pub(crate) use select::{Chosen, choose};
pub(crate) use settings::{front, pre_stop, service_notes};

use crate::check::Checker;
use crate::diagnostic::{Code, Problem, Problems, Severity};
use crate::path::FieldPath;
use crate::suggest;
use crate::yaml::{Node, Value, decode};
use flashcrowd_manifests::scaled_job::ScaledJob;
use flashcrowd_manifests::scaled_object::ScaledObject;
use flashcrowd_manifests::vpa::VerticalPodAutoscaler;
use flashcrowd_manifests::{
    Deployment, HorizontalPodAutoscaler, Ingress, PodDisruptionBudget, Service,
};
use serde::de::DeserializeOwned;

/// An object and the document that it came from.
#[derive(Debug, Clone)]
pub(crate) struct Placed<T> {
    pub(crate) value: T,
    pub(crate) node: Node,
    /// Where the document stands, if it is written out in a scenario.
    pub(crate) base: FieldPath,
}

impl<T> Placed<T> {
    /// Reports what is wrong with the object.
    pub(crate) fn check<'a>(&'a self, problems: &'a mut Problems) -> Checker<'a> {
        Checker {
            root: &self.node,
            base: &self.base,
            problems,
        }
    }
}

/// The objects that play a part in the simulation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Objects {
    pub(crate) deployments: Vec<Placed<Deployment>>,
    pub(crate) hpas: Vec<Placed<HorizontalPodAutoscaler>>,
    pub(crate) kedas: Vec<Placed<ScaledObject>>,
    pub(crate) scaled_jobs: Vec<Placed<ScaledJob>>,
    pub(crate) vpas: Vec<Placed<VerticalPodAutoscaler>>,
    pub(crate) services: Vec<Placed<Service>>,
    pub(crate) ingresses: Vec<Placed<Ingress>>,
    pub(crate) budgets: Vec<Placed<PodDisruptionBudget>>,
}

/// Kinds that are read, with the versions of the API that they are read in.
const KINDS: [(&str, &str); 8] = [
    ("Deployment", "apps/v1"),
    ("HorizontalPodAutoscaler", "autoscaling/v2"),
    ("ScaledObject", "keda.sh/v1alpha1"),
    ("ScaledJob", "keda.sh/v1alpha1"),
    ("Service", "v1"),
    ("Ingress", "networking.k8s.io/v1"),
    ("VerticalPodAutoscaler", "autoscaling.k8s.io/v1"),
    ("PodDisruptionBudget", "policy/v1"),
];

/// Whether a document is a Kubernetes object.
pub(crate) fn is_object(document: &Node) -> bool {
    document.get("apiVersion").is_some() && document.get("kind").is_some()
}

/// The documents of a file, lists of objects taken apart.
pub(crate) fn flatten(documents: Vec<Node>) -> Vec<Node> {
    let mut flat = Vec::new();
    for mut document in documents {
        let is_list = document.get("kind").and_then(Node::as_text) == Some("List");
        match document.get_mut("items").map(|items| &mut items.value) {
            Some(Value::Seq(items)) if is_list => flat.append(&mut flatten(std::mem::take(items))),
            _ => flat.push(document),
        }
    }
    flat
}

impl Objects {
    /// Reads the objects of some documents. Kinds that play no part are named in a note, fields
    /// that their kind does not have in a warning.
    pub(crate) fn read(documents: &[Node], base: &FieldPath, problems: &mut Problems) -> Self {
        let mut objects = Self::default();
        for document in documents {
            objects.add(document, base, problems);
        }
        objects
    }

    /// The Deployment of a service: the one that is wanted, or the only one, or that of the same name.
    pub(crate) fn deployment(
        &self,
        wanted: Option<&str>,
        service: &str,
    ) -> Option<&Placed<Deployment>> {
        let by_name = |name: &str| {
            self.deployments
                .iter()
                .find(|deployment| deployment.value.metadata.name.as_deref() == Some(name))
        };
        match (wanted, self.deployments.as_slice()) {
            (Some(wanted), _) => by_name(wanted),
            (None, [only]) => Some(only),
            (None, _) => by_name(service),
        }
    }

    /// The ScaledJob of a service: that of the same name, or the only one where there is no
    /// Deployment.
    pub(crate) fn scaled_job(
        &self,
        wanted: Option<&str>,
        service: &str,
    ) -> Option<&Placed<ScaledJob>> {
        if wanted.is_some() {
            // A Deployment is asked for.
            return None;
        }
        let mut jobs = self.scaled_jobs.iter();
        let named = jobs.find(|it| it.value.metadata.name.as_deref() == Some(service));
        match self.scaled_jobs.as_slice() {
            [only] if self.deployments.is_empty() => Some(only),
            _ => named,
        }
    }

    /// The HPA that scales a Deployment.
    pub(crate) fn hpa(
        &self,
        deployment: &Placed<Deployment>,
    ) -> Option<&Placed<HorizontalPodAutoscaler>> {
        self.hpas.iter().find(|hpa| {
            let target = &hpa.value.spec.scale_target_ref;
            target.kind == "Deployment"
                && Some(&target.name) == deployment.value.metadata.name.as_ref()
        })
    }

    /// The ScaledObject that scales a Deployment.
    pub(crate) fn scaled_object(
        &self,
        deployment: &Placed<Deployment>,
    ) -> Option<&Placed<ScaledObject>> {
        self.kedas.iter().find(|object| {
            let target = &object.value.spec.scale_target_ref;
            target.kind.as_deref().unwrap_or("Deployment") == "Deployment"
                && Some(&target.name) == deployment.value.metadata.name.as_ref()
        })
    }

    /// The VPA that sizes the pods of a Deployment.
    pub(crate) fn vpa(
        &self,
        deployment: &Placed<Deployment>,
    ) -> Option<&Placed<VerticalPodAutoscaler>> {
        self.vpas.iter().find(|vpa| {
            let target = vpa.value.spec.target_ref.as_ref();
            target.is_some_and(|target| {
                target.kind == "Deployment"
                    && Some(&target.name) == deployment.value.metadata.name.as_ref()
            })
        })
    }

    /// Reads one object.
    pub(crate) fn add(&mut self, document: &Node, base: &FieldPath, problems: &mut Problems) {
        let shown = document.shown(None);
        if !matches!(document.value, Value::Map(_)) {
            problems.push(
                Problem::new(
                    Code::WrongType,
                    shown,
                    "a manifest is a map with `apiVersion`, `kind`, `metadata` and `spec`",
                )
                .path(base),
            );
            return;
        }
        for field in ["apiVersion", "kind"] {
            if document.get(field).is_none() {
                let message = format!("`{field}` is missing: this is not a Kubernetes object");
                problems.push(Problem::new(Code::MissingField, shown, message).path(base));
            }
        }
        let (Some(kind), Some(version)) = (document.entry("kind"), document.entry("apiVersion"))
        else {
            return;
        };
        let (Some(kind_name), Some(version_name)) = (kind.value.as_text(), version.value.as_text())
        else {
            let message = "`apiVersion` and `kind` are text";
            problems.push(
                Problem::new(Code::WrongType, kind.value.shown(Some(&kind.key)), message)
                    .path(base),
            );
            return;
        };
        let known = KINDS.iter().find(|(known, _)| *known == kind_name);
        let Some((_, served)) = known else {
            problems.push(skipped(document, kind_name, &kind.value));
            return;
        };
        if *served != version_name {
            problems.push(
                Problem::new(
                    Code::Refused,
                    version.value.span,
                    format!("{kind_name} of `{version_name}` is not read"),
                )
                .path(&base.join("apiVersion"))
                .legal(format!("`{served}`"))
                .help(format!(
                    "`kubectl get {} NAME -o yaml` prints it as `{served}`",
                    kind_name.to_lowercase()
                )),
            );
            return;
        }
        let metadata = document.get("metadata");
        let has_name = |field: &str| metadata.is_some_and(|metadata| metadata.get(field).is_some());
        if !has_name("name") && !has_name("generateName") {
            let message = format!("`metadata.name` is missing: every {kind_name} has a name");
            problems.push(
                Problem::new(Code::MissingField, kind.value.span, message)
                    .path(&base.join("metadata")),
            );
        }
        match kind_name {
            "Deployment" => {
                if read(document, base, &mut self.deployments, problems)
                    && let Some(deployment) = self.deployments.last()
                {
                    validate::deployment(deployment, problems);
                }
            }
            "HorizontalPodAutoscaler" => {
                read(document, base, &mut self.hpas, problems);
            }
            "ScaledObject" => {
                read(document, base, &mut self.kedas, problems);
            }
            "ScaledJob" => {
                read(document, base, &mut self.scaled_jobs, problems);
            }
            "VerticalPodAutoscaler" => {
                read(document, base, &mut self.vpas, problems);
            }
            "Service" => {
                read(document, base, &mut self.services, problems);
            }
            "PodDisruptionBudget" => {
                if read(document, base, &mut self.budgets, problems)
                    && let Some(budget) = self.budgets.last()
                {
                    validate::budget(budget, problems);
                }
            }
            _ => {
                read(document, base, &mut self.ingresses, problems);
            }
        }
    }
}

/// Whether anything could be read of it.
fn read<T: DeserializeOwned>(
    document: &Node,
    base: &FieldPath,
    into: &mut Vec<Placed<T>>,
    problems: &mut Problems,
) -> bool {
    let mut node = document.clone();
    let value = decode(&mut node, base, &|_| true, problems);
    let count = into.len();
    into.extend(value.map(|value| Placed {
        value,
        node,
        base: base.clone(),
    }));
    into.len() > count
}

fn skipped(document: &Node, kind: &str, at: &Node) -> Problem {
    let name = document
        .get("metadata")
        .and_then(|metadata| metadata.get("name"))
        .and_then(Node::as_text);
    if kind == "ConfigMap" && name == Some("cluster-autoscaler-status") {
        let message = "ConfigMap `cluster-autoscaler-status` is what the cluster autoscaler writes: nobody reads limits from it";
        return Problem::new(Code::Ineffective, at.span, message)
            .severity(Severity::Warning)
            .help("bounds are those of the node groups, or its flags (`--nodes`, `--max-nodes-total`)");
    }
    let name = name.map_or(String::new(), |name| format!(" `{name}`"));
    let problem = Problem::new(
        Code::SkippedKind,
        at.span,
        format!("{kind}{name} is skipped: this kind plays no part here"),
    );
    match suggest::nearest(kind, KINDS.iter().map(|(known, _)| *known)) {
        Some(near) => problem
            .severity(Severity::Warning)
            .help(format!("did you mean `{near}`?")),
        None => problem.severity(Severity::Note),
    }
}
