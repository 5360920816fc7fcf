//! The layout of the summary, from a made-up run.

use super::*;
use crate::made_up_run;

fn summary(results: &Results, columns: usize) -> String {
    let mut text = Vec::new();
    TextSummary::for_columns(columns)
        .export(results, &mut text)
        .unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn a_bad_day_on_a_wide_terminal() {
    insta::assert_snapshot!(summary(&made_up_run::black_friday(), 100));
}

#[test]
fn a_good_day_on_a_narrow_terminal() {
    insta::assert_snapshot!(summary(&made_up_run::quiet_day(), 80));
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for columns in [80, 100] {
        for results in [made_up_run::black_friday(), made_up_run::quiet_day()] {
            for line in summary(&results, columns).lines() {
                assert!(line.chars().count() <= columns, "{line}");
            }
        }
    }
}

/// Minutes in which nothing failed and every objective held are no worst minutes.
#[test]
fn a_good_day_has_no_worst_minutes() {
    let quiet = made_up_run::quiet_day();
    assert!(!quiet.recorder().worst_minutes().is_empty());
    assert!(!summary(&quiet, 100).contains("Worst minutes"));
    assert!(summary(&made_up_run::black_friday(), 100).contains("Worst minutes"));
}

#[test]
fn objectives_are_shown_as_they_were_written() {
    let text = summary(&made_up_run::black_friday(), 100);
    assert!(text.contains("rate<1%"), "{text}");
    assert!(!text.contains("rate<0.01"), "{text}");
}

#[test]
fn the_course_of_events_is_told_in_order_of_time() {
    let results = made_up_run::black_friday();
    let text = summary(&results, 100);
    let (_, course) = text.split_once("  First ").expect("several things broke");
    let at: Vec<&str> = course
        .split('.')
        .next()
        .unwrap()
        .split_whitespace()
        .filter(|word| word.contains(':'))
        .collect();
    assert!(at.len() > 1, "{at:?}");
    assert!(at.is_sorted(), "{at:?}");
}
