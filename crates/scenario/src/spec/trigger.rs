//! When something is done.

use super::MetricSpec;
use flashcrowd_units::SimDuration;
use jiff::civil;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use std::borrow::Cow;
use std::fmt;

/// A point in time of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActionTime {
    /// So long after the start.
    Elapsed(SimDuration),
    /// When the clock of the scenario shows this for the first time.
    Clock(civil::Time),
    /// When calendar and clock of the scenario show this.
    Date(civil::DateTime),
}

const TIME: &str =
    "a time: from the start (30m), by the clock (09:14), or by the calendar (2025-11-28T09:00)";

impl std::str::FromStr for ActionTime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = |error: jiff::Error| format!("`{text}` is not {TIME}: {error}");
        if text.contains('-') && !text.starts_with('-') {
            if text.ends_with(['Z', 'z', ']']) {
                return Err(format!(
                    "`{text}` is not {TIME}: the zone is that of `start`, leave it out"
                ));
            }
            return text.parse().map(Self::Date).map_err(refused);
        }
        if text.contains(':') {
            return text.parse().map(Self::Clock).map_err(refused);
        }
        match text.parse() {
            Ok(elapsed) => Ok(Self::Elapsed(elapsed)),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl<'de> Deserialize<'de> for ActionTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl de::Visitor<'_> for Text {
            type Value = ActionTime;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(TIME)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ActionTime, E> {
                text.trim().parse().map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<ActionTime, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<ActionTime, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<ActionTime, E> {
                self.visit_str(&number.to_string())
            }
        }

        deserializer.deserialize_any(Text)
    }
}

impl JsonSchema for ActionTime {
    fn schema_name() -> Cow<'static, str> {
        "ActionTime".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "integer"],
            "description": format!("{TIME}."),
            "examples": ["30m", "09:14", "2025-11-28T09:00"]
        })
    }
}

/// A timetable as a CronJob keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CronSpec {
    /// `minute hour day-of-month month day-of-week`. Days of the month and of the week that are both restricted
    /// match if either does.
    pub schedule: String,
    /// Name of the time zone, as Asia/Kolkata; that of `start` by default. What the change of clocks leaves out does
    /// not happen that day, what it repeats happens twice.
    #[serde(default)]
    pub time_zone: Option<String>,
}

/// A metric that crosses a threshold and stays there: `metric`, and exactly one of the comparisons.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WhenSpec {
    /// What is compared: the name of one of the `metrics`, or its description as there. It is read at every
    /// evaluation unless it says otherwise.
    pub metric: MetricRef,
    /// More than this: `70%`, `1s`, `512Mi`, `100`, in the unit of the metric.
    #[serde(default)]
    pub above: Option<Quantum>,
    /// This or more.
    #[serde(default)]
    pub at_least: Option<Quantum>,
    /// Less than this.
    #[serde(default)]
    pub below: Option<Quantum>,
    /// This or less.
    #[serde(default)]
    pub at_most: Option<Quantum>,
    /// How long the comparison has to hold, at every evaluation; one that fails starts the time again. 0s by default.
    #[serde(default, rename = "for")]
    pub hold: SimDuration,
    /// How long the alert goes on firing once the comparison fails; 0s by default.
    #[serde(default)]
    pub keep_firing_for: SimDuration,
    /// Between two evaluations; 15s by default.
    #[serde(default = "fifteen_seconds")]
    pub interval: SimDuration,
    /// How long after it was done it is not done again; while the alert goes on firing it is done again then.
    /// Without it: once for each time that the alert begins to fire.
    #[serde(default)]
    pub cooldown: Option<SimDuration>,
    /// Only the first time; false by default.
    #[serde(default)]
    pub once: bool,
}

fn fifteen_seconds() -> SimDuration {
    SimDuration::from_secs(15)
}

/// A metric: by its name, or described on the spot.
#[derive(Debug, Clone)]
pub enum MetricRef {
    /// One of the `metrics` of the scenario.
    Name(String),
    /// One that nobody else needs.
    Inline(Box<MetricSpec>),
}

impl<'de> Deserialize<'de> for MetricRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> de::Visitor<'de> for Either {
            type Value = MetricRef;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a metric, or a description such as `{ endpoint: browse, measure: latency }`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<MetricRef, E> {
                Ok(MetricRef::Name(text.to_owned()))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<MetricRef, A::Error> {
                let content = de::value::MapAccessDeserializer::new(map);
                MetricSpec::deserialize(content).map(|spec| MetricRef::Inline(Box::new(spec)))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

impl JsonSchema for MetricRef {
    fn schema_name() -> Cow<'static, str> {
        "MetricRef".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let spec = generator.subschema_for::<MetricSpec>();
        json_schema!({
            "description": "A metric: by its name, or described on the spot.",
            "anyOf": [{ "type": "string" }, spec]
        })
    }
}

/// An amount with its unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Quantum {
    /// A bare number.
    Number(f64),
    /// `70%`, as a share of 1.
    Share(f64),
    /// `1s`, in seconds.
    Seconds(f64),
    /// `512Mi`, in bytes.
    Bytes(f64),
    /// `100/s`.
    PerSecond(f64),
}

const AMOUNT: &str = "an amount, as 70%, 1s, 512Mi, 100/s or 100";

impl std::str::FromStr for Quantum {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let error = || format!("`{text}` is not {AMOUNT}");
        let number = |digits: &str| {
            let number: Option<f64> = digits.trim().parse().ok();
            number
                .filter(|number| number.is_finite() && *number >= 0.0)
                .ok_or_else(error)
        };
        if let Some(percent) = text.strip_suffix('%') {
            return Ok(Self::Share(number(percent)? / 100.0));
        }
        if text.contains('/') {
            let rate: flashcrowd_units::Rate = text.parse().map_err(|_| error())?;
            return Ok(Self::PerSecond(rate.get()));
        }
        if let Ok(number) = number(text) {
            return Ok(Self::Number(number));
        }
        if let Ok(duration) = text.parse::<SimDuration>() {
            return Ok(Self::Seconds(duration.as_secs_f64()));
        }
        match text.parse::<flashcrowd_units::Bytes>() {
            Ok(bytes) => Ok(Self::Bytes(bytes.get() as f64)),
            Err(_) => Err(error()),
        }
    }
}

impl<'de> Deserialize<'de> for Quantum {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl de::Visitor<'_> for Text {
            type Value = Quantum;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(AMOUNT)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Quantum, E> {
                text.trim().parse().map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Quantum, E> {
                Ok(Quantum::Number(number as f64))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Quantum, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Quantum, E> {
                self.visit_str(&number.to_string())
            }
        }

        deserializer.deserialize_any(Text)
    }
}

impl JsonSchema for Quantum {
    fn schema_name() -> Cow<'static, str> {
        "Quantum".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["number", "string"],
            "description": format!("{AMOUNT}, in the unit of the metric."),
            "examples": ["70%", "1s", "512Mi", 100]
        })
    }
}
