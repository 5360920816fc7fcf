//! What the program as a whole promises to the people who call it.

mod actions;
mod arrows;
mod cli;
mod determinism;
mod dryrun;
mod explain;
#[cfg(target_os = "linux")]
mod interrupted;
mod jobs;
#[cfg(target_os = "linux")]
mod memory;
mod nodes;
mod program;
#[cfg(unix)]
mod readme;
