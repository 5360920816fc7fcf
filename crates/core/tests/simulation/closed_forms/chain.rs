//! Averages over finite Markov chains and the exact asymptotic variance of their estimates.
//!
//! `Z(t)` collects `reward(x)` per second in state `x`, and a mark at every jump. With `m` its mean
//! per second and `h` the solution of Poisson's equation `Q h = -(r - m)`, where `r` is the mean
//! collection per second in each state, `Z(t) - m t + h(X(t)) - h(X(0))` is a martingale that
//! moves by `mark + h(to) - h(from)` at jumps. So the variance of `Z` grows by the stationary
//! mean of `rate * (mark + h(to) - h(from))^2` per second: Whitt, "Asymptotic formulas for Markov
//! processes with applications to simulation", Operations Research 40 (1992), section 3, whose
//! formula for birth-and-death processes this is when all marks are zero.

use super::Expected;
use flashcrowd_units::math::pow;

/// A jump of a chain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Jump {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) rate: f64,
    /// Whether it is an arrival from outside, taken in or not.
    pub(super) arrival: bool,
}

/// A chain with its stationary distribution.
#[derive(Debug)]
pub(super) struct Chain {
    jumps: Vec<Jump>,
    /// Stationary probabilities.
    pub(super) probability: Vec<f64>,
    /// `-Q`.
    matrix: Vec<Vec<f64>>,
    band: usize,
}

impl Chain {
    /// A chain whose states are numbered so that jumps lead to near numbers.
    pub(super) fn new(states: usize, jumps: Vec<Jump>) -> Self {
        let mut matrix = vec![vec![0.0; states]; states];
        let mut band = 0;
        for jump in jumps.iter().filter(|jump| jump.from != jump.to) {
            matrix[jump.from][jump.from] += jump.rate;
            matrix[jump.from][jump.to] -= jump.rate;
            band = band.max(jump.from.abs_diff(jump.to));
        }
        // Balance, with the weight of state 0 set to one.
        let mut transposed = vec![vec![0.0; states]; states];
        for (from, row) in matrix.iter().enumerate() {
            for (to, rate) in row.iter().enumerate() {
                transposed[to][from] = *rate;
            }
        }
        let from_first = matrix[0].iter().map(|rate| -rate).collect();
        let mut probability = solve(transposed, from_first, band);
        probability[0] = 1.0;
        let total: f64 = probability.iter().sum();
        for weight in &mut probability {
            *weight /= total;
        }
        Self {
            jumps,
            probability,
            matrix,
            band,
        }
    }

    /// A single station that fills and empties by one: `arrivals` per second, taken in up to
    /// `capacity`, and `service(n)` departures per second with `n` inside.
    pub(super) fn station(arrivals: f64, capacity: usize, service: impl Fn(usize) -> f64) -> Self {
        let mut jumps = Vec::new();
        for inside in 0..=capacity {
            let to = (inside + 1).min(capacity);
            jumps.push(Jump {
                from: inside,
                to,
                rate: arrivals,
                arrival: true,
            });
            if inside > 0 {
                jumps.push(Jump {
                    from: inside,
                    to: inside - 1,
                    rate: service(inside),
                    arrival: false,
                });
            }
        }
        Self::new(capacity + 1, jumps)
    }

    /// The stationary mean of a function of the state.
    pub(super) fn mean(&self, of: impl Fn(usize) -> f64) -> f64 {
        self.probability
            .iter()
            .enumerate()
            .map(|(state, p)| p * of(state))
            .sum()
    }

    /// The share of the time average of `reward` that falls on one unit of time.
    pub(super) fn time_average(
        &self,
        what: &'static str,
        reward: impl Fn(usize) -> f64,
    ) -> Expected {
        let mean = self.mean(&reward);
        Expected::new(what, mean, self.variance(reward, |_| 0.0))
    }

    /// Time inside per arrival, by Little's law `integral of inside / arrivals`: nobody may be
    /// turned away. The estimate is a ratio; to first order it errs by
    /// `(integral - mean * arrivals) / (rate * t)`.
    pub(super) fn sojourn(&self, what: &'static str, inside: impl Fn(usize) -> f64) -> Expected {
        let rate = self.arrival_rate();
        let mean = self.mean(&inside) / rate;
        let variance = self.variance(inside, |jump| if jump.arrival { -mean } else { 0.0 });
        Expected::new(what, mean, variance / (rate * rate))
    }

    /// The share of arrivals that find no room and change nothing.
    pub(super) fn blocking(&self, what: &'static str) -> Expected {
        let rate = self.arrival_rate();
        let blocked = |jump: &Jump| f64::from(u8::from(jump.arrival && jump.from == jump.to));
        let blocked_rate: f64 = self
            .jumps
            .iter()
            .map(|jump| self.probability[jump.from] * jump.rate * blocked(jump))
            .sum();
        let mean = blocked_rate / rate;
        let variance = self.variance(
            |_| 0.0,
            |jump| blocked(jump) - if jump.arrival { mean } else { 0.0 },
        );
        Expected::new(what, mean, variance / (rate * rate))
    }

    fn arrival_rate(&self) -> f64 {
        let arrivals = self.jumps.iter().filter(|jump| jump.arrival);
        arrivals
            .map(|jump| self.probability[jump.from] * jump.rate)
            .sum()
    }

    /// Growth of the variance of `Z` per second.
    fn variance(&self, reward: impl Fn(usize) -> f64, mark: impl Fn(&Jump) -> f64) -> f64 {
        let mut collected: Vec<f64> = (0..self.probability.len()).map(reward).collect();
        for jump in &self.jumps {
            collected[jump.from] += jump.rate * mark(jump);
        }
        let mean: f64 = collected
            .iter()
            .zip(&self.probability)
            .map(|(r, p)| r * p)
            .sum();
        let right = collected.iter().map(|r| r - mean).collect();
        let h = solve(self.matrix.clone(), right, self.band);
        let moved = |jump: &Jump| mark(jump) + h[jump.to] - h[jump.from];
        self.jumps
            .iter()
            .map(|jump| self.probability[jump.from] * jump.rate * moved(jump) * moved(jump))
            .sum()
    }
}

/// Solves `matrix * x = right` with `x[0] = 0` and without the first equation. The rest is an
/// M-matrix: elimination from the last state down needs no pivots.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>, band: usize) -> Vec<f64> {
    let states = matrix.len();
    for last in (1..states).rev() {
        let low = last.saturating_sub(band).max(1);
        let (above, pivot) = matrix.split_at_mut(last);
        let pivot = &pivot[0];
        for row in low..last {
            let factor = above[row][last] / pivot[last];
            if factor != 0.0 {
                (low..last).for_each(|column| above[row][column] -= factor * pivot[column]);
                right[row] -= factor * right[last];
            }
        }
    }
    let mut x = vec![0.0; states];
    for row in 1..states {
        let low = row.saturating_sub(band).max(1);
        let known: f64 = (low..row)
            .map(|column| matrix[row][column] * x[column])
            .sum();
        x[row] = (right[row] - known) / matrix[row][row];
    }
    x
}

/// The number in an M/M/1 queue: Whitt, "Planning queueing simulations", Management Science 35
/// (1989): `2 rho (1 + rho) / (1 - rho)^4` for service rate 1.
#[test]
fn the_variance_of_an_m_m_1_queue_is_the_published_one() {
    let rho: f64 = 0.6;
    let number = Chain::station(rho, 200, |_| 1.0).time_average("number", |n| n as f64);
    assert!((number.mean - rho / (1.0 - rho)).abs() < 1e-9);
    let published = 2.0 * rho * (1.0 + rho) / pow(1.0 - rho, 4.0);
    assert!(
        (number.variance / published - 1.0).abs() < 1e-9,
        "{number:?}"
    );
}
