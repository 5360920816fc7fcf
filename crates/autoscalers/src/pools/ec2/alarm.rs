//! CloudWatch alarms.

use crate::pools::series::{Grain, MinuteSeries};
use flashcrowd_manifests::ec2::{ComparisonOperator, Statistic, TreatMissingData};
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};

/// State of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AlarmState {
    /// Too few datapoints breach.
    Ok,
    /// Enough datapoints breach.
    Alarm,
    /// There are no datapoints.
    InsufficientData,
}

/// An alarm in which nothing is optional.
#[derive(Debug, Clone)]
pub(super) struct Alarm {
    pub(super) name: String,
    /// Index of its metric.
    pub(super) source: usize,
    pub(super) statistic: Statistic,
    /// Length of a datapoint \[minutes\].
    pub(super) period: usize,
    /// How many datapoints are looked at.
    pub(super) evaluated: usize,
    /// How many of them have to breach.
    pub(super) required: usize,
    pub(super) threshold: f64,
    pub(super) operator: ComparisonOperator,
    pub(super) missing: TreatMissingData,
    /// Instances that have been in service for less are not in the metric.
    pub(super) warmup: SimDuration,
}

impl Alarm {
    /// How many minutes have to be remembered.
    pub(super) fn minutes(&self) -> usize {
        self.period * (self.evaluated + 1)
    }

    fn value(&self, grain: Grain) -> f64 {
        match self.statistic {
            Statistic::Average => grain.average(),
            Statistic::Minimum => grain.min(),
            Statistic::Maximum => grain.max(),
            Statistic::Sum => grain.sum(),
            Statistic::SampleCount => grain.count(),
        }
    }

    /// The last datapoint, if there is one in the last period.
    pub(super) fn last(&self, series: &MinuteSeries) -> Option<f64> {
        let periods = series.periods(self.period, 1);
        periods
            .first()
            .copied()
            .flatten()
            .map(|grain| self.value(grain))
    }

    /// Its state by the datapoints that there are.
    pub(super) fn evaluate(&self, series: &MinuteSeries, before: AlarmState) -> AlarmState {
        let periods = series.periods(self.period, self.evaluated);
        let values = || periods.iter().flatten().map(|&grain| self.value(grain));
        let breaching = values()
            .filter(|&value| self.operator.breaches(value, self.threshold))
            .count();
        let missing = self.evaluated - values().count();
        let (breaching, known) = match self.missing {
            TreatMissingData::Breaching => (breaching + missing, true),
            TreatMissingData::NotBreaching => (breaching, true),
            TreatMissingData::Missing | TreatMissingData::Ignore => {
                (breaching, missing < self.evaluated)
            }
        };
        match (known, self.missing) {
            (false, TreatMissingData::Ignore) => before,
            (false, _) => AlarmState::InsufficientData,
            (true, _) if breaching >= self.required => AlarmState::Alarm,
            (true, _) => AlarmState::Ok,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TimePoint;

    /// Two of three datapoints of a minute above 50.
    fn alarm(missing: TreatMissingData) -> Alarm {
        Alarm {
            name: "high".to_owned(),
            source: 0,
            statistic: Statistic::Average,
            period: 1,
            evaluated: 3,
            required: 2,
            threshold: 50.0,
            operator: ComparisonOperator::GreaterThanThreshold,
            missing,
            warmup: SimDuration::ZERO,
        }
    }

    fn state(missing: TreatMissingData, values: &[Option<f64>]) -> AlarmState {
        let mut series = MinuteSeries::default();
        for (minute, value) in (1..).zip(values) {
            let now = TimePoint::from_secs(60 * minute);
            let samples: Vec<_> = value.map(|value| (now, value)).into_iter().collect();
            series.observe(now, SimDuration::ZERO, &samples, 10);
        }
        alarm(missing).evaluate(&series, AlarmState::Ok)
    }

    #[test]
    fn enough_of_the_last_datapoints_have_to_breach() {
        let missing = TreatMissingData::Missing;
        let high = Some(51.0);
        assert_eq!(state(missing, &[high, Some(50.0), high]), AlarmState::Alarm);
        assert_eq!(
            state(missing, &[high, high, Some(1.0), Some(1.0)]),
            AlarmState::Ok
        );
        assert_eq!(state(missing, &[high]), AlarmState::Ok);
        assert_eq!(state(missing, &[high, None, high]), AlarmState::Alarm);
    }

    #[test]
    fn missing_data_count_as_they_are_treated() {
        let none = [None, None, None];
        assert_eq!(
            state(TreatMissingData::Missing, &none),
            AlarmState::InsufficientData
        );
        assert_eq!(state(TreatMissingData::Breaching, &none), AlarmState::Alarm);
        assert_eq!(state(TreatMissingData::NotBreaching, &none), AlarmState::Ok);
        assert_eq!(state(TreatMissingData::Ignore, &none), AlarmState::Ok);
    }
}
