//! The layout of the summary, from a made-up run.

use super::*;
use crate::made_up_run;
use crate::recorder::RunRecorder;
use flashcrowd_core::record::{
    EndpointInterval, Interval, QueueInterval, QueueTotals, Record, Recorder, ServiceInterval,
    Totals,
};
use flashcrowd_units::{SimDuration, SimTime};

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

/// A minute of a queue that falls behind, and of one that nobody uses.
fn queues() -> Results {
    let mut context = made_up_run::context(SimDuration::from_secs(60));
    context.queues = ["orders", "mails"].map(str::to_owned).to_vec();
    let mut recorder = RunRecorder::new(context);
    let mut orders = QueueInterval {
        enqueued: 1000,
        processed: 900,
        failed: 20,
        requeued: 3,
        waiting: 70,
        in_progress: 10,
        oldest_seconds: 42.0,
        waiting_max: 150,
        // 80 on average.
        waiting_seconds: 4800.0,
        ..QueueInterval::default()
    };
    orders.waits.record_n(SimDuration::from_secs(2), 930);
    let interval = Interval {
        start: SimTime::ZERO,
        endpoints: &std::array::from_fn::<_, 3, _>(|_| EndpointInterval::default()),
        services: &[ServiceInterval::default()],
        queues: &[orders, QueueInterval::default()],
        nodes: &[],
        unschedulable: 0,
    };
    recorder.record(SimTime::from_secs(60), &Record::Interval(interval));
    let totals = Totals {
        queues: vec![
            QueueTotals {
                enqueued: 1000,
                processed: 900,
                failed: 20,
                waiting: 70,
                in_progress: 10,
            },
            QueueTotals::default(),
        ],
        ..Totals::default()
    };
    Results::new(recorder, &totals)
}

/// Every job is in one of the columns: 1000 = 900 + 20 + 80.
#[test]
fn queues_account_for_their_jobs() {
    let results = queues();
    for (columns, orders, mails) in [
        (
            100,
            "orders 1,000 900 20 80 3 80 / 150 2.00 s 2.00 s 42.0 s",
            "mails 0 0 0 0 0 0 / 0 - - -",
        ),
        (
            80,
            "orders 1,000 900 20 80 80 / 150 2.00 s 42.0 s",
            "mails 0 0 0 0 0 / 0 - -",
        ),
    ] {
        let text = summary(&results, columns);
        assert!(text.lines().all(|line| line.chars().count() <= columns));
        let rows = text.lines().map(|line| {
            let words: Vec<_> = line.split_whitespace().collect();
            words.join(" ")
        });
        let rows: Vec<String> = rows.collect();
        assert!(rows.iter().any(|row| row == orders), "{text}");
        assert!(rows.iter().any(|row| row == mails), "{text}");
    }
    assert!(!summary(&made_up_run::quiet_day(), 80).contains("Queues"));
}
