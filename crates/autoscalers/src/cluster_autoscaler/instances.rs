//! The cache through which the autoscaler sees cloud instances.

use super::observation::{Instance, InstanceState};
use crate::TimePoint;
use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};

/// How often everything is read again.
const REFRESH_INTERVAL: SimDuration = SimDuration::from_secs(120);

/// Instances by group, as they were when they were last read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct InstanceCache {
    groups: Vec<Option<Vec<(u64, InstanceState)>>>,
    next_refresh: TimePoint,
}

impl InstanceCache {
    /// Everything is read for the first time when the process starts.
    pub(super) fn new(started: TimePoint) -> Self {
        Self {
            groups: Vec::new(),
            next_refresh: started,
        }
    }

    pub(super) fn invalidate(&mut self, group: usize) {
        if let Some(entry) = self.groups.get_mut(group) {
            *entry = None;
        }
    }

    /// Reads what is missing, and everything if it is time.
    pub(super) fn read(&mut self, now: TimePoint, groups: usize, instances: &[Instance]) {
        self.groups.resize(groups, None);
        if self.next_refresh <= now {
            self.groups.fill(None);
            while self.next_refresh <= now {
                self.next_refresh = self.next_refresh + REFRESH_INTERVAL;
            }
        }
        let missing: Vec<bool> = self.groups.iter().map(Option::is_none).collect();
        for instance in instances {
            if missing.get(instance.group) == Some(&true) {
                self.groups[instance.group]
                    .get_or_insert_default()
                    .push((instance.id.0, instance.state));
            }
        }
        for entry in &mut self.groups {
            entry.get_or_insert_default();
        }
    }

    /// Instances of a group.
    pub(super) fn of(&self, group: usize) -> &[(u64, InstanceState)] {
        let entry = self.groups.get(group).and_then(Option::as_ref);
        entry.map_or(&[], Vec::as_slice)
    }

    /// Instances of a group that could not be created.
    pub(super) fn failed(&self, group: usize) -> impl Iterator<Item = u64> {
        let failed =
            |&(id, state): &(u64, InstanceState)| (state == InstanceState::Failed).then_some(id);
        self.of(group).iter().filter_map(failed)
    }
}
