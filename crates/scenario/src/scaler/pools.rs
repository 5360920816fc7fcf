//! Configurations of instance pools, known by their fields.

mod utc_schedule;

use crate::check::Checker;
use crate::diagnostic::{Code, Problems, Severity};
use crate::path::FieldPath;
use crate::yaml::{Entry, Key, Node, Value, decode};
use flashcrowd_autoscalers::pools::{Ec2AutoScaling, Ec2Policy, InvalidPool, OciPolicy, OciPool};
use flashcrowd_manifests::Problem;
use flashcrowd_manifests::oci::AutoScalingConfiguration;
use serde_json::json;

/// The configuration of an OCI instance pool: the JSON of `oci autoscaling configuration create
/// --from-json`, or the list of its `--policies` alone.
pub(crate) fn oci_document(document: &Node) -> Option<Node> {
    let is_policy = |it: &Node| {
        ["capacity", "rules", "executionSchedule"]
            .iter()
            .any(|field| it.get(field).is_some())
    };
    let has_policies = |it: &Node| it.elements().iter().any(is_policy);
    match &document.value {
        Value::Seq(_) if has_policies(document) => {
            let policies = entry("policies", document.clone());
            Some(Node::new(document.span, Value::Map(vec![policies])))
        }
        Value::Map(_) if document.get("policies").is_some_and(has_policies) => {
            Some(document.clone())
        }
        _ => None,
    }
}

/// What a configuration or its first policy is called.
pub(super) fn oci_name(document: &Node) -> String {
    let name = |node: &Node| {
        node.get("displayName")
            .and_then(Node::as_text)
            .map(str::to_owned)
    };
    let policies = document.get("policies").map_or(&[][..], Node::elements);
    let found = name(document).or_else(|| policies.first().and_then(name));
    found.unwrap_or_else(|| "instance pool".to_owned())
}

/// Reads a configuration; what the service would refuse is an error, what is hardly meant a
/// warning.
pub(super) fn oci(document: &Node, problems: &mut Problems) -> Option<AutoScalingConfiguration> {
    let mut node = document.clone();
    let value: AutoScalingConfiguration =
        decode(&mut node, &FieldPath::default(), &|_| true, problems)?;
    let policy = json!({ "configuration": value });
    let refused = serde_json::from_value::<OciPolicy>(policy)
        .ok()
        .and_then(|policy| OciPool::new(&policy).err());
    report_refused(&node, refused, problems);
    report_lone(
        &node,
        value.lint(),
        (Severity::Warning, Code::Ineffective),
        problems,
    );
    Some(value)
}

/// Lists in which the AWS command line prints what there is.
const EC2_LISTS: [&str; 4] = [
    "AutoScalingGroups",
    "ScalingPolicies",
    "MetricAlarms",
    "ScheduledUpdateGroupActions",
];

/// The Auto Scaling groups among some documents, each with what belongs to it.
///
/// A document is a map with `group`, `policies` and so on, or one part as the AWS command line takes
/// it (`--cli-input-json`), or a list of parts, as its `describe` commands print them.
pub(crate) fn ec2_documents(documents: &[Node]) -> Vec<Node> {
    let mut whole = Vec::new();
    let mut parts: Vec<(&str, &Node)> = Vec::new();
    for document in documents {
        if document.get("group").is_some() {
            whole.push(document.clone());
            continue;
        }
        let lists = EC2_LISTS
            .iter()
            .filter_map(|list| document.get(list))
            .flat_map(Node::elements);
        let elements = [document].into_iter().chain(document.elements());
        parts.extend(elements.chain(lists).filter_map(|it| Some((part(it)?, it))));
    }
    let groups = parts.iter().filter(|(part, _)| *part == "group");
    whole.extend(groups.map(|(_, group)| with_parts(group, &parts)));
    whole
}

/// What a map is a part of, by the fields that every such part has.
fn part(node: &Node) -> Option<&'static str> {
    let has = |field: &str| node.get(field).is_some();
    [
        ("PolicyName", "policies"),
        ("AlarmName", "alarms"),
        ("ScheduledActionName", "scheduled_actions"),
        ("MaxSize", "group"),
        ("PoolState", "warm_pool"),
        ("MaxGroupPreparedCapacity", "warm_pool"),
    ]
    .into_iter()
    .find_map(|(field, part)| has(field).then_some(part))
}

/// A group with the parts that name it, or no group at all.
fn with_parts(group: &Node, parts: &[(&str, &Node)]) -> Node {
    let own = group_name(group);
    let of = |wanted: &str| -> Vec<Node> {
        let belongs = |node: &Node| group_name(node).is_none_or(|name| own.as_ref() == Some(&name));
        parts
            .iter()
            .filter(|(part, node)| *part == wanted && belongs(node))
            .map(|(_, node)| (*node).clone())
            .collect()
    };
    let mut entries = vec![entry("group", group.clone())];
    for field in ["policies", "alarms", "scheduled_actions"] {
        let elements = of(field);
        entries.push(entry(field, Node::new(group.span, Value::Seq(elements))));
    }
    entries.extend(of("warm_pool").pop().map(|pool| entry("warm_pool", pool)));
    Node::new(group.span, Value::Map(entries))
}

fn entry(name: &str, value: Node) -> Entry {
    Entry {
        key: Key {
            id: 0,
            text: name.to_owned(),
            span: value.span,
        },
        value,
    }
}

fn group_name(node: &Node) -> Option<String> {
    let name = node.get("AutoScalingGroupName").and_then(Node::as_text);
    name.map(str::to_owned)
}

/// What a group is called.
pub(super) fn ec2_name(document: &Node) -> String {
    let name = document.get("group").and_then(group_name);
    name.unwrap_or_else(|| "Auto Scaling group".to_owned())
}

/// Reads a group with its policies; what the service would refuse is an error.
pub(super) fn ec2(document: &Node, problems: &mut Problems) -> Option<Ec2Policy> {
    let mut node = document.clone();
    let value: Ec2Policy = decode(&mut node, &FieldPath::default(), &|_| true, problems)?;
    report_refused(&node, Ec2AutoScaling::new(&value).err(), problems);
    Some(value)
}

fn report_refused(node: &Node, refused: Option<InvalidPool>, problems: &mut Problems) {
    let found = refused.map(|invalid| invalid.problems).unwrap_or_default();
    report_lone(node, found, (Severity::Error, Code::Refused), problems);
}

fn report_lone(node: &Node, found: Vec<Problem>, kind: (Severity, Code), problems: &mut Problems) {
    let base = FieldPath::default();
    let mut check = Checker {
        root: node,
        base: &base,
        problems,
    };
    report(&mut check, &base, found, kind);
}

/// Reports what is wrong with a configuration that stands at `path`.
pub(crate) fn report(
    check: &mut Checker<'_>,
    path: &FieldPath,
    found: Vec<Problem>,
    (severity, code): (Severity, Code),
) {
    for Problem {
        path: below,
        message,
    } in found
    {
        // The messages go on where the name of the field ends.
        let field = below.rsplit('.').next().unwrap_or_default();
        let path = path.join_dotted(&below);
        let meant = utc_schedule::meant(check.root, &path);
        // The suggestion of the parser knows nothing of the time zone.
        let message = match (&meant, message.split_once("; did you mean")) {
            (Some(_), Some((fault, _))) => format!("`{field}` {fault}"),
            _ => format!("`{field}` {message}"),
        };
        check.report(code, &path, message, |problem| {
            let problem = problem.severity(severity);
            match meant {
                Some(meant) => problem.help(meant),
                None => problem,
            }
        });
    }
}
