//! The simulated world: services, pods, metrics pipeline, controllers, event loop.
//!
//! A [`Model`](model::Model) says what there is; a [`World`] runs it and tells a
//! [`Recorder`](record::Recorder) what happens. The world has two halves that meet at one line,
//! the [`DataPlane`](plane::DataPlane): below it requests queue and are served, above it pods start and
//! stop, metrics are scraped, controllers are asked and money accrues.

mod control;
mod error;
mod exact;
pub mod model;
pub mod plane;
pub mod record;
mod validate;

pub use control::World;
pub use error::ModelError;
pub use exact::{CfsPhase, ExactPlane, NoTracer, ScriptedRequest, Tracer};
