//! What makes a shape meaningful.

use super::{Diurnal, EventRamp, Fall, Level, Repeat, Shape, Sinusoid, Spike, Step};
use crate::problem::{Problem, Problems};
use flashcrowd_units::SimDuration;

/// Shorter cycles would be noise, not shape, and cost time at every turn.
const SHORTEST_WAVE: SimDuration = SimDuration::from_secs(1);
const SHORTEST_CYCLE: SimDuration = SimDuration::from_millis(1);
const MOST_TIMES: f64 = 1e6;

impl<L: Level> Shape<L> {
    /// Everything that is wrong with the parameters; empty if the shape can be compiled once its
    /// traces are read. No shape that passes is ever negative or infinite.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Problems::default();
        self.check(&mut problems);
        problems.into_vec()
    }

    pub(super) fn check(&self, problems: &mut Problems) {
        match self {
            Self::Constant(_) => {}
            Self::Stages(stages) => not_empty(problems, "stages", stages.len()),
            Self::Steps(steps) => problems.within("steps", |p| check_steps(steps, p)),
            Self::Sinusoid(spec) => problems.within("sinusoid", |p| spec.check(p)),
            Self::Diurnal(spec) => problems.within("diurnal", |p| spec.check(p)),
            Self::Spike(spec) => problems.within("spike", |p| spec.check(p)),
            Self::EventRamp(spec) => problems.within("event_ramp", |p| spec.check(p)),
            Self::FlashCrowd(spec) => problems.within("flash_crowd", |p| spec.spike().check(p)),
            Self::Sum(shapes) => {
                not_empty(problems, "sum", shapes.len());
                problems.within("sum", |p| check_each(shapes, p));
            }
            Self::Product(product) => problems.within("product", |p| {
                p.within("shape", |p| product.shape.check(p));
                not_empty(p, "factors", product.factors.len());
                p.within("factors", |p| check_each(&product.factors, p));
            }),
            Self::Repeat(Repeat { every, shape }) => problems.within("repeat", |p| {
                p.at_least("every", *every, SHORTEST_CYCLE);
                p.within("shape", |p| shape.check(p));
            }),
            Self::Trace(spec) => problems.within("trace", |p| spec.check(p)),
            Self::Counts(counts) => problems.within("counts", |p| {
                counts.check(p);
                if L::RELATIVE && counts.counts.iter().sum::<f64>() == 0.0 {
                    p.field("counts", "a factor needs counts whose mean is above zero");
                }
            }),
        }
    }
}

fn not_empty(problems: &mut Problems, key: &str, length: usize) {
    if length == 0 {
        problems.field(key, "the list is empty");
    }
}

fn check_each<L: Level>(shapes: &[Shape<L>], problems: &mut Problems) {
    for (index, shape) in shapes.iter().enumerate() {
        problems.within(&format!("[{index}]"), |p| shape.check(p));
    }
}

fn check_steps<L: Level>(steps: &[Step<L>], problems: &mut Problems) {
    if steps.is_empty() {
        problems.here("the list is empty");
    }
    for (index, pair) in steps.windows(2).enumerate() {
        if pair[1].at <= pair[0].at {
            let message = format!(
                "{} is not later than the step before, {}",
                pair[1].at, pair[0].at
            );
            problems.within(&format!("[{}]", index + 1), |p| p.field("at", message));
        }
    }
}

impl<L: Level> Sinusoid<L> {
    fn check(&self, problems: &mut Problems) {
        problems.at_least("period", self.period, SHORTEST_WAVE);
        if self.amplitude > self.mean {
            let message = format!(
                "{} is above the mean, {}: the wave would go below zero",
                self.amplitude, self.mean
            );
            problems.field("amplitude", message);
        }
    }
}

impl<L: Level> Diurnal<L> {
    fn check(&self, problems: &mut Problems) {
        problems.at_least("period", self.period, SHORTEST_WAVE);
        if self.trough > self.peak {
            problems.field(
                "trough",
                format!("{} is above the peak, {}", self.trough, self.peak),
            );
            return;
        }
        if let Some(mean) = self.mean {
            // Beyond an eighth the second harmonic would raise a second peak or dig a second trough.
            let (peak, trough) = (self.peak.value(), self.trough.value());
            let (middle, reach) = (f64::midpoint(peak, trough), (peak - trough) / 8.0);
            // A mean typed at the very edge must not fail for the last bit of the sum.
            if (mean.value() - middle).abs() > reach * (1.0 + 1e-12) {
                let (least, most) = (middle - reach, middle + reach);
                problems.field(
                    "mean",
                    format!("{mean} is not between {least} and {most}, as peak and trough require"),
                );
            }
        }
    }
}

impl<L: Level> Spike<L> {
    fn check(&self, problems: &mut Problems) {
        problems.number("times", self.times, 0.0, MOST_TIMES);
        if let Fall::Exponential(time_constant) = self.decay {
            problems.within("decay", |p| {
                p.at_least("exponential", time_constant, SHORTEST_CYCLE);
            });
        }
    }
}

impl<L: Level> EventRamp<L> {
    fn check(&self, problems: &mut Problems) {
        problems.number("surge", self.surge, 0.0, MOST_TIMES);
        problems.number("peak", self.peak, 0.0, MOST_TIMES);
    }
}
