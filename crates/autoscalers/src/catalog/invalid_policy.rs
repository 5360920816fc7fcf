//! Parameters that a policy cannot work with.

use flashcrowd_manifests::Problem;
use std::fmt;

/// Parameters that a policy cannot work with: a mistake in the scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidPolicy {
    /// The tag of the policy.
    pub policy: &'static str,
    /// Everything that is wrong with it.
    pub problems: Vec<Problem>,
}

impl InvalidPolicy {
    /// An error if there are problems.
    pub(crate) fn check(policy: &'static str, problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Self { policy, problems })
        }
    }
}

impl fmt::Display for InvalidPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the policy `{}` is not valid", self.policy)?;
        self.problems
            .iter()
            .try_for_each(|problem| write!(f, "; {problem}"))
    }
}

impl std::error::Error for InvalidPolicy {}
