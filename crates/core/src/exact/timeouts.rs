//! Time-outs: one queue for every distinct length.
//!
//! Requests that may wait equally long give up in the order in which they came, so a time-out
//! needs no place in the event queue: each class is a first-in first-out queue, of which only the
//! head is looked at, and that only when its time has come. A request that was answered long ago
//! is dropped from the queue then, or when the queue would have to grow.

use super::request::{Requests, Slot};
use crate::record::Failure;
use flashcrowd_units::{SimDuration, SimTime};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Index of a class of time-outs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TimeoutClass(u16);

/// All classes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Timeouts {
    classes: Vec<Class>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Class {
    after: SimDuration,
    failure: Failure,
    waiting: VecDeque<(Slot, u32)>,
    /// When the head has to be looked at.
    check_at: SimTime,
}

impl Timeouts {
    /// The class of this length and this consequence.
    pub(crate) fn class(&mut self, after: SimDuration, failure: Failure) -> TimeoutClass {
        let known = self.classes.iter().position(|c| c.after == after && c.failure == failure);
        let index = known.unwrap_or_else(|| {
            self.classes.push(Class {
                after,
                failure,
                waiting: VecDeque::with_capacity(256),
                check_at: SimTime::NEVER,
            });
            self.classes.len() - 1
        });
        TimeoutClass(index as u16)
    }

    /// Starts the clock of a request. Returns when this class has to be looked at, if that is news.
    #[inline]
    pub(crate) fn start(&mut self, class: TimeoutClass, now: SimTime, slot: Slot, requests: &Requests) -> Option<SimTime> {
        let class = &mut self.classes[class.0 as usize];
        if class.waiting.len() == class.waiting.capacity() {
            class.forget_answered(requests);
        }
        class.waiting.push_back((slot, requests.generation(slot)));
        if class.check_at != SimTime::NEVER {
            return None;
        }
        class.check_at = now + class.after;
        Some(class.check_at)
    }

    /// The earliest time at which a class has to be looked at.
    pub(crate) fn next_check(&self) -> SimTime {
        self.classes.iter().map(|class| class.check_at).min().unwrap_or(SimTime::NEVER)
    }

    /// The next request whose time is up, and what that means. `None` when there are no more.
    pub(crate) fn expire(&mut self, now: SimTime, requests: &Requests) -> Option<(Slot, Failure)> {
        for class in &mut self.classes {
            if class.check_at > now {
                continue;
            }
            class.forget_answered(requests);
            let Some(&(slot, _)) = class.waiting.front() else {
                class.check_at = SimTime::NEVER;
                continue;
            };
            class.check_at = requests.arrived(slot) + class.after;
            if class.check_at <= now {
                class.waiting.pop_front();
                return Some((slot, class.failure));
            }
        }
        None
    }
}

impl Class {
    fn forget_answered(&mut self, requests: &Requests) {
        while let Some(&(slot, generation)) = self.waiting.front() {
            if requests.is_awaited(slot, generation) {
                break;
            }
            self.waiting.pop_front();
        }
    }
}
