//! What can be typed.

use clap::{Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Find out what your autoscaler will do before your traffic does.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run scenarios and report what happened
    ///
    /// Exit codes: 0 all objectives met; 1 an SLO or assertion missed; 2 bad usage or bad input;
    /// 3 internal error; 130 interrupted.
    Run(RunArgs),
    /// Check scenarios and Kubernetes manifests, and print all problems at once
    Check {
        /// Scenario files or Kubernetes manifests
        #[arg(required = true, value_name = "SCENARIO|MANIFEST")]
        files: Vec<PathBuf>,
    },
    /// Replay recorded decisions of a real controller; exits with 1 if one differs
    Conform {
        /// Which controller
        controller: Controller,
        /// Recorded traces, one JSON object per line
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Replay measurements of a real component; exits with 1 if a case is outside
    Calibrate {
        /// Which component
        component: Component,
        /// Folder with the measured cases
        dir: PathBuf,
        /// Also write the rows to this file
        #[arg(long, value_name = "FILE")]
        csv: Option<PathBuf>,
    },
    /// Print the JSON Schema of scenario files
    Schema,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    /// Scenario files
    #[arg(required = true, value_name = "SCENARIO")]
    pub(crate) scenarios: Vec<PathBuf>,
    /// Seed of all random numbers, instead of the scenario's
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// How requests are simulated
    #[arg(long, value_enum, default_value = "exact")]
    pub(crate) mode: Mode,
    /// How much time is simulated, instead of the scenario's duration
    #[arg(long, value_name = "D")]
    pub(crate) duration: Option<String>,
    /// Change a field of the scenario for this run, as `services.backend.replicas=4`; repeatable
    #[arg(long, value_name = "PATH=VALUE", value_parser = assignment)]
    pub(crate) set: Vec<(String, String)>,
    /// Add an objective to the exit code, as `p(95)<500ms` or `checkout: rate<1%`; repeatable
    #[arg(long, value_name = "EXPR")]
    pub(crate) assert: Vec<String>,
    /// Write report.json, timeseries.csv, events.csv, decisions.jsonl and more to this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// What is printed
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
    /// How many scenarios run side by side; results do not depend on it
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// Every single request
    Exact,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A summary to read
    Text,
    /// report.json, one line per scenario
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Controller {
    /// Horizontal Pod Autoscaler
    Hpa,
    /// Vertical Pod Autoscaler: its recommender
    Vpa,
    /// KEDA: ScaledObject, ScaledJob, and the cron and kafka scalers
    Keda,
    /// Knative Pod Autoscaler
    Kpa,
    /// Cluster Autoscaler
    Ca,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Component {
    /// CPU limits of the Linux kernel
    CpuCfs,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (path, value) = text
        .split_once('=')
        .ok_or("write PATH=VALUE, as services.backend.replicas=4")?;
    Ok((path.trim().to_owned(), value.trim().to_owned()))
}
