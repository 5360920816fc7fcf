//! Stretches of time in which a condition held.

use super::Wording;
use super::users::Users;
use crate::format;
use flashcrowd_core::record::Interval;
use flashcrowd_units::{SimDuration, SimTime};

/// A stretch of time in which a condition held, with short interruptions.
#[derive(Debug, Clone)]
pub(super) struct Episode {
    pub(super) start: SimTime,
    pub(super) end: SimTime,
    /// How long the condition held, interruptions left out.
    pub(super) held: SimDuration,
}

/// All episodes of a condition, in constant memory.
#[derive(Debug, Clone)]
pub(super) struct Episodes {
    /// Interruptions up to this long do not end an episode.
    gap: SimDuration,
    /// Shorter episodes are not worth a word.
    least: SimDuration,
    open: Option<(Episode, Users)>,
    /// Those that ended.
    closed: Option<Summary>,
}

/// What all episodes together amount to.
#[derive(Debug, Clone)]
pub(super) struct Summary {
    pub(super) first: Episode,
    pub(super) longest: Episode,
    pub(super) number: u64,
    /// Sum of the times that the condition held.
    pub(super) held: SimDuration,
    /// What users felt meanwhile.
    pub(super) users: Users,
}

impl Episodes {
    pub(super) fn new(gap: SimDuration, least: SimDuration) -> Self {
        Self {
            gap,
            least,
            open: None,
            closed: None,
        }
    }

    /// The condition held from `from` (within the interval) to the interval's end.
    pub(super) fn hold(&mut self, from: SimTime, to: SimTime, interval: &Interval<'_>) {
        if let Some((episode, users)) = &mut self.open {
            if from.since(episode.end) <= self.gap {
                episode.end = to;
                episode.held += to.since(from);
                users.add(interval);
                return;
            }
            self.closed = self.summary();
        }
        let mut users = Users::default();
        users.add(interval);
        self.open = Some((
            Episode {
                start: from,
                end: to,
                held: to.since(from),
            },
            users,
        ));
    }

    /// All episodes until now that lasted long enough; `None` if there were none.
    pub(super) fn summary(&self) -> Option<Summary> {
        let open = self
            .open
            .as_ref()
            .filter(|(episode, _)| episode.held >= self.least);
        let Some((episode, users)) = open else {
            return self.closed.clone();
        };
        let Some(mut summary) = self.closed.clone() else {
            return Some(Summary {
                first: episode.clone(),
                longest: episode.clone(),
                number: 1,
                held: episode.held,
                users: users.clone(),
            });
        };
        if episode.held > summary.longest.held {
            summary.longest = episode.clone();
        }
        summary.number += 1;
        summary.held += episode.held;
        summary.users.merge(users);
        Some(summary)
    }
}

impl Summary {
    /// `at 09:14 and stayed there 38 min`; with interruptions
    /// `at 09:14 and stayed there 21 min of the 25 min until 09:39`; for several episodes
    /// `at 09:14, 3 times and 52 min in all, the longest 38 min from 09:40`. `verb` is what the
    /// component did for the whole of a single episode.
    pub(super) fn when(&self, wording: &Wording<'_>, verb: &str) -> String {
        let clock = wording.clock;
        let span = self.first.end.since(self.first.start);
        if self.number == 1 && self.held < span {
            return format!(
                "at {} and {verb} {} of the {} until {}",
                clock.short(self.first.start),
                format::span(self.held),
                format::span(span),
                clock.short(self.first.end)
            );
        }
        if self.number == 1 {
            return format!(
                "at {} and {verb} {}",
                clock.short(self.first.start),
                format::span(self.held)
            );
        }
        format!(
            "at {}, {} times and {} in all, the longest {} from {}",
            clock.short(self.first.start),
            format::count(self.number),
            format::span(self.held),
            format::span(self.longest.held),
            clock.short(self.longest.start),
        )
    }
}
