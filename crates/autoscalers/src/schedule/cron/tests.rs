use super::super::start::zone_named;
use super::*;
use jiff::Timestamp;

/// Occurrences after a time, as instants.
fn occurrences(text: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
    let after: Timestamp = after.parse().unwrap();
    let start = RunStart {
        unix_seconds: after.as_second(),
        time_zone: zone.to_owned(),
    };
    let cron = CronSchedule::parse(text, &start, &zone_named(zone).unwrap()).unwrap();
    let first = cron.next(TimePoint::ZERO);
    let all = std::iter::successors(first, |&at| cron.next(at));
    let instants = all.take(count).map(|at| {
        let nanos = i128::from(at.as_nanos()) + after.as_nanosecond();
        Timestamp::from_nanosecond(nanos).unwrap().to_string()
    });
    instants.collect()
}

#[test]
fn eight_in_kolkata_is_half_past_two() {
    assert_eq!(
        occurrences("0 8 * * *", "Asia/Kolkata", "2025-11-28T00:00:00Z", 2),
        ["2025-11-28T02:30:00Z", "2025-11-29T02:30:00Z"]
    );
    // Exactly then is not after.
    assert_eq!(
        occurrences("0 8 * * *", "Asia/Kolkata", "2025-11-28T02:30:00Z", 1),
        ["2025-11-29T02:30:00Z"]
    );
}

#[test]
fn days_of_month_and_week_match_either() {
    // 2026-03-13 is a Friday; 2026-04-13 is a Monday.
    assert_eq!(
        occurrences("0 0 13 * 5", "UTC", "2026-03-28T00:00:00Z", 4),
        [
            "2026-04-03T00:00:00Z",
            "2026-04-10T00:00:00Z",
            "2026-04-13T00:00:00Z",
            "2026-04-17T00:00:00Z"
        ]
    );
    assert_eq!(
        occurrences("0 0 * * 7", "UTC", "2026-03-28T00:00:00Z", 1),
        ["2026-03-29T00:00:00Z"]
    );
}

/// Berlin goes from 2:00 to 3:00 on 2026-03-29 at 01:00 UTC, and from 3:00 to 2:00 on 2026-10-25 at
/// 01:00 UTC.
#[test]
fn clocks_change_as_in_vixie_cron() {
    let at = |text, after, count| occurrences(text, "Europe/Berlin", after, count);
    // Left out: right after the gap. The next day at 2:30 summer time.
    assert_eq!(
        at("30 2 * * *", "2026-03-28T12:00:00Z", 2),
        ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]
    );
    // Repeated: once, the first time.
    assert_eq!(
        at("30 2 * * *", "2026-10-24T12:00:00Z", 2),
        ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]
    );
    // 8:00 is an hour earlier in UTC from the day of the change on.
    assert_eq!(
        at("0 8 * * *", "2026-03-28T00:00:00Z", 2),
        ["2026-03-28T07:00:00Z", "2026-03-29T06:00:00Z"]
    );
    // Every half hour goes on through the repeated hour.
    assert_eq!(
        at("*/30 * * * *", "2026-10-25T00:00:00Z", 4),
        [
            "2026-10-25T00:30:00Z",
            "2026-10-25T01:00:00Z",
            "2026-10-25T01:30:00Z",
            "2026-10-25T02:00:00Z"
        ]
    );
}

#[test]
fn the_last_occurrence_may_be_now() {
    let start = RunStart::default();
    let cron = CronSchedule::parse("0 8 * * *", &start, &TimeZone::UTC).unwrap();
    let hour = |it: i64| TimePoint::from_secs(it * 3600);
    assert_eq!(cron.previous(hour(32)), Some(hour(32)));
    assert_eq!(cron.previous(hour(31)), Some(hour(8)));
    // The day before the run.
    assert_eq!(cron.previous(hour(7)), Some(hour(-16)));
}

#[test]
fn what_is_no_schedule_is_refused() {
    let message = |text| {
        let start = RunStart::default();
        CronSchedule::parse(text, &start, &TimeZone::UTC).unwrap_err()
    };
    // A Quartz expression, with seconds.
    assert_eq!(
        message("0 0 8 ? * *"),
        "is `0 0 8 ? * *`: must have 5 fields (minute hour day-of-month month day-of-week), not 6"
    );
    assert_eq!(message("0 0 30 2 *"), "is `0 0 30 2 *`: never occurs");
    assert!(message("61 8 * * *").starts_with("is `61 8 * * *`: "));
}
