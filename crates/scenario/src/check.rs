//! Semantic checks: problems by field path, turned into places.

use crate::diagnostic::{Code, Problem, Problems, Severity};
use crate::path::FieldPath;
use crate::yaml::{Node, Place};

/// Reports problems of a decoded document. What follows from a mistake that was reported already
/// is not said again.
pub(crate) struct Checker<'a> {
    pub(crate) root: &'a Node,
    /// Where the document stands, if it is part of another one.
    pub(crate) base: &'a FieldPath,
    pub(crate) problems: &'a mut Problems,
}

/// The base of documents that stand by themselves.
pub(crate) static ROOT: FieldPath = FieldPath(Vec::new());

impl Checker<'_> {
    /// Reports a problem of a field; `shape` adds what there is to say about it.
    pub(crate) fn report(
        &mut self,
        code: Code,
        path: &FieldPath,
        message: impl Into<String>,
        shape: impl FnOnce(Problem) -> Problem,
    ) {
        let is_damaged = self.root.at(&path.0).is_some_and(Node::is_damaged);
        if let Place::Found(span) = self.root.locate(path)
            && !is_damaged
        {
            self.problems.push(shape(
                Problem::new(code, span, message).path(&self.written(path)),
            ));
        }
    }

    /// The path as its reader counts: with what was found wrong, and with the document around it.
    fn written(&self, path: &FieldPath) -> FieldPath {
        FieldPath([self.base.0.clone(), self.root.written(path).0].concat())
    }

    /// As [`report`](Self::report), about the key of a field and whatever its value.
    pub(crate) fn report_key(
        &mut self,
        code: Code,
        path: &FieldPath,
        message: impl Into<String>,
        shape: impl FnOnce(Problem) -> Problem,
    ) {
        if let Place::Found(span) = self.root.locate_key(path) {
            self.problems.push(shape(
                Problem::new(code, span, message).path(&self.written(path)),
            ));
        }
    }

    /// A value that is not allowed.
    pub(crate) fn invalid(&mut self, path: &FieldPath, message: impl Into<String>, legal: &str) {
        self.report(Code::InvalidValue, path, message, |problem| {
            problem.legal(legal)
        });
    }

    /// Something that works and does not do what it seems to.
    pub(crate) fn warn(
        &mut self,
        code: Code,
        path: &FieldPath,
        message: impl Into<String>,
        help: &str,
    ) {
        self.report(code, path, message, |problem| {
            problem.severity(Severity::Warning).help(help)
        });
    }
}
