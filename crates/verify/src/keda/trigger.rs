//! Triggers as the traces write them.

use flashcrowd_autoscalers::MilliValue;
use flashcrowd_autoscalers::keda::{Fetch, Reading, TriggerConfig, TriggerKind};
use flashcrowd_units::Quantity;
use serde::Deserialize;

/// One trigger of a specification.
#[derive(Debug, Deserialize)]
pub(super) struct Trigger {
    #[serde(rename = "type")]
    kind: Kind,
    target: Option<f64>,
    mtype: Option<String>,
    name: Option<String>,
    #[serde(default)]
    cached: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Ext,
    Cpu,
    Memory,
}

impl Trigger {
    pub(super) fn config(&self) -> Result<TriggerConfig, String> {
        let kind = match self.kind {
            Kind::Cpu | Kind::Memory => TriggerKind::Resource,
            Kind::Ext => TriggerKind::External {
                target: self.target()?,
                is_plain_value: self.is_plain_value(),
                use_cached_metrics: self.cached != 0,
            },
        };
        Ok(TriggerConfig {
            name: self.name.as_deref().map(Into::into),
            kind,
        })
    }

    fn is_plain_value(&self) -> bool {
        self.mtype.as_deref() == Some("Value")
    }

    fn target(&self) -> Result<MilliValue, String> {
        let target = self.target.ok_or("a trigger has no target")?;
        let target = Quantity::from_f64(target).ok_or_else(|| format!("{target} is no target"))?;
        Ok(MilliValue::from(target))
    }
}

/// `[value, active]`, `[value, active, attempts]` or null.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(from = "Option<Vec<i64>>")]
pub(super) struct Answer(pub(super) Fetch);

impl From<Option<Vec<i64>>> for Answer {
    fn from(row: Option<Vec<i64>>) -> Self {
        let Some(row) = row else {
            return Self(Fetch::Resource);
        };
        let [value, active, rest @ ..] = row.as_slice() else {
            return Self(Fetch::Failed);
        };
        let reading = Reading {
            value: MilliValue::new(*value),
            active: *active != 0,
        };
        Self(match rest {
            [] | [0] => Fetch::Answered(reading),
            [1] => Fetch::AnsweredOnRetry(reading),
            _ => Fetch::Failed,
        })
    }
}
