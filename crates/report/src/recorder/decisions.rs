//! Every decision of every controller, as `decisions.jsonl` shows it.

use flashcrowd_autoscalers::{Limit, Reason, ScalingDecision, Steps};
use flashcrowd_core::model::ServiceId;
use flashcrowd_units::{Replicas, SimTime};
use serde::Serialize;

/// Bytes of serialised decisions that are kept; later ones are only counted.
pub const DECISION_BYTES_LIMIT: usize = 8 << 20;

/// One or more consecutive decisions of a service that differ in nothing but their times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedDecision {
    /// For which service.
    pub service: ServiceId,
    /// When the first was taken.
    pub first: SimTime,
    /// When the last was taken.
    pub last: SimTime,
    /// How many they are.
    pub syncs: u64,
    /// What the controller saw, reckoned and concluded: a JSON object with `current`, `desired`,
    /// `reason`, `limited_by` and `steps`.
    pub json: Box<str>,
}

/// A decision without its time.
#[derive(Serialize)]
struct Body<'a> {
    current: Replicas,
    desired: Replicas,
    reason: &'a Reason,
    limited_by: Option<Limit>,
    steps: &'a Steps,
}

/// Decisions that were left out to bound the memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecisionCut {
    /// When the first of them was taken.
    pub first: SimTime,
    /// When the last of them was taken.
    pub last: SimTime,
    /// How many they are, of all services together.
    pub syncs: u64,
}

/// Decisions in the order of their first occurrence, bounded.
#[derive(Debug)]
pub(crate) struct DecisionLog {
    kept: Vec<MergedDecision>,
    /// By service: its latest entry in `kept`.
    latest: Vec<Option<usize>>,
    bytes: usize,
    limit: usize,
    cut: Option<DecisionCut>,
}

impl DecisionLog {
    /// An empty log that keeps up to `limit` bytes of decisions.
    pub(crate) fn new(services: usize, limit: usize) -> Self {
        Self {
            kept: Vec::new(),
            latest: vec![None; services],
            bytes: 0,
            limit,
            cut: None,
        }
    }

    /// Keeps a decision, merges it with an identical one before, or counts it.
    ///
    /// # Panics
    /// If the decision cannot be written as JSON, which would be an error in its type.
    pub(crate) fn observe(&mut self, at: SimTime, service: ServiceId, decision: &ScalingDecision) {
        let ScalingDecision {
            current,
            desired,
            ref reason,
            limited_by,
            ref steps,
            ..
        } = *decision;
        let body = Body {
            current,
            desired,
            reason,
            limited_by,
            steps,
        };
        let json = serde_json::to_string(&body).expect("a decision is plain data");
        self.keep(at, service, json);
    }

    fn keep(&mut self, at: SimTime, service: ServiceId, json: String) {
        let latest = &mut self.latest[service.index()];
        if let Some(entry) = latest.map(|index| &mut self.kept[index])
            && *entry.json == json
        {
            entry.last = at;
            entry.syncs += 1;
            return;
        }
        // Once something was cut, nothing is kept: a line would seem to follow its predecessor.
        if self.cut.is_some() || self.bytes + json.len() > self.limit {
            let cut = self.cut.get_or_insert(DecisionCut {
                first: at,
                last: at,
                syncs: 0,
            });
            cut.last = at;
            cut.syncs += 1;
            *latest = None;
            return;
        }
        self.bytes += json.len();
        *latest = Some(self.kept.len());
        self.kept.push(MergedDecision {
            service,
            first: at,
            last: at,
            syncs: 1,
            json: json.into(),
        });
    }

    /// What was kept, in the order of the first times.
    pub(crate) fn kept(&self) -> &[MergedDecision] {
        &self.kept
    }

    /// What was left out.
    pub(crate) fn cut(&self) -> Option<DecisionCut> {
        self.cut
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: ServiceId = ServiceId(0);
    const SEARCH: ServiceId = ServiceId(1);

    #[test]
    fn identical_neighbours_of_a_service_are_merged() {
        let mut log = DecisionLog::new(2, 1000);
        for (at, service, desired) in [
            (0, SHOP, 2),
            (5, SEARCH, 9),
            (15, SHOP, 2),
            (30, SHOP, 3),
            (45, SHOP, 2),
        ] {
            log.keep(SimTime::from_secs(at), service, format!("{desired}"));
        }
        let kept: Vec<_> = log
            .kept()
            .iter()
            .map(|d| (d.first, d.last, d.syncs, &*d.json))
            .collect();
        let t = SimTime::from_secs;
        assert_eq!(
            kept,
            [
                (t(0), t(15), 2, "2"),
                (t(5), t(5), 1, "9"),
                (t(30), t(30), 1, "3"),
                (t(45), t(45), 1, "2")
            ]
        );
        assert_eq!(log.cut(), None);
    }

    #[test]
    fn what_is_too_much_is_counted() {
        let mut log = DecisionLog::new(1, 3);
        for at in 0..10 {
            log.keep(SimTime::from_secs(at), SHOP, at.to_string());
        }
        assert_eq!(log.kept().len(), 3);
        let cut = DecisionCut {
            first: SimTime::from_secs(3),
            last: SimTime::from_secs(9),
            syncs: 7,
        };
        assert_eq!(log.cut(), Some(cut));
    }
}
