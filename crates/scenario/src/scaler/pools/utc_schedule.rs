//! What a schedule was meant to say that OCI refuses.
//!
//! OCI takes Quartz expressions with seconds, in UTC. Guides have crontab lines in local time.

use crate::path::{FieldPath, Segment};
use crate::yaml::Node;
use jiff::tz::TimeZone;

const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// How to write the schedule whose expression or time zone stands at `path`, as help. `None` if the
/// path leads to something else, or the time cannot be converted.
pub(super) fn meant(root: &Node, path: &FieldPath) -> Option<String> {
    let (last, above) = path.0.split_last()?;
    let Segment::Key(field) = last else {
        return None;
    };
    if field != "expression" && field != "timezone" {
        return None;
    }
    let schedule = root.at(above)?;
    let text = |field: &str| schedule.get(field).and_then(Node::as_text);
    let (expression, zone) = (text("expression")?, text("timezone").unwrap_or("UTC"));
    let quartz = in_utc(expression, zone)?;
    Some(format!(
        "OCI takes Quartz expressions with seconds, in UTC: `{expression}` of {zone} is `{quartz}`"
    ))
}

/// A crontab line or Quartz expression at one time of the day in a zone whose clocks do not change.
fn in_utc(expression: &str, zone: &str) -> Option<String> {
    let fields: Vec<&str> = expression.split_whitespace().collect();
    let is_crontab = fields.len() == 5;
    let [minute, hour, day, month, weekday] = match fields.as_slice() {
        [minute, hour, day, month, weekday] | [_, minute, hour, day, month, weekday, ..] => {
            [minute, hour, day, month, weekday]
        }
        _ => return None,
    }
    .map(|field| *field);
    let local: i32 = 60 * hour.parse::<i32>().ok()? + minute.parse::<i32>().ok()?;
    let utc = local - offset_minutes(zone)?;
    let (day, weekday) = (
        if day == "*" { "?" } else { day },
        if is_crontab {
            named_days(weekday)?
        } else {
            weekday.to_owned()
        },
    );
    let is_daily = day == "?" && matches!(weekday.as_str(), "*" | "?");
    // Another day in UTC would need other fields as well.
    if utc.div_euclid(24 * 60) != 0 && !(is_daily && month == "*") {
        return None;
    }
    let (hour, minute) = (utc.rem_euclid(24 * 60) / 60, utc.rem_euclid(60));
    let weekday = if day == "?" {
        if weekday == "?" {
            "*".to_owned()
        } else {
            weekday
        }
    } else if weekday == "*" {
        "?".to_owned()
    } else if weekday == "?" {
        weekday
    } else {
        // Crontab means either, Quartz takes one.
        return None;
    };
    Some(format!("0 {minute} {hour} {day} {month} {weekday}"))
}

/// Days of the week by name: crontab counts from 0 or 7 for Sunday, Quartz from 1.
fn named_days(field: &str) -> Option<String> {
    let mut named = String::new();
    for character in field.chars() {
        match character.to_digit(10) {
            Some(digit) if digit <= 7 => named.push_str(DAYS[digit as usize % 7]),
            Some(_) => return None,
            None => named.push(character),
        }
    }
    Some(named)
}

/// What a zone is ahead of UTC, if that is the same all year.
fn offset_minutes(zone: &str) -> Option<i32> {
    let zone = TimeZone::get(zone).ok()?;
    let offset = |month| {
        let day = jiff::civil::date(2026, month, 1).at(0, 0, 0, 0);
        let seconds = zone.to_timestamp(day).ok().map(|at| zone.to_offset(at));
        seconds.map(|offset| offset.seconds() / 60)
    };
    let (winter, summer) = (offset(1)?, offset(7)?);
    (winter == summer).then_some(winter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crontab_lines_become_quartz_in_utc() {
        for (expression, zone, expected) in [
            ("0 8 * * *", "Asia/Kolkata", Some("0 30 2 ? * *")),
            ("0 20 * * *", "UTC", Some("0 0 20 ? * *")),
            ("0 8 * * 1-5", "Asia/Kolkata", Some("0 30 2 ? * MON-FRI")),
            ("15 9 1 * *", "Asia/Kolkata", Some("0 45 3 1 * ?")),
            ("0 0 8 ? * *", "Asia/Kolkata", Some("0 30 2 ? * *")),
            // The day before in UTC.
            ("0 3 * * *", "Asia/Kolkata", Some("0 30 21 ? * *")),
            ("0 3 * * 1", "Asia/Kolkata", None),
            // An hour that moves in UTC.
            ("0 8 * * *", "Europe/Berlin", None),
            ("*/5 * * * *", "UTC", None),
            ("0 8 * * *", "Nowhere/Land", None),
        ] {
            assert_eq!(
                in_utc(expression, zone).as_deref(),
                expected,
                "{expression} {zone}"
            );
        }
    }
}
