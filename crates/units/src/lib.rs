//! The units that flashcrowd computes in.
//!
//! Every quantity that crosses a boundary (scenario file, observation, report) has a type here.
//! Each prints and parses as a person writes it: `250m`, `1.5Gi`, `70%`, `2m30s`, `1200/s`.
//! Mathematics goes through [`math`], whose results are the same bits on every platform.

mod cpu;
mod duration;
pub mod math;
mod memory;
mod parse;
mod quantity;
mod rate;
mod ratio;
mod replicas;
mod time;
mod usd;
mod variates;

pub use cpu::Millicores;
pub use duration::SimDuration;
pub use memory::Bytes;
pub use parse::UnitError;
pub use quantity::Quantity;
pub use rate::Rate;
pub use ratio::Ratio;
pub use replicas::Replicas;
pub use time::SimTime;
pub use usd::Usd;
pub use variates::Variates;
