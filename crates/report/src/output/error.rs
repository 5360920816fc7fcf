//! Why results could not be written, and what became of the old ones.

use crate::format;
use std::io;
use std::path::PathBuf;

/// Why results could not be written. Each message says what is on the disk now.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OutputError {
    /// Something that is not a folder stands where the results should go. Nothing was written.
    #[error("{} is a file; results need a folder", .0.display())]
    NotAFolder(PathBuf),
    /// The folder holds something else than results. Nothing was written.
    #[error("{} is not empty and holds no report.json, so its contents are not results of a run", .0.display())]
    ForeignFolder(PathBuf),
    /// The path has no name beside which results could be prepared. Nothing was written.
    #[error("{} cannot take results: it has no name of its own", .0.display())]
    Unusable(PathBuf),
    /// A folder could not be created, read or put in place. Nothing was left behind.
    #[error("{}: {}", path.display(), reason(source))]
    Create {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file could not be written. The target is as it was before.
    #[error(
        "{file} could not be written ({} got through): {}; nothing of this run was kept, {} is as it was",
        format::times(*bytes, "byte"), reason(source), target.display()
    )]
    Write {
        /// Its name.
        file: String,
        /// How many bytes were written before.
        bytes: u64,
        /// Where the results should have gone.
        target: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The run was cancelled while results were being written. The target is as it was before.
    #[error(
        "interrupted while writing {file} ({} got through); nothing of this run was kept, {} is as it was",
        format::times(*bytes, "byte"), target.display()
    )]
    Cancelled {
        /// The file that was being written.
        file: String,
        /// How many bytes were written before.
        bytes: u64,
        /// Where the results should have gone.
        target: PathBuf,
    },
    /// A complete file could not be moved into an existing folder. `report.json` there is still the
    /// old one, unless it is the file named.
    #[error(
        "{file} could not be replaced in {}: {}; {}; its report.json still belongs to the earlier run",
        target.display(), reason(source), replaced_so_far(replaced)
    )]
    Replace {
        /// The file that could not be replaced.
        file: String,
        /// The files that already are the new ones.
        replaced: Vec<String>,
        /// The folder.
        target: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl OutputError {
    /// What to do about it, in one sentence.
    pub fn help(&self) -> &'static str {
        match self {
            Self::NotAFolder(_) | Self::Unusable(_) => {
                "name a folder that exists or can be created"
            }
            Self::ForeignFolder(_) => "name a new folder, or one that an earlier run has written",
            Self::Create { source, .. }
            | Self::Write { source, .. }
            | Self::Replace { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                    "free some space and run again: the same seed gives the same results"
                }
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    "name a folder that you may write to"
                }
                _ => "run again: the same seed gives the same results",
            },
            Self::Cancelled { .. } => "run again: the same seed gives the same results",
        }
    }
}

fn reason(source: &io::Error) -> String {
    match source.kind() {
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        io::ErrorKind::QuotaExceeded => "the disk quota is used up".to_owned(),
        _ => source.to_string(),
    }
}

fn replaced_so_far(files: &[String]) -> String {
    if files.is_empty() {
        "nothing was replaced".to_owned()
    } else {
        format!("already replaced: {}", files.join(", "))
    }
}
