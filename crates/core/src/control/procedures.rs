//! Procedures: when they begin, and their steps.

mod cron;
mod trigger;

use super::{Event, World};
use crate::error::ModelError;
use crate::model::Trigger;
use crate::plane::DataPlane;
use crate::record::{Progress, Record, Recorder};
use cron::Timetable;
use flashcrowd_engine::{RngStreams, StreamRng};
use flashcrowd_units::SimTime;
use rand::RngExt;
use trigger::Watch;

/// A procedure of the model at work.
pub(super) struct ProcedureState {
    rng: StreamRng,
    /// The step that is waited for, while it runs.
    next_step: Option<usize>,
    timetable: Option<Timetable>,
    watch: Option<Watch>,
}

impl<P: DataPlane> World<P> {
    pub(super) fn start_procedures(&mut self, streams: RngStreams) -> Result<(), ModelError> {
        for index in 0..self.model.procedures.len() {
            let procedure = self.model.procedures[index].clone();
            let mut rng = streams.stream(&format!("procedures/{}", procedure.name));
            let mut state = ProcedureState {
                next_step: None,
                timetable: None,
                watch: None,
                rng: rng.clone(),
            };
            let id = index as u32;
            match &procedure.when {
                Trigger::At(at) => self.schedule(*at, Event::Procedure(id)),
                Trigger::Cron(cron) => {
                    let refused = |problem| ModelError::Invalid {
                        what: "cron",
                        of: procedure.name.clone(),
                        problem,
                    };
                    let timetable = Timetable::new(cron).map_err(refused)?;
                    // The start of the run counts.
                    if let Some(first) = timetable.next(None) {
                        self.schedule(first, Event::Procedure(id));
                    }
                    state.timetable = Some(timetable);
                }
                Trigger::Threshold(trigger) => {
                    // Where in its interval a group of rules is evaluated, nobody knows.
                    let phase = rng.random_range(0..trigger.interval.as_nanos());
                    let phase = SimTime::from_nanos(phase);
                    let resolution = trigger.metric.resolution;
                    let first = if resolution.is_zero() || resolution == trigger.interval {
                        phase
                    } else {
                        SimTime::from_nanos(rng.random_range(0..resolution.as_nanos()))
                    };
                    let origin = self.sampled_from(&trigger.metric, first);
                    state.watch = Some(Watch::new(trigger, origin));
                    self.schedule(phase, Event::Evaluate(id));
                }
            }
            state.rng = rng;
            self.procedures.push(state);
        }
        Ok(())
    }

    /// The time of a procedure has come.
    pub(super) fn procedure_due(&mut self, id: u32, recorder: &mut dyn Recorder) {
        let index = id as usize;
        let now = self.now;
        let state = &self.procedures[index];
        if let Some(next) = state.timetable.as_ref().and_then(|it| it.next(Some(now))) {
            self.schedule(next, Event::Procedure(id));
        }
        if self.procedures[index].next_step.is_some() {
            self.tell_of_procedure(index, Progress::Skipped, recorder);
        } else {
            self.begin_procedure(index, recorder);
        }
    }

    fn begin_procedure(&mut self, index: usize, recorder: &mut dyn Recorder) {
        self.tell_of_procedure(index, Progress::Started, recorder);
        self.go_to_step(index, 0, recorder);
    }

    /// Waits for a step; without any left the procedure ends.
    fn go_to_step(&mut self, index: usize, step: usize, recorder: &mut dyn Recorder) {
        let Some(next) = self.model.procedures[index].steps.get(step) else {
            self.procedures[index].next_step = None;
            self.tell_of_procedure(index, Progress::Finished, recorder);
            return;
        };
        let state = &mut self.procedures[index];
        state.next_step = Some(step);
        let after = next.after.sampler().sample(&mut state.rng);
        self.schedule(self.now + after, Event::Step(index as u32));
    }

    /// A step is due.
    pub(super) fn step(&mut self, id: u32, recorder: &mut dyn Recorder) {
        let index = id as usize;
        let Some(step) = self.procedures[index].next_step else {
            return;
        };
        let action = self.model.procedures[index].steps[step].action.clone();
        self.perform(&action, Some(index), recorder);
        self.go_to_step(index, step + 1, recorder);
    }

    /// The rule of a trigger is evaluated.
    pub(super) fn evaluate(&mut self, id: u32, recorder: &mut dyn Recorder) {
        let index = id as usize;
        let now = self.now;
        let Some(mut watch) = self.procedures[index].watch.take() else {
            return;
        };
        let value = self.sampled(watch.origin());
        let changed = watch.evaluate(now, value);
        if let Some((firing, since)) = changed {
            recorder.record(
                now,
                &Record::Alert {
                    procedure: &self.model.procedures[index],
                    firing,
                    since,
                    value,
                },
            );
        }
        let begins = self.procedures[index].next_step.is_none() && watch.takes_up(now);
        let next = now + watch.interval();
        self.procedures[index].watch = Some(watch);
        self.schedule(next, Event::Evaluate(id));
        if begins {
            self.begin_procedure(index, recorder);
        }
    }

    fn tell_of_procedure(&self, procedure: usize, progress: Progress, recorder: &mut dyn Recorder) {
        recorder.record(
            self.now,
            &Record::Procedure {
                procedure: &self.model.procedures[procedure],
                progress,
            },
        );
    }
}
