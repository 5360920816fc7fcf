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
