//! Formulas over the names of triggers (`scalingModifiers.formula`).
//!
//! The part of expr-lang that such formulas are made of: numbers, names, `+ - * / % ^ **`,
//! comparisons, `&& || !` and their words, `? :`, `??`, lists, and the functions `abs`, `ceil`,
//! `floor`, `round`, `int`, `float`, `min`, `max`, `sum`, `mean`, `median`, `len`, `count`, `all`,
//! `any`, `one`, `none`, `filter` and `map`, the last seven with a condition about `#`. All numbers are
//! float64; text and dates are left out.
//! Source: the language definition of expr v1.17, and `pkg/scaling/modifiers/formula.go`.

mod evaluate;
mod lex;
mod parse;

use parse::Expr;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A formula that has been read.
#[derive(Debug, Clone, PartialEq)]
pub struct Formula {
    source: Arc<str>,
    root: Expr,
    /// Whether nil is a result rather than a mistake: with `??` in it.
    may_be_nil: bool,
}

/// The value of a name in a formula.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Operand {
    /// The trigger has no value.
    Nil,
    /// Its metric.
    Number(f64),
}

/// A formula that cannot be read or computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FormulaError {
    /// What is wrong.
    pub message: String,
}

impl FormulaError {
    fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }
}

impl Formula {
    /// Reads a formula.
    ///
    /// # Errors
    /// If it is not one.
    pub fn parse(source: &str) -> Result<Self, FormulaError> {
        let root = parse::parse(source)?;
        Ok(Self {
            source: source.into(),
            root,
            may_be_nil: source.contains("??"),
        })
    }

    /// Its value; `None` is nil, which only a formula with `??` can give. Names that are not there
    /// are nil.
    ///
    /// # Errors
    /// If the result is no number, or something is computed with nil.
    pub fn evaluate(
        &self,
        names: &BTreeMap<Arc<str>, Operand>,
    ) -> Result<Option<f64>, FormulaError> {
        evaluate::number(&self.root, names, self.may_be_nil)
    }
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

#[cfg(test)]
mod tests;
