//! What a request does.

use flashcrowd_units::{Ratio, SimDuration};
use flashcrowd_workload::ServiceTime;
use schemars::JsonSchema;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::{Deserialize, Deserializer, de};
use std::fmt;

/// One step of a request.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepSpec {
    /// Core-time on the pod's CPU: `9ms`, or a distribution.
    Cpu(ServiceTime),
    /// Core-time that several threads of the request share equally.
    ParallelCpu(ParallelCpuSpec),
    /// Time that passes without CPU, such as a disk or a third party: `9ms`, or a distribution.
    Wait(ServiceTime),
    /// Ask an endpoint of another service and wait for its answer.
    Call(CallSpec),
    /// Put a job into a queue and go on at once: the name of the queue.
    Enqueue(String),
    /// One of several branches, at random. With the rest of the shares nothing is done.
    Choose(Vec<BranchSpec>),
}

/// Core-time of several threads.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParallelCpuSpec {
    /// Core-time of all threads together: `9ms`, or a distribution.
    pub time: ServiceTime,
    /// How many threads.
    pub threads: u32,
}

/// A branch of `choose`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BranchSpec {
    /// How often it is taken. The shares of all branches add up to 100% or less.
    pub share: Ratio,
    /// What is done then, in order.
    pub steps: Vec<StepSpec>,
}

/// A call of another service: the name of the endpoint, or a map with more about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallSpec {
    /// The endpoint: `browse`, or `backend/browse` where several services have one of that name.
    pub endpoint: String,
    /// After this long the caller gives up and its own request fails; 30s by default.
    pub timeout: SimDuration,
}

/// A call with its settings.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CallMap {
    /// The endpoint: `browse`, or `backend/browse` where several services have one of that name.
    endpoint: String,
    /// After this long the caller gives up and its own request fails; 30s by default.
    #[serde(default = "default_timeout")]
    timeout: SimDuration,
}

fn default_timeout() -> SimDuration {
    SimDuration::from_secs(30)
}

impl<'de> Deserialize<'de> for CallSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrMap;

        impl<'de> de::Visitor<'de> for NameOrMap {
            type Value = CallSpec;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "the name of an endpoint, or a map such as { endpoint: browse, timeout: 5s }",
                )
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<CallSpec, E> {
                let endpoint = String::deserialize(StrDeserializer::new(name))?;
                Ok(CallSpec {
                    endpoint,
                    timeout: default_timeout(),
                })
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<CallSpec, A::Error> {
                let CallMap { endpoint, timeout } =
                    CallMap::deserialize(MapAccessDeserializer::new(map))?;
                Ok(CallSpec { endpoint, timeout })
            }
        }

        deserializer.deserialize_any(NameOrMap)
    }
}

impl JsonSchema for CallSpec {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Call".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let map = CallMap::json_schema(generator);
        schemars::json_schema!({
            "description": "An endpoint of another service: `browse`, `backend/browse`, or { endpoint: browse, timeout: 5s }.",
            "oneOf": [{ "type": "string" }, map]
        })
    }
}
