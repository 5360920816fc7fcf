//! Reading counts per interval from CSV.

use super::{MOST_INTERVALS, SHORTEST_INTERVAL, TraceCounts, TraceError, TraceSpec, legal_count};
use crate::timestamp;
use csv::StringRecord;
use flashcrowd_units::SimDuration;
use std::io;

/// One row: its line, the nanoseconds of its timestamp, its count.
struct Row {
    line: u64,
    at: Option<i64>,
    count: f64,
}

/// Which columns hold what.
struct Columns {
    time: Option<usize>,
    count: usize,
}

impl TraceCounts {
    /// Reads counts from CSV, with or without a header, of one column (counts), two (timestamp,
    /// count) or more (the first holds timestamps, `spec.column` says which the counts).
    ///
    /// Rows must be in order of time. Intervals without a row count zero: metric stores leave
    /// out periods in which nothing happened. `spec.file` is not used.
    ///
    /// # Errors
    /// See [`TraceError`]; those of a row name its line.
    pub fn read_csv(input: impl io::Read, spec: &TraceSpec) -> Result<Self, TraceError> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .trim(csv::Trim::All)
            .comment(Some(b'#'))
            .from_reader(input);
        let mut records = reader.records();
        let first = records.next().ok_or(TraceError::Empty)??;
        let header = is_header(&first);
        let columns = find_columns(&first, header, spec.column.as_deref())?;
        let mut rows = Vec::new();
        if !header {
            rows.push(parse_row(&first, &columns)?);
        }
        for record in records {
            rows.push(parse_row(&record?, &columns)?);
        }
        let interval = interval(&rows, spec.interval)?;
        let mut counts = place(&rows, interval)?;
        for count in &mut counts {
            *count *= spec.scale;
        }
        Ok(Self { interval, counts })
    }
}

/// A header holds names: neither a time nor a number anywhere.
fn is_header(record: &StringRecord) -> bool {
    record
        .iter()
        .all(|cell| cell.parse::<f64>().is_err() && timestamp::parse(cell).is_none())
}

fn find_columns(
    first: &StringRecord,
    header: bool,
    asked: Option<&str>,
) -> Result<Columns, TraceError> {
    let width = first.len();
    let available = || -> Vec<String> {
        if header {
            first.iter().map(str::to_owned).collect()
        } else {
            (1..=width).map(|number| number.to_string()).collect()
        }
    };
    let count = match asked {
        None if width <= 2 => width - 1,
        None => {
            return Err(TraceError::ColumnMissing {
                available: available(),
            });
        }
        Some(asked) => {
            let by_name = first.iter().position(|name| header && name == asked);
            let by_number = || {
                asked
                    .parse::<usize>()
                    .ok()
                    .filter(|number| (1..=width).contains(number))
            };
            let found = by_name.or_else(|| by_number().map(|number| number - 1));
            found.ok_or_else(|| TraceError::NoSuchColumn {
                column: asked.to_owned(),
                available: available(),
            })?
        }
    };
    Ok(Columns {
        time: (count != 0).then_some(0),
        count,
    })
}

fn parse_row(record: &StringRecord, columns: &Columns) -> Result<Row, TraceError> {
    let line = record.position().map_or(0, csv::Position::line);
    let cell = |index: usize| record.get(index).unwrap_or_default();
    let at = match columns.time.map(cell) {
        None => None,
        Some(text) => {
            let parsed = timestamp::parse(text);
            Some(parsed.ok_or_else(|| TraceError::Timestamp {
                line,
                text: text.to_owned(),
            })?)
        }
    };
    let text = cell(columns.count);
    let count = text.parse().ok().filter(|&count| legal_count(count));
    let count = count.ok_or_else(|| TraceError::Count {
        line,
        text: text.to_owned(),
    })?;
    Ok(Row { line, at, count })
}

fn interval(rows: &[Row], given: Option<SimDuration>) -> Result<SimDuration, TraceError> {
    if rows.is_empty() {
        return Err(TraceError::Empty);
    }
    let interval = match (given, rows) {
        (Some(given), _) => given,
        (
            None,
            [
                Row {
                    at: Some(first), ..
                },
                Row {
                    at: Some(second),
                    line,
                    ..
                },
                ..,
            ],
        ) => {
            let step = second
                .checked_sub(*first)
                .and_then(|step| u64::try_from(step).ok())
                .unwrap_or(0);
            let interval = SimDuration::from_nanos(step);
            if step == 0 {
                return Err(TraceError::Order {
                    line: *line,
                    interval,
                });
            }
            interval
        }
        _ => return Err(TraceError::IntervalMissing),
    };
    if interval < SHORTEST_INTERVAL {
        return Err(TraceError::ShortInterval(interval));
    }
    Ok(interval)
}

/// Counts by interval, zero where no row is.
fn place(rows: &[Row], interval: SimDuration) -> Result<Vec<f64>, TraceError> {
    let mut counts: Vec<f64> = Vec::with_capacity(rows.len());
    let step = i128::from(interval.as_nanos());
    let first = rows.first().and_then(|row| row.at);
    for row in rows {
        let line = row.line;
        if let (Some(first), Some(at)) = (first, row.at) {
            let offset = i128::from(at) - i128::from(first);
            // Clocks of loggers jitter; a quarter of an interval is still beyond doubt.
            let slot = (offset + step / 2).div_euclid(step);
            if (offset - slot * step).abs() > step / 4 {
                return Err(TraceError::Uneven { line, interval });
            }
            if slot < counts.len() as i128 {
                return Err(TraceError::Order { line, interval });
            }
            if slot >= i128::from(MOST_INTERVALS) {
                return Err(TraceError::TooLong { line, interval });
            }
            counts.resize(slot as usize, 0.0);
        }
        if counts.len() as u64 >= MOST_INTERVALS {
            return Err(TraceError::TooLong { line, interval });
        }
        counts.push(row.count);
    }
    Ok(counts)
}
