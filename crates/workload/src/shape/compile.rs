//! From the shape as written to the profile that is computed with.

use super::{Diurnal, EventRamp, Fall, Level, RateShape, Shape, Sinusoid, Spike, Stage, Step};
use crate::problem::{Problem, Problems};
use crate::profile::{Line, Lines, Node, RateProfile, Tail, Wave};
use crate::trace::TraceCounts;
use flashcrowd_units::SimDuration;

impl RateShape {
    /// Compiles the shape for a run that starts at midnight.
    ///
    /// # Errors
    /// Everything that [`validate`](Shape::validate) finds, and traces that are not read yet.
    pub fn compile(&self) -> Result<RateProfile, Vec<Problem>> {
        self.compile_at(SimDuration::ZERO)
    }

    /// Compiles the shape for a run that starts at this time of day, which only `diurnal` asks for.
    ///
    /// # Errors
    /// Everything that [`validate`](Shape::validate) finds, and traces that are not read yet.
    pub fn compile_at(&self, time_of_day: SimDuration) -> Result<RateProfile, Vec<Problem>> {
        // Compiling divides by what validation has found to be above zero.
        let found = self.validate();
        if !found.is_empty() {
            return Err(found);
        }
        let mut problems = Problems::default();
        let node = self.node(time_of_day, &mut problems);
        let problems = problems.into_vec();
        if problems.is_empty() {
            Ok(RateProfile::new(node))
        } else {
            Err(problems)
        }
    }
}

impl<L: Level> Shape<L> {
    fn node(&self, clock: SimDuration, problems: &mut Problems) -> Node {
        match self {
            Self::Constant(level) => Node::constant(level.value()),
            Self::Stages(stages) => Node::Lines(stage_lines(stages)),
            Self::Steps(steps) => Node::Lines(step_lines(steps)),
            Self::Sinusoid(spec) => Node::Wave(spec.wave()),
            Self::Diurnal(spec) => Node::Wave(spec.wave(clock)),
            Self::Spike(spec) => spec.node(),
            Self::EventRamp(spec) => Node::Lines(spec.path()),
            Self::FlashCrowd(spec) => spec.spike().node(),
            Self::Sum(shapes) => {
                let mut nodes = Vec::with_capacity(shapes.len());
                problems.within("sum", |p| {
                    for (index, shape) in shapes.iter().enumerate() {
                        p.within(&format!("[{index}]"), |p| nodes.push(shape.node(clock, p)));
                    }
                });
                Node::Sum(nodes)
            }
            Self::Product(product) => {
                let mut nodes = Vec::with_capacity(product.factors.len() + 1);
                problems.within("product", |p| {
                    p.within("shape", |p| nodes.push(product.shape.node(clock, p)));
                    p.within("factors", |p| {
                        for (index, factor) in product.factors.iter().enumerate() {
                            p.within(&format!("[{index}]"), |p| nodes.push(factor.node(clock, p)));
                        }
                    });
                });
                Node::product(nodes)
            }
            Self::Repeat(repeat) => {
                let mut inner = Node::constant(0.0);
                problems.within("repeat", |p| {
                    p.within("shape", |p| inner = repeat.shape.node(clock, p));
                });
                Node::repeat(repeat.every.as_nanos(), inner)
            }
            Self::Trace(spec) => {
                problems.field(
                    "trace",
                    format!("the trace {} has not been read", spec.file),
                );
                Node::constant(0.0)
            }
            Self::Counts(trace) => Node::Lines(count_lines(trace, L::RELATIVE)),
        }
    }
}

fn stage_lines<L: Level>(stages: &[Stage<L>]) -> Lines {
    let mut lines = Vec::with_capacity(stages.len() + 1);
    let mut at = SimDuration::ZERO;
    let mut level = 0.0;
    for stage in stages {
        let from = stage.from.map_or(level, Level::value);
        level = stage.to.value();
        lines.push(Line::new(at.as_nanos(), from, level));
        at += stage.length;
    }
    lines.push(Line::new(at.as_nanos(), level, level));
    Lines::new(lines)
}

fn step_lines<L: Level>(steps: &[Step<L>]) -> Lines {
    let level =
        |step: &Step<L>| Line::new(step.at.as_nanos(), step.rate.value(), step.rate.value());
    Lines::new(
        std::iter::once(Line::new(0, 0.0, 0.0))
            .chain(steps.iter().map(level))
            .collect(),
    )
}

fn count_lines(trace: &TraceCounts, relative: bool) -> Lines {
    let interval = trace.interval.as_nanos();
    let per_count = if relative {
        trace.counts.len() as f64 / trace.counts.iter().sum::<f64>()
    } else {
        1.0 / trace.interval.as_secs_f64()
    };
    let levels = trace
        .counts
        .iter()
        .map(|count| count * per_count)
        .chain([0.0]);
    let lines = (0u64..)
        .zip(levels)
        .map(|(index, level)| Line::new(index.saturating_mul(interval), level, level));
    Lines::new(lines.collect())
}

/// Straight lines of the given lengths and targets, the last target held.
fn path(start: f64, stretches: &[(SimDuration, f64)]) -> Lines {
    let mut lines = Vec::with_capacity(stretches.len() + 1);
    let (mut at, mut level) = (SimDuration::ZERO, start);
    for &(length, to) in stretches {
        lines.push(Line::new(at.as_nanos(), level, to));
        at += length;
        level = to;
    }
    lines.push(Line::new(at.as_nanos(), level, level));
    Lines::new(lines)
}

impl<L: Level> EventRamp<L> {
    fn path(&self) -> Lines {
        path(self.base.value(), &self.lines())
    }
}

impl<L: Level> Spike<L> {
    fn node(&self) -> Node {
        let base = self.base.value();
        let top = base * self.times;
        let surge = [(self.at, base), (self.rise, top), (self.hold, top)];
        match self.decay {
            Fall::Linear(length) => {
                let [quiet, rise, hold] = surge;
                Node::Lines(path(base, &[quiet, rise, hold, (length, base)]))
            }
            Fall::Exponential(time_constant) => {
                let [quiet, rise, hold] = surge;
                let lines = path(base, &[quiet, rise, hold, (SimDuration::ZERO, base)]);
                let tail = Tail::new(self.at + self.rise + self.hold, top - base, time_constant);
                Node::Sum(vec![Node::Lines(lines), Node::Tail(tail)])
            }
        }
    }
}

impl<L: Level> Sinusoid<L> {
    fn wave(&self) -> Wave {
        // sin(x) = cos(x - a quarter period).
        let period = self.period.as_nanos();
        let peak = self.phase.as_nanos() % period + period / 4;
        Wave::new(
            self.mean.value(),
            [self.amplitude.value(), 0.0],
            period,
            period - peak % period,
        )
    }
}

impl<L: Level> Diurnal<L> {
    fn wave(&self, clock: SimDuration) -> Wave {
        let (peak, trough) = (self.peak.value(), self.trough.value());
        let middle = f64::midpoint(peak, trough);
        let mean = self.mean.map_or(middle, Level::value);
        let period = self.period.as_nanos();
        let lead = clock.as_nanos() % period + period - self.peak_at.as_nanos() % period;
        Wave::new(
            mean,
            [(peak - trough) / 2.0, middle - mean],
            period,
            lead % period,
        )
    }
}
