//! The engine under the simulated world: what happens when, and what chance decides.
//!
//! * [`EventQueue`]: the pending completions of an exact simulation, by the million.
//! * [`TimerSet`]: one movable timer for each of many stations.
//! * [`Agenda`]: the few events of a control plane, with classes that break ties.
//! * [`RngStreams`]: one random stream for each purpose, independent of all others.
//!
//! Nothing here knows pods or controllers.

mod agenda;
mod batch;
mod queue;
mod rng;
mod timers;

pub use agenda::Agenda;
pub use queue::EventQueue;
pub use rng::{RngStreams, StreamRng};
pub use timers::TimerSet;
