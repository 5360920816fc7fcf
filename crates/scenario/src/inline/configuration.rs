//! Configurations of instance pools, put into the scenarios that name their files.
//!
//! However it was written, the tree has one form afterwards: an OCI configuration with its list of
//! policies, an EC2 group with its parts, an Azure setting, a Google Cloud policy.

use crate::diagnostic::{Code, Problem};
use crate::files::beside;
use crate::path::FieldPath;
use crate::reader::{Reader, Referrer};
use crate::scaler::pools::{ec2_documents, oci_document};
use crate::source::SourceId;
use crate::yaml::{Entry, Key, Life, Node, Value};
use std::path::Path;

/// How a configuration is found among documents, by autoscaler.
type Find = fn(&[Node]) -> Option<Node>;

/// The autoscalers that take a configuration, and what to call it.
const KINDS: [(&str, &str, Find); 4] = [
    ("oci", "the policies of an OCI instance pool", oci),
    ("ec2", "an EC2 Auto Scaling group", ec2),
    ("azure_vmss", "an Azure autoscale setting", azure),
    ("gcp_mig", "the autoscaler of an instance group", gcp),
];

/// Replaces the paths of configurations by what the files hold. Returns the sources of these.
pub(crate) fn configurations(
    root: &mut Node,
    scenario: &Path,
    reader: &mut Reader<'_>,
) -> Vec<SourceId> {
    let mut sources = Vec::new();
    let Some(Value::Map(services)) = root.get_mut("services").map(|node| &mut node.value) else {
        return sources;
    };
    for service in services {
        let base = FieldPath::default()
            .join("services")
            .join(&service.key.text)
            .join("autoscaler");
        let Some(autoscaler) = service.value.get_mut("autoscaler") else {
            continue;
        };
        for (kind, what, find) in KINDS {
            let configuration = autoscaler
                .get_mut(kind)
                .and_then(|of| of.get_mut("configuration"));
            if let Some(node) = configuration {
                let base = base.join(kind).join("configuration");
                let read = &mut |file: &Node, path: &FieldPath| {
                    let documents = documents(file, path, scenario, reader, &mut sources);
                    documents.unwrap_or_default()
                };
                let (documents, is_from_files) = gather(node, &base, read);
                replace(node, &base, &documents, is_from_files, (what, find), reader);
            }
        }
    }
    sources
}

/// The documents that a configuration consists of, and whether they come from files.
fn gather(
    node: &Node,
    base: &FieldPath,
    read: &mut dyn FnMut(&Node, &FieldPath) -> Vec<Node>,
) -> (Vec<Node>, bool) {
    if node.as_text().is_some() {
        return (read(node, base), true);
    }
    let elements = node.elements();
    if !elements.is_empty() && elements.iter().all(|it| it.as_text().is_some()) {
        let files = elements.iter().enumerate();
        let documents = files.flat_map(|(index, file)| read(file, &base.join(index)));
        return (documents.collect(), true);
    }
    (vec![node.clone()], false)
}

fn documents(
    file: &Node,
    path: &FieldPath,
    scenario: &Path,
    reader: &mut Reader<'_>,
    sources: &mut Vec<SourceId>,
) -> Option<Vec<Node>> {
    let referrer = Referrer {
        span: file.span,
        path: path.clone(),
    };
    let source = reader.text(&beside(scenario, file.as_text()?), Some(&referrer))?;
    sources.push(source);
    reader.documents(source)
}

/// Puts the configuration in the place of whatever named it.
fn replace(
    node: &mut Node,
    base: &FieldPath,
    documents: &[Node],
    is_from_files: bool,
    (what, find): (&str, Find),
    reader: &mut Reader<'_>,
) {
    if let Some(found) = find(documents) {
        *node = found;
    } else if is_from_files {
        // What could not be read was said; the rest of the scenario is still checked.
        if !documents.is_empty() {
            let file = node
                .as_text()
                .map_or_else(String::new, |it| format!("`{it}` "));
            let message = format!("{file}is not {what}");
            let problem = Problem::new(Code::Manifest, node.shown(None), message);
            reader.problems.push(problem.path(base));
        }
        node.value = Value::Map(Vec::new());
        node.life = Life::Removed;
    }
    // What is written out and not recognised is decoded as it is, with its own complaints.
}

fn oci(documents: &[Node]) -> Option<Node> {
    documents.iter().find_map(oci_document)
}

fn ec2(documents: &[Node]) -> Option<Node> {
    ec2_documents(documents).into_iter().next()
}

/// The resource, or its `properties` alone, or an ARM template with the resource in it.
fn azure(documents: &[Node]) -> Option<Node> {
    let of = |document: &Node| {
        if document
            .get("properties")
            .is_some_and(|it| it.get("profiles").is_some())
        {
            return Some(document.clone());
        }
        document
            .get("profiles")
            .map(|_| under("properties", document))
    };
    documents.iter().find_map(|document| {
        let resources = document.get("resources").map_or(&[][..], Node::elements);
        of(document).or_else(|| resources.iter().find_map(of))
    })
}

/// The policy, or an autoscaler with the policy in it.
fn gcp(documents: &[Node]) -> Option<Node> {
    documents.iter().find_map(|document| {
        let inner = document.get("autoscalingPolicy").cloned();
        let own = || document.get("maxNumReplicas").map(|_| document.clone());
        inner.or_else(own)
    })
}

fn under(name: &str, node: &Node) -> Node {
    let key = Key {
        id: 0,
        text: name.to_owned(),
        span: node.span,
    };
    let entry = Entry {
        key,
        value: node.clone(),
    };
    Node::new(node.span, Value::Map(vec![entry]))
}
