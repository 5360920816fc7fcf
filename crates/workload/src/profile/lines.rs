//! Piecewise linear rates.

use super::Piece;
use crate::exact;
use serde::{Deserialize, Serialize};

/// A straight line from its own start to the start of the next line.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Line {
    /// Nanoseconds.
    start: u64,
    /// Events per second at the start.
    #[serde(with = "exact")]
    from: f64,
    /// Events per second just before the next line.
    #[serde(with = "exact")]
    to: f64,
    /// Events of all lines before.
    #[serde(with = "exact")]
    before: f64,
}

impl Line {
    pub(crate) fn new(start: u64, from: f64, to: f64) -> Self {
        Self {
            start,
            from,
            to,
            before: 0.0,
        }
    }
}

/// A piecewise linear rate, constant after its last line begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Lines(Vec<Line>);

impl Lines {
    /// Expects lines by start, the first at zero. Of several with the same start the last counts:
    /// the others are jumps.
    pub(crate) fn new(lines: Vec<Line>) -> Self {
        let mut kept: Vec<Line> = Vec::with_capacity(lines.len());
        for line in lines {
            if kept.last().is_some_and(|last| last.start == line.start) {
                kept.pop();
            }
            kept.push(line);
        }
        let mut events = 0.0;
        for index in 0..kept.len() {
            kept[index].before = events;
            if let Some(next) = kept.get(index + 1) {
                events += trapezoid(
                    kept[index].from,
                    kept[index].to,
                    next.start - kept[index].start,
                );
            }
        }
        Self(kept)
    }

    pub(crate) fn constant(rate: f64) -> Self {
        Self(vec![Line::new(0, rate, rate)])
    }

    /// The level, if it never changes.
    pub(crate) fn as_constant(&self) -> Option<f64> {
        match self.0[..] {
            [Line { from, .. }] => Some(from),
            _ => None,
        }
    }

    pub(crate) fn scale(&mut self, factor: f64) {
        for line in &mut self.0 {
            line.from *= factor;
            line.to *= factor;
            line.before *= factor;
        }
    }

    fn index(&self, at: u64) -> usize {
        self.0
            .partition_point(|line| line.start <= at)
            .saturating_sub(1)
    }

    fn end(&self, index: usize) -> u64 {
        self.0.get(index + 1).map_or(u64::MAX, |next| next.start)
    }

    fn rate_on(&self, index: usize, at: u64) -> f64 {
        let line = &self.0[index];
        if line.from == line.to || index + 1 == self.0.len() {
            return line.from;
        }
        let share = (at - line.start) as f64 / (self.end(index) - line.start) as f64;
        line.from + (line.to - line.from) * share
    }

    pub(crate) fn rate(&self, at: u64) -> f64 {
        self.rate_on(self.index(at), at)
    }

    pub(crate) fn piece(&self, at: u64) -> Piece {
        let index = self.index(at);
        let from = self.rate_on(index, at);
        let until = self.end(index);
        let to = if until == u64::MAX {
            from
        } else {
            self.0[index].to
        };
        Piece {
            until,
            form: super::Form::Linear { from, to },
        }
    }

    /// Events between two times. Sums only what lies between, so that a long history before
    /// costs no digits.
    pub(crate) fn integral(&self, from: u64, to: u64) -> f64 {
        let (first, last) = (self.index(from), self.index(to));
        let on = |index, from, to| {
            trapezoid(
                self.rate_on(index, from),
                self.rate_on(index, to),
                to - from,
            )
        };
        if first == last {
            return on(first, from, to);
        }
        let (next, end) = (self.end(first), &self.0[last]);
        let head = trapezoid(self.rate_on(first, from), self.0[first].to, next - from);
        head + (end.before - self.0[first + 1].before) + on(last, end.start, to)
    }
}

/// Area under a line in events, its length being in nanoseconds.
fn trapezoid(from: f64, to: f64, length: u64) -> f64 {
    f64::midpoint(from, to) * (length as f64 / 1e9)
}
