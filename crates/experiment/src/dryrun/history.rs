//! Recorded metrics.

use flashcrowd_autoscalers::MilliValue;
use flashcrowd_units::{SimDuration, SimTime};
use jiff::{Timestamp, Zoned};
use std::fmt;

/// How long a value stands after it was recorded, as in Prometheus (5 min).
pub const LOOKBACK: SimDuration = SimDuration::from_secs(300);
const MINUTE: SimDuration = SimDuration::from_secs(60);

/// Series over a common time axis.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricHistory {
    /// The time of the first sample, in the offset in which it was written.
    pub start: Zoned,
    /// From the first sample to the last one.
    pub length: SimDuration,
    /// The series. Several may have the same name: those of pods, or of a vector.
    pub columns: Vec<Column>,
}

/// One series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Times since the start in ascending order, and values; `None` where there is a gap.
    pub samples: Vec<(SimTime, Option<MilliValue>)>,
}

/// Samples with times of the calendar; `None` where there is a gap.
pub(super) type Samples = Vec<(Timestamp, Option<MilliValue>)>;

/// Metrics that cannot be used: everything that is wrong with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricsError {
    /// One thing each, in the order of the lines.
    pub problems: Vec<MetricsProblem>,
}

/// One thing that is wrong with a file of metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricsProblem {
    /// The line of a CSV file, from 1; `None` where the file as a whole is meant.
    pub line: Option<u64>,
    /// What is wrong, and what would do.
    pub message: String,
}

impl MetricsError {
    /// About the file as a whole.
    pub(super) fn of_file(message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            problems: vec![MetricsProblem {
                line: None,
                message,
            }],
        }
    }
}

impl fmt::Display for MetricsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            if let Some(line) = problem.line {
                write!(f, "line {line}: ")?;
            }
            f.write_str(&problem.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for MetricsError {}

impl Column {
    /// The value that stands at a time, and when it was recorded.
    pub fn at(&self, now: SimTime) -> Option<(SimTime, MilliValue)> {
        let next = self.samples.partition_point(|(at, _)| *at <= now);
        let (at, value) = *self.samples.get(next.checked_sub(1)?)?;
        (now.since(at) <= LOOKBACK).then_some((at, value?))
    }

    /// Whether it has no value at all.
    pub fn is_empty(&self) -> bool {
        self.samples.iter().all(|(_, value)| value.is_none())
    }

    /// A value at the end of each minute: the mean of the minute, or what stands.
    fn by_minute(&self, ends: &[SimTime]) -> Self {
        let mut rest = self.samples.as_slice();
        let samples = ends.iter().map(|&end| {
            let (minute, later) = rest.split_at(rest.partition_point(|(at, _)| *at <= end));
            rest = later;
            let values = minute.iter().filter_map(|(_, value)| *value);
            let values: Vec<i64> = values.map(MilliValue::get).collect();
            let value = if values.is_empty() {
                self.at(end).map(|(_, value)| value)
            } else {
                let mean = values.iter().sum::<i64>() / values.len() as i64;
                Some(MilliValue::new(mean))
            };
            (end, value)
        });
        Self {
            name: self.name.clone(),
            samples: samples.collect(),
        }
    }

    /// What stands at the end of each minute.
    fn last_of_minute(&self, ends: &[SimTime]) -> Self {
        let at = |&end| (end, self.at(end).map(|(_, value)| value));
        Self {
            name: self.name.clone(),
            samples: ends.iter().map(at).collect(),
        }
    }
}

impl MetricHistory {
    /// Reads a text, whichever of the formats it has. `name` names the series that have no name of
    /// their own, or only one.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(text: &str, name: Option<&str>) -> Result<Self, MetricsError> {
        if text.trim_start().starts_with('{') {
            super::prometheus::read(text, name)
        } else {
            super::csv_file::read(text)
        }
    }

    /// Puts several files on one time axis, which begins with the earliest.
    ///
    /// # Panics
    /// If there is none.
    pub fn merge(histories: Vec<Self>) -> Self {
        let first = histories.iter().min_by_key(|it| it.start.timestamp());
        let start = first.expect("there is at least one file").start.clone();
        let mut merged = Self {
            start,
            length: SimDuration::ZERO,
            columns: Vec::new(),
        };
        for history in histories {
            let shift = since(&merged.start, history.start.timestamp());
            merged.length = merged.length.max(shift + history.length);
            merged
                .columns
                .extend(history.columns.into_iter().map(|mut column| {
                    for (at, _) in &mut column.samples {
                        *at += shift;
                    }
                    column
                }));
        }
        merged
    }

    /// The same by the minutes of the clock, as the metrics of clouds are: a value belongs to the
    /// minute that ends with its time or after it, and several are averaged. Of the series named
    /// `last` the last value counts.
    pub(super) fn by_minute(&self, last: &str) -> Self {
        let nanos = self.start.timestamp().as_nanosecond();
        let minute = i128::from(MINUTE.as_nanos());
        let wait = (-nanos).rem_euclid(minute);
        let first = SimTime::from_nanos(u64::try_from(wait).unwrap_or(0));
        let mut ends = vec![first];
        let mut end = first + MINUTE;
        while end <= SimTime::ZERO + self.length {
            ends.push(end);
            end += MINUTE;
        }
        let columns = self.columns.iter().map(|column| {
            let mut column = if column.name == last {
                column.last_of_minute(&ends)
            } else {
                column.by_minute(&ends)
            };
            for (at, _) in &mut column.samples {
                *at = SimTime::ZERO + at.since(first);
            }
            column
        });
        let shift = jiff::SignedDuration::from_nanos(i64::try_from(wait).unwrap_or(0));
        Self {
            start: self.start.saturating_add(shift),
            length: MINUTE * (ends.len() as u64 - 1),
            columns: columns.collect(),
        }
    }

    /// From samples with times of the calendar.
    pub(super) fn new(start: Zoned, columns: Vec<(String, Samples)>) -> Self {
        let place = |at: Timestamp| SimTime::ZERO + since(&start, at);
        let columns: Vec<Column> = columns
            .into_iter()
            .map(|(name, samples)| Column {
                name,
                samples: samples
                    .into_iter()
                    .map(|(at, value)| (place(at), value))
                    .collect(),
            })
            .collect();
        let last = columns
            .iter()
            .filter_map(|column| column.samples.last())
            .map(|(at, _)| *at)
            .max();
        Self {
            length: last.unwrap_or(SimTime::ZERO).since(SimTime::ZERO),
            columns,
            start,
        }
    }

    /// The series of a name.
    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Column> {
        self.columns
            .iter()
            .filter(move |column| column.name == name)
    }

    /// All names, each once.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for column in &self.columns {
            if !names.contains(&column.name.as_str()) {
                names.push(&column.name);
            }
        }
        names
    }
}

fn since(start: &Zoned, at: Timestamp) -> SimDuration {
    let nanos = at.duration_since(start.timestamp()).as_nanos();
    SimDuration::from_nanos(u64::try_from(nanos.max(0)).unwrap_or(u64::MAX))
}
