//! Other files, put into the tree of the scenario that names them.

mod configuration;

pub(crate) use configuration::configurations;

use crate::diagnostic::{Code, Problem};
use crate::files::beside;
use crate::manifest;
use crate::path::FieldPath;
use crate::reader::{Reader, Referrer};
use crate::source::{SourceId, Span};
use crate::spec::Spec;
use crate::yaml::{Entry, Key, MAX_BYTES, Node, Scalar, Value};
use flashcrowd_workload::{TraceCounts, TraceSpec};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Replaces `prices: FILE` by the content of the file.
pub(crate) fn prices(root: &mut Node, scenario: &Path, reader: &mut Reader<'_>) {
    let Some(node) = root.get_mut("prices") else {
        return;
    };
    let Some(file) = node.as_text() else { return };
    let path = beside(scenario, file);
    let referrer = Referrer {
        span: node.span,
        path: FieldPath::default().join("prices"),
    };
    let sheet = reader
        .text(&path, Some(&referrer))
        .and_then(|source| reader.document(source, "a price file"));
    // What could not be read was said; the rest of the scenario is still checked.
    *node = sheet.unwrap_or_else(|| Node::new(node.span, Value::Map(Vec::new())));
}

/// Replaces the paths of manifests by their objects. Returns the sources of these.
pub(crate) fn manifests(
    root: &mut Node,
    scenario: &Path,
    reader: &mut Reader<'_>,
) -> Vec<SourceId> {
    let mut sources = Vec::new();
    let mut known: BTreeMap<PathBuf, Vec<Node>> = BTreeMap::new();
    let Some(Value::Map(services)) = root.get_mut("services").map(|node| &mut node.value) else {
        return sources;
    };
    for service in services {
        let base = FieldPath::default()
            .join("services")
            .join(&service.key.text)
            .join("manifests");
        let Some(Value::Seq(list)) = service
            .value
            .get_mut("manifests")
            .map(|node| &mut node.value)
        else {
            continue;
        };
        let mut resolved = Vec::new();
        for (index, node) in std::mem::take(list).into_iter().enumerate() {
            let Some(file) = node.as_text() else {
                resolved.push(node);
                continue;
            };
            let path = beside(scenario, file);
            if !known.contains_key(&path) {
                let referrer = Referrer {
                    span: node.span,
                    path: base.join(index),
                };
                let source = reader.text(&path, Some(&referrer));
                sources.extend(source);
                let documents = source
                    .and_then(|source| reader.documents(source))
                    .unwrap_or_default();
                known.insert(path.clone(), manifest::flatten(documents));
            }
            resolved.extend(known[&path].iter().cloned());
        }
        *list = resolved;
    }
    sources
}

/// Reads the traces that the workloads replay, into the scenario and into its tree.
pub(crate) fn traces(spec: &mut Spec, root: &mut Node, scenario: &Path, reader: &mut Reader<'_>) {
    let workloads = spec
        .workload
        .iter_mut()
        .map(|(name, workload)| (["workload", name, "open", "rate"], &mut workload.open.rate));
    let queues = spec.queues.iter_mut().filter_map(|(name, queue)| {
        let arrivals = queue.arrivals.as_mut()?;
        Some((["queues", name, "arrivals", "rate"], &mut arrivals.rate))
    });
    for (fields, rate) in workloads.chain(queues) {
        let base = fields
            .iter()
            .fold(FieldPath::default(), |path, field| path.join(*field));
        let Some(node) = root.at(&base.0) else {
            continue;
        };
        let mut found = 0;
        let mut read = |trace: &TraceSpec| -> Result<TraceCounts, ()> {
            found += 1;
            let (span, below) =
                place(node, &trace.file).unwrap_or((node.span, FieldPath::default()));
            let path = FieldPath([base.0.clone(), below.0].concat());
            load_trace(trace, &Referrer { span, path }, scenario, reader)
        };
        // After an error the rate stays as it was; the scenario is refused anyway.
        let outcome = rate.resolve_traces(&mut read);
        if outcome.is_ok() && found > 0 {
            let shape = serde_json::to_value(&*rate).unwrap_or_default();
            let resolved = tree(&shape, node.span);
            let place = fields
                .iter()
                .try_fold(&mut *root, |node, field| node.get_mut(field));
            if let Some(node) = place {
                *node = resolved;
            }
        }
    }
}

fn load_trace(
    trace: &TraceSpec,
    referrer: &Referrer,
    scenario: &Path,
    reader: &mut Reader<'_>,
) -> Result<TraceCounts, ()> {
    let path = beside(scenario, &trace.file);
    let source = reader.text(&path, Some(referrer)).ok_or(())?;
    let text = reader.sources.get(source).text.clone();
    TraceCounts::read_csv(text.as_bytes(), trace).map_err(|error| {
        let mut message = format!("`{}` is not a trace: {error}", path.display());
        let mut cause = std::error::Error::source(&error);
        while let Some(inner) = cause {
            message = format!("{message}: {inner}");
            cause = inner.source();
        }
        reader
            .problems
            .push(Problem::new(Code::InvalidValue, referrer.span, message).path(&referrer.path));
    })
}

/// Where a shape names a trace file.
fn place(node: &Node, file: &str) -> Option<(Span, FieldPath)> {
    for entry in node.entries() {
        if entry.key.text == "file" && entry.value.as_text() == Some(file) {
            return Some((entry.value.span, FieldPath::default().join("file")));
        }
        if let Some((span, below)) = place(&entry.value, file) {
            return Some((
                span,
                FieldPath([FieldPath::default().join(&entry.key.text).0, below.0].concat()),
            ));
        }
    }
    node.elements()
        .iter()
        .enumerate()
        .find_map(|(index, element)| {
            let (span, below) = place(element, file)?;
            Some((
                span,
                FieldPath([FieldPath::default().join(index).0, below.0].concat()),
            ))
        })
}

/// A JSON value as a tree.
fn tree(value: &serde_json::Value, span: Span) -> Node {
    use serde_json::Value as Json;
    Node::new(
        span,
        match value {
            Json::Null => Value::Scalar(Scalar::plain("null")),
            Json::Bool(value) => Value::Scalar(Scalar::plain(value.to_string())),
            Json::Number(value) => Value::Scalar(Scalar::plain(value.to_string())),
            Json::String(text) => Value::Scalar(Scalar::quoted(text.clone())),
            Json::Array(elements) => {
                Value::Seq(elements.iter().map(|element| tree(element, span)).collect())
            }
            Json::Object(fields) => Value::Map(
                fields
                    .iter()
                    .map(|(key, value)| Entry {
                        key: Key {
                            id: 0,
                            text: key.clone(),
                            span,
                        },
                        value: tree(value, span),
                    })
                    .collect(),
            ),
        },
    )
}

const _: () = assert!(MAX_BYTES < u32::MAX as u64, "spans are 32 bits wide");
