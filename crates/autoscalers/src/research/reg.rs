//! Reg: react upwards, follow a fitted parabola downwards.
//!
//! # What it does
//! If there are not more replicas than the load needs, it goes to the need plus a twentieth as soon as
//! the capacity is exceeded. Otherwise it fits a parabola to what the last 60 evaluations needed and
//! goes to its value now plus a fifth, never upwards.
//!
//! # When it hurts
//! Scale-up is purely reactive. The fit smooths over an hour, so after a peak the parabola dips below
//! the need and the next evaluation scales up again.
//!
//! # Parameters
//! * `load`, `per_replica`, `replicas`, `interval` (1m): as for all of them.
//! * `tuning.window` (60): evaluations that are fitted.
//! * `tuning.up_reserve` (1.05), `tuning.down_reserve` (1.2): factors on the need and on the fit.
//! * `tuning.tolerated_overload` (5): load beyond the capacity that is no reason to scale up.
//!
//! # Source
//! W. Iqbal et al., *Adaptive resource provisioning for read intensive multi-tier applications in the
//! cloud*, FGCS 2011, as in `Regression.py` of ahmedaley/Autoscalers.

use super::{Evaluation, ResearchPolicy, ResearchRule};
use crate::schedule::replica_range::whole_replicas;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Parameters of [`Reg`].
pub type RegPolicy = ResearchPolicy<RegTuning>;

/// The constants of Reg.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RegTuning {
    /// Evaluations that are fitted.
    pub window: usize,
    /// Factor on the need when scaling up.
    pub up_reserve: f64,
    /// Factor on the fit when scaling down.
    pub down_reserve: f64,
    /// Load beyond the capacity that is no reason to scale up.
    pub tolerated_overload: f64,
}

impl Default for RegTuning {
    fn default() -> Self {
        Self {
            window: 60,
            up_reserve: 1.05,
            down_reserve: 1.2,
            tolerated_overload: 5.0,
        }
    }
}

/// See the [module documentation](self).
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reg {
    /// Replicas that were needed, oldest first.
    needed: VecDeque<u32>,
}

impl Reg {
    /// The value at the last point of the least-squares parabola; the last value itself where three
    /// points or fewer determine it.
    fn fit(&self) -> f64 {
        let count = self.needed.len();
        let last = self.needed.back().map_or(0.0, |&it| f64::from(it));
        if count <= 3 {
            return last;
        }
        // Legendre-like polynomials that are orthogonal on equidistant points: 1, x, x^2 - m.
        let middle = (count as f64 - 1.0) / 2.0;
        let xs = (0..count).map(|index| (index as f64 - middle) / middle);
        let points: Vec<(f64, f64)> = xs
            .zip(self.needed.iter().map(|&it| f64::from(it)))
            .collect();
        let m = points.iter().map(|(x, _)| x * x).sum::<f64>() / count as f64;
        let basis: [fn(f64, f64) -> f64; 3] = [|_, _| 1.0, |x, _| x, |x, m| x * x - m];
        let term = |polynomial: fn(f64, f64) -> f64| {
            let (mut projection, mut norm) = (0.0, 0.0);
            for &(x, y) in &points {
                projection += y * polynomial(x, m);
                norm += polynomial(x, m) * polynomial(x, m);
            }
            projection / norm * polynomial(1.0, m)
        };
        basis.into_iter().map(term).sum()
    }
}

impl ResearchRule for Reg {
    type Tuning = RegTuning;
    const NAME: &'static str = "reg";

    fn problems(tuning: &RegTuning) -> Vec<(&'static str, &'static str)> {
        let is_factor = |it: f64| it.is_finite() && it >= 1.0;
        let factor = "must be a finite number of at least 1";
        let checks = [
            (tuning.window == 0, ("window", "must be at least 1")),
            (!is_factor(tuning.up_reserve), ("up_reserve", factor)),
            (!is_factor(tuning.down_reserve), ("down_reserve", factor)),
            (
                !tuning.tolerated_overload.is_finite(),
                ("tolerated_overload", "must be a finite number"),
            ),
        ];
        let bad = checks.into_iter().filter(|&(is_bad, _)| is_bad);
        bad.map(|(_, problem)| problem).collect()
    }

    fn evaluate(&mut self, it: &Evaluation, tuning: &RegTuning) -> (u32, Vec<(&'static str, f64)>) {
        let needed = it.needed();
        self.needed.push_back(needed);
        while self.needed.len() > tuning.window {
            self.needed.pop_front();
        }
        if it.current > needed {
            let fit = self.fit();
            let steps = vec![("fit", fit)];
            let whole = whole_replicas(fit);
            if whole == 0 {
                return (it.current, steps);
            }
            let wanted = whole_replicas(f64::from(whole) * tuning.down_reserve);
            return (wanted.min(it.current), steps);
        }
        if it.overload() > tuning.tolerated_overload.max(0.0) {
            let wanted = whole_replicas(it.load / it.per_replica * tuning.up_reserve);
            return (wanted, Vec::new());
        }
        (it.current, Vec::new())
    }
}
