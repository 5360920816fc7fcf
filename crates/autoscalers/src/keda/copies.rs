//! The copies of an object's status that KEDA works on.
//!
//! There is no single failure counter. The API server stores one status; the poll loop has a copy
//! that it refreshes at every poll; the cache of scalers has the copy that it was built with, and
//! queries of the HPA use that one. A change is made to the copy in use and sent as the difference
//! against what that copy was just before: counters field by field, conditions as one whole list.
//! So a copy that has not been refreshed for a while can bring old values back.

use super::status::{Conditions, Health, ObjectStatus};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Part of the status that copies are made of.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct StatusCopy {
    pub(super) conditions: Conditions,
    pub(super) health: BTreeMap<usize, Health>,
}

impl StatusCopy {
    fn of(status: &ObjectStatus) -> Self {
        Self {
            conditions: status.conditions.clone(),
            health: status.health.clone(),
        }
    }
}

/// The cache of scalers, and which copy of the object it holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Cache {
    /// There is none: the last use ended with an error, or nobody has used it yet.
    #[default]
    Dropped,
    /// A poll built it: it holds the poll loop's own object.
    SharedWithLoop,
    /// A query built it: it holds an object of its own, as it was then.
    Own(StatusCopy),
}

/// Who works on the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum User {
    Poll,
    Query,
}

/// The stored status and its copies.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Copies {
    pub(super) stored: ObjectStatus,
    of_loop: StatusCopy,
    cache: Cache,
}

impl Copies {
    /// A poll or query begins: the poll loop reads the object, and who finds no cache builds one.
    pub(super) fn begin(&mut self, user: User) {
        let fresh = StatusCopy::of(&self.stored);
        match user {
            User::Poll => {
                self.of_loop = fresh;
                if self.cache == Cache::Dropped {
                    self.cache = Cache::SharedWithLoop;
                }
            }
            User::Query => {
                if self.cache == Cache::Dropped {
                    self.cache = Cache::Own(fresh);
                }
            }
        }
    }

    /// An error drops the cache, so that scalers are built anew.
    pub(super) fn drop_cache(&mut self) {
        self.cache = Cache::Dropped;
    }

    /// Changes the copy in use and sends the difference; the answer of the API server then is the
    /// copy. Gives the copy as it was changed.
    pub(super) fn change(
        &mut self,
        user: User,
        change: impl FnOnce(&mut StatusCopy),
    ) -> &StatusCopy {
        let copy = match (user, &mut self.cache) {
            (User::Query, Cache::Own(copy)) => copy,
            _ => &mut self.of_loop,
        };
        let before = copy.clone();
        change(copy);
        if before != *copy {
            send(&before, copy, &mut self.stored);
            *copy = StatusCopy::of(&self.stored);
        }
        copy
    }
}

/// A JSON merge patch from one copy to another, applied to the stored status.
fn send(before: &StatusCopy, after: &StatusCopy, stored: &mut ObjectStatus) {
    if before.conditions != after.conditions {
        stored.conditions = after.conditions.clone();
    }
    for (&trigger, &new) in &after.health {
        let old = before.health.get(&trigger);
        let current = stored.health.entry(trigger).or_insert(new);
        if old.is_none_or(|old| old.failures != new.failures) {
            current.failures = new.failures;
        }
        if old.is_none_or(|old| old.failing != new.failing) {
            current.failing = new.failing;
        }
    }
}
