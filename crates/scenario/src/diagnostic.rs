//! What is wrong with a file, and where.

mod code;
mod render;

pub use code::Code;
pub use render::Style;

use crate::path::FieldPath;
use crate::source::{SourceId, Sources, Span};
use std::fmt;
use std::ops::Range;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file can be used, and does not do what it seems to.
    Warning,
    /// Something that was left out, for information.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}

/// One thing to say about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What kind of thing it is; stable.
    pub code: Code,
    /// The file as it was named by the user or by the file that refers to it; `--set` for a value
    /// from the command line.
    pub file: String,
    /// Line, from 1. 0 where the file as a whole is meant.
    pub line: usize,
    /// Column in characters, from 1. 0 where the file as a whole is meant.
    pub column: usize,
    /// The same as bytes of the file.
    pub span: Range<usize>,
    /// The field, as `services.backend.pod.cpu.limit`. Empty for the whole document.
    pub path: String,
    /// What is wrong, with the value that was found.
    pub message: String,
    /// What would be legal there: names, or a range.
    pub legal: Option<String>,
    /// What to write instead.
    pub help: Option<String>,
}

/// Everything that there is to say about the files of one load, in the order of the files and of
/// their lines.
///
/// Displayed, it is a page that quotes each place, without colours; see [`render`](Self::render).
#[derive(Debug, Clone, Default)]
pub struct Diagnostics {
    items: Vec<(Diagnostic, Option<Span>, Option<String>)>,
    sources: Sources,
}

impl Diagnostics {
    /// All of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Diagnostic> {
        self.items.iter().map(|(diagnostic, ..)| diagnostic)
    }

    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Whether one of them is an error.
    pub fn has_errors(&self) -> bool {
        self.iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// How many of them are of this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.iter()
            .filter(|diagnostic| diagnostic.severity == severity)
            .count()
    }

    /// All of them as text, each with the quoted place, its legal values and what to do. Notes
    /// come first and errors last, where they are seen without scrolling back.
    pub fn render(&self, style: Style) -> String {
        render::all(&self.items, &self.sources, style)
    }

    /// As [`render`](Self::render), for somebody on the way to a run: the
    /// [kinds that are skipped](Code::SkippedKind) take one line a file, and beside errors there
    /// are no notes.
    pub fn render_briefly(&self, style: Style) -> String {
        render::briefly(&self.items, &self.sources, style)
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Style::Plain))
    }
}

impl std::error::Error for Diagnostics {}

/// A diagnostic in the making.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    severity: Severity,
    code: Code,
    span: Option<Span>,
    path: String,
    message: String,
    label: Option<String>,
    legal: Option<String>,
    help: Option<String>,
    /// The file, where there is no text to point into.
    file: String,
}

impl Problem {
    pub(crate) fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            span: Some(span),
            path: String::new(),
            message: message.into(),
            label: None,
            legal: None,
            help: None,
            file: String::new(),
        }
    }

    /// About a file of which no text is known.
    pub(crate) fn of_file(code: Code, file: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            span: None,
            path: String::new(),
            message: message.into(),
            label: None,
            legal: None,
            help: None,
            file: file.into(),
        }
    }

    pub(crate) fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    pub(crate) fn path(mut self, path: &FieldPath) -> Self {
        self.path = path.to_string();
        self
    }

    pub(crate) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    pub(crate) fn legal(mut self, legal: impl Into<String>) -> Self {
        self.legal = Some(legal.into());
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// `legal` as a list of names and, where one of them is near `typed`, the suggestion.
    pub(crate) fn names(mut self, typed: &str, names: &[&str]) -> Self {
        if let Some(near) = crate::suggest::nearest(typed, names.iter().copied()) {
            self = self.help(format!("did you mean `{near}`?"));
        }
        if !names.is_empty() {
            self = self.legal(list(names));
        }
        self
    }
}

/// Names as `a`, `b` or `c`; the tail of a long list is counted.
fn list(names: &[&str]) -> String {
    const SHOWN: usize = 40;
    let quoted: Vec<String> = names
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{name}`"))
        .collect();
    match names.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => format!("{} and {more} more", quoted.join(", ")),
        _ => quoted.join(", "),
    }
}

/// Collects problems of one load.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<Problem>);

impl Problems {
    pub(crate) fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.0
            .iter()
            .any(|problem| problem.severity == Severity::Error)
    }

    /// Forgets what was said about a source.
    pub(crate) fn drop_source(&mut self, source: SourceId) {
        self.0
            .retain(|problem| problem.span.is_none_or(|span| span.source != source));
    }

    /// In source order, the same thing said once.
    pub(crate) fn finish(mut self, sources: Sources) -> Diagnostics {
        self.0
            .sort_by_key(|problem| problem.span.map(|span| (span.source, span.start, span.end)));
        let mut items: Vec<(Diagnostic, Option<Span>, Option<String>)> = Vec::new();
        for problem in self.0 {
            let label = problem.label.clone();
            let span = problem.span;
            let diagnostic = problem.locate(&sources);
            // A manifest's field can be read twice: by itself, and under a service's overrides.
            let said = items
                .iter()
                .rev()
                .take_while(|(_, other, _)| *other == span)
                .any(|(other, ..)| {
                    other.message == diagnostic.message && other.file == diagnostic.file
                });
            if !said {
                items.push((diagnostic, span, label));
            }
        }
        Diagnostics { items, sources }
    }
}

/// The path of an autoscaler's field as its manifest has it, if that is where it stands.
fn own_path(path: &str, in_other_file: bool) -> String {
    let of_manifests = [".autoscaler.hpa", ".autoscaler.keda"];
    let found = of_manifests.iter().find_map(|at| path.split_once(at));
    match found {
        Some((service, below)) if in_other_file && service.starts_with("services.") => {
            format!("spec{below}")
        }
        _ => path.to_owned(),
    }
}

impl Problem {
    fn locate(self, sources: &Sources) -> Diagnostic {
        let (file, (line, column), span) = match self.span {
            Some(span) => {
                let source = sources.get(span.source);
                (
                    source.name.clone(),
                    source.position(span.start as usize),
                    span.range(),
                )
            }
            None => (self.file, (0, 0), 0..0),
        };
        Diagnostic {
            severity: self.severity,
            code: self.code,
            file,
            line,
            column,
            span,
            path: own_path(
                &self.path,
                self.span
                    .is_some_and(|span| sources.is_manifest(span.source)),
            ),
            message: self.message,
            legal: self.legal,
            help: self.help,
        }
    }
}
