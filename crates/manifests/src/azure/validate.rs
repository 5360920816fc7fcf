//! What the service refuses, and what is not simulated or hardly meant.

use super::{AutoscaleProfile, AutoscaleSetting, ScaleDirection, ScaleRule, weekday};
use crate::{IsoDuration, Problem};
use flashcrowd_units::SimDuration;

const MAX_PROFILES: usize = 20;
const MAX_RULES: usize = 10;

impl AutoscaleSetting {
    /// Everything that the service would refuse. Time zones and dates are looked at by whoever
    /// has a calendar.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let count = self.properties.profiles.len();
        if !(1..=MAX_PROFILES).contains(&count) {
            problems.push(Problem::new(
                "properties.profiles",
                format!("are {count}: must be 1 to {MAX_PROFILES}"),
            ));
        }
        for (index, profile) in self.properties.profiles.iter().enumerate() {
            check(
                profile,
                &format!("properties.profiles[{index}]"),
                &mut problems,
            );
        }
        problems
    }

    /// What is legal but not simulated or hardly meant: predictive autoscale, a profile that can
    /// only grow or only shrink.
    pub fn lint(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.properties.predictive_autoscale_policy.is_some() {
            problems.push(Problem::new(
                "properties.predictiveAutoscalePolicy",
                "is not simulated",
            ));
        }
        for (index, profile) in self.properties.profiles.iter().enumerate() {
            let has = |direction| {
                profile
                    .rules
                    .iter()
                    .any(|rule| rule.scale_action.direction == direction)
            };
            let path = format!("properties.profiles[{index}].rules");
            match (has(ScaleDirection::Increase), has(ScaleDirection::Decrease)) {
                (true, false) => {
                    problems.push(Problem::new(
                        path,
                        "has no scale-in rule: the scale set never shrinks",
                    ));
                }
                (false, true) => {
                    problems.push(Problem::new(
                        path,
                        "has no scale-out rule: the scale set never grows",
                    ));
                }
                _ => {}
            }
        }
        problems
    }
}

fn check(profile: &AutoscaleProfile, path: &str, problems: &mut Vec<Problem>) {
    let mut add = |field: &str, message: String| {
        problems.push(Problem::new(format!("{path}.{field}"), message));
    };
    let capacity = profile.capacity;
    if capacity.minimum > capacity.maximum {
        add(
            "capacity.maximum",
            format!(
                "is {}: must be at least `minimum` ({})",
                capacity.maximum, capacity.minimum
            ),
        );
    } else if !(capacity.minimum..=capacity.maximum).contains(&capacity.default) {
        add(
            "capacity.default",
            format!(
                "is {}: must be {} to {}",
                capacity.default, capacity.minimum, capacity.maximum
            ),
        );
    }
    if profile.rules.len() > MAX_RULES {
        add(
            "rules",
            format!("are {}: must be at most {MAX_RULES}", profile.rules.len()),
        );
    }
    if profile.fixed_date.is_some() && profile.recurrence.is_some() {
        add(
            "recurrence",
            "must not be given beside `fixedDate`".to_owned(),
        );
    }
    if let Some(recurrence) = &profile.recurrence {
        let schedule = &recurrence.schedule;
        if recurrence.frequency != "Week" {
            add(
                "recurrence.frequency",
                format!("is `{}`: must be Week", recurrence.frequency),
            );
        }
        if schedule.days.is_empty() || schedule.days.iter().any(|day| weekday(day).is_none()) {
            add(
                "recurrence.schedule.days",
                "must be names of days".to_owned(),
            );
        }
        if schedule.hours.is_empty() || schedule.hours.iter().any(|&hour| hour > 23) {
            add("recurrence.schedule.hours", "must be 0 to 23".to_owned());
        }
        if schedule.minutes.is_empty() || schedule.minutes.iter().any(|&minute| minute > 59) {
            add("recurrence.schedule.minutes", "must be 0 to 59".to_owned());
        }
    }
    for (index, rule) in profile.rules.iter().enumerate() {
        check_rule(rule, &mut |field, message| {
            add(&format!("rules[{index}].{field}"), message);
        });
    }
}

fn check_rule(rule: &ScaleRule, add: &mut dyn FnMut(&str, String)) {
    let trigger = &rule.metric_trigger;
    let mut range = |field: &str, value: IsoDuration, lowest: u64, highest: u64| {
        let (low, high) = (
            IsoDuration::from_mins(lowest),
            IsoDuration::from_mins(highest),
        );
        if !(low..=high).contains(&value) {
            add(field, format!("is {value}: must be {low} to {high}"));
        }
    };
    range("metricTrigger.timeGrain", trigger.time_grain, 1, 720);
    range("metricTrigger.timeWindow", trigger.time_window, 5, 720);
    range(
        "scaleAction.cooldown",
        rule.scale_action.cooldown,
        1,
        10_080,
    );
    let minute = SimDuration::from_secs(60).as_nanos();
    if trigger.time_grain > trigger.time_window
        || !trigger.time_grain.0.as_nanos().is_multiple_of(minute)
    {
        add(
            "metricTrigger.timeGrain",
            format!(
                "is {}: must be whole minutes within `timeWindow`",
                trigger.time_grain
            ),
        );
    }
    if !trigger.threshold.is_finite() {
        add("metricTrigger.threshold", "must be a number".to_owned());
    }
}
