//! What all triggers say together (`getScaledObjectState`).

use super::{ObjectLoop, ObjectObservation};
use crate::MilliValue;
use crate::keda::config::{CompositeConfig, TriggerKind};
use crate::keda::copies::User;
use crate::keda::fallback::{Asked, approximate, judge};
use crate::keda::fetch::{Fetch, Outcome, Reading};
use crate::keda::formula::{FormulaError, Operand};
use crate::keda::steps::TriggerStep;
use std::collections::BTreeMap;

/// What a poll has learnt.
pub(super) struct State {
    pub(super) active: bool,
    pub(super) error: bool,
    pub(super) composite: Option<MilliValue>,
    pub(super) triggers: Vec<TriggerStep>,
    pub(super) activity: BTreeMap<usize, bool>,
    pub(super) records: BTreeMap<usize, Option<Reading>>,
}

impl ObjectLoop {
    pub(super) fn state(&mut self, observation: &ObjectObservation<'_>) -> State {
        let mut triggers = self.ask_all(observation, User::Poll);
        triggers.sort_by_key(|step| step.trigger);
        let outcomes = || triggers.iter().map(|step| step.outcome);
        let error = outcomes().any(|outcome| outcome == Outcome::Error);
        let mut active = outcomes().any(Outcome::is_active);
        let mut activity: BTreeMap<_, _> = triggers
            .iter()
            .map(|step| (step.trigger, step.outcome.is_active()))
            .collect();
        let mut composite = None;
        if let Some(modifiers) = &self.config.modifiers {
            for active in activity.values_mut() {
                *active = false;
            }
            active = false;
            if !error {
                composite = self.composite(modifiers, &triggers);
                active = composite.is_some_and(|value| approximate(value) > modifiers.activation);
            }
        }
        let only_resources = self
            .config
            .triggers
            .iter()
            .all(|trigger| trigger.kind == TriggerKind::Resource);
        active |= only_resources && !error;
        let records = self.records(&triggers);
        State {
            active,
            error,
            composite,
            triggers,
            activity,
            records,
        }
    }

    /// Asks every external trigger, in the order of KEDA's routines.
    pub(super) fn ask_all(
        &mut self,
        observation: &ObjectObservation<'_>,
        user: User,
    ) -> Vec<TriggerStep> {
        let order: Vec<_> = self.config.fetch_order().collect();
        let steps = order
            .into_iter()
            .filter_map(|trigger| self.ask(observation, user, trigger));
        steps.collect()
    }

    /// Asks one trigger; `None` if it is CPU or memory. Queries use what the last poll has stored
    /// where the trigger wants that.
    pub(super) fn ask(
        &mut self,
        observation: &ObjectObservation<'_>,
        user: User,
        trigger: usize,
    ) -> Option<TriggerStep> {
        let (_, external) = self.config.external(trigger)?;
        let record = (user == User::Query && external.use_cached_metrics)
            .then(|| self.memory.records.get(&trigger).copied())
            .flatten();
        let fetch = match record {
            Some(record) => record.map_or(Fetch::Failed, Fetch::Answered),
            None => observation.fetch(trigger),
        };
        let asked = Asked {
            trigger,
            external,
            fetch,
            cached: record.is_some(),
        };
        Some(judge(
            &self.config,
            &mut self.memory.copies,
            user,
            asked,
            observation.surroundings(),
        ))
    }

    /// The one metric out of all: a fallback value, whatever the other triggers say, else the
    /// value of the formula. `None` if that has none.
    pub(super) fn composite(
        &self,
        modifiers: &CompositeConfig,
        triggers: &[TriggerStep],
    ) -> Option<MilliValue> {
        let stands_in = triggers.iter().find_map(|step| match step.outcome {
            Outcome::Fallback(value) => Some(value),
            _ => None,
        });
        if stands_in.is_some() {
            return stands_in;
        }
        let value = |step: &TriggerStep| {
            let name = self.config.triggers[step.trigger].name.clone()?;
            let value = match step.outcome {
                Outcome::Nil | Outcome::Error => Operand::Nil,
                outcome => Operand::Number(approximate(outcome.value()?)),
            };
            Some((name, value))
        };
        let values = triggers.iter().filter_map(value).collect();
        match modifiers.formula.evaluate(&values) {
            Ok(Some(number)) => Some(MilliValue::new(truncate(number * 1000.0))),
            Ok(None) => {
                let fallback = self.config.valid_fallback()?;
                let milli =
                    i64::from(fallback.replicas) as f64 * modifiers.whole_target()? as f64 * 1000.0;
                Some(MilliValue::new(truncate(milli)))
            }
            Err(FormulaError { .. }) => None,
        }
    }

    /// What is stored for `useCachedMetrics`.
    fn records(&self, triggers: &[TriggerStep]) -> BTreeMap<usize, Option<Reading>> {
        let wanted = triggers.iter().filter(|step| {
            self.config
                .external(step.trigger)
                .is_some_and(|(_, external)| external.use_cached_metrics)
        });
        wanted
            .map(|step| {
                let active = step.outcome.is_active();
                let reading = step.outcome.value().map(|value| Reading { value, active });
                (step.trigger, reading)
            })
            .collect()
    }
}

/// Toward zero. What int64 cannot hold becomes its smallest value, as it does on amd64.
fn truncate(number: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&number) {
        number as i64
    } else {
        i64::MIN
    }
}
