//! The parameters of the general shapes.

use super::{Level, Shape};
use flashcrowd_units::{Ratio, SimDuration};
use serde::{Deserialize, Serialize};

const DAY: SimDuration = SimDuration::from_secs(86_400);

/// One linear ramp.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(bound = ""))]
#[serde(deny_unknown_fields, bound = "")]
pub struct Stage<L: Level> {
    /// How long the ramp takes. Zero jumps.
    #[serde(rename = "for")]
    pub length: SimDuration,
    /// Level at the end.
    pub to: L,
    /// Level at the start; by default that at the end of the stage before, zero for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<L>,
}

/// A jump to a level.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(bound = ""))]
#[serde(deny_unknown_fields, bound = "")]
pub struct Step<L: Level> {
    /// When, later than the step before.
    pub at: SimDuration,
    /// The level from then on. May be called `factor` where it is one.
    #[serde(alias = "factor")]
    pub rate: L,
}

/// `mean + amplitude * sin(2 pi (t - phase) / period)`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(bound = ""))]
#[serde(deny_unknown_fields, bound = "")]
pub struct Sinusoid<L: Level> {
    /// Level around which the wave swings.
    pub mean: L,
    /// Height of the wave above the mean, at most the mean.
    pub amplitude: L,
    /// Length of one wave, at least one second.
    pub period: SimDuration,
    /// When the wave first rises through its mean.
    #[serde(default)]
    pub phase: SimDuration,
}

/// A day with one peak and one trough, twelve hours apart.
///
/// `L (1 + a cos x + b cos 2x)` with `x = 2 pi (t - peak_at) / period`; the second harmonic makes
/// the peak sharper and the night longer, or the reverse. `L`, `a` and `b` follow from `mean`,
/// `peak` and `trough`. Consumer sites of one region show a peak of 1.5 to 2.5 times the mean and
/// of 3 to 10 times the trough.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(bound = ""))]
#[serde(deny_unknown_fields, bound = "")]
pub struct Diurnal<L: Level> {
    /// Highest level of the day.
    pub peak: L,
    /// Lowest level of the day, half a period from the peak.
    pub trough: L,
    /// Mean over the day; by default midway between peak and trough, a plain sine. May deviate
    /// from the middle by an eighth of the distance from trough to peak.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<L>,
    /// Time of day of the peak.
    pub peak_at: SimDuration,
    /// Length of the cycle, at least one second.
    #[serde(default = "day")]
    pub period: SimDuration,
}

const fn day() -> SimDuration {
    DAY
}

/// A base level with one surge: linear rise, plateau, linear or exponential fall.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(bound = ""))]
#[serde(deny_unknown_fields, bound = "")]
pub struct Spike<L: Level> {
    /// Level before and long after.
    pub base: L,
    /// The plateau as a multiple of the base, 0 to 1,000,000.
    pub times: f64,
    /// When the rise begins.
    pub at: SimDuration,
    /// Length of the linear rise.
    #[serde(default)]
    pub rise: SimDuration,
    /// Length of the plateau.
    #[serde(default)]
    pub hold: SimDuration,
    /// How it ends; by default with a jump.
    #[serde(default)]
    pub decay: Fall,
}

/// The way back from a plateau to the base.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Fall {
    /// A straight line that takes so long. Zero jumps.
    Linear(SimDuration),
    /// The excess falls to 1/e of itself in each such time, at least a millisecond. After 64 of
    /// them, when 10^-28 of it is left, it is taken as gone.
    Exponential(SimDuration),
}

impl Default for Fall {
    fn default() -> Self {
        Self::Linear(SimDuration::ZERO)
    }
}

/// A shape multiplied by dimensionless factors.
///
/// Only one operand has a unit, so the product always has one: `shape` is a rate (or a factor),
/// all `factors` are numbers or percentages over time. The usual use is a season on a growth on a
/// launch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(bound = ""))]
#[serde(deny_unknown_fields, bound = "")]
pub struct Product<L: Level> {
    /// What is multiplied.
    pub shape: Box<Shape<L>>,
    /// By what: at least one.
    pub factors: Vec<Shape<Ratio>>,
}

/// A shape played again and again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(bound = ""))]
#[serde(deny_unknown_fields, bound = "")]
pub struct Repeat<L: Level> {
    /// Length of the cycle, at least a millisecond. A longer shape is cut, a shorter one goes on
    /// as it does after its end.
    pub every: SimDuration,
    /// What is repeated, with time counted from the start of the cycle.
    pub shape: Box<Shape<L>>,
}
