//! What becomes of procedures.

use serde::{Deserialize, Serialize};

/// What becomes of a procedure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Progress {
    /// It was set off: somebody is paged, a job is created.
    Started,
    /// Its last step was taken.
    Finished,
    /// Its time came while it was still running: it is not started again.
    Skipped,
}

impl Progress {
    /// The name in reports: `started`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Finished => "finished",
            Self::Skipped => "skipped",
        }
    }
}
