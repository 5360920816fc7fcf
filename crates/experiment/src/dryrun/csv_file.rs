//! Metrics as CSV: a column `time`, and one for each metric.

use super::history::Samples;
use super::{MetricHistory, MetricsError, MetricsProblem};
use csv::StringRecord;
use flashcrowd_autoscalers::MilliValue;
use flashcrowd_scenario::nearest;
use flashcrowd_units::Quantity;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use std::fmt::Write;

/// The column of times.
const TIME: &str = "time";

/// Reads a file whose first line names the columns.
pub(super) fn read(text: &str) -> Result<MetricHistory, MetricsError> {
    if text.trim().is_empty() {
        return Err(MetricsError::of_file(
            "the file is empty; its first line names the columns: time,replicas,cpu_utilization",
        ));
    }
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .flexible(true)
        .from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| broken(&error))?.clone();
    let time = time_column(&header)?;
    let mut table = Table {
        columns: header
            .iter()
            .map(|name| (name.to_owned(), Vec::new()))
            .collect(),
        time,
        start: None,
        previous: None,
        problems: Vec::new(),
    };
    for record in reader.records() {
        table.add(&record.map_err(|error| broken(&error))?);
    }
    table.finish()
}

fn broken(error: &csv::Error) -> MetricsError {
    MetricsError {
        problems: vec![MetricsProblem {
            line: error.position().map(csv::Position::line),
            message: format!("it is not CSV: {error}"),
        }],
    }
}

fn time_column(header: &StringRecord) -> Result<usize, MetricsError> {
    let found = header.iter().position(|name| name == TIME);
    found.ok_or_else(|| {
        let given: Vec<String> = header.iter().map(|name| format!("`{name}`")).collect();
        let mut message = format!(
            "there is no column `{TIME}`; the first line names {}",
            given.join(", ")
        );
        let near = header.iter().find(|name| name.eq_ignore_ascii_case(TIME));
        let near = near.or_else(|| nearest(TIME, header.iter()));
        if let Some(near) = near {
            let _ = write!(message, ": rename `{near}` to `{TIME}`");
        }
        MetricsError {
            problems: vec![MetricsProblem {
                line: Some(1),
                message,
            }],
        }
    })
}

/// What has been read so far.
struct Table {
    columns: Vec<(String, Samples)>,
    /// Index of the column of times.
    time: usize,
    start: Option<Zoned>,
    previous: Option<Timestamp>,
    problems: Vec<MetricsProblem>,
}

impl Table {
    fn add(&mut self, record: &StringRecord) {
        let line = record.position().map(csv::Position::line);
        let mut problems = Vec::new();
        if record.len() != self.columns.len() {
            problems.push(format!(
                "it has {} fields, and the first line names {}",
                record.len(),
                self.columns.len()
            ));
        }
        let at = match instant(record.get(self.time).unwrap_or_default()) {
            Ok(zoned) => {
                let at = zoned.timestamp();
                if self.previous.is_some_and(|previous| at <= previous) {
                    problems.push(format!(
                        "the time {} is not later than that of the line before",
                        zoned.strftime("%Y-%m-%dT%H:%M:%S%.f%:z")
                    ));
                }
                self.start.get_or_insert(zoned);
                self.previous = self.previous.max(Some(at));
                Some(at)
            }
            Err(problem) => {
                problems.push(problem);
                None
            }
        };
        for (index, (name, samples)) in self.columns.iter_mut().enumerate() {
            if index == self.time {
                continue;
            }
            match (value(record.get(index).unwrap_or_default()), at) {
                (Ok(value), Some(at)) => samples.push((at, value)),
                (Ok(_), None) => {}
                (Err(problem), _) => problems.push(format!("column `{name}`: {problem}")),
            }
        }
        let problems = problems.into_iter();
        self.problems
            .extend(problems.map(|message| MetricsProblem { line, message }));
    }

    fn finish(mut self) -> Result<MetricHistory, MetricsError> {
        if !self.problems.is_empty() {
            return Err(MetricsError {
                problems: self.problems,
            });
        }
        self.columns.remove(self.time);
        let start = self.start.ok_or_else(|| {
            MetricsError::of_file("there is nothing below the names of the columns")
        })?;
        Ok(MetricHistory::new(start, self.columns))
    }
}

/// A date and time with its offset, or Unix seconds.
fn instant(text: &str) -> Result<Zoned, String> {
    let expected = || {
        format!(
            "`{text}` is not a time: write it with its offset, as 2025-11-28T09:14:00+05:30 or \
             2025-11-28T03:44:00Z, or as Unix seconds"
        )
    };
    if let Ok(seconds) = text.parse::<f64>() {
        return unix(seconds).ok_or_else(expected);
    }
    let at: Timestamp = text.parse().map_err(|_| expected())?;
    let offset = jiff::fmt::temporal::Pieces::parse(text)
        .ok()
        .and_then(|pieces| pieces.to_numeric_offset());
    Ok(at.to_zoned(offset.map_or(TimeZone::UTC, TimeZone::fixed)))
}

/// Unix seconds, to the millisecond, in UTC.
pub(super) fn unix(seconds: f64) -> Option<Zoned> {
    let at = Timestamp::from_millisecond((seconds * 1000.0).round() as i64).ok()?;
    Some(at.to_zoned(TimeZone::UTC))
}

/// A number or quantity; nothing, or what is not a number, is a gap.
pub(super) fn value(text: &str) -> Result<Option<MilliValue>, String> {
    if text.is_empty() || matches!(text, "NaN" | "nan" | "null" | "+Inf" | "-Inf" | "Inf") {
        return Ok(None);
    }
    // A percent sign says what the name of the column says.
    let number = text.strip_suffix('%').unwrap_or(text).trim_end();
    let quantity: Quantity = number
        .parse()
        .map_err(|_| format!("`{text}` is not a number or a quantity such as 250m or 1.5Gi"))?;
    Ok(Some(quantity.into()))
}
