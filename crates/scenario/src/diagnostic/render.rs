//! Diagnostics as text.

use super::{Code, Diagnostic, Severity};
use crate::source::{Sources, Span};
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use std::cmp::Reverse;

/// How diagnostics are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Style {
    /// Plain ASCII.
    #[default]
    Plain,
    /// With terminal colours.
    Coloured,
}

/// Lines longer than this are cut before they are shown: a file of one line must not fill the screen.
const LINE: usize = 160;

type Item = (Diagnostic, Option<Span>, Option<String>);

/// All of them, the gravest last.
pub(super) fn all(items: &[Item], sources: &Sources, style: Style) -> String {
    page(items.iter().collect(), sources, style)
}

/// Without notes if there are errors, and with a line for the skipped kinds of a file.
pub(super) fn briefly(items: &[Item], sources: &Sources, style: Style) -> String {
    let has_errors = items
        .iter()
        .any(|(diagnostic, ..)| diagnostic.severity == Severity::Error);
    let (notes, graver): (Vec<&Item>, Vec<&Item>) = items
        .iter()
        .partition(|(diagnostic, ..)| diagnostic.severity == Severity::Note);
    if has_errors {
        return page(graver, sources, style);
    }
    let (skipped, notes): (Vec<&Item>, Vec<&Item>) = notes
        .into_iter()
        .partition(|(diagnostic, ..)| diagnostic.code == Code::SkippedKind);
    let shown = page([notes, graver].concat(), sources, style);
    skipped_kinds(&skipped, sources, style) + &shown
}

fn page(mut items: Vec<&Item>, sources: &Sources, style: Style) -> String {
    let renderer = renderer(style);
    items.sort_by_key(|(diagnostic, ..)| Reverse(diagnostic.severity));
    let mut text = String::new();
    for (diagnostic, span, label) in items {
        text.push_str(&renderer.render(&[group(diagnostic, *span, label.as_deref(), sources)]));
        text.push_str("\n\n");
    }
    text
}

fn renderer(style: Style) -> Renderer {
    match style {
        Style::Plain => Renderer::plain(),
        Style::Coloured => Renderer::styled(),
    }
}

/// `FILE: skipped Namespace, ConfigMap (lines 8, 13): kinds that flashcrowd does not simulate`,
/// a line for each file. Items of a file follow each other.
fn skipped_kinds(items: &[&Item], sources: &Sources, style: Style) -> String {
    let mut text = String::new();
    for of_file in items.chunk_by(|(a, ..), (b, ..)| a.file == b.file) {
        let mut kinds: Vec<String> = Vec::new();
        let mut lines: Vec<String> = Vec::new();
        for (diagnostic, span, _) in of_file {
            let kind = span.map_or("", |span| &sources.get(span.source).text[span.range()]);
            let kind = one_line(kind.trim_matches(['"', '\'']));
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
            lines.push(diagnostic.line.to_string());
        }
        let message = format!(
            "{}: skipped {} ({} {}): kinds that flashcrowd does not simulate",
            of_file[0].0.file,
            kinds.join(", "),
            if lines.len() == 1 { "line" } else { "lines" },
            lines.join(", "),
        );
        let title = Level::NOTE
            .primary_title(one_line(&message))
            .id(Code::SkippedKind.name());
        text.push_str(&renderer(style).render(&[Group::with_title(title)]));
        text.push('\n');
    }
    text
}

fn group<'a>(
    diagnostic: &'a Diagnostic,
    span: Option<Span>,
    label: Option<&'a str>,
    sources: &'a Sources,
) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level
        .primary_title(one_line(&diagnostic.message))
        .id(diagnostic.code.name());
    let mut group = match span {
        Some(span) => {
            let source = sources.get(span.source);
            let quote = quote(&source.text, &diagnostic.span);
            let mut annotation = AnnotationKind::Primary.span(quote.at);
            if let Some(label) = label {
                annotation = annotation.label(one_line(label));
            }
            let snippet = Snippet::source(quote.line)
                .line_start(diagnostic.line)
                .path(diagnostic.file.as_str())
                .annotation(annotation);
            title.element(snippet)
        }
        None => title.element(Origin::path(diagnostic.file.as_str())),
    };
    if !diagnostic.path.is_empty() {
        group = group.element(
            Level::NOTE
                .with_name("field")
                .message(one_line(&diagnostic.path)),
        );
    }
    if let Some(legal) = &diagnostic.legal {
        group = group.element(Level::NOTE.with_name("legal").message(one_line(legal)));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(one_line(help)));
    }
    group
}

/// The line of a place, and the place in it.
struct Quote {
    line: String,
    at: std::ops::Range<usize>,
}

fn quote(text: &str, span: &std::ops::Range<usize>) -> Quote {
    let at = span.start.min(text.len());
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[at..]
        .find('\n')
        .map_or(text.len(), |newline| at + newline);
    let line = text[start..end].trim_end_matches('\r');
    // Whole characters, and at least one: the space that stands for the end of a line if need be.
    let from = floor(line, at - start);
    let to = ceil(line, span.end.saturating_sub(start).max(from + 1));
    let shown = if line.len() <= LINE {
        0..line.len()
    } else {
        let left = floor(line, from.saturating_sub(LINE / 4));
        left..floor(line, left + LINE).max(ceil(line, from + 1).min(line.len()))
    };
    let mut cut = printable(&line[shown.clone()]);
    let at = from - shown.start..to.min(shown.end).max(ceil(line, from + 1)) - shown.start;
    if at.end > cut.len() {
        cut.push(' ');
    }
    Quote { line: cut, at }
}

/// The nearest character boundary at or before an offset.
fn floor(text: &str, offset: usize) -> usize {
    (0..=offset.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

/// The nearest character boundary at or after an offset; past the end, the place after it.
fn ceil(text: &str, offset: usize) -> usize {
    (offset..text.len())
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or_else(|| offset.clamp(text.len(), text.len() + 1))
}

/// Text on one line: what would move the cursor is escaped, and what nobody would read to its end
/// is cut.
fn one_line(text: &str) -> String {
    const LONGEST: usize = 1_200;
    let mut line = String::new();
    for c in text.chars() {
        match c {
            c if c.is_control() => line.extend(c.escape_default()),
            c => line.push(c),
        }
        if line.len() > LONGEST {
            line.push_str("...");
            break;
        }
    }
    line
}

/// Control characters would move the cursor; each is replaced by as many bytes as it has.
fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let replaced = if c.is_control() { ' ' } else { c };
            std::iter::repeat_n(replaced, if replaced == c { 1 } else { c.len_utf8() })
        })
        .collect()
}
