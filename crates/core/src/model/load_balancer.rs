//! How requests find a pod.

use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};

/// How requests find a pod.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LoadBalancer {
    /// Which pod.
    pub policy: BalancingPolicy,
    /// From a change of readiness until requests follow it.
    pub propagation: SimDuration,
    /// Attempts that may be in flight to all pods together; one more is turned away. `None`: no bound.
    pub max_in_flight: Option<u32>,
    /// After this long the proxy answers 504 by itself. `None`: it waits for ever.
    pub timeout: Option<SimDuration>,
    /// With [`BalancingPolicy::Random`]: client connections that are kept open and reused.
    pub keep_alive: Option<KeepAlive>,
}

/// Connections that carry more than one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeepAlive {
    /// Connections that the clients hold open together.
    pub connections: u32,
    /// Requests that one carries before it is closed and opened anew.
    pub requests: u32,
}

/// Which pod gets the next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BalancingPolicy {
    /// A pod at random for every connection: kube-proxy.
    Random,
    /// Each in turn.
    RoundRobin,
    /// The one with the fewest requests in flight, the lowest index among equals.
    LeastOutstanding,
    /// Two at random, the one with fewer requests in flight.
    PowerOfTwo,
}

impl Default for LoadBalancer {
    /// kube-proxy, a second behind the truth.
    fn default() -> Self {
        Self {
            policy: BalancingPolicy::Random,
            propagation: SimDuration::from_secs(1),
            max_in_flight: None,
            timeout: None,
            keep_alive: None,
        }
    }
}
