//! Counts of events.

use serde::{Deserialize, Serialize};

/// A number that only grows, and what it grew by since it was last asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counter {
    total: u64,
    taken: u64,
}

impl Counter {
    /// Nothing has happened yet.
    pub const fn new() -> Self {
        Self { total: 0, taken: 0 }
    }

    /// `events` more.
    #[inline]
    pub fn add(&mut self, events: u64) {
        self.total += events;
    }

    /// All events so far.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The events since the last call, and starts the next window.
    pub fn take_window(&mut self) -> u64 {
        let window = self.total - self.taken;
        self.taken = self.total;
        window
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_add_up_to_the_total() {
        let mut counter = Counter::new();
        counter.add(3);
        counter.add(4);
        assert_eq!(counter.take_window(), 7);
        assert_eq!(counter.take_window(), 0);
        counter.add(5);
        assert_eq!(counter.take_window(), 5);
        assert_eq!(counter.total(), 12);
    }
}
