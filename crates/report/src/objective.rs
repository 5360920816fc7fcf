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

    /// The comparison without what is compared: `<500ms`.
    pub(crate) fn asked(&self) -> String {
        format!("{}{}", self.threshold.operator(), self.threshold.value())
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
    /// What was measured, for people.
    pub(crate) fn measured_text(&self) -> String {
        match self.evaluation.measured {
            Measurement::Latency(latency) => format::latency(latency.as_secs_f64()),
            Measurement::Infinite => "infinite (too many of them failed)".to_owned(),
            Measurement::Share(share) => format::share(share),
            Measurement::Count(count) => format::count(count),
            Measurement::Nothing => "nothing (no request ended)".to_owned(),
        }
    }
}
