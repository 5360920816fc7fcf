//! Files that are checked without being run.

use crate::build::{self, Context};
use crate::diagnostic::{Diagnostics, Problems};
use crate::files::Files;
use crate::load::{Options, load_str, with_manifest_autoscalers};
use crate::manifest::{self, Objects};
use crate::path::FieldPath;
use crate::reader::Reader;
use crate::scaler::load_scaler;
use crate::scaler::pools::{ec2_documents, oci_document};
use crate::spec::Spec;
use crate::yaml::{self, Node, Value};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// Checks a file without running it: a scenario with everything that it names, Kubernetes manifests, or the
/// configuration of an instance pool of OCI or EC2.
///
/// Whether it can be used is what [`Diagnostics::has_errors`] says.
pub fn check(path: impl AsRef<Path>, files: &dyn Files) -> Diagnostics {
    let path = path.as_ref();
    let mut reader = Reader::new(files);
    let Some(source) = reader.text(path, None) else {
        return reader.problems.finish(reader.sources);
    };
    let text = reader.sources.get(source).text.clone();
    let mut trial = Problems::default();
    let documents = yaml::parse(&text, source, &mut trial).unwrap_or_default();
    if documents.iter().any(manifest::is_object) {
        return check_manifest(path, files);
    }
    // Configurations of instance pools have no kind, but fields that nothing else has.
    let is_pool = documents.iter().any(|it| oci_document(it).is_some())
        || !ec2_documents(&documents).is_empty();
    if is_pool {
        return match load_scaler(path, None, files) {
            Ok(loaded) => loaded.diagnostics,
            Err(diagnostics) => diagnostics,
        };
    }
    match load_str(&text, path, files, &Options::default()) {
        Ok(loaded) => loaded.diagnostics,
        Err(diagnostics) => diagnostics,
    }
}

/// Checks Kubernetes manifests: what the API server would refuse, what it would accept although it
/// does not do what it seems to, and what plays no part in a simulation.
pub fn check_manifest(path: impl AsRef<Path>, files: &dyn Files) -> Diagnostics {
    let mut reader = Reader::new(files);
    // The first source is the scenario; here it is one that nobody wrote and nobody is told about.
    let own = reader.sources.add("", "");
    let documents = reader
        .text(path.as_ref(), None)
        .and_then(|source| reader.documents(source));
    if let Some(documents) = documents {
        let documents = manifest::flatten(documents);
        let objects = Objects::read(&documents, &FieldPath::default(), &mut reader.problems);
        let text = scenario_around(&objects);
        let root = yaml::parse(&text, own, &mut Problems::default())
            .and_then(|parsed| parsed.into_iter().next());
        if let Some(root) = root {
            check_services(root, &documents, &objects, &mut reader.problems);
        }
        build::check_lone_hpas(&objects, &mut reader.problems);
    }
    reader.problems.drop_source(own);
    reader.problems.finish(reader.sources)
}

/// A scenario in which every Deployment is a service, and every ScaledJob with a name of its own one that
/// works off a queue.
fn scenario_around(objects: &Objects) -> String {
    let (mut services, mut queues) = (String::new(), String::new());
    for scaled_job in &objects.scaled_jobs {
        if let Some(name) = &scaled_job.value.metadata.name {
            let name = name.escape_default();
            writeln!(services, "  \"{name}\": {{ manifests: [] }}").unwrap_or_default();
            let steps = "steps: [ cpu: 1ms ], arrivals: { rate: 1/s }";
            writeln!(queues, "  \"{name}\": {{ workers: \"{name}\", {steps} }}")
                .unwrap_or_default();
        }
    }
    for deployment in &objects.deployments {
        let name = deployment.value.metadata.name.as_ref();
        let is_taken = |name: &&String| objects.scaled_job(None, name).is_some();
        if let Some(name) = name.filter(|name| !is_taken(name)) {
            writeln!(
                services,
                "  \"{}\": {{ manifests: [], endpoints: {{ any: [ cpu: 1ms ] }} }}",
                name.escape_default()
            )
            .unwrap_or_default();
        }
    }
    if !queues.is_empty() {
        queues.insert_str(0, "queues:\n");
    }
    format!("name: check\nduration: 1s\nworkload: {{}}\n{queues}services:\n{services}")
}

fn check_services(mut root: Node, documents: &[Node], objects: &Objects, problems: &mut Problems) {
    let mut by_service = BTreeMap::new();
    if let Some(Value::Map(services)) = root.get_mut("services").map(|node| &mut node.value) {
        for service in services {
            by_service.insert(service.key.text.clone(), objects.clone());
            if let Some(manifests) = service.value.get_mut("manifests") {
                manifests.value = Value::Seq(documents.to_vec());
            }
        }
    }
    let mut tree = with_manifest_autoscalers(&root, &by_service);
    if let Some(spec) = yaml::decode::<Spec>(&mut tree, &FieldPath::default(), &|_| true, problems)
    {
        build::model(&Context::new(&spec, &tree, &by_service), problems);
    }
}
