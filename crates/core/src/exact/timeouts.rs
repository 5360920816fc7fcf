//! Time-outs: one clock for every distinct length, and no work for a request that is answered.
//!
//! A request starts no timer. Instead the clock of its class looks at all requests once every
//! length of the time-out: those that wait then are put in line, in order of arrival, and the
//! clock follows the line. Whoever arrives later cannot be due before the next look. So a request
//! that is answered in time costs nothing, and one that is not is found on the nanosecond.

use super::request::{Requests, Slot};
use crate::record::Failure;
use flashcrowd_units::{SimDuration, SimTime};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Index of a class of time-outs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TimeoutClass(u16);

impl TimeoutClass {
    /// The class that was registered first.
    pub(crate) const FIRST: Self = Self(0);
}

/// All classes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Timeouts {
    classes: Vec<Class>,
    /// Classes that do not have to be looked at.
    idle: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Class {
    after: SimDuration,
    failure: Failure,
    /// Requests that waited at the last look: when they arrived, and their slot.
    line: VecDeque<(SimTime, Slot)>,
    /// When the next look is due. [`SimTime::NEVER`] while no request can be waiting.
    look_at: SimTime,
}

impl Timeouts {
    /// The class of this length and this consequence.
    pub(crate) fn class(&mut self, after: SimDuration, failure: Failure) -> TimeoutClass {
        let known = self
            .classes
            .iter()
            .position(|c| c.after == after && c.failure == failure);
        let index = known.unwrap_or_else(|| {
            let class = Class {
                after,
                failure,
                line: VecDeque::new(),
                look_at: SimTime::NEVER,
            };
            self.classes.push(class);
            self.idle += 1;
            self.classes.len() - 1
        });
        TimeoutClass(u16::try_from(index).expect("fewer than 65,536 distinct time-outs"))
    }

    /// A request of this class arrives. Returns when the class has to be looked at, if that is news.
    #[inline]
    pub(crate) fn start(&mut self, class: TimeoutClass, now: SimTime) -> Option<SimTime> {
        let class = &mut self.classes[class.0 as usize];
        if class.look_at != SimTime::NEVER {
            return None;
        }
        class.look_at = now + class.after;
        if class.look_at != SimTime::NEVER {
            self.idle -= 1;
        }
        Some(class.look_at)
    }

    /// Whether an arrival can be news to some class.
    #[inline(always)]
    pub(crate) fn any_idle(&self) -> bool {
        self.idle > 0
    }

    /// The earliest time at which something has to be looked at.
    pub(crate) fn next_check(&self) -> SimTime {
        self.classes
            .iter()
            .map(Class::next_check)
            .min()
            .unwrap_or(SimTime::NEVER)
    }

    /// The next request whose time is up, and what that means. `None` when there are no more.
    pub(crate) fn expire(&mut self, now: SimTime, requests: &Requests) -> Option<(Slot, Failure)> {
        for (index, class) in self.classes.iter_mut().enumerate() {
            if class.next_check() > now {
                continue;
            }
            if class.look_at <= now {
                class.look(TimeoutClass(index as u16), now, requests);
                self.idle += u32::from(class.look_at == SimTime::NEVER);
            }
            while let Some(&(arrived, slot)) = class.line.front() {
                let awaited = requests.is_awaited(slot, arrived, TimeoutClass(index as u16));
                if awaited && arrived + class.after > now {
                    break;
                }
                class.line.pop_front();
                if awaited {
                    return Some((slot, class.failure));
                }
            }
        }
        None
    }
}

impl Class {
    fn next_check(&self) -> SimTime {
        let head = self
            .line
            .front()
            .map_or(SimTime::NEVER, |&(arrived, _)| arrived + self.after);
        head.min(self.look_at)
    }

    fn look(&mut self, class: TimeoutClass, now: SimTime, requests: &Requests) {
        self.line.clear();
        self.line.extend(requests.awaited(class));
        // Calls of the same instant in the order of the clients' requests that they are made for:
        // slots depend on everybody else's requests.
        let order =
            |&(arrived, slot): &(SimTime, Slot)| (arrived, requests.client_arrived(slot), slot);
        self.line.make_contiguous().sort_unstable_by_key(order);
        self.look_at = if self.line.is_empty() {
            SimTime::NEVER
        } else {
            now + self.after
        };
    }
}
