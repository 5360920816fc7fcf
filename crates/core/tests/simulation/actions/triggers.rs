//! Procedures that a threshold sets off. Thresholds of replicas, because those change at once.

use super::{Diary, diary, procedure};
use crate::systems::{pod, service, system};
use crate::timing::at;
use flashcrowd_autoscalers::threshold::Comparison;
use flashcrowd_core::model::{
    Action, MetricSource, Model, NamedMetric, ServiceFigure, ServiceId, ThresholdTrigger, Trigger,
};
use flashcrowd_core::record::Progress;
use flashcrowd_units::SimDuration;

const INTERVAL: f64 = 15.0;

/// More than two replicas for five minutes.
fn crowded() -> ThresholdTrigger {
    let interval = SimDuration::from_secs_f64(INTERVAL);
    ThresholdTrigger {
        metric: NamedMetric {
            name: "replicas".to_owned(),
            source: MetricSource::Service(ServiceId(0), ServiceFigure::Replicas),
            resolution: interval,
            lag: SimDuration::ZERO,
            window: SimDuration::ZERO,
        },
        comparison: Comparison::Above(2.0),
        hold: SimDuration::from_secs(300),
        keep_firing: SimDuration::ZERO,
        interval,
        cooldown: None,
        once: false,
    }
}

/// Replicas at given times, and an outage of the metrics API two minutes and then half a minute
/// after the alert.
fn run(trigger: ThresholdTrigger, replicas: &[(u64, u32)], seed: u64) -> Diary {
    let mut model: Model = system(3600.0, service("shop", pod()), Vec::new());
    let changes = replicas.iter();
    model.actions = changes
        .map(|&(when, to)| at(when, Action::Scale(ServiceId(0), to)))
        .collect();
    let outage = || Action::MetricsOutage(SimDuration::from_secs(10));
    let steps = vec![(120, outage()), (30, outage()), (0, outage())];
    model
        .procedures
        .push(procedure(Trigger::Threshold(trigger), steps));
    let (mut diary, _) = diary(model, seed, 60);
    diary.actions.retain(|(_, what, _)| what.contains("outage"));
    diary
}

fn begun(diary: &Diary) -> Vec<f64> {
    let begun = diary.alerts.iter().filter(|alert| alert.firing);
    begun.map(|alert| alert.at).collect()
}

/// It fires exactly five minutes after the first evaluation that held, wherever in its interval
/// the rule is evaluated, and the steps follow at their times.
#[test]
fn fires_after_exactly_five_minutes() {
    for seed in 0..20 {
        let diary = run(crowded(), &[(100, 3)], seed);
        let [alert] = diary.alerts[..] else {
            panic!("{:?}", diary.alerts);
        };
        assert!(alert.firing);
        assert_eq!(alert.value, Some(3.0));
        assert!(
            (100.0..100.0 + INTERVAL).contains(&alert.since),
            "{alert:?}"
        );
        assert!((alert.at - alert.since - 300.0).abs() < 1e-9, "{alert:?}");
        let steps: Vec<_> = diary
            .actions
            .iter()
            .map(|(when, ..)| when - alert.at)
            .collect();
        assert_eq!(steps.len(), 3);
        for (step, expected) in steps.iter().zip([120.0, 150.0, 150.0]) {
            assert!((step - expected).abs() < 1e-6, "{steps:?}");
        }
        let last = diary.progress.last().expect("it runs");
        assert_eq!(last.1, Progress::Finished);
        assert_eq!(diary.progress.len(), 2);
    }
}

/// One evaluation at which it does not hold starts the five minutes again.
#[test]
fn a_dip_starts_the_time_again() {
    for seed in 0..20 {
        // Between 380 s and 396 s there is an evaluation, whatever the phase.
        let diary = run(crowded(), &[(100, 3), (380, 1), (396, 3)], seed);
        let [alert] = diary.alerts[..] else {
            panic!("{:?}", diary.alerts);
        };
        assert!(
            (396.0..396.0 + INTERVAL).contains(&alert.since),
            "{alert:?}"
        );
        assert!((alert.at - alert.since - 300.0).abs() < 1e-9, "{alert:?}");
    }
}

/// A breach of less than five minutes is nothing.
#[test]
fn a_short_breach_does_not_fire() {
    let diary = run(crowded(), &[(100, 3), (399, 1)], 3);
    assert_eq!(diary.alerts, []);
    assert_eq!(diary.actions, []);
}

/// Reference 08, vector 5: it goes on firing for `keep_firing_for` after the first evaluation that
/// failed.
#[test]
fn keeps_firing() {
    let mut trigger = crowded();
    trigger.keep_firing = SimDuration::from_secs(120);
    let diary = run(trigger, &[(100, 3), (1000, 1)], 5);
    let [begun, ended] = diary.alerts[..] else {
        panic!("{:?}", diary.alerts);
    };
    assert!(begun.firing && !ended.firing);
    let failed = ended.at - 120.0;
    assert!((1000.0..1000.0 + INTERVAL).contains(&failed), "{ended:?}");
}

/// Without a cooldown once for each time that the alert begins; with one, again and again while it
/// goes on; `once` only the first time.
#[test]
fn how_often_it_is_set_off() {
    let twice = [(100, 3), (1000, 1), (1500, 3)];
    let started = |diary: &Diary| {
        let started = diary.progress.iter();
        let started = started.filter(|(_, progress)| *progress == Progress::Started);
        started.map(|(at, _)| *at).collect::<Vec<_>>()
    };
    let diary = run(crowded(), &twice, 7);
    assert_eq!(begun(&diary).len(), 2);
    assert_eq!(started(&diary), begun(&diary));

    let once = ThresholdTrigger {
        once: true,
        ..crowded()
    };
    let diary = run(once, &twice, 7);
    assert_eq!(started(&diary), begun(&diary)[..1]);

    // Fires from about 400 s to the end at 3600 s: at 0, 600, 1200, ... 3000 s after that.
    let again = ThresholdTrigger {
        cooldown: Some(SimDuration::from_secs(600)),
        ..crowded()
    };
    let diary = run(again, &[(100, 3)], 7);
    let (times, first) = (started(&diary), begun(&diary)[0]);
    assert_eq!(times.len(), 6, "{times:?}");
    for (index, time) in times.iter().enumerate() {
        assert!(
            (time - first - 600.0 * index as f64).abs() < 1e-6,
            "{times:?}"
        );
    }

    // The second breach fires 200 s after the first one has been taken up: not before the cooldown.
    let slow = ThresholdTrigger {
        hold: SimDuration::ZERO,
        cooldown: Some(SimDuration::from_secs(600)),
        ..crowded()
    };
    let diary = run(slow, &[(100, 3), (200, 1), (300, 3)], 7);
    let times = started(&diary);
    assert!((times[1] - times[0] - 600.0).abs() < 1e-6, "{times:?}");
}

/// While the procedure runs it is not started again: what begins to fire in the meantime is taken
/// up at the first evaluation after its end.
#[test]
fn one_at_a_time() {
    let quick = ThresholdTrigger {
        hold: SimDuration::ZERO,
        ..crowded()
    };
    // The second firing begins at about 160 s, in the 150 s of the first run.
    let diary = run(quick, &[(100, 3), (130, 1), (160, 3)], 9);
    let kinds: Vec<_> = diary
        .progress
        .iter()
        .map(|(_, progress)| *progress)
        .collect();
    assert_eq!(
        kinds,
        [
            Progress::Started,
            Progress::Finished,
            Progress::Started,
            Progress::Finished
        ]
    );
    let (ended, again) = (diary.progress[1].0, diary.progress[2].0);
    assert!(
        (0.0..=INTERVAL).contains(&(again - ended)),
        "{ended} {again}"
    );
}
