//! The decisions of a run.

use super::steps::Body;
use crate::recorder::DecisionLog;
use flashcrowd_autoscalers::ScalingDecision;
use flashcrowd_core::model::ServiceId;
use flashcrowd_core::record::{Record, Recorder};
use flashcrowd_units::{SimDuration, SimTime};
use serde::Deserialize;
use std::io::BufRead;

/// One or more consecutive decisions about a service that differ in nothing but their times.
#[derive(Debug, Clone, PartialEq)]
pub struct LoggedDecision {
    /// The service.
    pub component: String,
    /// When the first was taken.
    pub first: SimTime,
    /// When the last was taken.
    pub last: SimTime,
    /// How many they are, at least one.
    pub syncs: u64,
    pub(super) body: Body,
}

impl LoggedDecision {
    /// One decision.
    ///
    /// # Panics
    /// If the decision cannot be written as JSON, which would be an error in its type.
    pub fn new(at: SimTime, component: &str, decision: &ScalingDecision) -> Self {
        let mut log = DecisionLog::new(1, usize::MAX);
        log.observe(at, ServiceId(0), decision);
        let kept = log.kept().last();
        Self {
            component: component.to_owned(),
            first: at,
            last: at,
            syncs: 1,
            body: kept
                .map(|merged| read_body(&merged.json))
                .expect("nothing is cut from an unbounded log"),
        }
    }

    /// Takes in the decision that follows it, if the two differ in nothing but their times.
    /// Returns whether it did.
    pub fn absorb(&mut self, next: &Self) -> bool {
        let alike = self.component == next.component && self.body == next.body;
        if alike {
            self.last = next.last;
            self.syncs += next.syncs;
        }
        alike
    }

    /// Replicas that the controller found.
    pub fn current(&self) -> u32 {
        u32::try_from(self.body.current).unwrap_or(0)
    }

    /// Replicas that it wanted.
    pub fn desired(&self) -> u32 {
        u32::try_from(self.body.desired).unwrap_or(0)
    }

    /// Whether it changed the number.
    pub fn is_rescale(&self) -> bool {
        self.body.is_rescale()
    }

    /// The distance of its syncs, which is even; zero for a single one.
    fn period(&self) -> SimDuration {
        let span = self.last.since(self.first).as_nanos();
        SimDuration::from_nanos(span / (self.syncs - 1).max(1))
    }

    /// The last of its syncs at or before a time, if one was by then.
    pub(super) fn sync_at(&self, at: SimTime) -> Option<SimTime> {
        if at < self.first {
            return None;
        }
        let period = self.period().as_nanos().max(1);
        let passed = at.min(self.last).since(self.first).as_nanos();
        Some(if at >= self.last {
            self.last
        } else {
            self.first + SimDuration::from_nanos(passed / period * period)
        })
    }

    /// The part of it between two times, both included: first and last sync, and how many.
    pub fn clipped(&self, from: SimTime, to: SimTime) -> Option<(SimTime, SimTime, u64)> {
        let last = self.sync_at(to)?;
        if last < from {
            return None;
        }
        let period = self.period().as_nanos().max(1);
        let skipped = from.since(self.first).as_nanos().div_ceil(period);
        let first = self.first + SimDuration::from_nanos(skipped * period);
        let first = first.min(last);
        Some((first, last, 1 + last.since(first).as_nanos() / period))
    }
}

/// The decisions of a run, in the order of their first times.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DecisionHistory {
    /// The decisions.
    pub decisions: Vec<LoggedDecision>,
    /// From when on decisions were left out to bound the file.
    pub cut: Option<SimTime>,
}

/// A file that does not hold decisions.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// It cannot be read.
    #[error("cannot be read")]
    Read(#[source] std::io::Error),
    /// A line is something else.
    #[error("line {line} is not a decision")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
}

#[derive(Deserialize)]
struct Line {
    component: String,
    time_seconds: f64,
    until_seconds: f64,
    syncs: u64,
    decision: Body,
}

#[derive(Deserialize)]
struct CutLine {
    cut: Cut,
}

#[derive(Deserialize)]
struct Cut {
    time_seconds: f64,
}

impl DecisionHistory {
    /// Reads `decisions.jsonl`.
    ///
    /// # Errors
    /// If it cannot be read, or a line is not what [`DecisionsJsonl`](crate::DecisionsJsonl) writes.
    pub fn read(reader: impl BufRead) -> Result<Self, HistoryError> {
        let mut history = Self::default();
        for (index, line) in reader.lines().enumerate() {
            let line = line.map_err(HistoryError::Read)?;
            if line.trim().is_empty() {
                continue;
            }
            if line.starts_with("{\"cut\"")
                && let Ok(CutLine { cut }) = serde_json::from_str(&line)
            {
                history.cut = Some(seconds(cut.time_seconds));
                continue;
            }
            let decision: Line =
                serde_json::from_str(&line).map_err(|source| HistoryError::Line {
                    line: index + 1,
                    source,
                })?;
            history.decisions.push(LoggedDecision {
                component: decision.component,
                first: seconds(decision.time_seconds),
                last: seconds(decision.until_seconds),
                syncs: decision.syncs.max(1),
                body: decision.decision,
            });
        }
        Ok(history)
    }

    /// The services that decisions were taken about, in the order of the first ones.
    pub fn components(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for decision in &self.decisions {
            if !names.contains(&decision.component.as_str()) {
                names.push(&decision.component);
            }
        }
        names
    }

    /// The decisions about one service.
    pub fn of<'a>(
        &'a self,
        component: &'a str,
    ) -> impl DoubleEndedIterator<Item = &'a LoggedDecision> {
        self.decisions
            .iter()
            .filter(move |decision| decision.component == component)
    }

    /// What was decided about a service last, at or before a time, and when that was.
    pub fn in_force<'a>(
        &'a self,
        component: &'a str,
        at: SimTime,
    ) -> Option<(&'a LoggedDecision, SimTime)> {
        let of = self.of(component);
        of.filter_map(|decision| Some((decision, decision.sync_at(at)?)))
            .max_by_key(|(_, sync)| *sync)
    }
}

fn seconds(seconds: f64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs_f64(seconds.max(0.0))
}

fn read_body(json: &str) -> Body {
    serde_json::from_str(json).expect("a decision reads back")
}

/// Keeps the decisions of a simulation from some time on, unbounded.
#[derive(Debug)]
pub struct DecisionTracker {
    from: SimTime,
    to: SimTime,
    services: Vec<String>,
    log: DecisionLog,
}

impl DecisionTracker {
    /// Keeps what is decided between two times, both included. `services` are the names, by index.
    pub fn new(services: Vec<String>, from: SimTime, to: SimTime) -> Self {
        Self {
            from,
            to,
            log: DecisionLog::new(services.len(), usize::MAX),
            services,
        }
    }

    /// What was decided.
    pub fn into_history(self) -> DecisionHistory {
        let decisions = self.log.kept().iter().map(|merged| LoggedDecision {
            component: self.services[merged.service.index()].clone(),
            first: merged.first,
            last: merged.last,
            syncs: merged.syncs,
            body: read_body(&merged.json),
        });
        DecisionHistory {
            decisions: decisions.collect(),
            cut: None,
        }
    }
}

impl Recorder for DecisionTracker {
    fn record(&mut self, at: SimTime, record: &Record<'_>) {
        if let Record::Decision { service, decision } = record
            && (self.from..=self.to).contains(&at)
        {
            self.log.observe(at, *service, decision);
        }
    }
}
