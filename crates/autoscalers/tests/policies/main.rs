//! What the policies with thresholds, calendars and forecasts, and those of the literature, decide.

#![allow(clippy::needless_pass_by_value, reason = "json! makes values")]

mod driver;
mod predictive;
mod properties;
mod research;
mod resources;
mod schedule;
mod threshold;
