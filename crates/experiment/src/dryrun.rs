//! A controller driven by a recorded metric history.
//!
//! The manifest is built as for a simulation and asked at every one of its syncs. The replicas
//! follow what it decides; pods are ready at once, or after
//! [`Options::startup`]. What it is shown:
//!
//! * as long as it has as many replicas as were recorded, the recorded values: what it decides then
//!   is **certain**;
//! * once its number differs from the recorded one, the load per pod would have been another. Values
//!   per pod are then taken times recorded over own replicas, as if the same load were shared by
//!   other pods; totals are taken as recorded. What it decides then **depends** on the loop being
//!   closed, and so does what it decides while it remembers such a sync (the longest
//!   stabilization window, policy period or cooldown).
//!
//! Without a column of replicas, nothing after the first change is certain.
//!
//! Instance pools are driven by the minute, as their clouds do it: finer values are averaged, and a
//! value belongs to the minute that ends with its time. Their configuration is taken to be in force
//! already, so that an initial size changes nothing.

mod bind;
mod cluster;
mod controller;
mod csv_file;
mod drive;
mod fleet;
mod history;
mod prometheus;
mod series;
#[cfg(test)]
mod tests;

pub use bind::{BindError, BindErrors};
pub use controller::DryRunError;
pub use drive::{DryRun, Options, Sync, dry_run};
pub use history::{Column, LOOKBACK, MetricHistory, MetricsError, MetricsProblem};
