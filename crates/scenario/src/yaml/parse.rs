//! Text into trees.

use super::node::{Entry, Key, Node, Value};
use super::scalar::Scalar;
use crate::diagnostic::{Code, Problem, Problems};
use crate::source::{SourceId, Span};
use granit_parser::{Event, Parser, ScalarStyle, ScanError};
use std::collections::{BTreeMap, BTreeSet};

/// The largest file that is read.
pub(crate) const MAX_BYTES: u64 = 8 << 20;
/// Values in one file, aliases expanded.
const MAX_NODES: usize = 250_000;
/// Lists and maps inside each other.
const MAX_DEPTH: usize = 64;

const RENDER: &str = "`{{ ... }}` is a template; render it first, as with `helm template`";

/// All documents of a text. What is wrong with the text goes to `problems`; documents before a
/// syntax error are not returned, since the error may have begun in them.
pub(crate) fn parse(text: &str, source: SourceId, problems: &mut Problems) -> Option<Vec<Node>> {
    let mut builder = Builder {
        source,
        length: text.len(),
        is_template: text.contains("{{"),
        open: Vec::new(),
        done: Vec::new(),
        anchors: BTreeMap::new(),
        nodes: 0,
        problems,
    };
    for event in Parser::new_from_str(text) {
        let outcome = match event {
            Ok((event, span)) => builder.event(event, span),
            Err(error) => Err(Box::new(builder.syntax(&error))),
        };
        if let Err(problem) = outcome {
            problems.push(*problem);
            return None;
        }
    }
    Some(builder.done)
}

/// A list or map whose end has not come yet.
struct Open {
    node: Node,
    anchor: usize,
    /// Line of its beginning, from 1.
    line: usize,
    /// Of a map: the key that waits for its value.
    key: Option<Key>,
}

impl Open {
    fn new(span: Span, anchor: usize, line: usize, value: Value) -> Self {
        Self {
            node: Node::new(span, value),
            anchor,
            line,
            key: None,
        }
    }
}

struct Builder<'a> {
    source: SourceId,
    length: usize,
    /// Whether the text has Helm's braces in it.
    is_template: bool,
    open: Vec<Open>,
    done: Vec<Node>,
    anchors: BTreeMap<usize, Node>,
    nodes: usize,
    problems: &'a mut Problems,
}

type Outcome = Result<(), Box<Problem>>;

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, span: granit_parser::Span) -> Outcome {
        let line = span.start.line();
        let span = self.span(span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_text = tag.is_some_and(|tag| tag.core_suffix() == Some("str"));
                let plain = style == ScalarStyle::Plain && !is_text;
                let scalar = Scalar {
                    text: text.into_owned(),
                    plain,
                };
                self.close(Node::new(span, Value::Scalar(scalar)), anchor)
            }
            Event::SequenceStart(_, anchor, _) => {
                self.open(Open::new(span, anchor, line, Value::Seq(Vec::new())))
            }
            Event::MappingStart(_, anchor, _) => {
                self.open(Open::new(span, anchor, line, Value::Map(Vec::new())))
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(mut open) = self.open.pop() else {
                    return Ok(());
                };
                open.node.span.end = open.node.span.end.max(span.end);
                merge(&mut open.node, self.problems);
                self.close(open.node, open.anchor)
            }
            Event::Alias(anchor) => {
                // A parent is not among the finished anchors: such a document would have no end.
                let Some(node) = self.anchors.get(&anchor) else {
                    return Err(Box::new(Problem::new(
                        Code::Syntax,
                        span,
                        "an alias inside the very value that it stands for",
                    )));
                };
                let mut copy = node.clone();
                if self.nodes + copy.count() > MAX_NODES {
                    return Err(Box::new(Self::too_many(span, "with this alias expanded, ")));
                }
                if self.open.len() + depth(&copy) > MAX_DEPTH {
                    return Err(Box::new(Self::too_deep(span)));
                }
                self.nodes += copy.count() - 1;
                respan(&mut copy, span);
                self.close(copy, 0)
            }
            Event::DocumentStart(..) => {
                self.anchors.clear();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn open(&mut self, open: Open) -> Outcome {
        if self.open.len() >= MAX_DEPTH {
            return Err(Box::new(Self::too_deep(open.node.span)));
        }
        self.open.push(open);
        Ok(())
    }

    fn too_many(span: Span, when: &str) -> Problem {
        Problem::new(
            Code::TooComplex,
            span,
            format!("{when}the file holds more values than are read"),
        )
        .legal(format!("at most {MAX_NODES} values, aliases expanded"))
    }

    fn too_deep(span: Span) -> Problem {
        Problem::new(
            Code::TooComplex,
            span,
            "lists and maps are nested deeper than is read",
        )
        .legal(format!("at most {MAX_DEPTH} inside each other"))
    }

    /// A value is complete: it belongs to what is open.
    fn close(&mut self, node: Node, anchor: usize) -> Outcome {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(Box::new(Self::too_many(node.span, "")));
        }
        if anchor != 0 {
            // Kept copies count too: anchors at every level would multiply the file by its depth.
            self.nodes += node.count();
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.done.push(node);
            return Ok(());
        };
        match (&mut open.node.value, open.key.take()) {
            (Value::Map(_), None) => {
                let Value::Scalar(scalar) = node.value else {
                    let problem =
                        Problem::new(Code::Syntax, node.span, "a list or a map cannot be a key");
                    let help = if self.is_template {
                        RENDER
                    } else {
                        "quote the key if it is meant as text"
                    };
                    return Err(Box::new(problem.help(help)));
                };
                open.key = Some(Key {
                    id: 0,
                    text: scalar.text,
                    span: node.span,
                });
            }
            (Value::Map(entries), Some(key)) => entries.push(Entry { key, value: node }),
            (Value::Seq(elements), _) => elements.push(node),
            (Value::Scalar(_), _) => {}
        }
        Ok(())
    }

    fn span(&self, span: granit_parser::Span) -> Span {
        let offset =
            |marker: &granit_parser::Marker| marker.byte_offset().unwrap_or(0).min(self.length);
        Span::new(self.source, offset(&span.start)..offset(&span.end))
    }

    fn syntax(&self, error: &ScanError) -> Problem {
        let at = error.marker().byte_offset().unwrap_or(0).min(self.length);
        let problem = Problem::new(
            Code::Syntax,
            Span::new(self.source, at..at),
            format!("this is not YAML: {}", error.info()),
        );
        match self.open.last() {
            _ if self.is_template => problem.help(RENDER),
            None => problem,
            Some(open) => {
                let inside = open
                    .key
                    .as_ref()
                    .map_or(String::new(), |key| format!(", after `{}:`", key.text));
                problem.help(format!(
                    "the list or map that is being read begins in line {}{inside}",
                    open.line
                ))
            }
        }
    }
}

/// Levels of lists and maps in a value.
fn depth(node: &Node) -> usize {
    match &node.value {
        Value::Scalar(_) => 0,
        Value::Seq(elements) => 1 + elements.iter().map(depth).max().unwrap_or(0),
        Value::Map(entries) => {
            1 + entries
                .iter()
                .map(|entry| depth(&entry.value))
                .max()
                .unwrap_or(0)
        }
    }
}

/// Mistakes in an expanded list or map are shown where its text stands, a scalar where it is used.
fn respan(node: &mut Node, span: Span) {
    if matches!(node.value, Value::Scalar(_)) {
        node.span = span;
    }
}

/// Puts the maps under `<<` into a map, own keys winning, and reports keys that occur twice.
fn merge(node: &mut Node, problems: &mut Problems) {
    let Value::Map(entries) = &mut node.value else {
        return;
    };
    let mut merged: Vec<Entry> = Vec::with_capacity(entries.len());
    let mut seen = BTreeSet::new();
    let mut below = Vec::new();
    for entry in std::mem::take(entries) {
        if entry.key.text == "<<" {
            below.push(entry);
            continue;
        }
        if !seen.insert(entry.key.text.clone()) {
            problems.push(
                Problem::new(
                    Code::DuplicateKey,
                    entry.key.span,
                    format!("`{}` is given twice", entry.key.text),
                )
                .label("again here")
                .help("keep one of the two; the first one is read here"),
            );
            continue;
        }
        merged.push(entry);
    }
    for entry in below {
        let maps = match entry.value.value {
            Value::Map(_) => vec![entry.value],
            Value::Seq(elements) => elements,
            Value::Scalar(_) => Vec::new(),
        };
        if maps.is_empty() || maps.iter().any(|map| !matches!(map.value, Value::Map(_))) {
            problems.push(
                Problem::new(
                    Code::WrongType,
                    entry.key.span,
                    "`<<` merges a map or a list of maps into this one",
                )
                .help("write `<<: *name`, with `&name` at the map that is to be merged"),
            );
            continue;
        }
        for inherited in maps.into_iter().flat_map(|map| match map.value {
            Value::Map(entries) => entries,
            _ => Vec::new(),
        }) {
            if seen.insert(inherited.key.text.clone()) {
                merged.push(inherited);
            }
        }
    }
    *entries = merged;
}
