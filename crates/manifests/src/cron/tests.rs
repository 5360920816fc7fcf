//! Which days and times match, by the calendar.

use super::*;

fn standard(text: &str) -> CronExpression {
    CronExpression::parse(text, CronDialect::Standard).expect("it is legal")
}

fn quartz(text: &str) -> CronExpression {
    CronExpression::parse(text, CronDialect::Quartz).expect("it is legal")
}

fn refusal(text: &str, dialect: CronDialect) -> String {
    CronExpression::parse(text, dialect).expect_err("it is not legal")
}

/// A day of January 2026, which begins on a Thursday.
fn january(day: u8) -> CalendarDay {
    CalendarDay {
        year: 2026,
        month: 1,
        day,
        weekday: (day + 3) % 7,
        days_in_month: 31,
    }
}

fn days(expression: &CronExpression) -> Vec<u8> {
    let matches = |&day: &u8| expression.matches_day(january(day));
    (1..=31).filter(matches).collect()
}

#[test]
fn two_restricted_days_are_either_or() {
    // Fridays and the 13th, from the reference page.
    let fridays_and_13 = standard("0 13 13 * 5");
    assert_eq!(days(&fridays_and_13), [2, 9, 13, 16, 23, 30]);
    assert_eq!(days(&standard("0 13 * * 5")), [2, 9, 16, 23, 30]);
    assert_eq!(days(&standard("0 13 13 * *")), [13]);
    assert_eq!(days(&standard("0 0 * * 7")), days(&standard("0 0 * * 0")));
    assert!(days(&standard("0 0 * 2 *")).is_empty());
}

#[test]
fn times_come_latest_first() {
    let times: Vec<_> = standard("*/30 8-9 * * *").times_descending().collect();
    assert_eq!(times, [(9, 30), (9, 0), (8, 30), (8, 0)]);
}

#[test]
fn quartz_counts_from_sunday_1() {
    assert_eq!(
        days(&quartz("0 0 8 ? * MON-FRI")),
        days(&quartz("0 0 8 ? * 2-6"))
    );
    assert_eq!(days(&quartz("0 0 8 ? * SUN")), [4, 11, 18, 25]);
    assert_eq!(
        days(&quartz("0 0 8 ? * SAT-SUN")),
        [3, 4, 10, 11, 17, 18, 24, 25, 31]
    );
    assert_eq!(days(&quartz("0 0 8 L * ?")), [31]);
    assert_eq!(days(&quartz("0 0 8 LW * ?")), [30]);
    assert_eq!(days(&quartz("0 0 8 17W * ?")), [16]);
    assert_eq!(days(&quartz("0 0 8 18W * ?")), [19]);
    assert_eq!(days(&quartz("0 0 8 ? * 6L")), [30]);
    assert_eq!(days(&quartz("0 0 8 ? * 6#3")), [16]);
    assert!(days(&quartz("0 0 8 ? * * 2027")).is_empty());
}

#[test]
fn mistakes_are_named() {
    assert_eq!(
        refusal("30 0 8 ? * *", CronDialect::Quartz),
        "is `30 0 8 ? * *`: has seconds 30, must be 0"
    );
    assert_eq!(
        refusal("0 8 * * *", CronDialect::Quartz),
        "is `0 8 * * *`: has 5 fields, Quartz starts with the seconds; did you mean `0 0 8 * * ?`?"
    );
    assert!(refusal("0 0 8 * * *", CronDialect::Quartz).ends_with("must be `?`"));
    assert!(
        refusal("0 24 * * *", CronDialect::Standard).ends_with("hour is `24`: must be 0 to 23")
    );
    assert!(refusal("0 5-3 * * *", CronDialect::Standard).ends_with("must not go backwards"));
    assert!(refusal("*/0 * * * *", CronDialect::Standard).ends_with("must be a number from 1"));
    assert!(refusal("", CronDialect::Standard).contains("has 0 fields"));
}
