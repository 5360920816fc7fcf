//! Probes (`v1`) and their defaulting.

use super::{ExecAction, GrpcAction, HttpGetAction, TcpSocketAction};
use serde::{Deserialize, Serialize};

/// A question that the kubelet asks a container again and again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Probe {
    /// Asked by a command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exec: Option<ExecAction>,
    /// Asked by gRPC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grpc: Option<GrpcAction>,
    /// Asked by HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_get: Option<HttpGetAction>,
    /// Asked by opening a connection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tcp_socket: Option<TcpSocketAction>,
    /// Age of the container before the first question \[s\].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initial_delay_seconds: Option<i32>,
    /// Time between two questions \[s\].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period_seconds: Option<i32>,
    /// How long an answer may take \[s\].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<i32>,
    /// Consecutive successes that count as success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success_threshold: Option<i32>,
    /// Consecutive failures that count as failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_threshold: Option<i32>,
    /// Grace period when this probe kills the container \[s\]; absent is that of the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub termination_grace_period_seconds: Option<i64>,
}

/// The timing of a [`Probe`] after defaulting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProbeTimings {
    /// Age of the container before the first question \[s\].
    pub initial_delay_seconds: i32,
    /// Time between two questions \[s\].
    pub period_seconds: i32,
    /// How long an answer may take \[s\].
    pub timeout_seconds: i32,
    /// Consecutive successes that count as success.
    pub success_threshold: i32,
    /// Consecutive failures that count as failure.
    pub failure_threshold: i32,
}

impl Probe {
    /// The timing with the API's defaults: delay 0 s, period 10 s, timeout 1 s, one success,
    /// three failures. As in the API, 0 means absent.
    pub fn timings(&self) -> ProbeTimings {
        let or = |field: Option<i32>, default| field.filter(|&value| value != 0).unwrap_or(default);
        ProbeTimings {
            initial_delay_seconds: self.initial_delay_seconds.unwrap_or(0),
            period_seconds: or(self.period_seconds, 10),
            timeout_seconds: or(self.timeout_seconds, 1),
            success_threshold: or(self.success_threshold, 1),
            failure_threshold: or(self.failure_threshold, 3),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_probe_has_the_defaults_of_the_reference() {
        let expected = ProbeTimings {
            initial_delay_seconds: 0,
            period_seconds: 10,
            timeout_seconds: 1,
            success_threshold: 1,
            failure_threshold: 3,
        };
        assert_eq!(Probe::default().timings(), expected);
        let zeroes = Probe {
            period_seconds: Some(0),
            failure_threshold: Some(0),
            ..Probe::default()
        };
        assert_eq!(zeroes.timings(), expected);
    }

    #[test]
    fn what_is_given_stays() {
        let probe: Probe = serde_json::from_str(
            r#"{ "httpGet": { "path": "/ready", "port": "http" }, "initialDelaySeconds": 5,
                 "periodSeconds": 3, "timeoutSeconds": 2, "successThreshold": 2, "failureThreshold": 30 }"#,
        )
        .unwrap();
        let expected = ProbeTimings {
            initial_delay_seconds: 5,
            period_seconds: 3,
            timeout_seconds: 2,
            success_threshold: 2,
            failure_threshold: 30,
        };
        assert_eq!(probe.timings(), expected);
    }
}
