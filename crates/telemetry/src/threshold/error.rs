//! What is wrong with a threshold.

use std::fmt;

/// A text that is not a [`Threshold`](super::Threshold), and where it stops being one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub struct ThresholdError {
    /// The text as it was typed.
    pub text: String,
    /// Where the offending part starts, in bytes from the start of the text.
    pub position: usize,
    /// The offending part. Empty if something is missing.
    pub found: String,
    /// What would have been legal there.
    pub expected: &'static str,
    /// What to write instead, where that can be guessed.
    pub hint: Option<String>,
}

impl ThresholdError {
    /// Where the offending part starts, in characters, counted from one.
    pub fn column(&self) -> usize {
        self.text[..self.position].chars().count() + 1
    }
}

impl fmt::Display for ThresholdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "threshold `{}`, column {}: ", self.text, self.column())?;
        if self.found.is_empty() {
            write!(f, "missing {}", self.expected)?;
        } else {
            write!(f, "`{}` is not {}", self.found, self.expected)?;
        }
        self.hint
            .as_ref()
            .map_or(Ok(()), |hint| write!(f, "; {hint}"))
    }
}
