//! Parameters of a trigger: all of them text.

use crate::MilliValue;
use flashcrowd_manifests::Problem;
use flashcrowd_manifests::keda::ScaleTrigger;
use std::str::FromStr;

/// The metadata of one trigger, with the path of the trigger for messages.
pub(super) struct Metadata<'a> {
    pub(super) trigger: &'a ScaleTrigger,
    pub(super) path: String,
}

impl Metadata<'_> {
    /// A problem with one parameter.
    pub(super) fn problem(&self, key: &str, message: impl Into<String>) -> Problem {
        Problem {
            path: format!("{}.metadata.{key}", self.path),
            message: message.into(),
        }
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        let value = self.trigger.metadata.get(key).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }

    pub(super) fn required(&self, key: &str) -> Result<&str, Problem> {
        self.text(key)
            .ok_or_else(|| self.problem(key, "must be set"))
    }

    fn parsed<T: FromStr>(&self, key: &str, expected: &str) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(key) else {
            return Ok(None);
        };
        let value = text.parse().map(Some);
        value.map_err(|_| self.problem(key, format!("is `{text}`: must be {expected}")))
    }

    pub(super) fn flag(&self, key: &str, default: bool) -> Result<bool, Problem> {
        Ok(self.parsed(key, "true or false")?.unwrap_or(default))
    }

    pub(super) fn whole(&self, key: &str, default: i64) -> Result<i64, Problem> {
        Ok(self.parsed(key, "a whole number")?.unwrap_or(default))
    }

    /// A number in thousandths, cut off as KEDA does it.
    pub(super) fn milli(&self, key: &str, default: f64) -> Result<MilliValue, Problem> {
        let number: f64 = self.parsed(key, "a number")?.unwrap_or(default);
        if number.is_finite() {
            Ok(MilliValue::new((number * 1000.0) as i64))
        } else {
            Err(self.problem(key, "must be a finite number"))
        }
    }

    /// The same, above 0: what a target has to be.
    pub(super) fn target(&self, key: &str, default: Option<f64>) -> Result<MilliValue, Problem> {
        if default.is_none() {
            self.required(key)?;
        }
        let target = self.milli(key, default.unwrap_or(0.0))?;
        if target > MilliValue::new(0) {
            Ok(target)
        } else {
            Err(self.problem(key, format!("is {target}: must be greater than 0")))
        }
    }
}
