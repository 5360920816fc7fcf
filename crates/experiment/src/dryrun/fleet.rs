//! The pods or instances of a dry run.

use flashcrowd_autoscalers::TimePoint;
use flashcrowd_units::SimDuration;

/// What was there at the beginning has been ready for longer than any controller asks about.
const LONG_AGO: TimePoint = TimePoint::from_secs(-86_400);

/// One pod or instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) created: TimePoint,
    pub(super) ready: TimePoint,
}

/// All that are wanted, oldest first.
#[derive(Debug, Clone)]
pub(super) struct Fleet {
    members: Vec<Member>,
    /// From the decision to being ready; `None` for pods that are as good as old ones at once.
    startup: Option<SimDuration>,
}

impl Fleet {
    pub(super) fn new(size: u32, startup: Option<SimDuration>) -> Self {
        let mut fleet = Self {
            members: Vec::new(),
            startup: None,
        };
        fleet.resize(size, LONG_AGO);
        fleet.startup = startup;
        fleet
    }

    pub(super) fn size(&self) -> u32 {
        self.members.len() as u32
    }

    pub(super) fn members(&self) -> &[Member] {
        &self.members
    }

    /// Sets the size; the youngest go first, and at once.
    pub(super) fn resize(&mut self, size: u32, now: TimePoint) {
        let member = match self.startup {
            Some(startup) => Member {
                created: now,
                ready: now + startup,
            },
            None => Member {
                created: LONG_AGO,
                ready: LONG_AGO,
            },
        };
        self.members.resize(size as usize, member);
    }
}

impl Member {
    pub(super) fn is_ready(self, now: TimePoint) -> bool {
        self.ready <= now
    }
}
