//! How far a replay may be off: the table of the measurements' own description.

use super::case::{Case, Definition, Mode, Repeat};
use super::replay::Replay;
use super::report::{CalibrationRow, Figure};

/// Cases that are judged alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// One thread.
    OneThread,
    /// Several threads on one core.
    OneCore,
    /// Several threads on several cores under load.
    CoresLoad,
    /// Isolated requests, each on several threads and cores.
    CoresLone,
}

/// Largest absolute errors; of latencies and of utilisation relative to the measured value.
struct Limits {
    p50: f64,
    p95: f64,
    p99: f64,
    mean: f64,
    utilisation: Option<f64>,
    /// Of throttled periods, relative; but three periods at least.
    throttled: f64,
}

const THROTTLED_FLOOR: f64 = 3.0;

impl Family {
    pub(super) fn of(definition: &Definition) -> Self {
        match (definition.threads.get(), definition.cores.get()) {
            (1, _) => Self::OneThread,
            (_, 1) => Self::OneCore,
            _ if definition.mode == Mode::Split => Self::CoresLone,
            _ => Self::CoresLoad,
        }
    }

    fn limits(self) -> Limits {
        let limits = |p50, p95, p99, mean| Limits {
            p50,
            p95,
            p99,
            mean,
            utilisation: None,
            throttled: 0.10,
        };
        match self {
            Self::OneThread => Limits {
                utilisation: Some(0.01),
                throttled: 0.03,
                ..limits(0.05, 0.05, 0.05, 0.03)
            },
            Self::OneCore => limits(0.15, 0.15, 0.10, 0.12),
            Self::CoresLoad => limits(0.25, 0.10, 0.15, 0.10),
            Self::CoresLone => limits(0.30, 0.10, 0.10, 0.10),
        }
    }
}

/// Compares a replay of every repeat with its measurement.
pub(super) fn judge(case: &Case, replays: &[Replay]) -> Vec<CalibrationRow> {
    let definition = &case.definition;
    let limits = Family::of(definition).limits();
    let row = |figure, limit, value: &dyn Fn(&Repeat, &Replay) -> (f64, f64)| {
        let pairs = case.repeats.iter().zip(replays);
        let values: Vec<_> = pairs
            .map(|(repeat, replay)| value(repeat, replay))
            .collect();
        CalibrationRow::new(&definition.id, figure, limit, &values)
    };
    let mut rows = vec![
        row(Figure::P50, limits.p50, &|m, s| {
            (m.latency_p50_ms.0, s.quantile_ms(0.50))
        }),
        row(Figure::P95, limits.p95, &|m, s| {
            (m.latency_p95_ms.0, s.quantile_ms(0.95))
        }),
        row(Figure::P99, limits.p99, &|m, s| {
            (m.latency_p99_ms.0, s.quantile_ms(0.99))
        }),
        row(Figure::Mean, limits.mean, &|m, s| {
            (m.latency_mean_ms.0, s.mean_ms())
        }),
    ];
    if let Some(limit) = limits.utilisation {
        rows.push(row(Figure::Utilisation, limit, &|m, s| {
            (
                m.utilisation_of_limit.0,
                s.utilisation_of(definition.limit()),
            )
        }));
    }
    let throttled: u64 = case.repeats.iter().map(|repeat| repeat.nr_throttled).sum();
    let throttled = throttled as f64 / case.repeats.len() as f64;
    let limit = (limits.throttled * throttled).max(THROTTLED_FLOOR);
    rows.push(row(Figure::Throttled, limit, &|m, s| {
        (m.nr_throttled as f64, s.nr_throttled as f64)
    }));
    rows
}
