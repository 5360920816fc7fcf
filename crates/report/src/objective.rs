//! What is asked of a run, and whether it was kept.

use crate::context::RunContext;
use crate::format;
use flashcrowd_core::model::EndpointId;
use flashcrowd_core::record::EndpointInterval;
use flashcrowd_telemetry::{
    Aggregate, Evaluation, LatencyHistogram, Measured, Measurement, Operator, Population,
    Threshold, ThresholdValue,
};
use flashcrowd_units::{SimDuration, SimTime};
use serde::Serialize;

/// Where an objective comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ObjectiveKind {
    /// An SLO of the scenario.
    Slo,
    /// A check added for one run (`--assert`).
    Assertion,
}

/// One thing that is asked of a run.
#[derive(Debug, Clone)]
pub struct Objective {
    /// Its name.
    pub name: String,
    /// Where it comes from.
    pub kind: ObjectiveKind,
    /// Of which requests; `None` for those of all endpoints together.
    pub endpoint: Option<EndpointId>,
    /// What is asked.
    pub threshold: Threshold,
    /// The same as it was written: `rate<1%`.
    pub written: String,
    /// Whether failed requests count as infinitely slow.
    pub population: Population,
}

/// How single minutes fared against an objective.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Minutes {
    /// Minutes with requests.
    pub(crate) judged: u64,
    /// Those that alone would have missed the objective.
    pub(crate) missed: u64,
    pub(crate) first_missed: Option<SimTime>,
}

/// How an objective came out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verdict<'a> {
    pub(crate) objective: &'a Objective,
    pub(crate) evaluation: Evaluation,
    pub(crate) minutes: Minutes,
}

impl Objective {
    /// Judges the objective over `endpoints`; `all` is the latency of all of them together.
    pub(crate) fn evaluate(
        &self,
        endpoints: &[EndpointInterval],
        all: &LatencyHistogram,
    ) -> Evaluation {
        let one = self.endpoint.map(|id| &endpoints[id.index()]);
        let chosen = one.map_or(endpoints, std::slice::from_ref);
        self.threshold.evaluate(&Measured {
            latency: one.map_or(all, |endpoint| &endpoint.latency),
            failed: chosen.iter().map(EndpointInterval::failed_total).sum(),
            offered: chosen.iter().map(|endpoint| endpoint.offered).sum(),
            population: self.population,
        })
    }

    /// Whether a single minute can be judged: a total count cannot.
    pub(crate) fn judges_minutes(&self) -> bool {
        self.threshold.aggregate() != Aggregate::Count
    }

    /// Above which latency a request of `endpoint` is too slow for this objective.
    pub(crate) fn latency_limit(&self, endpoint: EndpointId) -> Option<SimDuration> {
        let upper = matches!(
            self.threshold.operator(),
            Operator::Less | Operator::LessOrEqual
        );
        match self.threshold.value() {
            ThresholdValue::Latency(limit)
                if upper && self.endpoint.is_none_or(|own| own == endpoint) =>
            {
                Some(limit)
            }
            _ => None,
        }
    }

    /// Whose requests are meant: the endpoint's name, or `all requests`.
    pub(crate) fn scope<'a>(&self, context: &'a RunContext) -> &'a str {
        self.endpoint
            .map_or("all requests", |id| &context.endpoints[id.index()].name)
    }
}

impl Minutes {
    /// Takes note of a minute that begins at `start`.
    pub(crate) fn judge(&mut self, start: SimTime, met: bool) {
        self.judged += 1;
        if !met {
            self.missed += 1;
            self.first_missed.get_or_insert(start);
        }
    }
}

impl Verdict<'_> {
    /// What was measured, for people: `p(95) of browse was 1.24 s`.
    pub(crate) fn measured_text(&self, context: &RunContext) -> String {
        let objective = self.objective;
        let value = match self.evaluation.measured {
            Measurement::Infinite => return self.unbounded(context),
            Measurement::Latency(latency) => format::latency(latency.as_secs_f64()),
            Measurement::Share(share) => format::share(share),
            Measurement::Count(count) => format::count(count),
            Measurement::Nothing => "nothing (no request ended)".to_owned(),
        };
        match objective.threshold.aggregate() {
            Aggregate::Rate => format!("{value} of {} failed", self.whose(context)),
            aggregate => format!("{aggregate} of {} was {value}", objective.scope(context)),
        }
    }

    /// Whose requests are meant: `all requests`, `browse requests`.
    fn whose(&self, context: &RunContext) -> String {
        match self.objective.scope(context) {
            all if self.objective.endpoint.is_none() => all.to_owned(),
            endpoint => format!("{endpoint} requests"),
        }
    }

    /// Why a latency is infinite: the requests that failed reach down to it.
    fn unbounded(&self, context: &RunContext) -> String {
        let aggregate = self.objective.threshold.aggregate();
        let whose = self.whose(context);
        let enough = match aggregate {
            Aggregate::Percentile(percentile) if percentile < 100.0 => {
                format!(
                    "more than {} % of {whose}",
                    without_residue(100.0 - percentile)
                )
            }
            Aggregate::Med => format!("more than half of {whose}"),
            _ => format!("some of {whose}"),
        };
        format!("{enough} failed, so {aggregate} is unbounded")
    }
}

/// A percentage without the last bits of a subtraction: `0.1`, not `0.09999999999999432`.
fn without_residue(percent: f64) -> f64 {
    (percent * 1e6).round() / 1e6
}
