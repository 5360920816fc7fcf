//! Pending completions.

use flashcrowd_units::SimTime;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The pending events of an exact simulation: (time, slot) pairs, earliest first, the smaller
/// slot first among equal times.
///
/// A 4-ary implicit heap of one `u64` per event: nanoseconds since a moving base in the upper 44
/// bits, the slot in the lower 20. The four children of a node share a cache line, the places
/// past the end hold `u64::MAX` so that the smallest child is found without a bound check, and a
/// pop only marks the root as a hole, which the next push fills by one sift (the usual case: a
/// completion starts the next service).
///
/// 44 bits are 4.9 hours. The base moves up with the clock whenever a push would not fit; what
/// lies still further ahead, and slots past 2^20, go to an ordinary binary heap beside it. So
/// neither long runs nor many events in flight can wrap around.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
#[allow(clippy::unsafe_derive_deserialize)] // Reading goes through `push`, which keeps the invariants.
pub struct EventQueue {
    /// Heap entries in lines of eight; logical index `i` lives at `i + OFFSET`.
    lines: Vec<Line>,
    /// Logical entries, the hole included.
    len: usize,
    /// The root has been popped and not been filled yet.
    hole: bool,
    /// Subtracted from every time in the heap [ns].
    base: u64,
    /// Every event of the heap that is before this time is before those of `overflow` too [ns]; the
    /// mark of an empty heap is not before it.
    near_end: u64,
    /// Events that do not fit into a `u64`.
    overflow: BinaryHeap<Reverse<(u64, u32)>>,
}

/// One cache line.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Line([u64; 8]);

/// What a checkpoint keeps: the events, in the order in which they will come.
#[derive(Debug, Serialize, Deserialize)]
struct Saved(Vec<(u64, u32)>);

impl From<EventQueue> for Saved {
    fn from(mut queue: EventQueue) -> Self {
        let next = || queue.pop().map(|(at, slot)| (at.as_nanos(), slot));
        Self(std::iter::from_fn(next).collect())
    }
}

impl From<Saved> for EventQueue {
    fn from(saved: Saved) -> Self {
        let mut queue = Self::default();
        let now = saved.0.iter().map(|&(at, _)| at).min().unwrap_or(0);
        for (at, slot) in saved.0 {
            queue.push(SimTime::from_nanos(now), SimTime::from_nanos(at), slot);
        }
        queue
    }
}

const EMPTY: Line = Line([u64::MAX; 8]);
const ARITY: usize = 4;
/// Children of `i` are `4i + 1 ..= 4i + 4`; shifted by three they start at multiples of four.
const OFFSET: usize = ARITY - 1;
const SLOT_BITS: u32 = 20;
const SLOT_MASK: u64 = (1 << SLOT_BITS) - 1;
/// Times relative to the base stay below this, so that no key is `u64::MAX`.
const SPAN: u64 = (1 << 44) - 1;

impl Default for EventQueue {
    fn default() -> Self {
        Self {
            lines: vec![EMPTY; 8],
            len: 0,
            hole: false,
            base: 0,
            near_end: SPAN,
            overflow: BinaryHeap::new(),
        }
    }
}

impl EventQueue {
    /// Adds an event at `at` for `slot`. `now` is the present: nothing will ever be pushed before it.
    #[inline(always)]
    pub fn push(&mut self, now: SimTime, at: SimTime, slot: u32) {
        debug_assert!(now <= at, "an event in the past");
        let at = at.as_nanos();
        let mut relative = at.wrapping_sub(self.base);
        if relative >= SPAN || u64::from(slot) > SLOT_MASK {
            match self.make_fit(now.as_nanos(), at, slot) {
                Some(fitting) => relative = fitting,
                None => return,
            }
        }
        let key = relative << SLOT_BITS | u64::from(slot);
        if self.hole {
            self.hole = false;
            self.sift_down(key);
        } else {
            self.append(key);
        }
    }

    /// Takes the earliest event if it is due before `bound`, and not after `last`.
    #[inline(always)]
    pub fn pop_due(&mut self, bound: SimTime, last: SimTime) -> Option<(SimTime, u32)> {
        self.close_hole();
        let key = self.root();
        let at = (key >> SLOT_BITS) + self.base;
        if at >= self.near_end {
            let (at, slot) = self.pop_beyond(bound, last);
            return (at != SimTime::NEVER).then_some((at, slot));
        }
        let at = SimTime::from_nanos(at);
        if at >= bound || at > last {
            return None;
        }
        self.hole = true;
        Some((at, (key & SLOT_MASK) as u32))
    }

    /// Takes the earliest event.
    #[inline]
    pub fn pop(&mut self) -> Option<(SimTime, u32)> {
        self.pop_due(SimTime::NEVER, SimTime::NEVER)
    }

    /// Number of pending events.
    pub fn len(&self) -> usize {
        self.len - usize::from(self.hole) + self.overflow.len()
    }

    /// Whether nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first key of the heap; `u64::MAX` if there is none.
    #[inline(always)]
    fn root(&self) -> u64 {
        self.get(0)
    }

    /// Moves the base so that `at` fits, or puts the event aside.
    #[cold]
    #[inline(never)]
    fn make_fit(&mut self, now: u64, at: u64, slot: u32) -> Option<u64> {
        self.close_hole();
        if u64::from(slot) <= SLOT_MASK && at - now < SPAN {
            // Nothing pending is before `now`, so the shift is the same for all and keeps the order.
            let shift = (now - self.base) << SLOT_BITS;
            for key in self
                .lines
                .iter_mut()
                .flat_map(|line| &mut line.0)
                .skip(OFFSET)
                .take(self.len)
            {
                *key -= shift;
            }
            self.base = now;
            self.find_near_end();
            return Some(at - now);
        }
        self.overflow.push(Reverse((at, slot)));
        self.find_near_end();
        None
    }

    /// As [`pop_due`](Self::pop_due) when the heap is empty, or an event beside it may be due first.
    /// The time is never if nothing is due.
    #[inline(never)]
    fn pop_beyond(&mut self, bound: SimTime, last: SimTime) -> (SimTime, u32) {
        let key = self.root();
        let near =
            (key != u64::MAX).then(|| ((key >> SLOT_BITS) + self.base, (key & SLOT_MASK) as u32));
        let far = self.overflow.peek().map(|&Reverse(event)| event);
        let (at, slot) = match (near, far) {
            (Some(near), Some(far)) => near.min(far),
            (Some(only), None) | (None, Some(only)) => only,
            (None, None) => return (SimTime::NEVER, 0),
        };
        if at >= bound.as_nanos() || at > last.as_nanos() {
            return (SimTime::NEVER, 0);
        }
        if Some((at, slot)) == far {
            self.overflow.pop();
            self.find_near_end();
        } else {
            self.hole = true;
        }
        (SimTime::from_nanos(at), slot)
    }

    /// Up to where the heap alone knows what comes first.
    fn find_near_end(&mut self) {
        let far = self
            .overflow
            .peek()
            .map_or(u64::MAX, |&Reverse((at, _))| at);
        self.near_end = far.min(self.base.saturating_add(SPAN));
    }

    /// Fills the hole that a pop left with the last entry.
    #[inline(always)]
    fn close_hole(&mut self) {
        if self.hole {
            self.hole = false;
            self.len -= 1;
            let place = self.len + OFFSET;
            let last = std::mem::replace(&mut self.lines[place / 8].0[place % 8], u64::MAX);
            if self.len > 0 {
                self.sift_down(last);
            }
        }
    }

    #[inline(always)]
    fn append(&mut self, key: u64) {
        // Two lines of `u64::MAX` always follow the last entry: `sift_down` reads whole families.
        if self.len + 2 * 8 + OFFSET >= self.lines.len() * 8 {
            let double = self.lines.len() * 2;
            self.lines.resize(double, EMPTY);
        }
        let mut place = self.len;
        self.len += 1;
        while place > 0 {
            let parent = (place - 1) / ARITY;
            let above = self.get(parent);
            if above <= key {
                break;
            }
            self.set(place, above);
            place = parent;
        }
        self.set(place, key);
    }

    /// Puts `key` into the root and lets it sink.
    #[inline(always)]
    fn sift_down(&mut self, key: u64) {
        let mut place = 0;
        loop {
            let first = ARITY * place + 1;
            if first >= self.len {
                break;
            }
            let a = self.get(first);
            let b = self.get(first + 1);
            let c = self.get(first + 2);
            let d = self.get(first + 3);
            let (low, low_place) = if b < a { (b, 1) } else { (a, 0) };
            let (high, high_place) = if d < c { (d, 3) } else { (c, 2) };
            let (least, least_place) = if high < low {
                (high, high_place)
            } else {
                (low, low_place)
            };
            if least >= key {
                break;
            }
            self.set(place, least);
            place = first + least_place;
        }
        self.set(place, key);
    }

    #[inline(always)]
    #[allow(unsafe_code)]
    fn get(&self, place: usize) -> u64 {
        let place = place + OFFSET;
        debug_assert!(place < self.lines.len() * 8);
        // SAFETY: `Line` is eight `u64` without padding, so the lines are an array of
        // `8 * lines.len()` of them. Callers pass a place below `len`, or one of the three after
        // the first child of a place below `len`, hence at most `len + 2`, or the root; `append`
        // keeps `len + 16 + OFFSET` below the capacity whenever `len` grows, which starts at 64.
        unsafe { *self.lines.as_ptr().cast::<u64>().add(place) }
    }

    #[inline(always)]
    #[allow(unsafe_code)]
    fn set(&mut self, place: usize, key: u64) {
        let place = place + OFFSET;
        debug_assert!(place < self.lines.len() * 8);
        // SAFETY: as in `get`; callers pass a place below `len`.
        unsafe { *self.lines.as_mut_ptr().cast::<u64>().add(place) = key }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The safe twin: what the queue promises, in the plainest form.
    #[derive(Default)]
    struct Twin(BinaryHeap<Reverse<(u64, u32)>>);

    fn agree(steps: &[(u64, u32, bool)]) {
        let (mut queue, mut twin) = (EventQueue::default(), Twin::default());
        let mut now = 0;
        for &(ahead, slot, pop) in steps {
            queue.push(
                SimTime::from_nanos(now),
                SimTime::from_nanos(now + ahead),
                slot,
            );
            twin.0.push(Reverse((now + ahead, slot)));
            if pop {
                let expected = twin.0.pop().map(|Reverse(event)| event);
                let due = SimTime::from_nanos(expected.map_or(u64::MAX, |e| e.0));
                assert_eq!(queue.pop_due(due, SimTime::NEVER), None);
                let before = expected.map(|e| SimTime::from_nanos(e.0.saturating_sub(1)));
                if let Some(before) = before.filter(|&before| before < due) {
                    assert_eq!(queue.pop_due(SimTime::NEVER, before), None);
                }
                let got = queue.pop().map(|(at, slot)| (at.as_nanos(), slot));
                assert_eq!(got, expected);
                now = now.max(got.map_or(now, |e| e.0));
            }
            assert_eq!(queue.len(), twin.0.len());
        }
        while let Some(Reverse(expected)) = twin.0.pop() {
            assert_eq!(
                queue.pop().map(|(at, slot)| (at.as_nanos(), slot)),
                Some(expected)
            );
        }
        assert!(queue.is_empty());
        assert_eq!(queue.pop(), None);
    }

    proptest! {
        #[test]
        fn agrees_with_a_binary_heap(
            steps in prop::collection::vec(
                (prop_oneof![0u64..1000, 0u64..1 << 40, 0u64..1 << 50], prop_oneof![0u32..1000, 0u32..1 << 22], any::<bool>()),
                1..400,
            )
        ) {
            agree(&steps);
        }
    }

    #[test]
    fn order_survives_days() {
        // Six days of steps of up to three hours: the base moves many times.
        let mut state = 1u64;
        let steps: Vec<_> = (0..200_000)
            .map(|i| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                (
                    (state >> 20) % 10_800_000_000_000,
                    (state >> 44) as u32 & 0xfffff,
                    i % 3 != 0,
                )
            })
            .collect();
        agree(&steps);
    }

    #[test]
    fn a_far_event_does_not_hide_what_comes_before_it() {
        let hour = 3_600_000_000_000;
        let mut queue = EventQueue::default();
        queue.push(SimTime::ZERO, SimTime::from_nanos(30 * hour), 1);
        queue.push(SimTime::ZERO, SimTime::from_nanos(4 * hour), 2);
        queue.push(SimTime::from_nanos(hour), SimTime::from_nanos(2 * hour), 3);
        let order: Vec<_> = std::iter::from_fn(|| queue.pop().map(|(_, slot)| slot)).collect();
        assert_eq!(order, [3, 2, 1]);
    }
}
