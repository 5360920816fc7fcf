//! When requests arrive and how much work each of them brings.
//!
//! Three questions, three types, all written as a person would write them in a scenario file:
//!
//! * *How much traffic, when?* [`RateShape`]: the expected rate over time. Compiled into a
//!   [`RateProfile`] it answers `rate_at`, `cumulative`, `mean_rate` and `max_rate`.
//! * *How irregular is it?* [`ArrivalProcess`]: Poisson, evenly spaced, gamma renewal or
//!   Markov-modulated. Together with a shape it becomes an [`ArrivalStream`], which yields one
//!   arrival time after the other, exactly and without ticks.
//! * *How long does a step take?* [`ServiceTime`]: a distribution of durations, sampled through
//!   the precomputed [`DurationSampler`].
//!
//! Types that are read from files validate themselves: `validate` returns every [`Problem`] at
//! once, each with the path of the field that is wrong.
//!
//! ```
//! use flashcrowd_units::SimDuration;
//! use flashcrowd_workload::{ArrivalProcess, ArrivalStream, RateShape, Ziggurat};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let shape = RateShape::Constant("2/s".parse()?);
//! let end = SimDuration::from_secs(2);
//! let mut stream = ArrivalStream::new(&ArrivalProcess::Deterministic, &shape, end).unwrap();
//! # use rand_xoshiro::{Xoshiro256PlusPlus, rand_core::SeedableRng};
//! let mut rng = Ziggurat(Xoshiro256PlusPlus::seed_from_u64(1));
//! assert_eq!(stream.next(&mut rng).as_nanos(), 500_000_000);
//! assert_eq!(stream.next(&mut rng).as_nanos(), 1_000_000_000);
//! # Ok(())
//! # }
//! ```

mod exact;
mod gamma;
mod problem;
mod process;
mod profile;
mod service_time;
mod shape;
mod stream;
mod tagged;
mod timestamp;
mod trace;
mod ziggurat;

pub use problem::Problem;
pub use process::{ArrivalProcess, GammaRenewal, Mmpp, MmppState};
pub use profile::RateProfile;
pub use service_time::{
    DurationSampler, Erlang, Exponential, Gamma, Hyperexponential, Lognormal, Pareto, ServiceTime,
    Uniform, Weibull,
};
pub use shape::{
    Diurnal, EventRamp, FactorShape, Fall, FlashCrowd, Level, Product, RateShape, Repeat, Shape,
    Sinusoid, Spike, Stage, Step,
};
pub use stream::ArrivalStream;
pub use trace::{TraceCounts, TraceError, TraceSpec};
pub use ziggurat::Ziggurat;
