//! The M/G/1 queue: moments of the sojourn time, and the exact asymptotic variance of its average.
//!
//! An arrival finds the work `V` and brings `S`; it stays `V + S`. Poisson's equation of the
//! work process for the reward `lambda (v - E V)` has the solution `h(v) = lambda v^2 / (2 (1 - rho))`
//! (put it into the generator `-h'(v) + lambda E[h(v + S) - h(v)]`; at `v = 0` the first term is
//! absent, and it fits there too). So the sum of sojourn times is a martingale up to bounded terms,
//! which moves at arrivals by `J = V + S - E[V + S] + lambda (V S + S^2 / 2) / (1 - rho)`, and the
//! average of `n` sojourn times has the variance `E[J^2] / n`. Without `S - E S` this is the
//! variance of the mean delay, for exponential services
//! `rho (2 + 5 rho - 4 rho^2 + rho^3) / (1 - rho)^4` (Daley, "The serial correlation coefficients
//! of waiting times in a stationary single server queue", 1968), which a test below confirms.

use super::Expected;
use flashcrowd_units::math::{exp, ln, pow};

/// Poisson arrivals, one server, general service times.
#[derive(Debug, Clone, Copy)]
pub(super) struct PoissonFed {
    /// Arrivals per second.
    pub(super) rate: f64,
    /// `E[S^k]` for k = 1 to 4, in seconds to the k.
    pub(super) moments: [f64; 4],
}

impl PoissonFed {
    fn load(&self) -> f64 {
        self.rate * self.moments[0]
    }

    /// Mean work found, by Pollaczek and Khinchine, and its second moment, by Takacs.
    fn work(&self) -> (f64, f64) {
        let [_, m2, m3, _] = self.moments;
        let idle = 1.0 - self.load();
        let mean = self.rate * m2 / (2.0 * idle);
        (mean, 2.0 * mean * mean + self.rate * m3 / (3.0 * idle))
    }

    /// `E[J^2]` for delays: the variance of the mean of `n` delays is this over `n`.
    fn delay_variance(&self) -> f64 {
        let [m1, m2, m3, m4] = self.moments;
        let (work, work2) = self.work();
        let spread = work2 - work * work;
        let k = self.rate / (1.0 - self.load());
        spread + k * k * (work2 * m2 + work * m3 + m4 / 4.0) + 2.0 * k * m1 * spread
    }

    /// The mean sojourn time.
    pub(super) fn sojourn(&self, what: &'static str) -> Expected {
        let [m1, m2, m3, _] = self.moments;
        let (work, _) = self.work();
        let k = self.rate / (1.0 - self.load());
        let own = m2 - m1 * m1 + 2.0 * k * (work * (m2 - m1 * m1) + (m3 - m1 * m2) / 2.0);
        Expected::new(what, m1 + work, (self.delay_variance() + own) / self.rate)
    }
}

/// The moments of an exponential time.
pub(super) fn exponential_moments(mean: f64) -> [f64; 4] {
    [
        mean,
        2.0 * pow(mean, 2.0),
        6.0 * pow(mean, 3.0),
        24.0 * pow(mean, 4.0),
    ]
}

/// The sojourn time that a share `p` of the customers of an M/M/1 queue exceeds: it is exponential
/// with rate `mu - lambda`.
///
/// For the reward "stays longer than x" Poisson's equation of the work process has the solution
/// `h(v) = c p ((e^{eta v} - 1) / eta - v)` below `x` and slope `c (1 - p)` above, with
/// `eta = mu - lambda`, `c = lambda mu / eta`, `p = e^{-eta x}`; the variance of the share in `n`
/// customers is `E[(1{V + S > x} - p + h(V + S) - h(V))^2] / n`, integrated numerically here. The
/// quantile errs by that of the share over the density `eta p`.
pub(super) fn exponential_tail(
    what: &'static str,
    arrivals: f64,
    service: f64,
    p: f64,
) -> Expected {
    let eta = service - arrivals;
    let x = -ln(p) / eta;
    let c = arrivals * service / eta;
    let below = |v: f64| c * p * ((exp(eta * v) - 1.0) / eta - v);
    let h = |v: f64| {
        if v < x {
            below(v)
        } else {
            below(x) + c * (1.0 - p) * (v - x)
        }
    };
    // Midpoints of equal probability would miss the tails; equal steps over 40 decay lengths do not.
    let steps = 1500;
    let grid = |decay: f64| {
        let width = 40.0 / decay / f64::from(steps);
        (0..steps)
            .map(move |i| (f64::from(i) + 0.5) * width)
            .map(move |y| (y, decay * exp(-decay * y) * width))
    };
    let squared_jump = |v: f64| -> f64 {
        let (start, floor) = (h(v), f64::from(u8::from(v > x)));
        let moved = |s: f64| {
            let over = if v + s > x { 1.0 } else { floor };
            over - p + h(v + s) - start
        };
        grid(service)
            .map(|(s, weight)| weight * moved(s) * moved(s))
            .sum()
    };
    let load = arrivals / service;
    let busy: f64 = grid(eta).map(|(v, weight)| weight * squared_jump(v)).sum();
    let of_share = (1.0 - load) * squared_jump(0.0) + load * busy;
    Expected::new(what, x, of_share / pow(eta * p, 2.0) / arrivals)
}

#[test]
fn the_variance_of_exponential_delays_is_the_published_one() {
    for rho in [0.2f64, 0.5, 0.9] {
        let queue = PoissonFed {
            rate: rho,
            moments: exponential_moments(1.0),
        };
        let published =
            rho * (2.0 + 5.0 * rho - 4.0 * pow(rho, 2.0) + pow(rho, 3.0)) / pow(1.0 - rho, 4.0);
        assert!((queue.delay_variance() / published - 1.0).abs() < 1e-12);
    }
}
