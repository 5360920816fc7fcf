//! What can be typed.

use clap::{Parser, Subcommand, ValueEnum};
use flashcrowd::units::SimDuration;
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
    /// Say why a run scaled when it did, or did not
    ///
    /// Without times, every change of the number of replicas is listed.
    Explain(ExplainArgs),
    /// Drive the autoscaler of a manifest with a recorded metric history
    ///
    /// Prints each decision, and whether it is certain or depends on the loop being closed.
    Dryrun(DryrunArgs),
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

#[derive(Debug, clap::Args)]
pub(crate) struct ExplainArgs {
    /// Folder that `run --out` wrote
    #[arg(value_name = "RUN_DIR")]
    pub(crate) dir: PathBuf,
    /// Only this service
    #[arg(long, value_name = "S")]
    pub(crate) service: Option<String>,
    /// Explain one moment: local time as 09:14 or 2025-11-28T09:14:30, or since the start as 3h14m
    #[arg(long, value_name = "T", conflicts_with_all = ["from", "to"])]
    pub(crate) at: Option<String>,
    /// List every sync from this time on
    #[arg(long, value_name = "T")]
    pub(crate) from: Option<String>,
    /// List every sync up to this time
    #[arg(long, value_name = "T")]
    pub(crate) to: Option<String>,
    /// Also say what kept the number from changing, and what would have changed it
    #[arg(long)]
    pub(crate) why_not: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DryrunArgs {
    /// HorizontalPodAutoscaler or ScaledObject, with a Deployment beside it for the requests;
    /// OCI autoscaling configuration; EC2 Auto Scaling group, policies and alarms
    pub(crate) manifest: PathBuf,
    /// CSV, or the JSON of a Prometheus range query; NAME= names its series; repeatable
    #[arg(long, value_name = "[NAME=]FILE", required = true)]
    pub(crate) metrics: Vec<String>,
    /// Which autoscaler, if the manifest has several
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Replicas at the beginning, instead of the recorded ones
    #[arg(long, value_name = "N")]
    pub(crate) replicas: Option<u32>,
    /// From a decision to the new pods or instances being ready; at once if absent
    #[arg(long, value_name = "D")]
    pub(crate) startup: Option<SimDuration>,
    /// Instance pools: how long after its end a minute is seen; 60s if absent
    #[arg(long, value_name = "D")]
    pub(crate) publish_delay: Option<SimDuration>,
    /// Write the replica series to this file, as CSV
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
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
