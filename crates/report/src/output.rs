//! Results on disk: all of them or none.
//!
//! Everything is first written to a sibling folder `DIR.partial-PID` and synced. If `DIR` does not
//! exist, that folder is renamed to it in one step. If it does, each file is moved over its
//! predecessor by a rename, `report.json` last: it carries the hashes of the others, so a reader
//! can tell a set that belongs together from one that an interruption tore apart.

mod error;
mod staged_file;
#[cfg(test)]
mod tests;

pub use error::OutputError;
use staged_file::StagedFile;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The file that is replaced last and vouches for the others.
pub const REPORT_FILE: &str = "report.json";

/// A folder of results in the making. Dropped without [`commit`](Self::commit), it leaves nothing.
pub struct OutputDir<'a> {
    target: PathBuf,
    staging: PathBuf,
    files: Vec<String>,
    hashes: BTreeMap<String, String>,
    cancelled: &'a dyn Fn() -> bool,
}

impl<'a> OutputDir<'a> {
    /// Prepares to write results to `dir`. `cancelled` is asked between blocks of output; once it
    /// says yes, nothing more is written and what was is removed.
    ///
    /// # Errors
    /// If `dir` is a file, or a folder with contents that are not results (no `report.json`), or
    /// if nothing can be created beside it.
    pub fn create(dir: &Path, cancelled: &'a dyn Fn() -> bool) -> Result<Self, OutputError> {
        let target = Self::resolve(dir)?;
        let mut staging = target.clone().into_os_string();
        staging.push(format!(".partial-{}", std::process::id()));
        let staging = PathBuf::from(staging);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).map_err(|source| OutputError::Create {
                path: parent.to_owned(),
                source,
            })?;
        }
        // Left behind by a process of the same number that was killed.
        if staging.is_dir() {
            let _ = fs::remove_dir_all(&staging);
        }
        fs::create_dir(&staging).map_err(|source| OutputError::Create {
            path: staging.clone(),
            source,
        })?;
        Ok(Self {
            target,
            staging,
            files: Vec::new(),
            hashes: BTreeMap::new(),
            cancelled,
        })
    }

    /// Checks whether results may go to `dir`, without touching anything: the first thing to do,
    /// before a long run.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn check(dir: &Path) -> Result<(), OutputError> {
        Self::resolve(dir).map(|_| ())
    }

    /// The folder that is meant, with symbolic links followed so that the staging folder stands on
    /// the same file system.
    fn resolve(dir: &Path) -> Result<PathBuf, OutputError> {
        let metadata = match fs::metadata(dir) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return match dir.file_name() {
                    Some(_) => std::path::absolute(dir).map_err(|source| OutputError::Create {
                        path: dir.to_owned(),
                        source,
                    }),
                    None => Err(OutputError::Unusable(dir.to_owned())),
                };
            }
            Err(source) => {
                return Err(OutputError::Create {
                    path: dir.to_owned(),
                    source,
                });
            }
        };
        if !metadata.is_dir() {
            return Err(OutputError::NotAFolder(dir.to_owned()));
        }
        let create = |source| OutputError::Create {
            path: dir.to_owned(),
            source,
        };
        let target = fs::canonicalize(dir).map_err(create)?;
        if target.file_name().is_none() {
            return Err(OutputError::Unusable(target));
        }
        let occupied = fs::read_dir(&target).map_err(create)?.next().is_some();
        if occupied && !target.join(REPORT_FILE).is_file() {
            return Err(OutputError::ForeignFolder(dir.to_owned()));
        }
        Ok(target)
    }

    /// Writes one file and remembers its SHA-256.
    ///
    /// # Errors
    /// If writing fails or the run is cancelled. The caller drops the folder then.
    ///
    /// # Panics
    /// If `name` is not a plain file name.
    pub fn write(
        &mut self,
        name: &str,
        contents: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), OutputError> {
        let hash = self.stage(name, contents)?;
        self.hashes.insert(name.to_owned(), hash);
        Ok(())
    }

    /// Writes one file that the hashes leave out: the report itself, and times of the wall clock.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    ///
    /// # Panics
    /// As [`write`](Self::write).
    pub fn write_unhashed(
        &mut self,
        name: &str,
        contents: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), OutputError> {
        self.stage(name, contents).map(|_| ())
    }

    /// File names and SHA-256 (hexadecimal) of what [`write`](Self::write) wrote so far.
    pub fn hashes(&self) -> &BTreeMap<String, String> {
        &self.hashes
    }

    fn stage(
        &mut self,
        name: &str,
        contents: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<String, OutputError> {
        assert!(
            Path::new(name).file_name().is_some_and(|n| n == name),
            "{name} is not a plain file name"
        );
        let failed = |bytes: u64, source: io::Error| {
            if (self.cancelled)() {
                OutputError::Cancelled {
                    file: name.to_owned(),
                    bytes,
                    target: self.target.clone(),
                }
            } else {
                OutputError::Write {
                    file: name.to_owned(),
                    bytes,
                    target: self.target.clone(),
                    source,
                }
            }
        };
        let mut file = StagedFile::create(&self.staging.join(name), self.cancelled)
            .map_err(|e| failed(0, e))?;
        contents(&mut file).map_err(|e| failed(file.bytes(), unwrapped(e)))?;
        let hash = file
            .finish()
            .map_err(|(bytes, error)| failed(bytes, error))?;
        self.files.push(name.to_owned());
        Ok(hash)
    }

    /// Puts the files in place.
    ///
    /// # Errors
    /// If a rename fails, or the run is cancelled before the first one. The error says which files
    /// were replaced by then.
    pub fn commit(mut self) -> Result<(), OutputError> {
        if (self.cancelled)() {
            let file = self.files.last().cloned().unwrap_or_default();
            return Err(OutputError::Cancelled {
                file,
                bytes: 0,
                target: self.target.clone(),
            });
        }
        let place = |path: &Path, source| OutputError::Create {
            path: path.to_owned(),
            source,
        };
        sync_folder(&self.staging).map_err(|e| place(&self.staging, e))?;
        if self.target.exists() {
            self.replace_one_by_one()?;
            sync_folder(&self.target).map_err(|e| place(&self.target, e))?;
        } else {
            fs::rename(&self.staging, &self.target).map_err(|e| place(&self.target, e))?;
        }
        if let Some(parent) = self.target.parent() {
            sync_folder(parent).map_err(|e| place(parent, e))?;
        }
        Ok(())
    }

    fn replace_one_by_one(&mut self) -> Result<(), OutputError> {
        self.files.sort_by_key(|name| name == REPORT_FILE);
        for (replaced, name) in self.files.iter().enumerate() {
            fs::rename(self.staging.join(name), self.target.join(name)).map_err(|source| {
                OutputError::Replace {
                    file: name.clone(),
                    replaced: self.files[..replaced].to_vec(),
                    target: self.target.clone(),
                    source,
                }
            })?;
        }
        Ok(())
    }
}

impl Drop for OutputDir<'_> {
    fn drop(&mut self) {
        // Gone already if it became the target.
        let _ = fs::remove_dir_all(&self.staging);
    }
}

/// What the system said. The writer of CSV wraps it, and its kind would be lost.
fn unwrapped(error: io::Error) -> io::Error {
    match error.downcast::<csv::Error>().map(csv::Error::into_kind) {
        Ok(csv::ErrorKind::Io(source)) => source,
        Ok(kind) => io::Error::other(format!("{kind:?}")),
        Err(error) => error,
    }
}

/// Makes the names in a folder durable.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        fs::File::open(path)?.sync_all()?;
    }
    Ok(())
}
