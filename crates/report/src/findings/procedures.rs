//! Somebody was called: the alert behind a procedure fired, and its steps were taken.
//!
//! Timetables do what they are expected to do and are not told. The first time is told, with how
//! long it took until the last step.

use super::{Detector, Finding, Severity, Wording};
use crate::format;
use flashcrowd_core::record::{Progress, Record};
use flashcrowd_units::SimTime;

#[derive(Debug, Default)]
pub(super) struct Procedures {
    /// In the order in which they were called for.
    called: Vec<Called>,
}

/// A procedure whose alert has fired.
#[derive(Debug)]
struct Called {
    name: String,
    /// Its metric, its threshold, and for how long.
    condition: String,
    first: SimTime,
    /// The metric then.
    value: Option<f64>,
    times: u64,
    finished: Option<SimTime>,
}

impl Procedures {
    fn of(&mut self, name: &str) -> Option<&mut Called> {
        self.called.iter_mut().find(|called| called.name == name)
    }
}

impl Detector for Procedures {
    fn observe(&mut self, at: SimTime, record: &Record<'_>) {
        match *record {
            Record::Alert {
                procedure,
                firing: true,
                value,
                ..
            } => match self.of(&procedure.name) {
                Some(called) => called.times += 1,
                None => self.called.push(Called {
                    name: procedure.name.clone(),
                    condition: procedure.when.to_string(),
                    first: at,
                    value,
                    times: 1,
                    finished: None,
                }),
            },
            Record::Procedure {
                procedure,
                progress: Progress::Finished,
            } => {
                if let Some(called) = self.of(&procedure.name) {
                    called.finished.get_or_insert(at);
                }
            }
            _ => {}
        }
    }

    fn findings(&self, wording: &Wording<'_>, findings: &mut Vec<Finding>) {
        for called in &self.called {
            let value = called
                .value
                .map_or_else(String::new, |value| format!(" ({})", rounded(value)));
            let again = match called.times {
                1 => String::new(),
                times => format!(", {times} times in all"),
            };
            let done = match called.finished {
                None => "its last step was never taken".to_owned(),
                Some(at) if at == called.first => "its steps were taken at once".to_owned(),
                Some(at) => format!(
                    "its last step came {} later",
                    format::span(at - called.first)
                ),
            };
            findings.push(Finding {
                severity: Severity::Info,
                at_seconds: called.first.as_secs_f64(),
                component: called.name.clone(),
                code: "procedure",
                message: format!(
                    "{} was called for at {} by {}{value}{again}; {done}",
                    called.name,
                    wording.clock.short(called.first),
                    called.condition,
                ),
            });
        }
    }
}

/// In thousandths: the unit of the metric is not known.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made_up_run::context;
    use crate::wall_clock::WallClock;
    use flashcrowd_core::model::{Procedure, Trigger};
    use flashcrowd_units::SimDuration;

    #[test]
    fn the_first_call_is_told_with_how_long_it_took() {
        let procedure = Procedure {
            name: "emergency".to_owned(),
            when: Trigger::At(SimTime::ZERO),
            steps: Vec::new(),
        };
        let mut detector = Procedures::default();
        for (minute, firing) in [(60, true), (70, false), (90, true)] {
            let alert = Record::Alert {
                procedure: &procedure,
                firing,
                since: SimTime::ZERO,
                value: Some(3.4),
            };
            detector.observe(SimTime::from_secs(60 * minute), &alert);
        }
        let finished = Record::Procedure {
            procedure: &procedure,
            progress: Progress::Finished,
        };
        detector.observe(SimTime::from_secs(3_900), &finished);
        let context = context(SimDuration::from_secs(7_200));
        let clock = WallClock::new(context.start.clone(), context.duration);
        let wording = Wording {
            context: &context,
            clock: &clock,
        };
        let mut findings = Vec::new();
        detector.findings(&wording, &mut findings);
        assert_eq!(
            findings[0].message,
            "emergency was called for at 07:00 by at 0s (3.4), 2 times in all; its last step came 5 min later"
        );
        assert_eq!(findings.len(), 1);
    }
}
