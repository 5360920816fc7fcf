//! What the HPA is told (`GetScaledObjectMetrics`).

use super::{ObjectLoop, ObjectObservation};
use crate::MilliValue;
use crate::keda::copies::User;
use crate::keda::fetch::Outcome;
use crate::keda::steps::{QuerySteps, TriggerStep};

/// Which metric the HPA asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricName {
    /// That of one trigger, by its index.
    Trigger(usize),
    /// The one that the formula makes of all.
    Composite,
}

impl ObjectLoop {
    /// Answers the HPA. The annotations and the HPA's own condition play no part.
    pub fn query(&mut self, name: MetricName, observation: &ObjectObservation<'_>) -> QuerySteps {
        self.memory.copies.begin(User::Query);
        let mut triggers = match name {
            MetricName::Trigger(trigger) => self
                .ask(observation, User::Query, trigger)
                .into_iter()
                .collect(),
            MetricName::Composite => self.ask_all(observation, User::Query),
        };
        triggers.sort_by_key(|step: &TriggerStep| step.trigger);
        let error = triggers.iter().any(|step| step.outcome == Outcome::Error);
        if error {
            self.memory.copies.drop_cache();
        }
        let value = match name {
            MetricName::Trigger(_) => triggers.first().and_then(|step| step.outcome.value()),
            MetricName::Composite => self.composite_answer(&triggers, error),
        };
        QuerySteps { triggers, value }
    }

    /// An error is passed on, unless a fallback value takes the place of the whole.
    fn composite_answer(&self, triggers: &[TriggerStep], error: bool) -> Option<MilliValue> {
        let stands_in = |step: &TriggerStep| matches!(step.outcome, Outcome::Fallback(_));
        if error && !triggers.iter().any(stands_in) {
            return None;
        }
        self.composite(self.config.modifiers.as_ref()?, triggers)
    }
}
