//! What validation finds.

use std::fmt;

/// A field whose value the API server would refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Path of the field from the root of the object: `spec.metrics[0].resource.target`.
    pub path: String,
    /// What is wrong, in the words of the API server where it has any.
    pub message: String,
}

impl Problem {
    /// A problem of the field at `path`, dotted as `rules[0].when`.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            message: message.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}
