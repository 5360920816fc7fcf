//! A measured case: what was run, which requests were sent, what came out.

use super::CalibrationError;
use csv::StringRecord;
use flashcrowd_units::{Millicores, SimDuration, SimTime};
use serde::Deserialize;
use std::num::NonZeroU32;
use std::path::Path;

/// A case.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) definition: Definition,
    /// The same requests were sent this often.
    pub(super) repeats: Vec<Repeat>,
    pub(super) requests: Vec<Request>,
}

/// How the server was set up.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Definition {
    pub(super) id: String,
    pub(super) mode: Mode,
    /// Threads of the server; in mode `split`, threads of each request.
    pub(super) threads: NonZeroU32,
    /// Cores that the server could use.
    pub(super) cores: NonZeroU32,
    quota_us: QuotaMicros,
    period_us: PeriodMicros,
}

/// Who works on requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mode {
    /// One thread, every CPU burst to its end in order of arrival.
    EventLoop,
    /// A fixed number of threads on one queue.
    Threads,
    /// One request at a time, its demand divided equally among the threads.
    Split,
}

/// What was measured in one run of the requests, and what a replay needs to know about the run.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Repeat {
    /// Its number, from 1; the columns of the requests are named after it.
    #[serde(rename = "repeat")]
    number: u32,
    n: usize,
    pub(super) latency_mean_ms: Positive,
    pub(super) latency_p50_ms: Positive,
    pub(super) latency_p95_ms: Positive,
    pub(super) latency_p99_ms: Positive,
    pub(super) utilisation_of_limit: Positive,
    pub(super) nr_throttled: u64,
    /// Offset of the bandwidth periods; none where the quota could not bind.
    pub(super) period_phase_ms: Option<Milliseconds>,
    /// Offset of the timer ticks.
    pub(super) tick_phase_ms: Option<Milliseconds>,
    overhead_us_per_request: Microseconds,
}

/// A request as it was sent.
#[derive(Debug, Clone)]
pub(super) struct Request {
    /// CPU time before the wait.
    pub(super) demand: SimDuration,
    /// Time without CPU and the CPU time after it, in cases that have that.
    pub(super) wait_and_demand: Option<(SimDuration, SimDuration)>,
    /// When it was sent, in each repeat.
    pub(super) sent: Vec<SimTime>,
    /// The measured latency in each repeat [ms].
    pub(super) latency_ms: Vec<f64>,
}

/// A time that is not negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "f64")]
pub(super) struct Milliseconds(pub(super) SimDuration);

impl TryFrom<f64> for Milliseconds {
    type Error = String;

    fn try_from(ms: f64) -> Result<Self, String> {
        // A day bounds everything that a calibration measures.
        if (0.0..=86_400_000.0).contains(&ms) {
            Ok(Self(SimDuration::from_secs_f64(ms / 1e3)))
        } else {
            Err(format!("{ms} ms is not between 0 and a day"))
        }
    }
}

/// A time that is not negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "f64")]
struct Microseconds(SimDuration);

impl TryFrom<f64> for Microseconds {
    type Error = String;

    fn try_from(us: f64) -> Result<Self, String> {
        Ok(Self(Milliseconds::try_from(us / 1e3)?.0))
    }
}

/// A number above zero.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
pub(super) struct Positive(pub(super) f64);

impl TryFrom<f64> for Positive {
    type Error = String;

    fn try_from(number: f64) -> Result<Self, String> {
        if number > 0.0 {
            Ok(Self(number))
        } else {
            Err(format!("{number} is not above zero"))
        }
    }
}

/// CPU time per bandwidth period.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "u64")]
struct QuotaMicros(u64);

impl TryFrom<u64> for QuotaMicros {
    type Error = String;

    fn try_from(us: u64) -> Result<Self, String> {
        // The kernel's own smallest and, so that products fit, far more than any machine has.
        if (1_000..=1_000_000_000).contains(&us) {
            Ok(Self(us))
        } else {
            Err(format!("a quota of {us} us; the kernel's smallest is 1000"))
        }
    }
}

/// The length of a bandwidth period.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "u64")]
struct PeriodMicros(u64);

impl TryFrom<u64> for PeriodMicros {
    type Error = String;

    fn try_from(us: u64) -> Result<Self, String> {
        if us == 100_000 {
            Ok(Self(us))
        } else {
            Err(format!("a period of {us} us; pods have 100000 us"))
        }
    }
}

impl Definition {
    /// The quota as a CPU limit, to the nearest millicore: limits have no finer steps.
    pub(super) fn limit(&self) -> Millicores {
        let (quota, period) = (self.quota_us.0, self.period_us.0);
        Millicores::new((quota * 1000 + period / 2) / period)
    }

    /// Whether the quota can stop anybody.
    fn binds(&self) -> bool {
        self.quota_us.0 < u64::from(self.cores.get()) * self.period_us.0
    }
}

#[derive(Deserialize)]
struct DefinitionFile {
    definition: Definition,
    per_repeat: Vec<Repeat>,
}

impl Case {
    /// Reads `NAME.json` and the `NAME.csv` beside it.
    pub(super) fn read(path: &Path) -> Result<Self, CalibrationError> {
        let (file, text) = read(path)?;
        let malformed = |line: usize, message: String| CalibrationError::Malformed {
            file: file.clone(),
            line: line as u64,
            message,
        };
        let DefinitionFile {
            definition,
            per_repeat: repeats,
        } = serde_json::from_str(&text)
            .map_err(|error| malformed(error.line(), error.to_string()))?;
        let last_line = text.lines().count().max(1);
        if repeats.is_empty() {
            return Err(malformed(last_line, "`per_repeat` is empty".to_owned()));
        }
        if definition.binds() && repeats.iter().any(|it| it.period_phase_ms.is_none()) {
            let message = "`period_phase_ms` is missing, and the quota is below `cores`";
            return Err(malformed(last_line, message.to_owned()));
        }
        let requests = read_requests(&path.with_extension("csv"), &repeats)?;
        Ok(Self {
            definition,
            repeats,
            requests,
        })
    }

    /// CPU time of a request beyond its demand.
    pub(super) fn overhead(&self, repeat: usize) -> SimDuration {
        self.repeats[repeat].overhead_us_per_request.0
    }
}

fn read(path: &Path) -> Result<(String, String), CalibrationError> {
    let file = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => Ok((file, text)),
        Err(source) => Err(CalibrationError::Read { file, source }),
    }
}

fn read_requests(path: &Path, repeats: &[Repeat]) -> Result<Vec<Request>, CalibrationError> {
    let (file, text) = read(path)?;
    let malformed = |line: u64, message: String| CalibrationError::Malformed {
        file: file.clone(),
        line,
        message,
    };
    let csv_error = |error: csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        malformed(line, error.to_string())
    };
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns = Columns::find(reader.headers().map_err(csv_error)?, repeats)
        .map_err(|message| malformed(1, message))?;
    let mut requests = Vec::new();
    let mut line = 1;
    for record in reader.records() {
        let record = record.map_err(csv_error)?;
        line = record.position().map_or(line, csv::Position::line);
        requests.push(columns.request(&record).map_err(|it| malformed(line, it))?);
    }
    if let Some(repeat) = repeats.iter().find(|it| it.n != requests.len()) {
        let (found, n) = (requests.len(), repeat.n);
        return Err(malformed(line, format!("{found} requests instead of {n}")));
    }
    if requests.is_empty() {
        return Err(malformed(line, "no requests".to_owned()));
    }
    Ok(requests)
}

/// Where the numbers of a request stand.
struct Columns {
    arrival_s: Column,
    demand_ms: Column,
    wait_and_demand_ms: Option<(Column, Column)>,
    /// Lag of sending and latency in each repeat.
    repeats: Vec<(Column, Column)>,
}

struct Column {
    index: usize,
    name: String,
}

impl Column {
    fn find(header: &StringRecord, name: &str) -> Result<Self, String> {
        match header.iter().position(|column| column == name) {
            Some(index) => Ok(Self {
                index,
                name: name.to_owned(),
            }),
            None => Err(format!("no column `{name}`")),
        }
    }

    fn number(&self, record: &StringRecord) -> Result<f64, String> {
        let text = record.get(self.index).unwrap_or_default();
        match text.parse() {
            Ok(number) if f64::is_finite(number) => Ok(number),
            _ => Err(format!("`{}` is `{text}`, not a number", self.name)),
        }
    }

    fn duration(&self, record: &StringRecord) -> Result<SimDuration, String> {
        let ms = Milliseconds::try_from(self.number(record)?);
        Ok(ms.map_err(|error| format!("`{}`: {error}", self.name))?.0)
    }
}

impl Columns {
    fn find(header: &StringRecord, repeats: &[Repeat]) -> Result<Self, String> {
        let of_repeat = |repeat: &Repeat| {
            let number = repeat.number;
            let lag = Column::find(header, &format!("r{number}_lag_ms"))?;
            Ok((lag, Column::find(header, &format!("r{number}_latency_ms"))?))
        };
        let wait_and_demand_ms = match Column::find(header, "wait_planned_ms") {
            Ok(wait) => Some((wait, Column::find(header, "demand2_ms")?)),
            Err(_) => None,
        };
        Ok(Self {
            arrival_s: Column::find(header, "arrival_s")?,
            demand_ms: Column::find(header, "demand_ms")?,
            wait_and_demand_ms,
            repeats: repeats
                .iter()
                .map(of_repeat)
                .collect::<Result<_, String>>()?,
        })
    }

    fn request(&self, record: &StringRecord) -> Result<Request, String> {
        let arrival_ms = self.arrival_s.number(record)? * 1e3;
        let mut request = Request {
            demand: self.demand_ms.duration(record)?,
            wait_and_demand: None,
            sent: Vec::with_capacity(self.repeats.len()),
            latency_ms: Vec::with_capacity(self.repeats.len()),
        };
        if let Some((wait, demand)) = &self.wait_and_demand_ms {
            request.wait_and_demand = Some((wait.duration(record)?, demand.duration(record)?));
        }
        for (lag, latency) in &self.repeats {
            let sent = Milliseconds::try_from(arrival_ms + lag.number(record)?)
                .map_err(|error| format!("`arrival_s` + `{}`: {error}", lag.name))?;
            request.sent.push(SimTime::ZERO + sent.0);
            request.latency_ms.push(latency.number(record)?);
        }
        Ok(request)
    }
}
