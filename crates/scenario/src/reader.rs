//! Files into texts, and texts into trees.

use crate::diagnostic::{Code, Problem, Problems};
use crate::files::{FileError, Files};
use crate::path::FieldPath;
use crate::source::{Source, SourceId, Sources, Span};
use crate::suggest;
use crate::yaml::{self, MAX_BYTES, Node, Value};
use std::path::Path;

/// The field that names a file.
pub(crate) struct Referrer {
    pub(crate) span: Span,
    pub(crate) path: FieldPath,
}

/// Reads files and keeps their texts for diagnostics.
pub(crate) struct Reader<'a> {
    pub(crate) files: &'a dyn Files,
    pub(crate) sources: Sources,
    pub(crate) problems: Problems,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(files: &'a dyn Files) -> Self {
        Self {
            files,
            sources: Sources::default(),
            problems: Problems::default(),
        }
    }

    /// The text of a file. What is wrong is said where the file is named, or about the file.
    pub(crate) fn text(&mut self, path: &Path, referrer: Option<&Referrer>) -> Option<SourceId> {
        let name = path.display().to_string();
        let outcome = match self.files.read(path, MAX_BYTES) {
            Ok(bytes) => decode(bytes),
            Err(error) => Err(refusal(&error)),
        };
        match outcome {
            Ok(text) => Some(self.sources.add(name, text)),
            Err((code, message)) => {
                let message = format!("cannot read `{name}`: {message}");
                let mut problem = match referrer {
                    Some(Referrer { span, path }) => Problem::new(code, *span, message).path(path),
                    None => Problem::of_file(code, &name, message),
                };
                if let Some(near) = self.near(path) {
                    problem = problem.help(format!("did you mean `{near}`?"));
                }
                self.problems.push(problem);
                None
            }
        }
    }

    /// A file beside one that does not exist, with nearly its name.
    fn near(&self, path: &Path) -> Option<String> {
        if self.files.read(path, MAX_BYTES) != Err(FileError::Missing) {
            return None;
        }
        let siblings = self.files.siblings(path);
        let name = path.file_name()?.to_str()?;
        let near = suggest::nearest(name, siblings.iter().map(String::as_str))?;
        Some(path.with_file_name(near).display().to_string())
    }

    /// The documents of a text, without those that are empty. `None` if it is not YAML or has none.
    pub(crate) fn documents(&mut self, source: SourceId) -> Option<Vec<Node>> {
        let Source { name, text } = self.sources.get(source);
        let documents = yaml::parse(text, source, &mut self.problems)?;
        let documents: Vec<Node> = documents
            .into_iter()
            .filter(|document| !document.is_null())
            .collect();
        if documents.is_empty() {
            let name = name.clone();
            let message = if text.trim().is_empty() {
                "the file is empty"
            } else {
                "there is nothing but comments"
            };
            self.problems
                .push(Problem::of_file(Code::Empty, name, message));
            return None;
        }
        Some(documents)
    }

    /// The one document of a text, which must be a map.
    pub(crate) fn document(&mut self, source: SourceId, what: &str) -> Option<Node> {
        let mut documents = self.documents(source)?.into_iter();
        let first = documents.next()?;
        if let Some(second) = documents.next() {
            let span = second.shown(None);
            self.problems.push(
                Problem::new(
                    Code::Syntax,
                    span,
                    format!("{what} is one YAML document; here begins a second one"),
                )
                .help("remove the `---` above it, or put it into a file of its own"),
            );
        }
        if !matches!(first.value, Value::Map(_)) {
            let problem = Problem::new(
                Code::WrongType,
                first.shown(None),
                format!("{what} is a map of fields"),
            );
            self.problems
                .push(problem.help("write `field: value`, one a line"));
            return None;
        }
        Some(first)
    }
}

type Refusal = (Code, String);

fn refusal(error: &FileError) -> Refusal {
    match error {
        FileError::Missing => (Code::Unreadable, "there is no such file".to_owned()),
        FileError::NotAFile => (
            Code::Unreadable,
            "it is a folder or a device, not a file".to_owned(),
        ),
        FileError::Io(reason) => (Code::Unreadable, reason.clone()),
        FileError::TooLarge(bytes) => (
            Code::TooLarge,
            format!("it has {bytes} bytes; files of up to {MAX_BYTES} bytes (8 MiB) are read"),
        ),
    }
}

fn decode(bytes: Vec<u8>) -> Result<String, Refusal> {
    let not_text = |reason: String| Err((Code::NotText, reason));
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return not_text("it is UTF-16; save it as UTF-8".to_owned());
    }
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return not_text(format!("it is a binary file, not text (byte {at} is zero)"));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text
            .strip_prefix('\u{feff}')
            .map(str::to_owned)
            .unwrap_or(text)),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            not_text(format!(
                "it is not UTF-8 text (byte {at} begins no character)"
            ))
        }
    }
}
