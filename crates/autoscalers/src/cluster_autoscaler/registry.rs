//! The cluster state registry: readiness, scale-up requests, sizes that do not add up.

use super::ClusterAutoscalerFlags;
use super::backoff::Backoff;
use super::instances::InstanceCache;
use super::observation::{ClusterObservation, InstanceState, NodeView};
use super::provider::Provider;
use crate::TimePoint;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is remembered about the node groups.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Registry {
    pub(super) cache: InstanceCache,
    pub(super) backoff: Backoff,
    requests: BTreeMap<usize, Request>,
    /// By group. A group without a node or an expected instance has none.
    readiness: Vec<Option<Readiness>>,
    unready: usize,
    nodes: usize,
    /// By group.
    ranges: Vec<Range>,
    /// Instances without a node, by group and since when.
    unregistered: BTreeMap<u64, (usize, TimePoint)>,
    incorrect: BTreeMap<usize, IncorrectSize>,
    /// Failed instances of the loop before.
    known_failures: BTreeSet<u64>,
}

/// A scale-up that is not complete yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Request {
    increase: u32,
    expected: TimePoint,
}

/// How many nodes of a group are in which state.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Readiness {
    ready: u32,
    unready: u32,
    not_started: Vec<u64>,
    registered: u32,
    unregistered: u32,
    long_unregistered: u32,
}

/// How many nodes a group should have.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Range {
    min: i64,
    target: i64,
}

/// A group that has not the size it should have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct IncorrectSize {
    current: i64,
    expected: i64,
    since: TimePoint,
}

/// Nodes that are on their way.
#[derive(Debug, Clone, Default)]
pub(super) struct Upcoming {
    /// How many, by group.
    pub(super) counts: Vec<u32>,
    /// Those that have registered already, but are not ready.
    pub(super) registered: BTreeSet<u64>,
}

impl Registry {
    pub(super) fn new(started: TimePoint) -> Self {
        Self {
            cache: InstanceCache::new(started),
            backoff: Backoff::default(),
            requests: BTreeMap::new(),
            readiness: Vec::new(),
            unready: 0,
            nodes: 0,
            ranges: Vec::new(),
            unregistered: BTreeMap::new(),
            incorrect: BTreeMap::new(),
            known_failures: BTreeSet::new(),
        }
    }

    /// The state of this loop, with the requests that are complete, late or have failed.
    pub(super) fn update(
        &mut self,
        seen: &ClusterObservation<'_>,
        flags: &ClusterAutoscalerFlags,
        provider: &mut Provider,
    ) {
        let groups = seen.groups.len();
        for group in 0..groups {
            if self.is_scaling_up(group) {
                self.cache.invalidate(group);
            }
        }
        self.cache.read(seen.now, groups, seen.instances);
        self.update_unregistered(seen);
        self.update_readiness(seen, flags);
        // Late requests decrease targets; the ranges of this loop are those from before.
        let targets = provider.targets().to_vec();
        self.update_ranges(&targets);
        self.update_requests(seen.now, flags, provider);
        self.handle_failures(seen.now, groups, flags);
        self.update_ranges(&targets);
        self.update_incorrect_sizes(seen.now);
    }

    /// Works out the ranges again, after targets have changed.
    pub(super) fn recalculate(&mut self, provider: &Provider) {
        self.update_ranges(provider.targets());
    }

    fn update_unregistered(&mut self, seen: &ClusterObservation<'_>) {
        let is_registered = |id: u64| {
            seen.nodes
                .binary_search_by_key(&id, |node| node.id.0)
                .is_ok()
        };
        let mut unregistered = BTreeMap::new();
        for group in 0..seen.groups.len() {
            for &(id, state) in self.cache.of(group) {
                if state != InstanceState::Failed && !is_registered(id) {
                    let since = self.unregistered.get(&id).map_or(seen.now, |it| it.1);
                    unregistered.insert(id, (group, since));
                }
            }
        }
        self.unregistered = unregistered;
    }

    fn update_readiness(&mut self, seen: &ClusterObservation<'_>, flags: &ClusterAutoscalerFlags) {
        self.readiness = vec![None; seen.groups.len()];
        self.nodes = seen.nodes.len();
        self.unready = 0;
        let has_instance = |node: &NodeView| {
            let instances = seen.instances;
            node.group.is_none() || instances.binary_search_by_key(&node.id, |it| it.id).is_ok()
        };
        for node in seen.nodes {
            let mut ignored = Readiness::default();
            let readiness = match node.group {
                Some(group) => self.readiness[group].get_or_insert_default(),
                None => &mut ignored,
            };
            readiness.registered += 1;
            if !has_instance(node) {
                // Deleted: only the Node object is left.
            } else if node.ready {
                readiness.ready += 1;
            } else if node.created + flags.max_node_startup_time > seen.now {
                readiness.not_started.push(node.id.0);
            } else {
                readiness.unready += 1;
                self.unready += 1;
            }
        }
        for &(group, since) in self.unregistered.values() {
            let readiness = self.readiness[group].get_or_insert_default();
            if since + flags.max_node_provision_time < seen.now {
                readiness.long_unregistered += 1;
            } else {
                readiness.unregistered += 1;
            }
        }
    }

    fn update_ranges(&mut self, targets: &[u32]) {
        let range = |(group, &target): (usize, &u32)| {
            let long_unregistered = self.readiness[group]
                .as_ref()
                .map_or(0, |it| it.long_unregistered);
            let requested = self.requests.get(&group).map_or(0, |it| it.increase);
            let target = i64::from(target);
            let min = target - i64::from(long_unregistered) - i64::from(requested);
            Range { min, target }
        };
        self.ranges = targets.iter().enumerate().map(range).collect();
    }

    fn update_requests(
        &mut self,
        now: TimePoint,
        flags: &ClusterAutoscalerFlags,
        provider: &mut Provider,
    ) {
        self.backoff.drop_stale(now, flags.backoff_reset_timeout);
        let requests = std::mem::take(&mut self.requests);
        for (group, request) in requests {
            if !self.is_incomplete(group) {
                continue;
            }
            if request.expected < now {
                self.backoff.failed(group, now, flags);
                provider.decrease(group, request.increase);
                self.cache.invalidate(group);
            } else {
                self.requests.insert(group, request);
            }
        }
    }

    /// Instances that have turned out impossible to create since the loop before.
    fn handle_failures(&mut self, now: TimePoint, groups: usize, flags: &ClusterAutoscalerFlags) {
        let mut known = BTreeSet::new();
        for group in 0..groups {
            let failed: Vec<u64> = self.cache.failed(group).collect();
            let new = failed
                .iter()
                .filter(|id| !self.known_failures.contains(id))
                .count();
            if new > 0 && self.is_scaling_up(group) {
                self.reduce_request(group, new as u32);
                self.backoff.failed(group, now, flags);
            }
            known.extend(failed);
        }
        self.known_failures = known;
    }

    fn update_incorrect_sizes(&mut self, now: TimePoint) {
        let before = std::mem::take(&mut self.incorrect);
        for (group, readiness) in self.readiness.iter().enumerate() {
            let Some(readiness) = readiness else { continue };
            let unregistered = i64::from(readiness.unregistered + readiness.long_unregistered);
            let (current, expected) = (i64::from(readiness.registered), self.ranges[group].target);
            if current > expected || current < expected - unregistered {
                let same = |it: &&IncorrectSize| it.current == current && it.expected == expected;
                let since = before.get(&group).filter(same).map_or(now, |it| it.since);
                let size = IncorrectSize {
                    current,
                    expected,
                    since,
                };
                self.incorrect.insert(group, size);
            }
        }
    }

    /// Groups that have been too small for too long, and by how much.
    pub(super) fn too_small(
        &self,
        now: TimePoint,
        flags: &ClusterAutoscalerFlags,
    ) -> Vec<(usize, u32)> {
        let is_due = |it: &IncorrectSize| it.since + flags.max_node_provision_time < now;
        let lacking = |(&group, it): (&usize, &IncorrectSize)| {
            let lacking = u32::try_from(it.expected - it.current).ok()?;
            (lacking > 0 && is_due(it)).then_some((group, lacking))
        };
        self.incorrect.iter().filter_map(lacking).collect()
    }

    /// Instances that should have registered long ago, by group.
    pub(super) fn long_unregistered(
        &self,
        now: TimePoint,
        flags: &ClusterAutoscalerFlags,
    ) -> BTreeMap<usize, Vec<u64>> {
        let mut late: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
        for (&id, &(group, since)) in &self.unregistered {
            if since + flags.max_node_provision_time < now {
                late.entry(group).or_default().push(id);
            }
        }
        late
    }

    /// A scale-up has been ordered. The clock of an older one starts anew.
    pub(super) fn requested(
        &mut self,
        group: usize,
        increase: u32,
        now: TimePoint,
        flags: &ClusterAutoscalerFlags,
    ) {
        let expected = now + flags.max_node_provision_time;
        let request = self.requests.entry(group).or_insert(Request {
            increase: 0,
            expected,
        });
        request.increase += increase;
        request.expected = expected;
    }

    fn reduce_request(&mut self, group: usize, by: u32) {
        if let Some(request) = self.requests.get_mut(&group) {
            request.increase = request.increase.saturating_sub(by);
            if request.increase == 0 {
                self.requests.remove(&group);
            }
        }
    }

    /// Nodes of a group that have come, and those that nobody waits for any more.
    fn there(&self, group: usize) -> i64 {
        let readiness = self.readiness[group].as_ref();
        readiness.map_or(0, |it| {
            i64::from(it.ready + it.unready + it.long_unregistered)
        })
    }

    /// Whether nodes of the group are on their way.
    fn is_incomplete(&self, group: usize) -> bool {
        let Some(range) = self.ranges.get(group) else {
            return false;
        };
        range.target > self.there(group)
    }

    fn is_scaling_up(&self, group: usize) -> bool {
        self.requests.contains_key(&group) && self.is_incomplete(group)
    }

    /// Whether few enough nodes of the cluster are unready.
    pub(super) fn is_cluster_healthy(&self, flags: &ClusterAutoscalerFlags) -> bool {
        !is_too_many(self.unready as i64, self.nodes as i64, flags)
    }

    /// Whether few enough nodes of the group are missing.
    pub(super) fn is_healthy(&self, group: usize, flags: &ClusterAutoscalerFlags) -> bool {
        let Some(range) = self.ranges.get(group) else {
            return false;
        };
        let Some(readiness) = &self.readiness[group] else {
            return range.target == 0 || (range.min == 0 && range.target > 0);
        };
        let missing = (range.min - i64::from(readiness.ready)).max(0);
        let nodes = i64::from(readiness.ready)
            + i64::from(readiness.unready)
            + readiness.not_started.len() as i64;
        !is_too_many(missing, nodes, flags)
    }

    /// Whether the group may grow.
    pub(super) fn is_safe(
        &self,
        group: usize,
        now: TimePoint,
        flags: &ClusterAutoscalerFlags,
    ) -> bool {
        self.is_healthy(group, flags) && !self.backoff.holds(group, now)
    }

    /// Nodes on their way. Without an active request, or in backoff, none are believed in.
    pub(super) fn upcoming(&self, now: TimePoint) -> Upcoming {
        let mut upcoming = Upcoming {
            counts: vec![0; self.ranges.len()],
            registered: BTreeSet::new(),
        };
        for (group, range) in self.ranges.iter().enumerate() {
            if !self.requests.contains_key(&group) || self.backoff.holds(group, now) {
                continue;
            }
            let Ok(count @ 1..) = u32::try_from(range.target - self.there(group)) else {
                continue;
            };
            upcoming.counts[group] = count;
            let not_started = self.readiness[group]
                .as_ref()
                .map_or(&[][..], |it| &it.not_started);
            upcoming.registered.extend(not_started);
        }
        upcoming
    }
}

/// Beyond both the number and the percentage that are tolerated.
fn is_too_many(count: i64, of: i64, flags: &ClusterAutoscalerFlags) -> bool {
    count > i64::from(flags.ok_total_unready_count)
        && count as f64 > flags.max_total_unready_percentage / 100.0 * of as f64
}
