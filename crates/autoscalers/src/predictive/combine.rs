//! How the reactive number and the forecasts become one.

use serde::{Deserialize, Serialize};

/// Which of several numbers of replicas counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Combine {
    /// The largest. Never less than what the load of now needs.
    #[default]
    Maximum,
    /// The smallest.
    Minimum,
    /// Their mean, rounded half up.
    Mean,
    /// The middle one; of an even number the two middle ones' mean, rounded down.
    Median,
}

impl Combine {
    /// One number of several; 0 of none.
    pub fn of(self, numbers: &[u32]) -> u32 {
        let mut sorted = numbers.to_vec();
        sorted.sort_unstable();
        let count = sorted.len();
        let Some((&smallest, &largest)) = sorted.first().zip(sorted.last()) else {
            return 0;
        };
        match self {
            Self::Maximum => largest,
            Self::Minimum => smallest,
            Self::Mean => {
                let sum: u64 = sorted.iter().map(|&it| u64::from(it)).sum();
                (sum as f64 / count as f64).round() as u32
            }
            Self::Median if count % 2 == 1 => sorted[count / 2],
            Self::Median => sorted[count / 2 - 1].midpoint(sorted[count / 2]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Combine::{Maximum, Mean, Median, Minimum};

    #[test]
    fn the_worked_examples() {
        let of = |it: super::Combine| it.of(&[3, 6, 4]);
        assert_eq!([Maximum, Minimum, Mean, Median].map(of), [6, 3, 4, 4]);
        assert_eq!(Median.of(&[3, 6]), 4); // 4.5 rounded down
        assert_eq!(Mean.of(&[3, 6]), 5); // 4.5 rounded up
    }
}
