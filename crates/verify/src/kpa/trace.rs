//! The file format of the recorded traces. All times are milliseconds.

use flashcrowd_autoscalers::TimePoint;
use flashcrowd_autoscalers::kpa::{KpaConfig, ServeMode};
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// One trace.
#[derive(Debug, Deserialize)]
pub(super) struct Trace {
    pub(super) id: String,
    pub(super) kind: Kind,
    #[serde(default)]
    cfg: BTreeMap<String, String>,
    #[serde(default)]
    ann: BTreeMap<String, String>,
    #[serde(default)]
    cc: u32,
    #[serde(default)]
    reachable: u8,
    progress_deadline: Option<String>,
    /// The settings that apply, as the real code resolved them.
    pub(super) eff: Option<Map<String, Value>>,
    pub(super) start_ready: Option<ReadyPods>,
    pub(super) init: Option<[i32; 2]>,
    /// When the revision is made.
    #[serde(default)]
    pub(super) created: i64,
    /// When the autoscaler is made, in traces of all of it.
    #[serde(default)]
    pub(super) start: i64,
    pub(super) window_ms: Option<u64>,
    pub(super) granularity_ms: Option<u64>,
    #[serde(default)]
    pub(super) weighted: u8,
    pub(super) rows: Vec<Row>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Decider,
    Window,
    Scaler,
    Full,
}

impl Trace {
    pub(super) fn config(&self) -> KpaConfig {
        let mut config = KpaConfig {
            config: self.cfg.clone(),
            annotations: self.ann.clone(),
            container_concurrency: self.cc,
            reachable: self.reachable != 0,
            ..KpaConfig::default()
        };
        if let Some(deadline) = &self.progress_deadline {
            config.progress_deadline.clone_from(deadline);
        }
        config
    }
}

/// The number of ready pods, as it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadyPods {
    Count(u32),
    /// There are no endpoints yet, which counts as none ready.
    NotFound,
    Error,
}

impl ReadyPods {
    pub(super) fn count(self) -> Option<u32> {
        match self {
            Self::Count(count) => Some(count),
            Self::NotFound => Some(0),
            Self::Error => None,
        }
    }

    fn read(value: &Value) -> Result<Self, String> {
        match (value.as_str(), value.as_u64()) {
            (Some("nf"), _) => Ok(Self::NotFound),
            (Some("err"), _) => Ok(Self::Error),
            (_, Some(count)) => u32::try_from(count)
                .map(Self::Count)
                .map_err(|error| error.to_string()),
            _ => Err(format!("{value} is no number of ready pods")),
        }
    }
}

impl<'de> Deserialize<'de> for ReadyPods {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::read(&value).map_err(serde::de::Error::custom)
    }
}

/// One row of a trace.
#[derive(Debug)]
pub(super) enum Row {
    /// `k`: a tick of the decider.
    Tick(Tick),
    /// `u`: other settings.
    Update(Update),
    /// `s`: a sample.
    Sample(Sample),
    /// `d`: what the decider says from now on.
    DeciderStatus { desired: i32, excess: i32 },
    /// `r`: a reconcile.
    Reconcile(Box<Reconcile>),
    /// `w`: a window records.
    Record { t: i64, value: f64 },
    /// `a`: a window is read.
    Average { t: i64, average: f64, empty: u8 },
    /// `z`: a window is resized.
    Resize { t: i64, window_ms: u64 },
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let cells = Vec::<Value>::deserialize(deserializer)?;
        Self::read(cells).map_err(serde::de::Error::custom)
    }
}

impl Row {
    fn read(mut cells: Vec<Value>) -> Result<Self, String> {
        if cells.is_empty() {
            return Err("a row is empty".to_owned());
        }
        let kind = cells.remove(0);
        let rest = Value::Array(cells);
        let row = match kind.as_str() {
            Some("k") => Self::Tick(of(rest)?),
            Some("u") => {
                let (_, update): (i64, Update) = of(rest)?;
                Self::Update(update)
            }
            Some("s") => Self::Sample(of(rest)?),
            Some("d") => {
                let (_, desired, excess): (i64, i32, i32) = of(rest)?;
                Self::DeciderStatus { desired, excess }
            }
            Some("r") => Self::Reconcile(Box::new(of(rest)?)),
            Some("w") => {
                let (t, value) = of(rest)?;
                Self::Record { t, value }
            }
            Some("a") => {
                let (t, average, empty) = of(rest)?;
                Self::Average { t, average, empty }
            }
            Some("z") => {
                let (t, window_ms) = of(rest)?;
                Self::Resize { t, window_ms }
            }
            _ => return Err(format!("{kind} is no kind of row")),
        };
        Ok(row)
    }
}

fn of<T: serde::de::DeserializeOwned>(cells: Value) -> Result<T, String> {
    serde_json::from_value(cells).map_err(|error| error.to_string())
}

/// `[t, ready, stable, panic, valid, want, excess, panicSince, maxPanic]`, and `informed` in
/// traces of all of it.
#[derive(Debug)]
pub(super) struct Tick {
    pub(super) t: i64,
    pub(super) ready: ReadyPods,
    pub(super) stable: Option<f64>,
    pub(super) panic: Option<f64>,
    pub(super) valid: u8,
    pub(super) want: Option<i32>,
    pub(super) excess: Option<i32>,
    pub(super) panic_since: Option<i64>,
    pub(super) max_panic: i32,
    pub(super) informed: Option<u8>,
}

type TickCells = (
    i64,
    ReadyPods,
    Option<f64>,
    Option<f64>,
    u8,
    Option<i32>,
    Option<i32>,
    Option<i64>,
    i32,
);

impl<'de> Deserialize<'de> for Tick {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut cells = Vec::<Value>::deserialize(deserializer)?;
        let informed = if cells.len() == 10 {
            cells.pop().as_ref().and_then(Value::as_u64)
        } else {
            None
        };
        let (t, ready, stable, panic, valid, want, excess, panic_since, max_panic): TickCells =
            of(Value::Array(cells)).map_err(serde::de::Error::custom)?;
        Ok(Self {
            t,
            ready,
            stable,
            panic,
            valid,
            want,
            excess,
            panic_since,
            max_panic,
            informed: informed.map(|informed| u8::from(informed != 0)),
        })
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Update {
    pub(super) activation_scale: Option<i32>,
    pub(super) panic_threshold: Option<f64>,
    pub(super) reachable: Option<u8>,
    pub(super) stable_ms: Option<u64>,
    pub(super) target: Option<f64>,
    pub(super) total: Option<f64>,
    pub(super) tbc: Option<f64>,
    pub(super) up: Option<f64>,
    pub(super) down: Option<f64>,
}

/// `[t, concurrency, of it through the activator, requests per second, of them through the
/// activator]`.
#[derive(Debug, Deserialize)]
pub(super) struct Sample(
    pub(super) i64,
    pub(super) f64,
    pub(super) f64,
    pub(super) f64,
    pub(super) f64,
);

/// A row of a reconcile, cell by cell.
#[derive(Debug, Deserialize)]
pub(super) struct Reconcile(
    pub(super) i64,
    pub(super) i32,
    pub(super) i32,
    pub(super) u8,
    pub(super) Mode,
    pub(super) Option<i64>,
    pub(super) i32,
    pub(super) i32,
    pub(super) String,
    pub(super) i64,
    pub(super) u8,
    pub(super) Mode,
    pub(super) i32,
    pub(super) i32,
    pub(super) Vec<i64>,
    pub(super) u32,
);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum Mode {
    #[serde(rename = "P")]
    Proxy,
    #[serde(rename = "S")]
    Serve,
}

impl From<Mode> for ServeMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Proxy => Self::Proxy,
            Mode::Serve => Self::Serve,
        }
    }
}

pub(super) fn at(millis: i64) -> TimePoint {
    TimePoint::from_millis(millis)
}

pub(super) fn duration(millis: u64) -> SimDuration {
    SimDuration::from_nanos(millis.saturating_mul(1_000_000))
}
