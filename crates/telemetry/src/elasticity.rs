//! How well supply followed demand.

use serde::{Deserialize, Serialize};

/// The elasticity metrics of the SPEC Research Group, all in percent and better when smaller.
///
/// With demand d (the fewest resource units, such as pods, that meet the objectives under the load
/// of the moment), supply s and a run of length T:
///
/// | field | SPEC | formula |
/// |---|---|---|
/// | `accuracy_under` | θ_U | 100/T ∫ max(d − s, 0)/d dt |
/// | `accuracy_over` | θ_O | 100/T ∫ max(s − d, 0)/d dt |
/// | `timeshare_under` | τ_U | 100/T ∫ max(sgn(d − s), 0) dt |
/// | `timeshare_over` | τ_O | 100/T ∫ max(sgn(s − d), 0) dt |
/// | `instability` | υ | 100/(T − 1) Σ min(abs(sgn Δs − sgn Δd), 1) over the T − 1 steps |
///
/// Source: N. Herbst et al., Ready for Rain? A View from SPEC Research on the Future of Cloud
/// Metrics, SPEC-RG-2016-01 (arXiv:1604.03470), and ACM ToMPECS 3(4), 2018. Two things differ
/// elsewhere: the BUNGEE tool counts a step as unstable only where sgn Δs exceeds sgn Δd, and its
/// accuracies are not divided by the demand.
///
/// SPEC's demand is at least one unit. Here it may be zero (scale to zero); the accuracies then
/// divide by one unit, and by one unit as well where a fraction of a unit is needed.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Elasticity {
    /// Mean shortage relative to the demand, in percent.
    pub accuracy_under: f64,
    /// Mean surplus relative to the demand, in percent. May exceed 100.
    pub accuracy_over: f64,
    /// Share of time with too little, in percent.
    pub timeshare_under: f64,
    /// Share of time with too much, in percent.
    pub timeshare_over: f64,
    /// Share of time in which supply and demand do not move in the same direction, in percent.
    pub instability: f64,
}

impl Elasticity {
    /// From demand and supply, sampled at the same equally spaced moments.
    ///
    /// Samples where either is not finite are left out, and so are steps that touch them. `None`
    /// if no sample is left.
    ///
    /// # Panics
    /// If the two are not of the same length.
    pub fn from_samples(demand: &[f64], supply: &[f64]) -> Option<Self> {
        assert_eq!(
            demand.len(),
            supply.len(),
            "demand and supply are sampled together"
        );
        let known = |index: usize| demand[index].is_finite() && supply[index].is_finite();
        let mut sums = Self::default();
        let (mut samples, mut steps) = (0u64, 0u64);
        for index in (0..demand.len()).filter(|index| known(*index)) {
            let (needed, given) = (demand[index], supply[index]);
            let unit = needed.max(1.0);
            sums.accuracy_under += (needed - given).max(0.0) / unit;
            sums.accuracy_over += (given - needed).max(0.0) / unit;
            sums.timeshare_under += f64::from(u8::from(given < needed));
            sums.timeshare_over += f64::from(u8::from(given > needed));
            samples += 1;
            if index > 0 && known(index - 1) {
                let demanded = needed.partial_cmp(&demand[index - 1]);
                let supplied = given.partial_cmp(&supply[index - 1]);
                sums.instability += f64::from(u8::from(demanded != supplied));
                steps += 1;
            }
        }
        let percent = |sum: f64, of: u64| 100.0 * sum / of.max(1) as f64;
        (samples > 0).then(|| Self {
            accuracy_under: percent(sums.accuracy_under, samples),
            accuracy_over: percent(sums.accuracy_over, samples),
            timeshare_under: percent(sums.timeshare_under, samples),
            timeshare_over: percent(sums.timeshare_over, samples),
            instability: percent(sums.instability, steps),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn by_hand() {
        let demand = [2.0, 4.0, 4.0, 2.0, 1.0];
        let supply = [2.0, 2.0, 5.0, 5.0, 3.0];
        let measured = Elasticity::from_samples(&demand, &supply).unwrap();
        // Short by 2 of 4 in one of five; over by 1/4, 3/2 and 2/1.
        assert_eq!(measured.accuracy_under, 100.0 * 0.5 / 5.0);
        assert_eq!(measured.accuracy_over, 100.0 * 3.75 / 5.0);
        assert_eq!(measured.timeshare_under, 20.0);
        assert_eq!(measured.timeshare_over, 60.0);
        // Demand goes up, stays, falls, falls; supply stays, goes up, stays, falls.
        assert_eq!(measured.instability, 75.0);
    }

    #[test]
    fn perfect_supply_is_all_zero() {
        let demand = [1.0, 5.0, 3.0];
        assert_eq!(
            Elasticity::from_samples(&demand, &demand),
            Some(Elasticity::default())
        );
        assert_eq!(
            Elasticity::from_samples(&[1.0], &[1.0]),
            Some(Elasticity::default())
        );
    }

    #[test]
    fn without_demand_one_unit_is_the_measure() {
        let idle = Elasticity::from_samples(&[0.0, 0.0], &[3.0, 0.0]).unwrap();
        assert_eq!(idle.accuracy_over, 150.0);
        assert_eq!(idle.timeshare_over, 50.0);
    }

    #[test]
    fn missing_samples_are_left_out() {
        assert_eq!(Elasticity::from_samples(&[], &[]), None);
        assert_eq!(Elasticity::from_samples(&[f64::NAN], &[1.0]), None);
        let gap =
            Elasticity::from_samples(&[1.0, f64::NAN, 2.0, 4.0], &[1.0, 9.0, 2.0, 2.0]).unwrap();
        assert_eq!(gap.accuracy_under, 100.0 * 0.5 / 3.0);
        assert_eq!(gap.instability, 100.0);
    }

    proptest! {
        /// Against the formulas as they are printed.
        #[test]
        fn agrees_with_the_formulas(pairs in prop::collection::vec((1u8..20, 0u8..20), 2..100)) {
            let (d, s): (Vec<f64>, Vec<f64>) = pairs.iter().map(|&(d, s)| (f64::from(d), f64::from(s))).unzip();
            let sgn = |x: f64| if x == 0.0 { 0.0 } else { x.signum() };
            let mean = |of: &dyn Fn(usize) -> f64, from: usize| {
                100.0 / (d.len() - from) as f64 * (from..d.len()).map(of).sum::<f64>()
            };
            let expected = [
                mean(&|t| (d[t] - s[t]).max(0.0) / d[t], 0),
                mean(&|t| (s[t] - d[t]).max(0.0) / d[t], 0),
                mean(&|t| sgn(d[t] - s[t]).max(0.0), 0),
                mean(&|t| sgn(s[t] - d[t]).max(0.0), 0),
                mean(&|t| (sgn(s[t] - s[t - 1]) - sgn(d[t] - d[t - 1])).abs().min(1.0), 1),
            ];
            let got = Elasticity::from_samples(&d, &s).unwrap();
            let got = [got.accuracy_under, got.accuracy_over, got.timeshare_under, got.timeshare_over, got.instability];
            for (got, expected) in got.into_iter().zip(expected) {
                prop_assert!((got - expected).abs() <= 1e-9 * expected.max(1.0), "{got} not {expected}");
            }
        }
    }
}
