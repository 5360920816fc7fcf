//! How requests find a pod.

use flashcrowd_core::model::BalancingPolicy;
use flashcrowd_units::SimDuration;
use schemars::JsonSchema;
use serde::Deserialize;

/// What stands in front of the pods: a Service, or an Ingress controller.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadBalancerSpec {
    /// Which pod gets the next request: `random` for every connection (kube-proxy, the default),
    /// `round_robin` (ingress-nginx, the default where a manifest has an Ingress), `least_outstanding`
    /// or `power_of_two`.
    #[serde(default)]
    #[schemars(with = "Option<PolicyName>")]
    pub policy: Option<BalancingPolicy>,
    /// From a change of readiness until requests follow it; 1s by default.
    #[serde(default)]
    pub propagation: Option<SimDuration>,
    /// Requests that may be in flight to all pods together; one more is turned away with 503. No
    /// bound by default.
    #[serde(default)]
    pub max_in_flight: Option<u32>,
    /// After this long the proxy answers 504 by itself. Behind an Ingress 60s, or what its
    /// annotation proxy-read-timeout says; otherwise it waits for ever.
    #[serde(default)]
    pub timeout: Option<SimDuration>,
    /// With `random`: connections that the clients keep open and use again. By default every
    /// request opens its own.
    #[serde(default)]
    pub keep_alive: Option<KeepAliveSpec>,
}

/// Connections that carry more than one request.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeepAliveSpec {
    /// Connections that the clients hold open together.
    pub connections: u32,
    /// Requests that one carries before it is opened anew.
    pub requests: u32,
}

/// Mirrors the names of [`BalancingPolicy`], which knows nothing of schemas.
#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "exists for its schema")]
enum PolicyName {
    /// A pod at random for every connection: kube-proxy.
    Random,
    /// Each in turn: ingress-nginx.
    RoundRobin,
    /// The one with the fewest requests in flight.
    LeastOutstanding,
    /// Two at random, the one with fewer requests in flight.
    PowerOfTwo,
}
