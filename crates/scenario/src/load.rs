//! From files to a scenario.

use crate::build::{self, Context};
use crate::diagnostic::{Code, Diagnostics, Problem};
use crate::files::{Disk, Files};
use crate::inline;
use crate::manifest::{self, Objects, Placed};
use crate::overrides;
use crate::path::FieldPath;
use crate::reader::Reader;
use crate::scenario::Scenario;
use crate::source::SourceId;
use crate::spec::Spec;
use crate::yaml::{self, Entry, Key, Node, Value};
use flashcrowd_manifests::Deployment;
use std::collections::BTreeMap;
use std::path::Path;

/// What is changed or added for one run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Fields to set, as path and YAML value: `("services.backend.replicas", "4")`. Applied in order.
    pub overrides: Vec<(String, String)>,
    /// `--duration`: how much time is simulated, instead of the scenario's `duration`.
    pub duration: Option<String>,
    /// Further objectives: `p(95)<500ms` for all requests, `browse: p(95)<500ms` for one endpoint.
    pub assertions: Vec<String>,
}

/// A scenario, and what there is to say about it.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The scenario.
    pub scenario: Scenario,
    /// Warnings and notes; no errors.
    pub diagnostics: Diagnostics,
}

/// Reads a scenario from disk.
///
/// # Errors
/// Everything that is wrong with the scenario and the files that it names, at once.
pub fn load(path: impl AsRef<Path>, options: &Options) -> Result<Loaded, Diagnostics> {
    load_from(&Disk, path, options)
}

/// Reads a scenario and the files that it names from wherever `files` has them.
///
/// # Errors
/// As [`load`].
pub fn load_from(
    files: &dyn Files,
    path: impl AsRef<Path>,
    options: &Options,
) -> Result<Loaded, Diagnostics> {
    let path = path.as_ref();
    let mut reader = Reader::new(files);
    let source = reader.text(path, None);
    finish(source, path, options, reader)
}

/// Reads a scenario from a text. Files that it names are looked for in `files`, relative to
/// `name`, which also stands for the text in messages.
///
/// # Errors
/// As [`load`].
pub fn load_str(
    text: &str,
    name: impl AsRef<Path>,
    files: &dyn Files,
    options: &Options,
) -> Result<Loaded, Diagnostics> {
    let name = name.as_ref();
    let mut reader = Reader::new(files);
    let source = reader.sources.add(name.display().to_string(), text);
    finish(Some(source), name, options, reader)
}

fn finish(
    source: Option<SourceId>,
    path: &Path,
    options: &Options,
    mut reader: Reader<'_>,
) -> Result<Loaded, Diagnostics> {
    let scenario = source.and_then(|source| read(source, path, options, &mut reader));
    let has_errors = reader.problems.has_errors();
    let diagnostics = reader.problems.finish(reader.sources);
    match scenario {
        Some(scenario) if !has_errors => Ok(Loaded {
            scenario,
            diagnostics,
        }),
        _ => Err(diagnostics),
    }
}

fn read(
    source: SourceId,
    path: &Path,
    options: &Options,
    reader: &mut Reader<'_>,
) -> Option<Scenario> {
    let mut root = reader.document(source, "a scenario")?;
    if manifest::is_object(&root) {
        let span = root.shown(None);
        reader.problems.push(
            Problem::new(Code::WrongType, span, "this is a Kubernetes manifest, not a scenario")
                .help("name it in a scenario, under services.NAME.manifests, or check it with `flashcrowd check`"),
        );
        return None;
    }
    // Prices that are in a file can be overridden one by one.
    inline::prices(&mut root, path, reader);
    let mut tolerated_sources = inline::configurations(&mut root, path, reader);
    for (field, value) in &options.overrides {
        overrides::apply(
            &mut root,
            field,
            value,
            &mut reader.sources,
            &mut reader.problems,
        );
    }
    if let Some(duration) = &options.duration {
        overrides::apply_duration(
            &mut root,
            duration,
            &mut reader.sources,
            &mut reader.problems,
        );
    }
    inline::prices(&mut root, path, reader);
    tolerated_sources.extend(inline::configurations(&mut root, path, reader));
    tolerated_sources.extend(inline::manifests(&mut root, path, reader));
    let objects = objects(&root, source, reader);

    let mut tree = with_manifest_autoscalers(&root, &objects);
    let tolerated = |span: crate::source::Span| tolerated_sources.contains(&span.source);
    let mut spec: Spec = yaml::decode(
        &mut tree,
        &FieldPath::default(),
        &tolerated,
        &mut reader.problems,
    )?;
    inline::traces(&mut spec, &mut root, path, reader);

    let context = Context::new(&spec, &tree, &objects);
    let problems = &mut reader.problems;
    let model = build::model(&context, problems);
    build::note_idle(&context, problems);
    let mut slos = build::slos(&context, problems);
    for text in &options.assertions {
        slos.extend(build::assertion(
            &context,
            text,
            &mut reader.sources,
            problems,
        ));
    }
    Some(Scenario {
        name: spec.name.clone(),
        description: spec.description.clone(),
        seed: spec.seed,
        start: spec.start.0.clone(),
        model,
        slos,
        resolved: yaml::emit(&root),
    })
}

/// The Kubernetes objects of each service.
fn objects(root: &Node, scenario: SourceId, reader: &mut Reader<'_>) -> BTreeMap<String, Objects> {
    let mut objects = BTreeMap::new();
    for service in root.get("services").map(Node::entries).unwrap_or_default() {
        let Some(manifests) = service.value.get("manifests") else {
            continue;
        };
        let mut found = Objects::default();
        for (index, document) in manifests.elements().iter().enumerate() {
            // Within a file of its own, an object's fields have their own paths.
            let base = if document.span.source == scenario {
                FieldPath::default()
                    .join("services")
                    .join(&service.key.text)
                    .join("manifests")
                    .join(index)
            } else {
                FieldPath::default()
            };
            found.add(document, &base, &mut reader.problems);
        }
        objects.insert(service.key.text.clone(), found);
    }
    objects
}

/// The scenario with each manifest's autoscaler under what the scenario says of it.
pub(crate) fn with_manifest_autoscalers(root: &Node, objects: &BTreeMap<String, Objects>) -> Node {
    let mut tree = root.clone();
    let Some(Value::Map(services)) = tree.get_mut("services").map(|node| &mut node.value) else {
        return tree;
    };
    for service in services {
        let Some(objects) = objects.get(&service.key.text) else {
            continue;
        };
        let wanted = service.value.get("deployment").and_then(Node::as_text);
        if let Some(scaled_job) = objects.scaled_job(wanted, &service.key.text) {
            if let Some(spec) = scaled_job.node.entry("spec") {
                lay_under(&mut service.value, "autoscaler", Some("scaled_job"), spec);
            }
            continue;
        }
        let Some(deployment) = objects.deployment(wanted, &service.key.text) else {
            continue;
        };
        if let Some((kind, spec)) = autoscaler_of(deployment, objects)
            .and_then(|(kind, object)| Some((kind, object.entry("spec")?)))
        {
            lay_under(&mut service.value, "autoscaler", Some(kind), spec);
        }
        if let Some(spec) = objects
            .vpa(deployment)
            .and_then(|vpa| vpa.node.entry("spec"))
        {
            lay_under(&mut service.value, "vpa", None, spec);
        }
    }
    tree
}

/// Puts the `spec` of an object under what a service says in a field, or in one choice of it.
/// Another choice, or `null`, takes the object away.
fn lay_under(service: &mut Node, field: &str, choice: Option<&str>, spec: &Entry) {
    let key = |text: &str| Key {
        id: 0,
        text: text.to_owned(),
        span: spec.key.span,
    };
    let mut under = match choice {
        None => spec.value.clone(),
        Some(choice) => Node::new(
            spec.value.span,
            Value::Map(vec![Entry {
                key: key(choice),
                value: spec.value.clone(),
            }]),
        ),
    };
    let Value::Map(fields) = &mut service.value else {
        return;
    };
    match fields.iter_mut().find(|own| own.key.text == field) {
        Some(own) => {
            let is_of_it = match choice {
                Some(choice) => own.value.get(choice).is_some(),
                None => matches!(own.value.value, Value::Map(_)),
            };
            if is_of_it {
                under.overlay(&own.value);
                own.value = under;
            }
        }
        None => fields.push(Entry {
            key: key(field),
            value: under,
        }),
    }
}

/// What in the manifests scales a Deployment: how the scenario calls it, and the object.
fn autoscaler_of<'a>(
    deployment: &Placed<Deployment>,
    objects: &'a Objects,
) -> Option<(&'static str, &'a Node)> {
    let hpa = objects.hpa(deployment).map(|hpa| ("hpa", &hpa.node));
    let keda = || {
        let object = objects.scaled_object(deployment)?;
        Some(("keda", &object.node))
    };
    hpa.or_else(keda)
}
