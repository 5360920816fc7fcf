//! Who sends requests.

use flashcrowd_units::{Ratio, SimDuration};
use flashcrowd_workload::{ArrivalProcess, RateShape};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

/// A source of requests.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkloadSpec {
    /// Requests come at a given rate, whether earlier ones were answered or not.
    pub open: OpenSpec,
    /// Which endpoints are asked for, with their shares, which add up to 100%. `browse` where one
    /// service has an endpoint of that name, `backend/browse` where several have.
    pub endpoints: IndexMap<String, Ratio>,
}

/// An open workload.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenSpec {
    /// How arrivals scatter around the rate; `poisson` by default.
    #[serde(default)]
    pub process: ArrivalProcess,
    /// The rate over time: `100/s`, or a shape such as `{ stages: [ { for: 1h, to: 120/s } ] }`.
    pub rate: RateShape,
    /// After this long a client gives up and the request has failed; 30s by default.
    #[serde(default = "default_timeout")]
    pub timeout: SimDuration,
}

fn default_timeout() -> SimDuration {
    SimDuration::from_secs(30)
}
