//! Decisions in words.

use super::amounts::{replicas, short};
use super::history::{DecisionHistory, LoggedDecision};
use super::rules::Rules;
use super::steps::{AnySteps, Body, Current, HpaSteps, MetricStep, Outcome};
use super::{hpa, jobs, keda, kpa, pools, rules::Target, why_not};
use flashcrowd_units::{SimDuration, SimTime};
use jiff::{SignedDuration, Zoned};
use serde_json::Value;
use std::fmt::Write;

/// Puts the decisions about one service into words.
#[derive(Debug, Clone, Copy)]
pub struct Explainer<'a> {
    /// All decisions.
    pub history: &'a DecisionHistory,
    /// The service.
    pub component: &'a str,
    /// What its controller was told.
    pub rules: &'a Rules,
    /// When the run began.
    pub start: &'a Zoned,
    /// Whether times carry their date.
    pub with_date: bool,
}

/// One decision with what is around it.
pub(super) struct Scene<'a> {
    pub(super) rules: &'a Rules,
    explainer: Explainer<'a>,
    at: SimTime,
}

impl Scene<'_> {
    pub(super) fn clock(&self, at: SimTime) -> String {
        self.explainer.clock(at)
    }

    /// The recommendation that stabilization went by: its number, when it was last given, and
    /// until when it counts. `None` if it is not among the decisions that are known.
    pub(super) fn extreme(&self, body: &Body, held_up: bool) -> Option<(i64, SimTime, SimTime)> {
        let rules = self.rules;
        let window = if held_up {
            rules.up.window
        } else {
            rules.down.window
        };
        let since = self.at.saturating_sub(window);
        let mut candidates: Vec<(i64, SimTime)> = Vec::new();
        for (index, decision) in self
            .explainer
            .history
            .of(self.explainer.component)
            .enumerate()
        {
            let before = SimTime::from_nanos(self.at.as_nanos().saturating_sub(1));
            let Some((_, last, _)) = decision.clipped(since, before) else {
                continue;
            };
            // With `behavior` a recommendation that is exactly one window old is out.
            if rules.has_behavior && last == since && !self.at.since(SimTime::ZERO).is_zero() {
                continue;
            }
            if index == 0 && decision.first >= since {
                // The number that the controller found when it began counts as recommended.
                candidates.push((decision.body.current, decision.first));
            }
            if let Some(proposal) = decision.body.hpa().and_then(|steps| steps.proposal) {
                candidates.push((proposal.max(0), last));
            }
        }
        let extreme = if held_up {
            candidates.iter().map(|(value, _)| *value).min()?
        } else {
            candidates.iter().map(|(value, _)| *value).max()?
        };
        let expected = match (rules.has_behavior, held_up) {
            (true, true) => extreme.max(body.current),
            (true, false) => extreme.min(body.current),
            (false, _) => extreme,
        };
        if body.hpa()?.stabilized != Some(expected) {
            return None;
        }
        let last = candidates
            .iter()
            .filter(|(value, _)| *value == extreme)
            .map(|(_, at)| *at)
            .max()?;
        Some((extreme, last, last + window))
    }
}

impl Explainer<'_> {
    /// One decision in full: a headline, and a sentence for each step. `at` is which of its syncs is
    /// meant. `why_not` adds what would have had to be for another number.
    pub fn story(&self, decision: &LoggedDecision, at: SimTime, why_not: bool) -> String {
        let scene = Scene {
            rules: self.rules,
            explainer: *self,
            at,
        };
        let body = &decision.body;
        let mut text = format!("{}\n", self.headline(decision, at));
        let mut sentences = Vec::new();
        match &body.steps {
            AnySteps::None => {}
            AnySteps::Hpa(steps) => sentences.extend(hpa::sentences(&scene, body, steps)),
            AnySteps::Keda(steps) => {
                if let Some(poll) = &steps.poll {
                    sentences.extend(keda::sentences(&scene, body, poll));
                }
                if let Some(steps) = &steps.hpa {
                    sentences.extend(hpa::sentences(&scene, body, steps));
                } else {
                    sentences.push("The HPA did not sync at this moment.".to_owned());
                }
            }
            AnySteps::Kpa(steps) => sentences.extend(kpa::sentences(&scene, steps)),
            AnySteps::ScaledJob(steps) => sentences.extend(jobs::sentences(&scene, steps)),
            AnySteps::Oci(_) | AnySteps::Ec2(_) => sentences.push(format!("{}.", self.gist(body))),
            AnySteps::Other(pairs) => {
                sentences.extend(pairs.iter().map(|(name, said)| format!("{name}: {said}.")));
            }
        }
        if sentences.is_empty() {
            sentences.push(match reason(&body.reason) {
                reason if reason.is_empty() => "The controller gives no reason.".to_owned(),
                reason => format!("The controller's reason: {reason}."),
            });
        }
        if why_not && let Some(steps) = body.hpa() {
            sentences.extend(why_not::sentences(&scene, body, steps));
        }
        for sentence in sentences {
            let _ = writeln!(text, "  - {sentence}");
        }
        text
    }

    fn headline(&self, decision: &LoggedDecision, at: SimTime) -> String {
        let body = &decision.body;
        let controller = &self.rules.controller;
        let did = if let AnySteps::ScaledJob(steps) = &body.steps {
            jobs::headline(steps)
        } else if body.is_rescale() {
            format!(
                "{controller} scaled it from {} to {}",
                body.current,
                replicas(body.desired)
            )
        } else {
            format!("{controller} kept it at {}", replicas(body.desired))
        };
        let again = if decision.syncs > 1 {
            format!(
                " ({} syncs from {} to {} were alike)",
                decision.syncs,
                self.clock(decision.first),
                self.clock(decision.last)
            )
        } else {
            String::new()
        };
        format!("{} at {}: {did}{again}.", self.component, self.clock(at))
    }

    /// A decision in one line, as far as it lies between two times. `None` if it does not.
    pub fn line(&self, decision: &LoggedDecision, from: SimTime, to: SimTime) -> Option<String> {
        let (first, last, syncs) = decision.clipped(from, to)?;
        let when = if syncs > 1 {
            format!(
                "{}..{} ({syncs} syncs)",
                self.clock(first),
                self.clock(last)
            )
        } else {
            self.clock(first)
        };
        let body = &decision.body;
        let what = if body.is_rescale() {
            format!("{} -> {}", body.current, body.desired)
        } else {
            format!("{}", body.desired)
        };
        Some(format!("{when}  {what}  {}", self.gist(body)))
    }

    /// The reason in a few words.
    fn gist(&self, body: &Body) -> String {
        let mut parts = Vec::new();
        match &body.steps {
            AnySteps::Keda(steps) => {
                if let Some(poll) = &steps.poll {
                    parts.push(format!("KEDA poll: {}", poll.path.replace('_', " ")));
                }
                parts.extend(steps.hpa.as_ref().map(|steps| self.hpa_gist(body, steps)));
            }
            AnySteps::Hpa(steps) => parts.push(self.hpa_gist(body, steps)),
            AnySteps::ScaledJob(steps) => parts.push(jobs::gist(steps)),
            AnySteps::Oci(steps) => {
                parts.push(pools::oci(self, body, steps, &reason(&body.reason)));
            }
            AnySteps::Ec2(steps) => parts.push(pools::ec2(body, steps, &reason(&body.reason))),
            _ => parts.push(reason(&body.reason)),
        }
        parts.join("; ")
    }

    fn hpa_gist(&self, body: &Body, steps: &HpaSteps) -> String {
        match steps.path.as_str() {
            "metrics" => {}
            "metrics_failed" => return "metrics failed, nothing is changed".to_owned(),
            "above_max" => return format!("above {}", self.rules.max_field),
            "below_min" => return format!("below {}", self.rules.min_field),
            other => return other.replace('_', " "),
        }
        let metrics = steps.metrics.iter().enumerate();
        let mut text = metrics
            .map(|(index, metric)| {
                let target = self.rules.targets.get(index).copied();
                metric_gist(metric, target.unwrap_or(Target::Unknown))
            })
            .collect::<Vec<_>>()
            .join(", ");
        let proposal = steps.proposal.unwrap_or(body.current).max(0);
        if proposal == body.current {
            text += ": as there are";
        } else {
            let _ = write!(text, ": asks for {proposal}");
        }
        if proposal != body.desired {
            let by = match body.limited_by.as_deref() {
                Some("ScaleUpStabilized" | "ScaleDownStabilized") => "stabilization".to_owned(),
                Some("ScaleUpLimit") => "scaleUp policies".to_owned(),
                Some("ScaleDownLimit") => "scaleDown policies".to_owned(),
                Some("TooManyReplicas") => self.rules.max_field.to_owned(),
                Some("TooFewReplicas") => self.rules.min_field.to_owned(),
                other => other.unwrap_or("bounds").to_owned(),
            };
            let _ = write!(text, ", held at {} by {by}", body.desired);
        }
        text
    }

    /// The local time, with seconds.
    pub fn clock(&self, at: SimTime) -> String {
        let nanos = i64::try_from(at.as_nanos()).unwrap_or(i64::MAX);
        let local = self.start.saturating_add(SignedDuration::from_nanos(nanos));
        let format = if self.with_date {
            "%Y-%m-%dT%H:%M:%S"
        } else {
            "%H:%M:%S"
        };
        local.strftime(format).to_string()
    }

    /// Why nothing was changed between two times: how many syncs, by what held them.
    pub fn why_not_between(&self, from: SimTime, to: SimTime) -> Vec<(String, u64)> {
        let mut reasons: Vec<(String, u64)> = Vec::new();
        for decision in self.history.of(self.component) {
            let Some((_, _, syncs)) = decision.clipped(from, to) else {
                continue;
            };
            let reason = self.held(&decision.body);
            match reasons.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, count)) => *count += syncs,
                None => reasons.push((reason, syncs)),
            }
        }
        reasons
    }

    fn held(&self, body: &Body) -> String {
        if body.is_rescale() {
            return "did change the number".to_owned();
        }
        if let AnySteps::ScaledJob(steps) = &body.steps {
            return jobs::held(steps);
        }
        let Some(steps) = body.hpa() else {
            return "did not ask metrics, or no HPA synced".to_owned();
        };
        if steps.path != "metrics" {
            return format!("{}: nothing is changed", steps.path.replace('_', " "));
        }
        let proposal = steps.proposal.unwrap_or(body.current).max(0);
        match body.limited_by.as_deref() {
            _ if proposal == body.current => {
                "found that the metrics ask for what there is".to_owned()
            }
            Some("TooManyReplicas") => {
                format!("were held by {} {}", self.rules.max_field, self.rules.max)
            }
            Some("TooFewReplicas") => {
                format!("were held by {} {}", self.rules.min_field, self.rules.min)
            }
            Some("ScaleUpStabilized" | "ScaleDownStabilized") => {
                "were held by stabilization".to_owned()
            }
            Some("ScaleUpLimit") => "were held by the scaleUp policies".to_owned(),
            Some("ScaleDownLimit") => "were held by the scaleDown policies".to_owned(),
            _ => "were held by a limit".to_owned(),
        }
    }

    /// The memory that decisions depend on.
    pub fn memory(&self) -> SimDuration {
        self.rules.memory()
    }
}

fn metric_gist(metric: &MetricStep, target: Target) -> String {
    let short = short(&metric.name);
    let proposal = match &metric.outcome {
        Outcome::Proposed(proposal) => proposal,
        Outcome::Failed { reason, .. } => return format!("{short} failed ({reason})"),
    };
    let value = match proposal.current {
        Current::Utilization { percent, .. } => format!("{percent} %"),
        Current::AverageValue(value) | Current::Value(value) => {
            super::amounts::amount(value, &metric.name)
        }
    };
    match target {
        Target::Utilization(percent) => format!("{short} {value} of {percent} %"),
        Target::Average(target) | Target::Value(target) => {
            let target = super::amounts::amount(target.get(), &metric.name);
            format!("{short} {value} of {target}")
        }
        Target::Unknown => format!("{short} {value}"),
    }
}

/// The reason in words.
fn reason(reason: &Value) -> String {
    match reason {
        Value::String(word) if word == "none" => String::new(),
        Value::String(word) => word.replace('_', " "),
        Value::Object(tagged) => match tagged.iter().next() {
            Some((_, Value::String(said))) => said.clone(),
            Some((tag, Value::Object(of))) if tag == "metric_above_target" => {
                let metric = of
                    .get("metric")
                    .and_then(Value::as_str)
                    .unwrap_or("a metric");
                format!("{metric} above target")
            }
            Some((tag, _)) => tag.replace('_', " "),
            None => String::new(),
        },
        _ => String::new(),
    }
}
