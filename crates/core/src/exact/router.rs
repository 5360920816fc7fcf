//! Which pod gets the next request.

use crate::model::{BalancingPolicy, KeepAlive};
use flashcrowd_engine::StreamRng;
use rand::Rng;
use serde::{Deserialize, Serialize};

/// The load balancer of one service: the pods it may choose from, and how it chooses.
///
/// Pods are known by a small number of their own, the lowest free one when they start; a number
/// stays with its pod until the pod is gone.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Router {
    choice: Choice,
    /// Numbers of the pods that may be chosen, in the order in which they became ready.
    routed: Vec<u32>,
    /// By number.
    pods: Vec<Member>,
}

/// A pod as its load balancer sees it.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Member {
    /// Its index in the plane; [`NONE`] where the number is free.
    server: u32,
    /// Attempts in flight.
    outstanding: u32,
    /// It may be chosen.
    routed: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[repr(u8)] // Looked at twice for every attempt: a tag of its own is quicker than a niche.
enum Choice {
    Random(StreamRng),
    KeepAlive {
        rng: StreamRng,
        requests: u32,
        connections: Vec<(u32, u32)>,
    },
    RoundRobin(usize),
    /// The levels are kept while there is more than one pod to choose from.
    LeastOutstanding(Levels),
    PowerOfTwo(StreamRng),
}

/// No pod.
const NONE: u32 = u32::MAX;

impl Router {
    pub(crate) fn new(
        policy: BalancingPolicy,
        keep_alive: Option<KeepAlive>,
        rng: StreamRng,
    ) -> Self {
        let choice = match (policy, keep_alive) {
            (BalancingPolicy::Random, None) => Choice::Random(rng),
            (
                BalancingPolicy::Random,
                Some(KeepAlive {
                    connections,
                    requests,
                }),
            ) => {
                let connections = vec![(NONE, 0); connections as usize];
                Choice::KeepAlive {
                    rng,
                    requests,
                    connections,
                }
            }
            (BalancingPolicy::RoundRobin, _) => Choice::RoundRobin(0),
            (BalancingPolicy::LeastOutstanding, _) => Choice::LeastOutstanding(Levels::default()),
            (BalancingPolicy::PowerOfTwo, _) => Choice::PowerOfTwo(rng),
        };
        Self {
            choice,
            routed: Vec::new(),
            pods: Vec::new(),
        }
    }

    /// A number for a pod that starts.
    pub(crate) fn enter(&mut self, server: u32) -> u32 {
        let member = Member {
            server,
            outstanding: 0,
            routed: false,
        };
        let free = self.pods.iter().position(|pod| pod.server == NONE);
        let number = free.unwrap_or(self.pods.len());
        match free {
            Some(free) => self.pods[free] = member,
            None => self.pods.push(member),
        }
        number as u32
    }

    /// The pod is gone; its number is free.
    pub(crate) fn leave(&mut self, number: u32) {
        self.remove(number);
        self.pods[number as usize].server = NONE;
    }

    /// The server for the next attempt, which counts as in flight from now on; `None` if there is
    /// none.
    #[inline(always)]
    pub(crate) fn pick(&mut self) -> Option<u32> {
        // The one whose work is more than a draw first; the others are a call.
        let number = match &mut self.choice {
            Choice::LeastOutstanding(levels) => {
                let several = match self.routed.as_slice() {
                    [] => return None,
                    [_] => false,
                    _ => true,
                };
                let number = if several {
                    levels.least()
                } else {
                    self.routed[0]
                };
                let pod = &mut self.pods[number as usize];
                pod.outstanding += 1;
                if several {
                    levels.move_to(number, pod.outstanding - 1, pod.outstanding);
                }
                return Some(pod.server);
            }
            _ if self.routed.is_empty() => return None,
            _ => self.draw(),
        };
        let pod = &mut self.pods[number as usize];
        pod.outstanding += 1;
        Some(pod.server)
    }

    /// The number of the next pod, for the policies that do not look at all of them.
    #[inline]
    fn draw(&mut self) -> u32 {
        let (routed, pods) = (&self.routed, &self.pods);
        match &mut self.choice {
            Choice::LeastOutstanding(levels) => levels.least(),
            Choice::Random(rng) => routed[below(rng, routed.len())],
            Choice::RoundRobin(next) => {
                *next = if *next + 1 < routed.len() {
                    *next + 1
                } else {
                    0
                };
                routed[*next]
            }
            Choice::PowerOfTwo(rng) => {
                let first = below(rng, routed.len());
                let mut second = below(rng, routed.len().max(2) - 1);
                second += usize::from(second >= first);
                let (a, b) = (routed[first], routed[second.min(routed.len() - 1)]);
                // As nginx does it: on a tie the second one drawn.
                if pods[a as usize].outstanding < pods[b as usize].outstanding {
                    a
                } else {
                    b
                }
            }
            Choice::KeepAlive {
                rng,
                requests,
                connections,
            } => {
                let connection = below(rng, connections.len());
                let (number, left) = &mut connections[connection];
                let usable = *left > 0 && pods.get(*number as usize).is_some_and(|pod| pod.routed);
                if !usable {
                    *number = routed[below(rng, routed.len())];
                    *left = *requests;
                }
                *left -= 1;
                *number
            }
        }
    }

    /// An attempt on a pod is over.
    #[inline(always)]
    pub(crate) fn done(&mut self, number: u32) {
        let pod = &mut self.pods[number as usize];
        pod.outstanding -= 1;
        if let Choice::LeastOutstanding(levels) = &mut self.choice
            && self.routed.len() > 1
            && pod.routed
        {
            levels.move_to(number, pod.outstanding + 1, pod.outstanding);
        }
    }

    /// The pod may be chosen from now on.
    pub(crate) fn add(&mut self, number: u32) {
        let pod = &mut self.pods[number as usize];
        if std::mem::replace(&mut pod.routed, true) {
            return;
        }
        self.routed.push(number);
        if let Choice::LeastOutstanding(levels) = &mut self.choice {
            // One alone needs no levels; a second one brings it in.
            match self.routed.as_slice() {
                [_] => {}
                &[first, _] => {
                    for number in [first, number] {
                        levels.insert(number, self.pods[number as usize].outstanding);
                    }
                }
                _ => levels.insert(number, self.pods[number as usize].outstanding),
            }
        }
    }

    /// The pod is not chosen any more.
    pub(crate) fn remove(&mut self, number: u32) {
        let pod = &mut self.pods[number as usize];
        if !std::mem::replace(&mut pod.routed, false) {
            return;
        }
        if let Choice::LeastOutstanding(levels) = &mut self.choice {
            match self.routed.len() {
                1 => {}
                2 => {
                    for &number in &self.routed {
                        levels.remove(number, self.pods[number as usize].outstanding);
                    }
                }
                _ => levels.remove(number, self.pods[number as usize].outstanding),
            }
        }
        self.routed.retain(|&other| other != number);
        if let Choice::KeepAlive { connections, .. } = &mut self.choice {
            // The number will be given to another pod, which has no connections yet.
            connections
                .iter_mut()
                .filter(|(other, _)| *other == number)
                .for_each(|c| *c = (NONE, 0));
        }
    }
}

/// A uniform index below `len`.
#[inline]
fn below(rng: &mut StreamRng, len: usize) -> usize {
    ((u128::from(rng.next_u64()) * len as u128) >> 64) as usize
}

/// Pods by their number of attempts in flight: a bit set for each number, so that the pod with the
/// fewest (the lowest index among equals) is found in constant time, however many there are.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Levels {
    /// `words` of pods for each level, one after the other.
    bits: Vec<u64>,
    /// For each level, `summaries` words with a bit for each non-empty word; not kept up to date
    /// while one word is all there is.
    summary: Vec<u64>,
    words: usize,
    summaries: usize,
    /// Number of levels.
    count: usize,
    /// The lowest level that is not empty.
    lowest: usize,
}

impl Levels {
    #[inline(always)]
    fn least(&self) -> u32 {
        if self.words == 1 {
            return self.bits[self.lowest].trailing_zeros();
        }
        for s in 0..self.summaries {
            let summary = self.summary[self.lowest * self.summaries + s];
            if summary != 0 {
                let word = s * 64 + summary.trailing_zeros() as usize;
                let bits = self.bits[self.lowest * self.words + word];
                return (word * 64) as u32 + bits.trailing_zeros();
            }
        }
        unreachable!("the lowest level of the load balancer is empty")
    }

    #[inline(always)]
    fn move_to(&mut self, pod: u32, from: u32, to: u32) {
        if to as usize >= self.count {
            self.grow(pod as usize, to as usize);
        }
        let (from, to) = (from as usize, to as usize);
        let emptied = if self.words == 1 {
            let bit = 1 << (pod % 64);
            self.bits[to] |= bit;
            let left = &mut self.bits[from];
            *left &= !bit;
            *left == 0
        } else {
            self.set(pod as usize, to);
            self.clear(pod as usize, from)
        };
        if to < self.lowest || emptied && from == self.lowest {
            self.lowest = to;
        }
    }

    fn insert(&mut self, pod: u32, outstanding: u32) {
        self.grow(pod as usize, outstanding as usize);
        let first = self.bits.iter().all(|&bits| bits == 0);
        self.set(pod as usize, outstanding as usize);
        self.lowest = if first {
            outstanding as usize
        } else {
            self.lowest.min(outstanding as usize)
        };
    }

    fn remove(&mut self, pod: u32, outstanding: u32) {
        if self.clear(pod as usize, outstanding as usize) && outstanding as usize == self.lowest {
            let level = |l: usize| &self.bits[l * self.words..(l + 1) * self.words];
            let next = (self.lowest..self.count).find(|&l| level(l).iter().any(|&bits| bits != 0));
            self.lowest = next.unwrap_or(0);
        }
    }

    #[inline]
    fn set(&mut self, pod: usize, level: usize) {
        let word = pod / 64;
        self.bits[level * self.words + word] |= 1 << (pod % 64);
        self.summary[level * self.summaries + word / 64] |= 1 << (word % 64);
    }

    /// Takes a pod out of a level; tells whether the level is empty then.
    #[inline]
    fn clear(&mut self, pod: usize, level: usize) -> bool {
        let word = pod / 64;
        let bits = &mut self.bits[level * self.words + word];
        *bits &= !(1 << (pod % 64));
        if *bits != 0 {
            return false;
        }
        let first = level * self.summaries;
        self.summary[first + word / 64] &= !(1 << (word % 64));
        self.summary[first..first + self.summaries]
            .iter()
            .all(|&s| s == 0)
    }

    /// Makes room for this pod and this level.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, pod: usize, level: usize) {
        let words = self.words.max((pod / 64 + 1).next_power_of_two());
        let count = self.count.max((level + 1).next_power_of_two()).max(16);
        if words == self.words && count == self.count {
            return;
        }
        let mut grown = Self {
            bits: vec![0; words * count],
            summary: vec![0; words.div_ceil(64) * count],
            words,
            summaries: words.div_ceil(64),
            count,
            lowest: self.lowest,
        };
        for level in 0..self.count {
            for word in 0..self.words {
                let mut bits = self.bits[level * self.words + word];
                while bits != 0 {
                    grown.set(word * 64 + bits.trailing_zeros() as usize, level);
                    bits &= bits - 1;
                }
            }
        }
        *self = grown;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flashcrowd_engine::RngStreams;
    use proptest::prelude::*;

    fn router(policy: BalancingPolicy, pods: u32) -> Router {
        let mut router = Router::new(policy, None, RngStreams::new(1).stream("test"));
        for pod in 0..pods {
            assert_eq!(router.enter(pod), pod);
            router.add(pod);
        }
        router
    }

    #[test]
    fn round_robin_takes_turns() {
        let mut router = router(BalancingPolicy::RoundRobin, 3);
        let picks: Vec<_> = (0..6).map(|_| router.pick().unwrap()).collect();
        assert_eq!(picks, [1, 2, 0, 1, 2, 0]);
    }

    #[test]
    fn power_of_two_never_picks_the_most_loaded_of_two() {
        let mut router = router(BalancingPolicy::PowerOfTwo, 2);
        for _ in 0..100 {
            let before = [router.pods[0].outstanding, router.pods[1].outstanding];
            let pick = router.pick().unwrap() as usize;
            assert!(before[pick] <= before[1 - pick]);
        }
    }

    #[test]
    fn kept_connections_stay_with_their_pod() {
        let keep = KeepAlive {
            connections: 1,
            requests: 5,
        };
        let mut router = Router::new(
            BalancingPolicy::Random,
            Some(keep),
            RngStreams::new(1).stream("test"),
        );
        for pod in 0..64 {
            router.enter(pod);
            router.add(pod);
        }
        let picks: Vec<_> = (0..50).map(|_| router.pick().unwrap()).collect();
        assert!(
            picks
                .chunks(5)
                .all(|chunk| chunk.iter().all(|p| *p == chunk[0]))
        );
        assert!(picks.chunks(5).any(|chunk| chunk[0] != picks[0]));
    }

    proptest! {
        /// The bit sets find what a scan finds.
        #[test]
        fn least_outstanding_is_the_scan(steps in prop::collection::vec((0u8..5, 0u32..150), 1..600)) {
            let mut router = router(BalancingPolicy::LeastOutstanding, 3);
            let mut scan: Vec<(u32, bool)> = vec![(0, true); 3];
            for (what, pod) in steps {
                match what {
                    0 => {
                        while scan.len() <= pod as usize {
                            router.enter(scan.len() as u32);
                            scan.push((0, false));
                        }
                        router.add(pod);
                        scan[pod as usize].1 = true;
                    }
                    1 if (pod as usize) < scan.len() => {
                        router.remove(pod);
                        scan[pod as usize].1 = false;
                    }
                    2 if (pod as usize) < scan.len() && scan[pod as usize].0 > 0 => {
                        router.done(pod);
                        scan[pod as usize].0 -= 1;
                    }
                    _ => {
                        let least = scan.iter().enumerate().filter(|(_, p)| p.1).map(|(i, p)| (p.0, i)).min();
                        let pick = router.pick();
                        prop_assert_eq!(pick, least.map(|(_, i)| i as u32));
                        if let Some(pick) = pick { scan[pick as usize].0 += 1; }
                    }
                }
            }
        }
    }
}
