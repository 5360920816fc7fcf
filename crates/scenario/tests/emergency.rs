//! The scenario with an emergency procedure, from the file to the end of its day.

use flashcrowd_core::World;
use flashcrowd_core::record::{Progress, Record, Recorder};
use flashcrowd_scenario::{Options, load};
use flashcrowd_units::{SimDuration, SimTime};
use std::path::Path;

/// What was done, in seconds of the run.
#[derive(Debug, Default)]
struct Diary {
    /// When alerts began to fire, by procedure.
    fired: Vec<(f64, String)>,
    /// When procedures started, and ended.
    progress: Vec<(f64, String, Progress)>,
    /// When something was done, by which procedure, and what.
    actions: Vec<(f64, String, String)>,
    /// When rollouts ended.
    rolled: Vec<f64>,
    /// Desired replicas of the backend at the end of each minute.
    desired: Vec<u32>,
}

impl Recorder for Diary {
    fn record(&mut self, at: SimTime, record: &Record<'_>) {
        let at = at.as_secs_f64();
        match record {
            Record::Alert {
                procedure, firing, ..
            } if *firing => self.fired.push((at, procedure.name.clone())),
            Record::Procedure {
                procedure,
                progress,
            } => self.progress.push((at, procedure.name.clone(), *progress)),
            Record::Action {
                action,
                procedure,
                refused,
            } => {
                assert_eq!(*refused, None, "{action}");
                let name = procedure.map_or("", |procedure| &procedure.name);
                self.actions.push((at, name.to_owned(), action.to_string()));
            }
            Record::Rollout { finished: true, .. } => self.rolled.push(at),
            Record::Interval(interval) => self.desired.push(interval.services[0].desired),
            _ => {}
        }
    }
}

impl Diary {
    /// When a procedure did something, in hours of the clock: the run begins at six.
    fn hours(&self, name: &str) -> Vec<f64> {
        let own = self.actions.iter().filter(|(_, by, _)| by == name);
        own.map(|(at, ..)| 6.0 + at / 3600.0).collect()
    }
}

/// Users wait, somebody is paged five minutes later and acts when he has found his laptop; the HPA
/// would have done nothing. The rest of the day goes by the clock of Kolkata.
#[test]
fn an_emergency_is_handled_step_by_step() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let loaded = load(folder.join("artisan-emergency.yaml"), &Options::default());
    let scenario = loaded
        .unwrap_or_else(|problems| panic!("{problems}"))
        .scenario;
    let mut diary = Diary::default();
    let mut world = World::new(scenario.model, scenario.seed).expect("a legal model");
    world.set_report_interval(SimDuration::from_secs(60));
    let totals = world.run(&mut diary);
    assert!(totals.is_conserved());

    // The campaign begins at 12:00, six hours after the start.
    let noon = 6.0 * 3600.0;
    let fired = diary.fired.iter().find(|(_, by)| by == "emergency");
    let fired = fired.expect("users wait").0;
    assert!(fired > noon + 300.0 && fired < noon + 900.0, "{diary:?}");
    let of = |wanted| {
        let mut all = diary.progress.iter();
        let found = all.find(|(_, by, progress)| by == "emergency" && *progress == wanted);
        found.expect("it runs").0
    };
    assert_eq!(of(Progress::Started).to_bits(), fired.to_bits());
    let steps = diary.actions.iter().filter(|(_, by, _)| by == "emergency");
    let steps: Vec<_> = steps.collect();
    assert_eq!(steps.len(), 2, "once is enough: {steps:?}");
    assert!(steps[0].2.ends_with("minReplicas=15"), "{steps:?}");
    assert!(steps[0].0 > fired + 30.0, "{steps:?}");
    assert!((steps[1].0 - steps[0].0 - 20.0).abs() < 1e-6, "{steps:?}");
    assert_eq!(of(Progress::Finished).to_bits(), steps[1].0.to_bits());

    // Until then the HPA has not moved, and at its next sync it does.
    let minute = |seconds: f64| diary.desired[(seconds / 60.0) as usize];
    assert_eq!(minute(steps[0].0 - 60.0), 3);
    assert_eq!(minute(steps[0].0 + 60.0), 15);
    assert_eq!(diary.hours("stand-down").len(), 1);
    assert!(diary.desired.last() < Some(&15));

    assert_eq!(diary.hours("workers-by-day"), [8.0]);
    assert_eq!(diary.hours("workers-by-night"), [22.0]);
    assert_eq!(diary.hours("larger-pods"), [16.0, 16.25]);
    assert_eq!(diary.rolled.len(), 2, "{:?}", diary.rolled);
}
