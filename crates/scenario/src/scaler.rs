//! Autoscalers out of manifest files, for controllers that are driven without a scenario.

pub(crate) mod pools;

use crate::build;
use crate::diagnostic::{Code, Diagnostics, Problem, Problems};
use crate::files::Files;
use crate::manifest::{self, Objects, Placed};
use crate::path::FieldPath;
use crate::reader::Reader;
use crate::yaml::{Node, decode};
use flashcrowd_autoscalers::PodRequests;
use flashcrowd_autoscalers::hpa::HpaFlags;
use flashcrowd_autoscalers::keda::{Keda, KedaPolicy};
use flashcrowd_autoscalers::pools::Ec2Policy;
use flashcrowd_manifests::oci::AutoScalingConfiguration;
use flashcrowd_manifests::{HorizontalPodAutoscaler, ScaledObject};
use std::path::Path;

/// An autoscaler as its manifest describes it.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one, and it is read once"
)]
pub enum ScalerManifest {
    /// A HorizontalPodAutoscaler of `autoscaling/v2`.
    Hpa(HorizontalPodAutoscaler),
    /// A ScaledObject of `keda.sh/v1alpha1`.
    ScaledObject(ScaledObject),
    /// An autoscaling configuration of an OCI instance pool.
    Oci(AutoScalingConfiguration),
    /// An EC2 Auto Scaling group with its policies.
    Ec2(Ec2Policy),
}

/// An autoscaler that is in order, and what there is to say about it.
#[derive(Debug, Clone)]
pub struct LoadedScaler {
    /// `metadata.name`, `displayName` or `AutoScalingGroupName`.
    pub name: String,
    /// The autoscaler.
    pub manifest: ScalerManifest,
    /// What the pods of its Deployment request, if the file has that Deployment.
    pub requests: Option<PodRequests>,
    /// Warnings and notes.
    pub diagnostics: Diagnostics,
}

/// Reads the autoscaler of a manifest file: the one named `name`, or the only one.
///
/// # Errors
/// Everything that is wrong with it, at once.
pub fn load_scaler(
    path: impl AsRef<Path>,
    name: Option<&str>,
    files: &dyn Files,
) -> Result<LoadedScaler, Diagnostics> {
    let path = path.as_ref();
    let mut reader = Reader::new(files);
    let documents = reader
        .text(path, None)
        .and_then(|source| reader.documents(source))
        .map(manifest::flatten)
        .unwrap_or_default();
    let file = path.display().to_string();
    let found = read(&documents, name, &file, &mut reader.problems);
    let has_errors = reader.problems.has_errors();
    let diagnostics = reader.problems.finish(reader.sources);
    match found {
        Some((name, manifest, requests)) if !has_errors => Ok(LoadedScaler {
            name,
            manifest,
            requests,
            diagnostics,
        }),
        _ => Err(diagnostics),
    }
}

type Found = (String, ScalerManifest, Option<PodRequests>);

/// An autoscaler among the documents, not read yet.
enum Candidate<'a> {
    Hpa(&'a Node),
    ScaledObject(&'a Node),
    Oci(Node),
    Ec2(Node),
}

impl Candidate<'_> {
    fn name(&self) -> String {
        match self {
            Self::Hpa(document) | Self::ScaledObject(document) => name_of(document),
            Self::Oci(document) => pools::oci_name(document),
            Self::Ec2(document) => pools::ec2_name(document),
        }
    }
}

fn candidates(documents: &[Node]) -> Vec<Candidate<'_>> {
    let kind = |document: &Node| {
        let kind = document.get("kind").and_then(Node::as_text);
        kind.map(str::to_owned)
    };
    let mut candidates: Vec<Candidate<'_>> = documents
        .iter()
        .filter_map(|document| match kind(document).as_deref() {
            Some("HorizontalPodAutoscaler") => Some(Candidate::Hpa(document)),
            Some("ScaledObject") => Some(Candidate::ScaledObject(document)),
            _ => pools::oci_document(document).map(Candidate::Oci),
        })
        .collect();
    let groups = pools::ec2_documents(documents);
    candidates.extend(groups.into_iter().map(Candidate::Ec2));
    candidates
}

fn read(
    documents: &[Node],
    name: Option<&str>,
    file: &str,
    problems: &mut Problems,
) -> Option<Found> {
    let candidates = candidates(documents);
    let chosen = choose(&candidates, name, file, problems)?;
    let manifest = match chosen {
        Candidate::Hpa(document) => ScalerManifest::Hpa(hpa(document, problems)?),
        Candidate::ScaledObject(document) => {
            ScalerManifest::ScaledObject(scaled_object(document, problems)?)
        }
        Candidate::Oci(document) => ScalerManifest::Oci(pools::oci(document, problems)?),
        Candidate::Ec2(document) => ScalerManifest::Ec2(pools::ec2(document, problems)?),
    };
    let target = match &manifest {
        ScalerManifest::Hpa(hpa) => Some(&hpa.spec.scale_target_ref.name),
        ScalerManifest::ScaledObject(object) => Some(&object.spec.scale_target_ref.name),
        ScalerManifest::Oci(_) | ScalerManifest::Ec2(_) => None,
    };
    let requests = target.and_then(|target| requests(documents, target, problems));
    Some((chosen.name(), manifest, requests))
}

/// The autoscaler of a name, or the only one.
fn choose<'a, 'b>(
    candidates: &'a [Candidate<'b>],
    name: Option<&str>,
    file: &str,
    problems: &mut Problems,
) -> Option<&'a Candidate<'b>> {
    let names: Vec<String> = candidates.iter().map(Candidate::name).collect();
    let problem = match (name, candidates) {
        (None, [only]) => return Some(only),
        // A file that could not be read has been complained about already.
        (_, []) if problems.has_errors() => return None,
        (_, []) => {
            let message = format!(
                "`{file}` has no autoscaler: neither a HorizontalPodAutoscaler nor a ScaledObject, \
                 nor the policies of an OCI instance pool or an EC2 Auto Scaling group"
            );
            Problem::of_file(Code::Manifest, file, message)
        }
        (None, _) => {
            let message = format!("`{file}` has several autoscalers: {}", names.join(", "));
            Problem::of_file(Code::AmbiguousReference, file, message)
                .help("say which with `--name`")
        }
        (Some(wanted), _) => {
            if let Some(found) = names.iter().position(|name| name == wanted) {
                return candidates.get(found);
            }
            let message = format!("`{file}` has no autoscaler `{wanted}`");
            let legal: Vec<&str> = names.iter().map(String::as_str).collect();
            Problem::of_file(Code::UnknownReference, file, message).names(wanted, &legal)
        }
    };
    problems.push(problem);
    None
}

fn name_of(document: &Node) -> String {
    let name = document
        .get("metadata")
        .and_then(|metadata| metadata.get("name"))
        .and_then(Node::as_text);
    name.unwrap_or_default().to_owned()
}

fn hpa(document: &Node, problems: &mut Problems) -> Option<HorizontalPodAutoscaler> {
    let mut objects = Objects::default();
    objects.add(document, &FieldPath::default(), problems);
    build::check_lone_hpas(&objects, problems);
    objects.hpas.pop().map(|placed| placed.value)
}

fn scaled_object(document: &Node, problems: &mut Problems) -> Option<ScaledObject> {
    let base = FieldPath::default();
    let mut node = document.clone();
    let value: ScaledObject = decode(&mut node, &base, &|_| true, problems)?;
    let placed = Placed { value, node, base };
    let policy = KedaPolicy {
        spec: placed.value.spec.clone(),
        annotations: placed.value.metadata.annotations.clone(),
        flags: HpaFlags::default(),
        epoch_unix_seconds: 0,
    };
    if let Err(invalid) = Keda::new(&policy) {
        for found in invalid.problems {
            let path = FieldPath::default().join_dotted(&found.path);
            let field = found.path.rsplit('.').next().unwrap_or_default();
            let message = format!("`{field}` {}", found.message);
            placed
                .check(problems)
                .report(Code::Refused, &path, message, |problem| problem);
        }
    }
    Some(placed.value)
}

/// What the pods of a Deployment request, if it is among the documents.
fn requests(documents: &[Node], name: &str, problems: &mut Problems) -> Option<PodRequests> {
    let mut objects = Objects::default();
    for document in documents {
        let is_deployment = document.get("kind").and_then(Node::as_text) == Some("Deployment");
        if is_deployment && name_of(document) == name {
            objects.add(document, &FieldPath::default(), problems);
        }
    }
    let deployment = objects.deployments.first()?;
    Some(PodRequests::of(&deployment.value.spec.template.spec))
}
