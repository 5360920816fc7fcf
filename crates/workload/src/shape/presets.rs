//! Two measured ways in which crowds arrive.

use super::{Fall, Level, Spike};
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};

const fn minutes(count: u64) -> SimDuration {
    SimDuration::from_secs(60 * count)
}

/// The steady ramp of a scheduled event: `surge` times the base within minutes, then `peak` times
/// the base over hours, then back.
///
/// The defaults follow the 1998 World Cup web site (M. Arlitt and T. Jin, *1998 World Cup Web
/// Site Access Logs*, Internet Traffic Archive): its requests per minute never more than about
/// doubled within ten minutes (31,760 to 62,616 on 3 July, 14:26 to 14:36 GMT), and on the evening of
/// the semi-final, 7 July, they climbed from 23,000 to 229,426, ten times as many, in under four
/// hours and fell back within ninety minutes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(bound = ""))]
#[serde(deny_unknown_fields, bound = "")]
pub struct EventRamp<L: Level> {
    /// Level before and after the event.
    pub base: L,
    /// When the surge begins.
    #[serde(default)]
    pub at: SimDuration,
    /// Level at the end of the surge as a multiple of the base, 2 by default.
    #[serde(default = "EventRamp::<L>::default_surge")]
    pub surge: f64,
    /// Length of the surge, 10 minutes by default.
    #[serde(default = "EventRamp::<L>::default_surge_time")]
    pub surge_time: SimDuration,
    /// Level at the end of the climb as a multiple of the base, 10 by default.
    #[serde(default = "EventRamp::<L>::default_peak")]
    pub peak: f64,
    /// Length of the climb from the surge to the peak, 3 hours by default.
    #[serde(default = "EventRamp::<L>::default_climb")]
    pub climb: SimDuration,
    /// Length of the plateau, 30 minutes by default.
    #[serde(default = "EventRamp::<L>::default_hold")]
    pub hold: SimDuration,
    /// Length of the way back to the base, 90 minutes by default.
    #[serde(default = "EventRamp::<L>::default_fall")]
    pub fall: SimDuration,
}

impl<L: Level> EventRamp<L> {
    /// The ramp with its default course, beginning `at` that time.
    pub fn new(base: L, at: SimDuration) -> Self {
        Self {
            base,
            at,
            surge: Self::default_surge(),
            surge_time: Self::default_surge_time(),
            peak: Self::default_peak(),
            climb: Self::default_climb(),
            hold: Self::default_hold(),
            fall: Self::default_fall(),
        }
    }

    fn default_surge() -> f64 {
        2.0
    }
    fn default_surge_time() -> SimDuration {
        minutes(10)
    }
    fn default_peak() -> f64 {
        10.0
    }
    fn default_climb() -> SimDuration {
        minutes(180)
    }
    fn default_hold() -> SimDuration {
        minutes(30)
    }
    fn default_fall() -> SimDuration {
        minutes(90)
    }

    /// Length and target level of each straight line, from the start of the run.
    pub(super) fn lines(&self) -> [(SimDuration, f64); 5] {
        let base = self.base.value();
        [
            (self.at, base),
            (self.surge_time, base * self.surge),
            (self.climb, base * self.peak),
            (self.hold, base * self.peak),
            (self.fall, base),
        ]
    }
}

/// A flash crowd: `times` the base within minutes, gone soon after.
///
/// The defaults follow the tweets that mention AMZN in the Numenta Anomaly Benchmark
/// (`realTweets/Twitter_volume_AMZN.csv`, counts per five minutes): on 11 March 2015, 20:57, one
/// interval went from 60 to 1,673, 28 times as many. The next one had 372, so the excess over
/// the base fell to 19 % in five minutes, a time constant of three minutes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(bound = ""))]
#[serde(deny_unknown_fields, bound = "")]
pub struct FlashCrowd<L: Level> {
    /// Level before and long after.
    pub base: L,
    /// When the rise begins.
    #[serde(default)]
    pub at: SimDuration,
    /// The plateau as a multiple of the base, 28 by default.
    #[serde(default = "FlashCrowd::<L>::default_times")]
    pub times: f64,
    /// Length of the linear rise, 5 minutes by default.
    #[serde(default = "FlashCrowd::<L>::default_rise")]
    pub rise: SimDuration,
    /// Length of the plateau, 5 minutes by default.
    #[serde(default = "FlashCrowd::<L>::default_rise")]
    pub hold: SimDuration,
    /// How it ends, exponentially with a time constant of 3 minutes by default.
    #[serde(default = "FlashCrowd::<L>::default_decay")]
    pub decay: Fall,
}

impl<L: Level> FlashCrowd<L> {
    /// The crowd with its default course, beginning `at` that time.
    pub fn new(base: L, at: SimDuration) -> Self {
        Self {
            base,
            at,
            times: Self::default_times(),
            rise: Self::default_rise(),
            hold: Self::default_rise(),
            decay: Self::default_decay(),
        }
    }

    fn default_times() -> f64 {
        28.0
    }
    fn default_rise() -> SimDuration {
        minutes(5)
    }
    fn default_decay() -> Fall {
        Fall::Exponential(minutes(3))
    }

    /// The same as a [`Spike`], which it is a preset of.
    pub fn spike(&self) -> Spike<L> {
        Spike {
            base: self.base,
            times: self.times,
            at: self.at,
            rise: self.rise,
            hold: self.hold,
            decay: self.decay,
        }
    }
}
