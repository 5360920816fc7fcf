//! Procedures by the calendar.

use super::{diary, procedure};
use crate::systems::{pod, service, system};
use flashcrowd_core::World;
use flashcrowd_core::model::{Action, CronTrigger, ServiceId, Trigger};
use flashcrowd_core::record::Progress;

const DAY: f64 = 86_400.0;
/// 2026-03-28T00:00Z: a day before clocks in Europe go forward.
const SPRING: i64 = 1_774_656_000;
/// 2026-10-24T00:00Z: a day before they go back.
const AUTUMN: i64 = 1_792_800_000;

/// When a timetable is due within three days, in hours since the start.
fn hours(schedule: &str, time_zone: &str, start_unix_seconds: i64) -> Vec<f64> {
    let mut model = system(3.0 * DAY, service("shop", pod()), Vec::new());
    let when = Trigger::Cron(CronTrigger {
        schedule: schedule.to_owned(),
        time_zone: time_zone.to_owned(),
        start_unix_seconds,
    });
    let step = (0, Action::Scale(ServiceId(0), 1));
    model.procedures.push(procedure(when, vec![step]));
    let (diary, _) = diary(model, 1, 3600);
    let started = diary.progress.iter();
    let started = started.filter(|(_, progress)| *progress == Progress::Started);
    let times: Vec<f64> = started.map(|(at, _)| at / 3600.0).collect();
    assert_eq!(diary.actions.len(), times.len());
    times
}

/// The CronJob controller uses robfig/cron v3, whose tests (`spec_test.go`) have both cases: a
/// time in the gap is skipped, one in the repeated hour comes twice.
#[test]
fn clocks_that_change() {
    // 02:30 is 01:30Z in winter and 00:30Z in summer; on the 29th there is none.
    let spring = hours("30 2 * * *", "Europe/Berlin", SPRING);
    assert_eq!(spring, [1.5, 48.5]);
    // On the 25th it is 02:30 at 00:30Z and again at 01:30Z.
    let autumn = hours("30 2 * * *", "Europe/Berlin", AUTUMN);
    assert_eq!(autumn, [0.5, 24.5, 25.5, 49.5]);
    // Whoever comes after the change is not touched by it, apart from the hour.
    assert_eq!(
        hours("0 8 * * *", "Europe/Berlin", SPRING),
        [7.0, 30.0, 54.0]
    );
}

/// 08:00 in Kolkata is 02:30Z, all the year round; 20:00 is 14:30Z.
#[test]
fn a_zone_that_never_changes() {
    assert_eq!(
        hours("0 8 * * *", "Asia/Kolkata", SPRING),
        [2.5, 26.5, 50.5]
    );
    assert_eq!(
        hours("0 20 * * *", "Asia/Kolkata", AUTUMN),
        [14.5, 38.5, 62.5]
    );
}

/// The start of the run counts, and so does its end; 28 March 2026 is a Saturday, and days of the month and of the week
/// that are both restricted match if either does.
#[test]
fn five_fields() {
    assert_eq!(hours("0 0 * * *", "UTC", SPRING), [0.0, 24.0, 48.0, 72.0]);
    assert_eq!(hours("0 12 30 * 6", "UTC", SPRING), [12.0, 60.0]);
    assert_eq!(hours("0 12 * * 1", "UTC", SPRING), [60.0]);
}

/// What cannot be read is refused when the world is built.
#[test]
fn nonsense_is_refused() {
    for (schedule, zone) in [
        ("0 8 * *", "UTC"),
        ("0 25 * * *", "UTC"),
        ("0 8 * * *", "Mars/Olympus"),
        ("TZ=UTC 0 8 * * *", "UTC"),
    ] {
        let mut model = system(DAY, service("shop", pod()), Vec::new());
        let when = Trigger::Cron(CronTrigger {
            schedule: schedule.to_owned(),
            time_zone: zone.to_owned(),
            start_unix_seconds: 0,
        });
        model.procedures.push(procedure(when, Vec::new()));
        assert!(World::new(model, 1).is_err(), "{schedule} {zone}");
    }
}

/// A job that still runs when its time comes again is not started a second time.
#[test]
fn what_runs_is_not_started_again() {
    let mut model = system(2.5 * 3600.0, service("shop", pod()), Vec::new());
    let when = Trigger::Cron(CronTrigger {
        schedule: "0 * * * *".to_owned(),
        time_zone: "UTC".to_owned(),
        start_unix_seconds: 0,
    });
    let steps = vec![(5_000, Action::Scale(ServiceId(0), 2))];
    model.procedures.push(procedure(when, steps));
    let (diary, _) = diary(model, 1, 600);
    assert_eq!(
        diary.progress,
        [
            (0.0, Progress::Started),
            (3_600.0, Progress::Skipped),
            (5_000.0, Progress::Finished),
            (7_200.0, Progress::Started),
        ]
    );
    assert_eq!(diary.scaled, [(5_000.0, 1, 2)]);
}
