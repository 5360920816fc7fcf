//! Recorded traffic: counts per interval.

mod csv_reader;

use crate::problem::Problems;
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};

/// Where a recorded trace is found and how it is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TraceSpec {
    /// A CSV file. What the name is relative to is for the caller of
    /// [`Shape::resolve_traces`](crate::Shape::resolve_traces) to say.
    pub file: String,
    /// Column of the counts, by its name in the header or by its number from 1. Needed only
    /// with more than two columns; by default the last of one or two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Length of the interval of each row. Needed only without timestamps; by default the
    /// distance of the first two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<SimDuration>,
    /// Multiplies every count, above zero; 1 by default.
    #[serde(default = "one")]
    pub scale: f64,
}

fn one() -> f64 {
    1.0
}

impl TraceSpec {
    /// The trace in `file` with everything else by default.
    pub fn new(file: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            column: None,
            interval: None,
            scale: 1.0,
        }
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        if self.file.is_empty() {
            problems.field("file", "the name is empty");
        }
        if let Some(interval) = self.interval {
            problems.at_least("interval", interval, SHORTEST_INTERVAL);
        }
        if !(self.scale > 0.0 && self.scale.is_finite()) {
            problems.field(
                "scale",
                format!("{} is not above zero and finite", self.scale),
            );
        }
    }
}

/// Numbers of events in consecutive intervals of equal length, from the start of the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TraceCounts {
    /// Length of every interval, at least a millisecond.
    pub interval: SimDuration,
    /// Events in each interval, finite and not negative. Fractions are fine: these are
    /// expected numbers.
    pub counts: Vec<f64>,
}

const SHORTEST_INTERVAL: SimDuration = SimDuration::from_millis(1);

impl TraceCounts {
    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.at_least("interval", self.interval, SHORTEST_INTERVAL);
        if self.counts.is_empty() {
            problems.field("counts", "the list is empty");
        }
        problems.within("counts", |p| {
            for (index, &count) in self.counts.iter().enumerate() {
                if !legal_count(count) {
                    p.field(
                        &format!("[{index}]"),
                        format!("{count} is not a number of events"),
                    );
                }
            }
        });
    }

    /// The time that the trace covers.
    pub fn length(&self) -> SimDuration {
        self.interval * self.counts.len() as u64
    }
}

/// Finite, not negative, and far from overflowing a sum.
fn legal_count(count: f64) -> bool {
    (0.0..=1e15).contains(&count)
}

/// Why a CSV file is not a trace. Lines are counted from 1, the header included.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// The input cannot be read, or its rows differ in length.
    #[error("not readable as CSV")]
    Csv(#[from] csv::Error),
    /// There is no row of data.
    #[error("no row of data")]
    Empty,
    /// No column of that name or number.
    #[error("no column `{column}`; there are {}", available.join(", "))]
    NoSuchColumn {
        /// As asked for.
        column: String,
        /// The header, or numbers from 1 where there is none.
        available: Vec<String>,
    },
    /// More than two columns, and none was asked for.
    #[error("there are several columns, say which one holds the counts: {}", available.join(", "))]
    ColumnMissing {
        /// The header, or numbers from 1 where there is none.
        available: Vec<String>,
    },
    /// Neither timestamps nor `interval`.
    #[error(
        "the interval of the rows is unknown: there are no two timestamps and `interval` is not given"
    )]
    IntervalMissing,
    /// Not a number of events.
    #[error("line {line}: `{text}` is not a number of events")]
    Count {
        /// Line in the file.
        line: u64,
        /// As written.
        text: String,
    },
    /// Not a time.
    #[error(
        "line {line}: `{text}` is not a time such as 2014-04-10 00:04:00, 2014-04-10T00:04:00Z or seconds since 1970"
    )]
    Timestamp {
        /// Line in the file.
        line: u64,
        /// As written.
        text: String,
    },
    /// A row is not in a later interval than the row before.
    #[error("line {line}: not in a later interval of {interval} than the row before")]
    Order {
        /// Line in the file.
        line: u64,
        /// Length of the intervals.
        interval: SimDuration,
    },
    /// A row does not begin at a multiple of the interval from the first row.
    #[error("line {line}: not at a multiple of {interval} from the first row")]
    Uneven {
        /// Line in the file.
        line: u64,
        /// Length of the intervals.
        interval: SimDuration,
    },
    /// A gap of more intervals than a trace may have, ten million.
    #[error("line {line}: more than {MOST_INTERVALS} intervals of {interval}")]
    TooLong {
        /// Line in the file.
        line: u64,
        /// Length of the intervals.
        interval: SimDuration,
    },
    /// The given interval is shorter than a millisecond.
    #[error("the interval {0} is too short; the shortest is {SHORTEST_INTERVAL}")]
    ShortInterval(SimDuration),
}

/// Three years of ten-second intervals.
const MOST_INTERVALS: u64 = 10_000_000;
