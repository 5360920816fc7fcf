//! Rates made of rates.

use super::{Form, Lines, Piece, Tail, Wave};
use crate::exact;
use serde::{Deserialize, Serialize};

/// A rate as an expression over time. Times are nanoseconds, rates events per second.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Node {
    Lines(Lines),
    Wave(Wave),
    Tail(Tail),
    Sum(Vec<Node>),
    /// At least two, none of them constant.
    Product(Vec<Node>),
    Repeat {
        every: u64,
        /// Events of one cycle.
        #[serde(with = "exact")]
        cycle: f64,
        inner: Box<Node>,
    },
}

/// Abscissae on [-1, 1] and weights of the Gauss-Legendre quadrature of five points.
const GAUSS: [(f64, f64); 5] = [
    (-0.906_179_845_938_664, 0.236_926_885_056_189_08),
    (-0.538_469_310_105_683_1, 0.478_628_670_499_366_47),
    (0.0, 0.568_888_888_888_888_9),
    (0.538_469_310_105_683_1, 0.478_628_670_499_366_47),
    (0.906_179_845_938_664, 0.236_926_885_056_189_08),
];

impl Node {
    pub(crate) fn constant(rate: f64) -> Self {
        Self::Lines(Lines::constant(rate))
    }

    /// The product of all nodes. Constant factors are multiplied into the rest at once.
    pub(crate) fn product(nodes: Vec<Self>) -> Self {
        let mut factor = 1.0;
        let mut rest = Vec::with_capacity(nodes.len());
        for node in nodes {
            match &node {
                Self::Lines(lines) if lines.as_constant().is_some() => {
                    factor *= lines.as_constant().unwrap_or(1.0);
                }
                _ => rest.push(node),
            }
        }
        let mut product = match rest.len() {
            0 => return Self::constant(factor),
            1 => rest.swap_remove(0),
            _ => Self::Product(rest),
        };
        product.scale(factor);
        product
    }

    pub(crate) fn repeat(every: u64, inner: Self) -> Self {
        let cycle = inner.integral(0, every);
        Self::Repeat {
            every,
            cycle,
            inner: Box::new(inner),
        }
    }

    fn scale(&mut self, factor: f64) {
        match self {
            Self::Lines(lines) => lines.scale(factor),
            Self::Wave(wave) => wave.scale(factor),
            Self::Tail(tail) => tail.scale(factor),
            Self::Sum(nodes) => nodes.iter_mut().for_each(|node| node.scale(factor)),
            Self::Product(nodes) => nodes[0].scale(factor),
            Self::Repeat { cycle, inner, .. } => {
                *cycle *= factor;
                inner.scale(factor);
            }
        }
    }

    pub(crate) fn rate(&self, at: u64) -> f64 {
        match self {
            Self::Lines(lines) => lines.rate(at),
            Self::Wave(wave) => wave.rate(at),
            Self::Tail(tail) => tail.rate(at),
            Self::Sum(nodes) => nodes.iter().map(|node| node.rate(at)).sum(),
            Self::Product(nodes) => nodes.iter().map(|node| node.rate(at)).product(),
            Self::Repeat { every, inner, .. } => inner.rate(at % every),
        }
    }

    /// The longest simple stretch that begins at `at`.
    pub(crate) fn piece(&self, at: u64) -> Piece {
        match self {
            Self::Lines(lines) => lines.piece(at),
            Self::Wave(wave) => wave.piece(at),
            Self::Tail(tail) => tail.piece(at),
            Self::Sum(nodes) => {
                let zero = Piece::constant(0.0, u64::MAX);
                nodes
                    .iter()
                    .fold(zero, |sum, node| sum.plus(node.piece(at), at))
            }
            Self::Product(nodes) => {
                let one = Piece::constant(1.0, u64::MAX);
                nodes
                    .iter()
                    .fold(one, |product, node| product.times(node.piece(at), at))
            }
            Self::Repeat { every, inner, .. } => {
                let within = at % every;
                let piece = inner.piece(within).clip(within, *every);
                Piece {
                    until: at.saturating_add(piece.until - within),
                    form: piece.form,
                }
            }
        }
    }

    /// Events between two times, `from <= to`.
    pub(crate) fn integral(&self, from: u64, to: u64) -> f64 {
        match self {
            Self::Lines(lines) => lines.integral(from, to),
            Self::Wave(wave) => wave.integral(from, to),
            Self::Tail(tail) => tail.integral(from, to),
            Self::Sum(nodes) => nodes.iter().map(|node| node.integral(from, to)).sum(),
            Self::Product(_) => self.quadrature(from, to),
            Self::Repeat {
                every,
                cycle,
                inner,
            } => {
                let (first, last) = (from / every, to / every);
                if first == last {
                    return inner.integral(from % every, to % every);
                }
                let whole = (last - first - 1) as f64 * cycle;
                inner.integral(from % every, *every) + whole + inner.integral(0, to % every)
            }
        }
    }

    fn quadrature(&self, from: u64, to: u64) -> f64 {
        let mut events = 0.0;
        let mut at = from;
        while at < to {
            let piece = self.piece(at).clip(at, to);
            events += match piece.form {
                Form::Linear { from, to } => {
                    f64::midpoint(from, to) * ((piece.until - at) as f64 / 1e9)
                }
                Form::Curved { .. } => self.gauss(at, piece.until),
            };
            at = piece.until;
        }
        events
    }

    /// Quadrature over one smooth piece. Pieces are short against every wave and time constant,
    /// so five points leave only rounding errors.
    fn gauss(&self, from: u64, until: u64) -> f64 {
        let half = (until - from) as f64 / 2.0;
        let weighted = |(abscissa, weight): (f64, f64)| {
            let at = from + (half + half * abscissa + 0.5) as u64;
            weight * self.rate(at.min(until - 1))
        };
        half / 1e9 * GAUSS.into_iter().map(weighted).sum::<f64>()
    }

    /// The highest rate from `from` until just before `until`, `from < until`.
    pub(crate) fn supremum(&self, from: u64, until: u64) -> f64 {
        let until = match self {
            // A whole cycle has seen everything.
            Self::Repeat { every, .. } => until.min(from.saturating_add(*every)),
            Self::Wave(wave) => until.min(from.saturating_add(wave.period())),
            _ => until,
        };
        let mut best = f64::NEG_INFINITY;
        let mut at = from;
        while at < until {
            let piece = self.piece(at).clip(at, until);
            if piece.bound() > best {
                best = best.max(match piece.form {
                    Form::Linear { from, to } => from.max(to),
                    Form::Curved { .. } => self.peak(at, piece.until),
                });
            }
            at = piece.until;
        }
        best
    }

    /// The highest rate on one smooth piece: the best of 17 points, then a ternary search around it.
    fn peak(&self, from: u64, until: u64) -> f64 {
        let last = until - 1;
        let point = |index: u64| from + ((last - from) as f64 * (index as f64 / 16.0)) as u64;
        let best = (0..=16)
            .max_by(|&a, &b| self.rate(point(a)).total_cmp(&self.rate(point(b))))
            .unwrap_or(0);
        let (mut low, mut high) = (point(best.saturating_sub(1)), point((best + 1).min(16)));
        while high - low > 2 {
            let third = (high - low) / 3;
            if self.rate(low + third) < self.rate(high - third) {
                low += third;
            } else {
                high -= third;
            }
        }
        (low..=high)
            .chain([point(best)])
            .map(|at| self.rate(at))
            .fold(f64::NEG_INFINITY, f64::max)
    }
}
