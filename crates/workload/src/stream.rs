//! Arrival times, one after the other.
//!
//! # Method
//! All processes but MMPP live in operational time, the area under the rate: gaps of mean one are
//! added up there and mapped back to time. Time is cut into segments on which that map is simple.
//!
//! * On a line `a + s x` the area is `a x + s x^2 / 2`, and its inverse
//!   `x = 2 A / (a + sqrt(a^2 + 2 s A))`, the form of the quadratic formula that does not cancel.
//!   This is the area method of k6's `ramping-arrival-rate`.
//! * On a curve, Poisson arrivals are thinned (Lewis and Shedler, *Simulation of Nonhomogeneous
//!   Poisson Processes by Thinning*, 1979) from a constant that bounds the curve closely; renewal
//!   processes invert the area numerically to the nanosecond.
//! * The state changes of an MMPP end segments, on which it is Poisson.
//!
//! What is left of a gap at the end of a segment is carried over, so segments leave no trace.
//! Segments start at whole nanoseconds and are short enough that floats within them are exact to
//! far less than one.

mod modulation;
mod segment;

use crate::gamma::GammaSampler;
use crate::problem::{Problem, Problems};
use crate::process::ArrivalProcess;
use crate::profile::RateProfile;
use crate::shape::RateShape;
use flashcrowd_units::{SimDuration, SimTime, Variates};
use modulation::Modulation;
use rand::{Rng, RngExt};
use segment::{Map, Segment};
use serde::{Deserialize, Serialize};

/// A deterministic gap that misses the end of a segment by so many events of rounding still ends
/// in it: otherwise the last arrival before a pause could come after it.
const ROUNDING: f64 = 1e-9;

/// The arrivals of one workload, in order.
///
/// All state is in this value and can be saved and restored with serde; floats are kept bit for
/// bit. Pass the same random stream to every call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArrivalStream {
    segment: Segment,
    /// Position in the segment, in operational time since its start.
    #[serde(with = "crate::exact")]
    done: f64,
    /// The latest arrival.
    last: SimTime,
    gaps: Gaps,
    modulation: Option<Modulation>,
    profile: RateProfile,
    /// Nanoseconds, exclusive.
    end: u64,
}

/// Gaps in operational time, of mean one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Gaps {
    Exponential,
    Unit,
    Gamma(GammaSampler),
}

impl ArrivalStream {
    /// The arrivals of `process` under the rate `shape`, from the start of a run at midnight until
    /// just before `end`.
    ///
    /// # Errors
    /// Everything that is wrong with the process (below `process`) and the shape (below `rate`).
    pub fn new(
        process: &ArrivalProcess,
        shape: &RateShape,
        end: SimDuration,
    ) -> Result<Self, Vec<Problem>> {
        let below = |key: &str, problems: Vec<Problem>| {
            let mut all = Problems::default();
            for problem in problems {
                all.within(key, |p| p.field(&problem.field, problem.message));
            }
            all.into_vec()
        };
        let wrong_process = below("process", process.validate());
        match shape.compile() {
            Ok(profile) if wrong_process.is_empty() => Self::from_profile(process, profile, end),
            Ok(_) => Err(wrong_process),
            Err(wrong_shape) => Err([wrong_process, below("rate", wrong_shape)].concat()),
        }
    }

    /// The same for a shape that is already compiled.
    ///
    /// # Errors
    /// Everything that is wrong with the process.
    pub fn from_profile(
        process: &ArrivalProcess,
        profile: RateProfile,
        end: SimDuration,
    ) -> Result<Self, Vec<Problem>> {
        let problems = process.validate();
        if !problems.is_empty() {
            return Err(problems);
        }
        let gaps = match process {
            ArrivalProcess::Poisson | ArrivalProcess::Mmpp(_) => Gaps::Exponential,
            ArrivalProcess::Deterministic => Gaps::Unit,
            ArrivalProcess::Gamma(gamma) => {
                Gaps::Gamma(GammaSampler::new(1.0 / (gamma.cv * gamma.cv), 1.0))
            }
        };
        let modulation = match process {
            ArrivalProcess::Mmpp(mmpp) => Some(Modulation::new(mmpp)),
            _ => None,
        };
        Ok(Self {
            segment: Segment::nothing(0),
            done: 0.0,
            last: SimTime::ZERO,
            gaps,
            modulation,
            profile,
            end: end.as_nanos(),
        })
    }

    /// The time of the next arrival, never before the one before it, or [`SimTime::NEVER`] if none
    /// is left before the end.
    #[inline(always)]
    pub fn next<R: Rng + Variates + ?Sized>(&mut self, rng: &mut R) -> SimTime {
        let gap: f64 = match &self.gaps {
            Gaps::Exponential => rng.exponential(),
            Gaps::Unit => 1.0,
            Gaps::Gamma(gamma) => gamma.sample(rng),
        };
        let target = self.done + gap;
        if target <= self.segment.direct {
            self.done = target;
            return self.arrive(self.segment.offset(target));
        }
        self.next_elsewhere(gap, rng)
    }

    /// The rate that the stream follows.
    pub fn profile(&self) -> &RateProfile {
        &self.profile
    }

    #[inline]
    fn arrive(&mut self, at: u64) -> SimTime {
        // Two targets next to each other may round in the wrong order.
        self.last = self.last.max(SimTime::from_nanos(at));
        self.last
    }

    /// The arrival `gap` after the current position where that is beyond the end of the segment,
    /// or where the segment is curved.
    #[cold]
    #[inline(never)]
    fn next_elsewhere<R: Rng + Variates + ?Sized>(&mut self, mut gap: f64, rng: &mut R) -> SimTime {
        let slack = if matches!(self.gaps, Gaps::Unit) {
            ROUNDING
        } else {
            0.0
        };
        loop {
            let target = self.done + gap;
            // Where nothing is expected nothing may be, not even after a gap that rounds to zero.
            if self.segment.area <= 0.0 || target > self.segment.area + slack {
                gap = target - self.segment.area;
                if !self.advance(rng) {
                    return SimTime::NEVER;
                }
                continue;
            }
            self.done = target;
            let at = match self.segment.map {
                Map::Line => self.segment.offset(target),
                Map::Bound(bound) => {
                    let candidate = self.segment.offset(target);
                    if rng.random::<f64>() * bound >= self.profile.node().rate(candidate) {
                        gap = rng.exponential();
                        continue;
                    }
                    candidate
                }
                Map::Curve => self.segment.invert(target, self.profile.node()),
            };
            return self.arrive(at);
        }
    }

    /// Moves on to the next segment; false at the end of the stream.
    fn advance<R: Rng + Variates + ?Sized>(&mut self, rng: &mut R) -> bool {
        let start = self.segment.end();
        self.done = 0.0;
        if start >= self.end {
            self.segment = Segment::nothing(self.end);
            return false;
        }
        let mut until = self.end;
        let mut factor = 1.0;
        if let Some(modulation) = &mut self.modulation {
            let (state_factor, state_end) = modulation.at(start, rng);
            factor = state_factor;
            until = until.min(state_end);
        }
        let memoryless = matches!(self.gaps, Gaps::Exponential);
        self.segment = Segment::new(self.profile.node(), start, until, factor, memoryless);
        if self.segment.end() == self.end {
            self.segment.exclude_end();
        }
        true
    }
}
