//! What is wrong with a specification, and where.

use flashcrowd_units::SimDuration;
use std::fmt;

/// One thing that is wrong with a specification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The path of the field from the validated value, as written in the file
    /// (`stages[2].for`). Empty if the value as a whole is meant.
    pub field: String,
    /// What is wrong, with the legal range.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{}: {}", self.field, self.message)
        }
    }
}

/// Collects problems while walking through a specification.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    found: Vec<Problem>,
    path: String,
}

impl Problems {
    /// Runs `check` one level deeper: below `key`, or below an index such as `[3]`.
    pub(crate) fn within(&mut self, key: &str, check: impl FnOnce(&mut Self)) {
        let length = self.path.len();
        if length > 0 && !key.starts_with('[') {
            self.path.push('.');
        }
        self.path.push_str(key);
        check(self);
        self.path.truncate(length);
    }

    /// The value at the current path is wrong as a whole.
    pub(crate) fn here(&mut self, message: impl Into<String>) {
        self.found.push(Problem {
            field: self.path.clone(),
            message: message.into(),
        });
    }

    /// The field `key` is wrong.
    pub(crate) fn field(&mut self, key: &str, message: impl Into<String>) {
        self.within(key, |problems| problems.here(message));
    }

    /// `value` must lie between `least` and `most`; neither NaN nor infinity does.
    pub(crate) fn number(&mut self, key: &str, value: f64, least: f64, most: f64) {
        if !(least..=most).contains(&value) {
            self.field(key, format!("{value} is not between {least} and {most}"));
        }
    }

    /// `value` must not be shorter than `least`.
    pub(crate) fn at_least(&mut self, key: &str, value: SimDuration, least: SimDuration) {
        if value < least {
            self.field(
                key,
                format!("{value} is too short; the shortest is {least}"),
            );
        }
    }

    /// `value` must not be below that of the field `other`.
    pub(crate) fn ordered(
        &mut self,
        key: &str,
        value: SimDuration,
        other: &str,
        limit: SimDuration,
    ) {
        if value < limit {
            let message = format!("{value} is below `{other}`, which is {limit}");
            self.field(key, message);
        }
    }

    /// `value` must be above that of the field `other`.
    pub(crate) fn above(&mut self, key: &str, value: SimDuration, other: &str, limit: SimDuration) {
        if value <= limit {
            let message = format!("{value} is not above `{other}`, which is {limit}");
            self.field(key, message);
        }
    }

    pub(crate) fn into_vec(self) -> Vec<Problem> {
        self.found
    }
}
