//! Latency in a few numbers.

use flashcrowd_telemetry::LatencyHistogram;
use flashcrowd_units::SimDuration;
use serde::Serialize;

/// Mean, percentiles and maximum in seconds; all `null` if no request was answered.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct LatencySummary {
    /// Arithmetic mean.
    pub mean: Option<f64>,
    /// Median.
    pub p50: Option<f64>,
    /// 90th percentile.
    pub p90: Option<f64>,
    /// 95th percentile.
    pub p95: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
    /// 99.9th percentile.
    pub p999: Option<f64>,
    /// The slowest.
    pub max: Option<f64>,
}

impl LatencySummary {
    /// Of all latencies in a histogram.
    pub fn new(latency: &LatencyHistogram) -> Self {
        let seconds = |latency: Option<SimDuration>| latency.map(SimDuration::as_secs_f64);
        let quantile = |q| seconds(latency.quantile(q));
        Self {
            mean: seconds(latency.mean()),
            p50: quantile(0.5),
            p90: quantile(0.9),
            p95: quantile(0.95),
            p99: quantile(0.99),
            p999: quantile(0.999),
            max: seconds(latency.max()),
        }
    }
}
