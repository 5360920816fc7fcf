//! The expected rate over time, as it is written in a scenario.

mod compile;
mod curves;
mod level;
mod presets;
mod validate;

pub use curves::{Diurnal, Fall, Product, Repeat, Sinusoid, Spike, Stage, Step};
pub use level::Level;
pub use presets::{EventRamp, FlashCrowd};

use crate::tagged::tagged_or_bare;
use crate::trace::{TraceCounts, TraceSpec};
use flashcrowd_units::{Rate, Ratio, SimDuration};

/// A rate over time, in events per second.
pub type RateShape = Shape<Rate>;

/// A dimensionless factor over time, for [`Product`].
pub type FactorShape = Shape<Ratio>;

/// A level over time: a rate ([`RateShape`]) or a factor ([`FactorShape`]).
///
/// A bare level is constant (`100/s`, or `1.2` for a factor); everything else names its form:
/// `{ stages: [ { for: 1h, to: 120/s }, { for: 10m, to: 900/s } ] }`. Time is counted from the
/// start of the run, or from the start of the cycle inside a `repeat`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Shape<L: Level> {
    /// Always the same.
    Constant(L),
    /// Linear ramps one after the other, as in k6's `ramping-arrival-rate`. Starts at zero unless
    /// the first stage has a `from`; after the last stage its target is held.
    Stages(Vec<Stage<L>>),
    /// Constant between jumps. Zero before the first step; the last one is held.
    Steps(Vec<Step<L>>),
    /// A sine wave around a mean.
    Sinusoid(Sinusoid<L>),
    /// A day with one peak: two harmonics.
    Diurnal(Diurnal<L>),
    /// A base level with one surge.
    Spike(Spike<L>),
    /// A steady rise to many times the base within hours, as for a scheduled event.
    EventRamp(EventRamp<L>),
    /// A rise to many times the base within minutes, as for breaking news.
    FlashCrowd(FlashCrowd<L>),
    /// All shapes added up.
    Sum(Vec<Shape<L>>),
    /// A shape multiplied by dimensionless factors.
    Product(Product<L>),
    /// A shape played again and again.
    Repeat(Repeat<L>),
    /// Counts per interval in a file; see [`resolve_traces`](Shape::resolve_traces). For a factor
    /// the counts are divided by their mean.
    Trace(TraceSpec),
    /// Counts per interval, constant within each, zero after the last. For a factor the counts
    /// are divided by their mean.
    Counts(TraceCounts),
}

tagged_or_bare! {
    impl[L: Level] Shape as Shape<L>,
    name: L::SHAPE_NAME,
    description: "a level such as 100/s (1.2 for a factor), or a shape such as { stages: [ { for: 1h, to: 120/s } ] }",
    bare: "constant" => Constant(L),
    "stages" => Stages(Vec<Stage<L>>),
    "steps" => Steps(Vec<Step<L>>),
    "sinusoid" => Sinusoid(Sinusoid<L>),
    "diurnal" => Diurnal(Diurnal<L>),
    "spike" => Spike(Spike<L>),
    "event_ramp" => EventRamp(EventRamp<L>),
    "flash_crowd" => FlashCrowd(FlashCrowd<L>),
    "sum" => Sum(Vec<Shape<L>>),
    "product" => Product(Product<L>),
    "repeat" => Repeat(Repeat<L>),
    "trace" => Trace(TraceSpec),
    "counts" => Counts(TraceCounts),
}

impl<L: Level> Shape<L> {
    /// The same shape for a run that begins at `time_of_day` instead of at midnight: daily peaks
    /// come that much earlier after the start.
    pub fn started_at(mut self, time_of_day: SimDuration) -> Self {
        self.advance_day(time_of_day);
        self
    }

    fn advance_day(&mut self, time_of_day: SimDuration) {
        match self {
            Self::Diurnal(day) if !day.period.is_zero() => {
                let period = day.period.as_nanos();
                let earlier = time_of_day.as_nanos() % period;
                let peak_at = (day.peak_at.as_nanos() % period + period - earlier) % period;
                day.peak_at = SimDuration::from_nanos(peak_at);
            }
            Self::Sum(shapes) => shapes
                .iter_mut()
                .for_each(|shape| shape.advance_day(time_of_day)),
            Self::Product(product) => {
                product.shape.advance_day(time_of_day);
                let factors = product.factors.iter_mut();
                factors.for_each(|factor| factor.advance_day(time_of_day));
            }
            Self::Repeat(repeat) => repeat.shape.advance_day(time_of_day),
            _ => {}
        }
    }

    /// Replaces every `trace` by the `counts` that `read` finds for it.
    ///
    /// This crate opens no files; the caller does, relative to the scenario for instance, and
    /// parses them with [`TraceCounts::read_csv`].
    ///
    /// # Errors
    /// The first error of `read`; the shapes before it are already replaced.
    pub fn resolve_traces<E>(
        &mut self,
        read: &mut dyn FnMut(&TraceSpec) -> Result<TraceCounts, E>,
    ) -> Result<(), E> {
        match self {
            Self::Trace(spec) => *self = Self::Counts(read(spec)?),
            Self::Sum(shapes) => shapes
                .iter_mut()
                .try_for_each(|shape| shape.resolve_traces(read))?,
            Self::Product(product) => {
                product.shape.resolve_traces(read)?;
                product
                    .factors
                    .iter_mut()
                    .try_for_each(|factor| factor.resolve_traces(read))?;
            }
            Self::Repeat(repeat) => repeat.shape.resolve_traces(read)?,
            _ => {}
        }
        Ok(())
    }
}
