//! Trees as YAML text: one way to write each value, so that equal trees give equal bytes.

use super::node::{Node, Value};
use super::scalar::{Resolved, Scalar};
use std::fmt::Write;

/// A whole document, block style, two spaces a level.
pub(crate) fn emit(node: &Node) -> String {
    let mut out = String::new();
    match &node.value {
        Value::Scalar(scalar) => writeln!(out, "{}", scalar_text(scalar)).unwrap_or_default(),
        _ => block(node, 0, &mut out),
    }
    out
}

fn block(node: &Node, indent: usize, out: &mut String) {
    match &node.value {
        Value::Scalar(scalar) => out.push_str(&scalar_text(scalar)),
        Value::Seq(elements) => {
            for element in elements {
                out.push_str(&" ".repeat(indent));
                out.push('-');
                after(element, indent, true, out);
            }
        }
        Value::Map(entries) => {
            for entry in entries {
                out.push_str(&" ".repeat(indent));
                out.push_str(&key_text(&entry.key.text));
                out.push(':');
                after(&entry.value, indent, false, out);
            }
        }
    }
}

/// What follows `key:` or `-`.
fn after(node: &Node, indent: usize, in_list: bool, out: &mut String) {
    let is_empty = node.entries().is_empty() && node.elements().is_empty();
    match &node.value {
        Value::Scalar(scalar) => {
            out.push(' ');
            out.push_str(&scalar_text(scalar));
            out.push('\n');
        }
        Value::Seq(_) if is_empty => out.push_str(" []\n"),
        Value::Map(_) if is_empty => out.push_str(" {}\n"),
        // The first line of a map or list stands beside the dash.
        _ if in_list => {
            let mut inner = String::new();
            block(node, indent + 2, &mut inner);
            out.push(' ');
            out.push_str(inner.trim_start_matches(' '));
        }
        _ => {
            out.push('\n');
            block(node, indent + 2, out);
        }
    }
}

fn key_text(key: &str) -> String {
    scalar_text(&Scalar::quoted(key))
}

fn scalar_text(scalar: &Scalar) -> String {
    let text = &scalar.text;
    match scalar.resolve() {
        Resolved::Null => "null".to_owned(),
        Resolved::Text(_) if needs_quotes(text) => quote(text),
        _ => text.clone(),
    }
}

fn needs_quotes(text: &str) -> bool {
    let means_text = matches!(Scalar::plain(text).resolve(), Resolved::Text(_));
    let simple = |c: char| c.is_alphanumeric() || "_-./%+()<>=@[] ".contains(c);
    let begins = text.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '/');
    !means_text || !begins || !text.chars().all(simple) || text.ends_with(' ')
}

fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || c == '\u{feff}' => {
                write!(out, "\\U{:08x}", u32::from(c)).unwrap_or_default();
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
