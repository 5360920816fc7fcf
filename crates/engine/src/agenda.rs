//! Events of a control plane.

use flashcrowd_units::SimTime;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// A queue of few but various events.
///
/// Order is time, then class (smaller first), then first come, first served.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Agenda<E> {
    entries: BinaryHeap<Entry<E>>,
    scheduled: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry<E> {
    at: SimTime,
    class: u8,
    sequence: u64,
    event: E,
}

impl<E> Entry<E> {
    fn key(&self) -> (SimTime, u8, u64) {
        (self.at, self.class, self.sequence)
    }
}

impl<E> PartialEq for Entry<E> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<E> Eq for Entry<E> {}

impl<E> PartialOrd for Entry<E> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<E> Ord for Entry<E> {
    /// Reversed: the binary heap hands out its greatest.
    fn cmp(&self, other: &Self) -> Ordering {
        other.key().cmp(&self.key())
    }
}

impl<E> Default for Agenda<E> {
    fn default() -> Self {
        Self {
            entries: BinaryHeap::new(),
            scheduled: 0,
        }
    }
}

impl<E> Agenda<E> {
    /// Adds an event.
    pub fn schedule(&mut self, at: SimTime, class: u8, event: E) {
        self.entries.push(Entry {
            at,
            class,
            sequence: self.scheduled,
            event,
        });
        self.scheduled += 1;
    }

    /// When the next event is due; [`SimTime::NEVER`] if there is none.
    pub fn next_at(&self) -> SimTime {
        self.entries.peek().map_or(SimTime::NEVER, |entry| entry.at)
    }

    /// Takes the next event.
    pub fn pop(&mut self) -> Option<(SimTime, E)> {
        self.entries.pop().map(|entry| (entry.at, entry.event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_by_class_then_by_order() {
        let mut agenda = Agenda::default();
        let t = SimTime::from_secs(1);
        agenda.schedule(t, 2, "controller");
        agenda.schedule(t, 0, "first pod");
        agenda.schedule(t, 0, "second pod");
        agenda.schedule(SimTime::ZERO, 9, "earlier");
        let order: Vec<_> = std::iter::from_fn(|| agenda.pop().map(|(_, e)| e)).collect();
        assert_eq!(order, ["earlier", "first pod", "second pod", "controller"]);
    }
}
