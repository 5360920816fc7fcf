//! Which profile applies.

use super::model::{Profile, When};

/// How far back the beginning of a recurring profile can be: a week and a day \[s\].
const SEARCHED_SECONDS: i64 = 8 * 86_400;

/// The profile that applies at a time \[Unix seconds\]: the first with a fixed date that contains
/// it, else the recurring one that began last, else the default one.
pub(super) fn applicable(profiles: &[Profile], unix: i64) -> Option<&Profile> {
    let fixed = profiles.iter().find(|profile| match profile.when {
        When::Fixed { start, end } => (start..=end).contains(&unix),
        _ => false,
    });
    let recurring = || {
        let begun = profiles.iter().filter_map(|profile| {
            let When::Recurring { expression, zone } = &profile.when else {
                return None;
            };
            let began = zone.latest(expression, unix, unix - SEARCHED_SECONDS)?;
            Some((began, profile))
        });
        // Of those that began at the same time the first one.
        begun
            .reduce(|first, other| if other.0 > first.0 { other } else { first })
            .map(|(_, profile)| profile)
    };
    let default = || {
        profiles
            .iter()
            .find(|profile| matches!(profile.when, When::Default))
    };
    fixed.or_else(recurring).or_else(default)
}
