//! What is known while a run goes on.
//!
//! * [`LatencyHistogram`]: latencies in buckets of less than 0.8 %, at the price of one increment each.
//! * [`Threshold`]: the grammar in which k6 and our scenarios write objectives, and its evaluation.
//! * [`SeriesTable`]: time series whose length is bounded by their [`Resolution`].
//! * [`TimeWeighted`] and [`Counter`]: statistics of levels and of events.
//! * [`Elasticity`]: how well supply followed demand, by the metrics of the SPEC Research Group.
//! * [`flapping`]: scaling that keeps changing its mind.
//! * [`sparkline`]: a series in one line of text.
//!
//! Nothing here knows of pods, requests or the event loop, and nothing reads a clock: time is
//! always an argument. All state can be serialised, so that a long run can be continued.
//!
//! ```
//! use flashcrowd_telemetry::{LatencyHistogram, Measured, Population, Threshold};
//! use flashcrowd_units::SimDuration;
//!
//! let mut latency = LatencyHistogram::new();
//! for millis in 1..=98 {
//!     latency.record(SimDuration::from_millis(millis));
//! }
//! let measured = Measured { latency: &latency, failed: 2, offered: 100, population: Population::All };
//!
//! let fast: Threshold = "p(95)<100ms".parse().unwrap();
//! assert!(fast.evaluate(&measured).met);
//! let reliable: Threshold = "rate<1%".parse().unwrap();
//! assert!(!reliable.evaluate(&measured).met);
//! ```

mod counter;
mod elasticity;
mod flapping;
mod histogram;
mod resolution;
mod series;
mod sparkline;
mod threshold;
mod time_weighted;

pub use counter::Counter;
pub use elasticity::Elasticity;
pub use flapping::{FlappingRun, ScalingEvent, flapping};
pub use histogram::LatencyHistogram;
pub use resolution::Resolution;
pub use series::{Series, SeriesId, SeriesTable};
pub use sparkline::{Resample, sparkline};
pub use threshold::{
    Aggregate, Evaluation, Measured, Measurement, Operator, Population, Threshold, ThresholdError,
    ThresholdValue,
};
pub use time_weighted::TimeWeighted;
