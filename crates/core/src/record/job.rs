//! Facts about Jobs.

use serde::{Deserialize, Serialize};

/// Where a Job is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum JobStage {
    /// Made, and not at its end.
    Active,
    /// As many of its pods have succeeded as should.
    Complete,
    /// It was given up: too many of its pods failed, or it took too long.
    Failed,
    /// Gone from the history.
    Deleted,
}

impl JobStage {
    /// The name in reports: `complete`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Complete => "complete",
            Self::Failed => "failed",
            Self::Deleted => "deleted",
        }
    }
}
