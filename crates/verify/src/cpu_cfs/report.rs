//! Measured against simulated.

use serde::Serialize;
use std::fmt;
use std::io;

/// The outcome of replaying measured cases.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct CalibrationReport {
    /// One row for every case and figure, cases in order of name.
    pub rows: Vec<CalibrationRow>,
}

/// One figure of one case.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CalibrationRow {
    /// Name of the case.
    pub case: String,
    /// Which figure.
    pub figure: Figure,
    /// Measured, mean over the repeats, in the unit of the figure.
    pub measured: f64,
    /// Simulated, mean over the repeats, in the unit of the figure.
    pub simulated: f64,
    /// Mean over the repeats of `simulated / measured - 1`; of [`Figure::Throttled`], which may be
    /// zero, mean of `simulated - measured`.
    pub error: f64,
    /// Largest absolute error that is accepted, as `error`.
    pub limit: f64,
    /// Whether the error is accepted.
    pub inside: bool,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(into = "&'static str")]
pub enum Figure {
    /// Median latency in ms.
    P50,
    /// 95th percentile of the latency in ms.
    P95,
    /// 99th percentile of the latency in ms.
    P99,
    /// Mean latency in ms.
    Mean,
    /// CPU use over the limit.
    Utilisation,
    /// Periods in which the pod was stopped.
    Throttled,
}

impl Figure {
    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::P50 => "latency_p50_ms",
            Self::P95 => "latency_p95_ms",
            Self::P99 => "latency_p99_ms",
            Self::Mean => "latency_mean_ms",
            Self::Utilisation => "utilisation_of_limit",
            Self::Throttled => "nr_throttled",
        }
    }

    /// Whether errors are relative to the measured value.
    pub const fn is_relative(self) -> bool {
        !matches!(self, Self::Throttled)
    }
}

impl From<Figure> for &'static str {
    fn from(figure: Figure) -> Self {
        figure.name()
    }
}

impl CalibrationRow {
    /// `values` are (measured, simulated) in each repeat; there is at least one.
    pub(super) fn new(case: &str, figure: Figure, limit: f64, values: &[(f64, f64)]) -> Self {
        let mean = |of: &dyn Fn(f64, f64) -> f64| {
            let sum: f64 = values
                .iter()
                .map(|&(measured, simulated)| of(measured, simulated))
                .sum();
            sum / values.len() as f64
        };
        let error = if figure.is_relative() {
            mean(&|measured, simulated| simulated / measured - 1.0)
        } else {
            mean(&|measured, simulated| simulated - measured)
        };
        Self {
            case: case.to_owned(),
            figure,
            measured: mean(&|measured, _| measured),
            simulated: mean(&|_, simulated| simulated),
            error,
            limit,
            inside: error.abs() <= limit,
        }
    }

    fn is_of(&self, case: &str) -> bool {
        self.case == case
    }
}

impl CalibrationReport {
    /// The cases, in order of name.
    pub fn cases(&self) -> Vec<&str> {
        let mut cases: Vec<_> = self.rows.iter().map(|row| row.case.as_str()).collect();
        cases.dedup();
        cases
    }

    /// The cases with at least one figure outside its limit, in order of name.
    pub fn outside(&self) -> Vec<&str> {
        let mut cases = self.cases();
        cases.retain(|case| self.rows.iter().any(|row| row.is_of(case) && !row.inside));
        cases
    }

    /// Writes the rows as CSV, with a header.
    ///
    /// # Errors
    /// If writing fails.
    pub fn write_csv(&self, to: impl io::Write) -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(to);
        for row in &self.rows {
            writer.serialize(row)?;
        }
        writer.flush()
    }
}

impl fmt::Display for CalibrationReport {
    /// A table, then one line of totals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self
            .rows
            .iter()
            .map(|row| row.case.len())
            .max()
            .unwrap_or(0)
            .max(4);
        writeln!(
            f,
            "{:width$}  {:20}  {:>10}  {:>10}  {:>8}  {:>7}",
            "case", "figure", "measured", "simulated", "error", "limit"
        )?;
        for row in &self.rows {
            let (error, limit) = if row.figure.is_relative() {
                (
                    format!("{:+.1}%", row.error * 1e2),
                    format!("{:.0}%", row.limit * 1e2),
                )
            } else {
                (format!("{:+.1}", row.error), format!("{:.1}", row.limit))
            };
            writeln!(
                f,
                "{:width$}  {:20}  {:10.3}  {:10.3}  {error:>8}  {limit:>7}  {}",
                row.case,
                row.figure.name(),
                row.measured,
                row.simulated,
                if row.inside { "inside" } else { "OUTSIDE" }
            )?;
        }
        write!(
            f,
            "cases={} outside={}",
            self.cases().len(),
            self.outside().len()
        )
    }
}
