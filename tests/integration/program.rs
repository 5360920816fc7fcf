//! Calls the program under test.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The program under test.
pub(crate) const FLASHCROWD: &str = env!("CARGO_BIN_EXE_flashcrowd");

/// A minute of one small service that meets its objective.
pub(crate) const SMALL: &str = r#"name: small
seed: 11
duration: 1m
workload:
  users:
    open: { rate: 20/s }
    endpoints: { serve: 100% }
services:
  web:
    replicas: 2
    pod: { cpu: { request: 500m } }
    endpoints:
      serve: [cpu: { exponential: { mean: 20ms } }]
slos:
  - { name: fast, endpoint: serve, objective: "p(95)<1s" }
"#;

/// The folder of the checkout.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// How a call ended.
pub(crate) struct Finished {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
    /// Fails unless the program ended with this code.
    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "stdout:\n{}\nstderr:\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// The last line of stdout.
    pub(crate) fn last_line(&self) -> &str {
        self.stdout.lines().last().unwrap_or_default()
    }

    /// Stdout, which is one JSON document.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap()
    }
}

impl From<Output> for Finished {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Calls the program in the folder of the checkout.
pub(crate) fn flashcrowd<S: AsRef<std::ffi::OsStr>>(arguments: &[S]) -> Finished {
    call(FLASHCROWD.as_ref(), arguments)
}

/// Calls another build of the program.
pub(crate) fn call<S: AsRef<std::ffi::OsStr>>(program: &Path, arguments: &[S]) -> Finished {
    let mut command = Command::new(program);
    command.current_dir(root()).args(arguments);
    command.output().unwrap().into()
}

/// Writes a scenario into a folder and says where it is.
pub(crate) fn scenario(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path_text(path)
}

/// A path as an argument.
pub(crate) fn path_text(path: impl Into<PathBuf>) -> String {
    path.into().into_os_string().into_string().unwrap()
}

/// Everything in a folder: contents by path.
pub(crate) fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).unwrap();
                files.insert(path.strip_prefix(folder).unwrap().to_owned(), bytes);
            }
        }
    }
    files
}
