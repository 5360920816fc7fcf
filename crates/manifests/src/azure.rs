//! Azure Monitor autoscale settings (`Microsoft.Insights/autoscaleSettings`).
//!
//! The types mirror the JSON of the resource. [`AutoscaleSetting::validate`] refuses what the
//! service refuses, [`AutoscaleSetting::lint`] names what is not simulated or hardly meant.
//! Source: the template reference of `Microsoft.Insights/autoscalesettings` (2022-10-01) and
//! "Understand autoscale settings" of Azure Monitor.

mod number;
mod rule;
mod validate;

pub use rule::{
    MetricStatistic, MetricTrigger, ScaleAction, ScaleDirection, ScaleRule, ScaleType,
    TimeAggregation, TriggerOperator,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AutoscaleSetting {
    /// Name of the resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `Microsoft.Insights/autoscaleSettings`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
    /// Version of the API.
    #[serde(
        default,
        rename = "apiVersion",
        skip_serializing_if = "Option::is_none"
    )]
    pub api_version: Option<String>,
    /// Identity, given by the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Region. Not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Tags. Not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Value>,
    /// What is wanted.
    pub properties: AutoscaleProperties,
}

/// `properties` of an [`AutoscaleSetting`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AutoscaleProperties {
    /// Whether it does anything; true if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Name of the setting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The scale set. Not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_resource_uri: Option<String>,
    /// Its region. Not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_resource_location: Option<String>,
    /// Who is told. Not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notifications: Option<Value>,
    /// Predictive autoscale. Not simulated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predictive_autoscale_policy: Option<Value>,
    /// The profiles, at most 20. One with a fixed date goes before a recurring one, and that
    /// before the default one, which has neither.
    pub profiles: Vec<AutoscaleProfile>,
}

/// Capacity and rules that hold at certain times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AutoscaleProfile {
    /// Name.
    #[serde(default)]
    pub name: String,
    /// Bounds.
    pub capacity: ScaleCapacity,
    /// The rules, at most 10.
    #[serde(default, deserialize_with = "crate::nullable::or_default")]
    pub rules: Vec<ScaleRule>,
    /// The one time at which it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_date: Option<FixedDate>,
    /// When it begins, each week. It holds until another recurring profile begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recurrence: Option<Recurrence>,
}

/// Bounds \[instances\], written as text in the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScaleCapacity {
    /// The fewest.
    #[serde(with = "number")]
    pub minimum: u32,
    /// The most.
    #[serde(with = "number")]
    pub maximum: u32,
    /// The size where metrics are unavailable and there are fewer.
    #[serde(with = "number")]
    pub default: u32,
}

/// One time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FixedDate {
    /// Name of the time zone in Windows or in the IANA data; UTC if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Local time at which it begins: `2026-11-27T00:00:00`.
    pub start: String,
    /// Local time at which it ends.
    pub end: String,
}

/// Times of each week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recurrence {
    /// `Week`, the only one that the service knows.
    pub frequency: String,
    /// Which times.
    pub schedule: RecurrentSchedule,
}

/// Times of the week in a time zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecurrentSchedule {
    /// Name of the time zone in Windows or in the IANA data.
    pub time_zone: String,
    /// `Monday` to `Sunday`.
    pub days: Vec<String>,
    /// The hour, 0 to 23. The service takes one.
    pub hours: Vec<u8>,
    /// The minute, 0 to 59. The service takes one.
    pub minutes: Vec<u8>,
}

impl RecurrentSchedule {
    /// The days as numbers, 0 for Sunday; unknown names are left out.
    pub fn weekdays(&self) -> impl Iterator<Item = u8> {
        self.days.iter().filter_map(|day| weekday(day))
    }
}

const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// A day of the week as a number; 0 is Sunday.
fn weekday(name: &str) -> Option<u8> {
    let index = WEEKDAYS
        .iter()
        .position(|day| day.eq_ignore_ascii_case(name));
    index.map(|index| index as u8)
}

#[cfg(test)]
mod tests;
