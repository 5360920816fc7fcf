//! `--set PATH=VALUE`: changes to a scenario before it is read.
//!
//! The value is YAML. What comes of it is checked like everything else; mistakes point into the
//! argument.

use crate::diagnostic::{Code, Problem, Problems};
use crate::source::{SourceId, Sources, Span};
use crate::yaml::{self, Entry, Key, Node, Value};

/// A dotted path with the place of each part.
struct Part<'a> {
    text: &'a str,
    span: Span,
}

/// Applies `path=value` to a document.
pub(crate) fn apply(
    root: &mut Node,
    path: &str,
    value: &str,
    sources: &mut Sources,
    problems: &mut Problems,
) {
    let text = format!("{path}={value}");
    let source = sources.add("--set", &text);
    let parts = parts(path, source);
    if let Some(empty) = parts.iter().find(|part| part.text.is_empty()) {
        let problem = Problem::new(
            Code::BadOverride,
            empty.span,
            "in --set: a part of the path is empty",
        );
        problems.push(problem.help("write PATH=VALUE, as in services.backend.replicas=4"));
        return;
    }
    // Spaces in place of the path keep the positions of the value.
    let padded = format!("{}{value}", " ".repeat(path.len() + 1));
    let Some(documents) = yaml::parse(&padded, source, problems) else {
        return;
    };
    let whole = Span::new(source, path.len() + 1..text.len());
    let mut value = documents
        .into_iter()
        .next()
        .unwrap_or_else(|| Node::new(whole, Value::Scalar(yaml::Scalar::plain("null"))));
    if value.is_null() {
        value.span = whole;
    }
    if let Err(problem) = set(root, &parts, 0, value) {
        problems.push(*problem);
    }
}

/// Applies `--duration VALUE`.
pub(crate) fn apply_duration(
    root: &mut Node,
    value: &str,
    sources: &mut Sources,
    problems: &mut Problems,
) {
    let source = sources.add("--duration", value);
    let Some(documents) = yaml::parse(value, source, problems) else {
        return;
    };
    let span = Span::new(source, 0..value.len());
    let null = || Node::new(span, Value::Scalar(yaml::Scalar::plain("null")));
    let part = Part {
        text: "duration",
        span,
    };
    let value = documents.into_iter().next().unwrap_or_else(null);
    if let Err(problem) = set(root, &[part], 0, value) {
        problems.push(*problem);
    }
}

fn parts(path: &str, source: SourceId) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, separator) in path.char_indices().chain([(path.len(), '.')]) {
        if !matches!(separator, '.' | '[' | ']') {
            continue;
        }
        // `a[0].b`: nothing stands between the bracket and the dot.
        let after_bracket = at == start && start > 0 && path.as_bytes()[start - 1] == b']';
        if !after_bracket {
            parts.push(Part {
                text: &path[start..at],
                span: Span::new(source, start..at),
            });
        }
        start = at + separator.len_utf8();
    }
    parts
}

fn set(node: &mut Node, parts: &[Part<'_>], depth: usize, value: Node) -> Result<(), Box<Problem>> {
    let part = &parts[depth];
    let is_last = depth + 1 == parts.len();
    if node.is_null() {
        node.value = Value::Map(Vec::new());
    }
    let child = match &mut node.value {
        Value::Map(entries) => {
            let at = match entries.iter().position(|entry| entry.key.text == part.text) {
                Some(at) => at,
                None if !is_last && holds_names(parts, depth) => {
                    return Err(Box::new(unknown(entries, parts, depth)));
                }
                None => {
                    let key = Key {
                        id: 0,
                        text: part.text.to_owned(),
                        span: part.span,
                    };
                    entries.push(Entry {
                        key,
                        value: Node::new(part.span, Value::Map(Vec::new())),
                    });
                    entries.len() - 1
                }
            };
            if is_last {
                entries[at].key.span = part.span;
            }
            &mut entries[at].value
        }
        Value::Seq(elements) => {
            let count = elements.len();
            let index = part
                .text
                .parse::<usize>()
                .ok()
                .filter(|index| *index < count + usize::from(is_last));
            let Some(index) = index else {
                return Err(Box::new(no_element(part, count)));
            };
            if index == count {
                elements.push(value);
                return Ok(());
            }
            &mut elements[index]
        }
        Value::Scalar(scalar) => {
            let above = parts[..depth]
                .iter()
                .map(|part| part.text)
                .collect::<Vec<_>>()
                .join(".");
            let message = format!(
                "in --set: `{above}` is `{}`, which has no field `{}`",
                scalar.text, part.text
            );
            let problem = Problem::new(Code::BadOverride, part.span, message);
            return Err(Box::new(
                problem.help(format!("set `{above}` as a whole: {above}='{{ ... }}'")),
            ));
        }
    };
    if is_last {
        *child = value;
        return Ok(());
    }
    set(child, parts, depth + 1, value)
}

/// Whether the keys at this depth are names that the scenario gives, not fields of the format.
fn holds_names(parts: &[Part<'_>], depth: usize) -> bool {
    match depth {
        1 => matches!(parts[0].text, "services" | "workload"),
        3 => parts[0].text == "services" && parts[2].text == "endpoints",
        _ => false,
    }
}

fn unknown(entries: &[Entry], parts: &[Part<'_>], depth: usize) -> Problem {
    let part = &parts[depth];
    let above = parts[..depth]
        .iter()
        .map(|part| part.text)
        .collect::<Vec<_>>()
        .join(".");
    let names: Vec<&str> = entries
        .iter()
        .map(|entry| entry.key.text.as_str())
        .collect();
    Problem::new(
        Code::BadOverride,
        part.span,
        format!("in --set: there is no `{}` in `{above}`", part.text),
    )
    .names(part.text, &names)
}

fn no_element(part: &Part<'_>, count: usize) -> Problem {
    let message = format!("in --set: `{}` is no element of this list", part.text);
    Problem::new(Code::BadOverride, part.span, message).legal(match count {
        0 => "0 to add an element; the list is empty".to_owned(),
        1 => "0, or 1 to add an element".to_owned(),
        count => format!("0 to {}, or {count} to add an element", count - 1),
    })
}
