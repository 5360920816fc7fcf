//! Trees into typed values, all mistakes at once.
//!
//! Serde stops at the first mistake. So a wrong value is reported, taken out of the tree, and the
//! tree is read again; where a value may not be missing, stand-ins are tried in its place, so that
//! what follows it is still read. Nothing that is read this way is ever used for a run: it only
//! serves to find the other mistakes.

use super::de::{De, Ignored};
use super::fault::{Fault, Kind};
use super::node::{Entry, Key, Life, Node, Value};
use super::scalar::Scalar;
use crate::diagnostic::{Code, Problem, Problems, Severity};
use crate::path::{FieldPath, Segment};
use crate::source::Span;
use crate::suggest;
use serde::de::DeserializeOwned;
use std::cell::RefCell;

/// Turns a tree into a value. Mistakes are reported, and the tree keeps marks of what was wrong in
/// it. Fields that a type passes over are mistakes too, or warnings where `tolerated`. `None` if
/// nothing could be saved.
pub(crate) fn decode<T: DeserializeOwned>(
    root: &mut Node,
    base: &FieldPath,
    tolerated: &dyn Fn(Span) -> bool,
    problems: &mut Problems,
) -> Option<T> {
    // Each attempt reads the whole tree; large trees get fewer.
    let attempts = (4_000_000 / root.count().max(1)).clamp(20, 2_000);
    root.number();
    for _ in 0..attempts {
        let ignored = RefCell::new(Vec::new());
        let outcome = T::deserialize(De::new(root, &ignored));
        match outcome {
            Ok(value) => {
                for field in ignored.into_inner() {
                    passed_over(root, base, &field, tolerated, problems);
                }
                return Some(value);
            }
            Err(fault) => repair(root, base, fault, problems)?,
        }
        root.number();
    }
    None
}

fn passed_over(
    root: &Node,
    base: &FieldPath,
    field: &Ignored,
    tolerated: &dyn Fn(Span) -> bool,
    problems: &mut Problems,
) {
    let Some(found) = find(root, field.key, base) else {
        return;
    };
    let Some(key) = found.key else { return };
    let (severity, verdict) = if tolerated(key.span) {
        (Severity::Warning, " is passed over")
    } else {
        (Severity::Error, "")
    };
    problems.push(
        Problem::new(
            Code::UnknownField,
            key.span,
            format!("unknown field `{}`{verdict}", key.text),
        )
        .severity(severity)
        .path(&found.path)
        .names(&key.text, field.legal),
    );
}

/// A node by number, with what leads to it.
struct Found<'a> {
    /// Children to go down from the root.
    route: Vec<usize>,
    path: FieldPath,
    node: &'a Node,
    key: Option<&'a Key>,
    /// Whether the number was that of the key.
    is_key: bool,
}

fn find<'a>(root: &'a Node, id: u32, base: &FieldPath) -> Option<Found<'a>> {
    let mut found = Found {
        route: Vec::new(),
        path: base.clone(),
        node: root,
        key: None,
        is_key: false,
    };
    while found.node.id != id {
        match &found.node.value {
            Value::Scalar(_) => return None,
            Value::Seq(elements) => {
                let at = elements.iter().rposition(|element| element.id <= id)?;
                found.route.push(at);
                found.path.0.push(Segment::Index(at));
                found.key = None;
                found.node = &elements[at];
            }
            Value::Map(entries) => {
                let at = entries.iter().rposition(|entry| entry.key.id <= id)?;
                let Entry { key, value } = &entries[at];
                found.route.push(at);
                found.path.0.push(Segment::Key(key.text.clone()));
                found.key = Some(key);
                found.node = value;
                if key.id == id {
                    found.is_key = true;
                    return Some(found);
                }
            }
        }
    }
    Some(found)
}

/// Reports a mistake and marks its place. `None` if it is the tree as a whole.
fn repair(root: &mut Node, base: &FieldPath, fault: Fault, problems: &mut Problems) -> Option<()> {
    let id = fault.at.unwrap_or(0);
    let found = find(root, id, base)?;
    let route = found.route.clone();
    if let Kind::MissingField(field) = fault.kind {
        // Reported already: as a wrong value, as a slip in the name, or as part of something missing.
        let known = !found.node.is_sound()
            || found.node.entries().iter().any(|Entry { key, value }| {
                let removed = value.life == Life::Removed;
                key.text == field || (removed && suggest::nearest(&key.text, [field]).is_some())
            });
        if !known {
            problems.push(missing(&found, field));
        }
        let span = found.node.shown(found.key);
        stand_in(descend(root, &route), field, span);
        return Some(());
    }
    if let Life::Placeholder(tried) = found.node.life {
        if usize::from(tried) + 1 < STAND_INS {
            let node = descend(root, &route);
            node.life = Life::Placeholder(tried + 1);
            node.value = stand_in_value(tried + 1, node.span);
            return Some(());
        }
        // Nothing fits: what needs it cannot be read either.
        let above = route.split_last().map(|(_, above)| above)?;
        return remove(root, above);
    }
    if found.is_key || !found.node.is_damaged() {
        problems.push(describe(&found, fault.kind));
    }
    remove(root, &route)
}

fn descend<'a>(node: &'a mut Node, route: &[usize]) -> &'a mut Node {
    let [step, rest @ ..] = route else {
        return node;
    };
    match &mut node.value {
        Value::Seq(elements) => descend(&mut elements[*step], rest),
        Value::Map(entries) => descend(&mut entries[*step].value, rest),
        Value::Scalar(_) => unreachable!("a route leads through lists and maps"),
    }
}

fn remove(root: &mut Node, route: &[usize]) -> Option<()> {
    if route.is_empty() {
        return None;
    }
    descend(root, route).life = Life::Removed;
    Some(())
}

/// Values that may pass where nothing better is known: one for each kind of field.
const STAND_INS: usize = 7;

fn stand_in_value(number: u8, span: Span) -> Value {
    match number {
        0 => Value::Map(Vec::new()),
        1 => Value::Scalar(Scalar::plain("1s")),
        2 => Value::Scalar(Scalar::plain("1")),
        3 => Value::Scalar(Scalar::plain("1/s")),
        4 => Value::Scalar(Scalar::quoted("x")),
        5 => Value::Seq(Vec::new()),
        _ => Value::Seq(vec![Node::new(span, Value::Scalar(Scalar::plain("1")))]),
    }
}

fn stand_in(node: &mut Node, field: &str, span: Span) {
    if let Value::Map(entries) = &mut node.value {
        let mut value = Node::new(span, stand_in_value(0, span));
        value.life = Life::Placeholder(0);
        match entries.iter_mut().find(|entry| entry.key.text == field) {
            Some(entry) => entry.value = value,
            None => entries.push(Entry {
                key: Key {
                    id: 0,
                    text: field.to_owned(),
                    span,
                },
                value,
            }),
        }
    }
}

fn missing(found: &Found<'_>, field: &str) -> Problem {
    let span = found.node.shown(found.key);
    let of = match &found.path {
        path if path.0.is_empty() => String::new(),
        path => format!(" in `{path}`"),
    };
    Problem::new(
        Code::MissingField,
        span,
        format!("`{field}` is missing{of}"),
    )
    .path(&found.path)
}

fn describe(found: &Found<'_>, kind: Kind) -> Problem {
    let key_span = found.key.map(|key| key.span);
    let shown = if found.is_key {
        key_span.unwrap_or(found.node.span)
    } else {
        found.node.shown(found.key)
    };
    let problem = |code, message: String| Problem::new(code, shown, message).path(&found.path);
    match kind {
        Kind::UnknownField { name, legal } => {
            problem(Code::UnknownField, format!("unknown field `{name}`")).names(&name, legal)
        }
        Kind::UnknownVariant { name, legal } => problem(
            Code::UnknownChoice,
            format!("`{name}` is none of the choices here"),
        )
        .names(&name, legal),
        Kind::NotOneVariant { legal, count: 0 } => problem(
            Code::WrongType,
            "one of the choices is expected here".to_owned(),
        )
        .names("", legal),
        Kind::NotOneVariant { legal, .. } => {
            let given: Vec<&str> = found
                .node
                .entries()
                .iter()
                .map(|entry| entry.key.text.as_str())
                .collect();
            let message = format!("only one of `{}` can be given", given.join("`, `"));
            let problem = problem(Code::WrongType, message).names("", legal);
            match found.path.0.last() {
                Some(Segment::Index(_)) => {
                    problem.help("begin a new element of the list with each: `- name: ...`")
                }
                _ => problem,
            }
        }
        Kind::WrongType { found, expected } => wrong_type(problem, &found, &plain_words(&expected)),
        Kind::WrongLength { expected } => problem(
            Code::WrongType,
            format!("expected {}", plain_words(&expected)),
        ),
        Kind::Custom(message) => {
            let respelt = match &found.node.value {
                Value::Scalar(scalar) => suggest::respelt(&scalar.text, &message),
                _ => None,
            };
            // A suggestion of our own is better than one that only adds a unit.
            let message = match (&respelt, message.split_once("; did you mean ")) {
                (Some(_), Some((wrong, _))) => wrong.to_owned(),
                _ => message,
            };
            let problem = problem(Code::InvalidValue, message);
            match respelt {
                Some(text) => problem.help(format!("did you mean `{text}`?")),
                None => problem,
            }
        }
        Kind::MissingField(field) => missing(found, field),
    }
}

fn wrong_type(problem: impl Fn(Code, String) -> Problem, found: &str, expected: &str) -> Problem {
    let problem = problem(
        Code::WrongType,
        format!("expected {expected}, found {found}"),
    );
    let number = found
        .strip_prefix("the number `")
        .or(found.strip_prefix("the boolean `"));
    let text = found
        .strip_prefix("the text `")
        .map(|text| text.trim_end_matches('`'));
    match (expected, number, text) {
        ("text", Some(value), _) => {
            problem.help(format!("quote it: \"{}\"", value.trim_end_matches('`')))
        }
        (_, _, Some(text)) if text.contains("${") || text.contains("{{") => {
            problem.help("this is a variable of a template; render the file first")
        }
        (_, _, Some(text)) if expected.contains("number") && text.parse::<f64>().is_ok() => {
            problem.help(format!("leave the quotes out: {text}"))
        }
        ("a list", ..) if found == "a map" => {
            problem.help("begin each element of the list with `- `")
        }
        _ => problem,
    }
}

/// Serde names Rust types; the reader of a scenario knows none of them.
fn plain_words(expected: &str) -> String {
    match expected {
        "f64" | "f32" => "a number".to_owned(),
        "u8" | "u16" | "u32" | "u64" => "a whole number, not negative".to_owned(),
        "i8" | "i16" | "i32" | "i64" => "a whole number".to_owned(),
        "a nonzero u32" | "a nonzero u64" => "a whole number above zero".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a string" | "string" => "text".to_owned(),
        "a sequence" => "a list".to_owned(),
        "unit" => "nothing".to_owned(),
        other if other.starts_with("struct ") || other == "a map" => "a map of fields".to_owned(),
        other if other.starts_with("enum ") => "one of the choices".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests;
