//! One timer for each of many stations.

use flashcrowd_units::SimTime;
use serde::{Deserialize, Serialize};

/// A set of timers, one per index, each of which can be moved at any time.
///
/// For stations whose next event changes with every arrival (processor sharing): moving a timer
/// is one sift in an indexed 4-ary heap, and nothing stale stays behind. Among equal times the
/// smaller index comes first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct TimerSet {
    /// Heap order: (time, index).
    heap: Vec<(u64, u32)>,
    /// Where in the heap each index is.
    position: Vec<u32>,
}

const ARITY: usize = 4;

impl TimerSet {
    /// Makes room for the indices below `len`; new timers are unset.
    pub fn grow(&mut self, len: usize) {
        while self.position.len() < len {
            let index = self.position.len() as u32;
            self.position.push(self.heap.len() as u32);
            self.heap.push((SimTime::NEVER.as_nanos(), index));
        }
    }

    /// Moves the timer `index` to `at`; [`SimTime::NEVER`] unsets it.
    #[inline]
    pub fn set(&mut self, index: u32, at: SimTime) {
        let place = self.position[index as usize] as usize;
        let entry = (at.as_nanos(), index);
        if entry < self.heap[place] {
            self.sift_up(place, entry);
        } else {
            self.sift_down(place, entry);
        }
    }

    /// The earliest timer; [`SimTime::NEVER`] if none is set.
    #[inline]
    pub fn next_at(&self) -> SimTime {
        self.heap
            .first()
            .map_or(SimTime::NEVER, |&(at, _)| SimTime::from_nanos(at))
    }

    /// The index of the earliest timer.
    ///
    /// # Panics
    /// If the set has no timers.
    #[inline]
    pub fn next_index(&self) -> u32 {
        self.heap[0].1
    }

    #[inline]
    fn put(&mut self, place: usize, entry: (u64, u32)) {
        self.heap[place] = entry;
        self.position[entry.1 as usize] = place as u32;
    }

    #[inline]
    fn sift_up(&mut self, mut place: usize, entry: (u64, u32)) {
        while place > 0 {
            let parent = (place - 1) / ARITY;
            let above = self.heap[parent];
            if above < entry {
                break;
            }
            self.put(place, above);
            place = parent;
        }
        self.put(place, entry);
    }

    #[inline]
    fn sift_down(&mut self, mut place: usize, entry: (u64, u32)) {
        loop {
            let first = ARITY * place + 1;
            if first >= self.heap.len() {
                break;
            }
            let last = (first + ARITY).min(self.heap.len());
            let mut child = first;
            for other in first + 1..last {
                if self.heap[other] < self.heap[child] {
                    child = other;
                }
            }
            let below = self.heap[child];
            if entry < below {
                break;
            }
            self.put(place, below);
            place = child;
        }
        self.put(place, entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_earliest_is_the_earliest(moves in prop::collection::vec((0u32..40, 0u64..100), 1..300)) {
            let mut timers = TimerSet::default();
            timers.grow(40);
            let mut plain = vec![u64::MAX; 40];
            for (index, at) in moves {
                let at = if at > 90 { u64::MAX } else { at };
                timers.set(index, SimTime::from_nanos(at));
                plain[index as usize] = at;
                let expected = plain.iter().enumerate().map(|(i, &t)| (t, i)).min().unwrap();
                prop_assert_eq!(timers.next_at().as_nanos(), expected.0);
                prop_assert_eq!(timers.next_index() as usize, expected.1);
            }
        }
    }
}
