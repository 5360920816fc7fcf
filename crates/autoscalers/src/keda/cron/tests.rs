//! The examples of the reference page.

use super::*;

/// 2026-01-01T00:00:00Z, a Thursday.
const THURSDAY: i64 = 1_767_225_600;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

fn window(start: &str, end: &str) -> CronWindow {
    CronWindow::new(start, end, "UTC", "5").unwrap_or_else(|error| panic!("{error}"))
}

fn is_open(window: &CronWindow, at: i64) -> bool {
    window.state(at).is_some_and(|state| state.open)
}

#[test]
fn the_window_is_closed_at_its_end_and_open_at_its_start() {
    let day = window("0 6 * * *", "0 20 * * *");
    let open = |seconds| is_open(&day, THURSDAY + seconds);
    assert!(!open(6 * HOUR - 1) && open(6 * HOUR));
    assert!(open(20 * HOUR - 1) && !open(20 * HOUR));
    assert!(is_open(
        &window("0 20 * * *", "0 6 * * *"),
        THURSDAY + 23 * HOUR
    ));
}

#[test]
fn a_weekday_start_with_a_daily_end_is_open_all_weekend() {
    let saturday_noon = THURSDAY + 2 * DAY + 12 * HOUR;
    let daily_end = window("0 8 * * 1-5", "0 18 * * *");
    assert!(is_open(&daily_end, saturday_noon));
    let weekday_end = window("0 8 * * 1-5", "0 18 * * 1-5");
    assert!(!is_open(&weekday_end, saturday_noon));
}

#[test]
fn the_metric_is_the_number_wanted() {
    let day = window("0 6 * * *", "0 20 * * *");
    let value = |at| {
        day.reading(at)
            .map(|reading| (reading.value.get(), reading.active))
    };
    assert_eq!(value(THURSDAY), Some((0, false)));
    assert_eq!(value(THURSDAY + 7 * HOUR), Some((5000, true)));
    let nowhere = CronWindow::new("0 6 * * *", "0 7 * * *", "Mars/X", "1");
    assert_eq!(nowhere.map(|window| window.reading(THURSDAY)), Ok(None));
}

#[test]
fn a_time_that_clocks_leave_out_does_not_occur() {
    // Berlin, 2026-03-29: 02:00 becomes 03:00 at 01:00 UTC.
    let gap = Schedule::parse("30 2 * * *", &Zone::of("Europe/Berlin")).expect("it reads");
    let sunday = 1_774_742_400;
    // On the 30th at 02:30 of UTC+2.
    assert_eq!(gap.next(sunday), Some(Some(sunday + DAY + HOUR / 2)));
}
