//! Where files come from.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

/// What keeps a file from being read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileError {
    /// There is nothing of that name.
    Missing,
    /// It is a folder, or something else without content.
    NotAFile,
    /// It is larger than the limit; nothing of it was read \[bytes\].
    TooLarge(u64),
    /// The operating system says no.
    Io(String),
}

/// A source of files: the disk, or what a program holds in memory.
pub trait Files {
    /// The content of a file, if it has at most `limit` bytes.
    fn read(&self, path: &Path, limit: u64) -> Result<Vec<u8>, FileError>;

    /// Names of the files beside `path`, for suggestions. May be empty.
    fn siblings(&self, path: &Path) -> Vec<String> {
        let _ = path;
        Vec::new()
    }
}

/// The file system.
#[derive(Debug, Clone, Copy, Default)]
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
        let of = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => FileError::Missing,
            _ => FileError::Io(error.to_string()),
        };
        let metadata = std::fs::metadata(path).map_err(of)?;
        // Pipes and devices have no size, and may never end.
        if !metadata.is_file() {
            return Err(FileError::NotAFile);
        }
        if metadata.len() > limit {
            return Err(FileError::TooLarge(metadata.len()));
        }
        let mut bytes = Vec::with_capacity(metadata.len() as usize);
        File::open(path)
            .map_err(of)?
            .take(limit + 1)
            .read_to_end(&mut bytes)
            .map_err(of)?;
        // The file may have grown since.
        if bytes.len() as u64 > limit {
            return Err(FileError::TooLarge(bytes.len() as u64));
        }
        Ok(bytes)
    }

    fn siblings(&self, path: &Path) -> Vec<String> {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let Ok(entries) = std::fs::read_dir(folder) else {
            return Vec::new();
        };
        let names = entries
            .flatten()
            .take(1000)
            .map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }
}

/// Files by path, in memory.
impl Files for BTreeMap<PathBuf, Vec<u8>> {
    fn read(&self, path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
        let bytes = self.get(path).ok_or(FileError::Missing)?;
        if bytes.len() as u64 > limit {
            return Err(FileError::TooLarge(bytes.len() as u64));
        }
        Ok(bytes.clone())
    }

    fn siblings(&self, path: &Path) -> Vec<String> {
        self.keys()
            .filter(|other| other.parent() == path.parent())
            .filter_map(|other| {
                other
                    .file_name()
                    .map(|name| name.to_string_lossy().into_owned())
            })
            .collect()
    }
}

/// A path as it stands in a file, from the folder of that file.
pub(crate) fn beside(file: &Path, referred: &str) -> PathBuf {
    let joined = file.parent().unwrap_or(Path::new("")).join(referred);
    // `./x` and `x` are the same file and should look the same in messages.
    joined
        .components()
        .filter(|component| !matches!(component, Component::CurDir))
        .collect()
}
