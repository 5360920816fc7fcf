//! Which group to expand.

use super::estimator::Estimate;
use super::price;
use crate::scheduling::{Feasibility, NodeShape};
use regex::Regex;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A way to choose among groups that could grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expander {
    /// Any of them.
    Random,
    /// Most pods helped.
    MostPods,
    /// Least CPU and memory left over, as fractions of the *capacity* of the new nodes.
    LeastWaste,
    /// Fewest new nodes.
    LeastNodes,
    /// Best value for money: the price of the nodes against what the pods would pay for their
    /// requests, with a handicap for nodes of a size that does not suit the cluster.
    Price,
    /// Highest priority in a map, see [`PriorityMap`].
    Priority,
}

impl Expander {
    /// By its name in `--expander`.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "random" => Self::Random,
            "most-pods" => Self::MostPods,
            "least-waste" => Self::LeastWaste,
            "least-nodes" => Self::LeastNodes,
            "price" => Self::Price,
            "priority" => Self::Priority,
            _ => return None,
        })
    }
}

/// Priorities of node groups: regular expressions for their names by priority, as in the config
/// map `cluster-autoscaler-priority-expander`. Negative priorities never win.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(
    try_from = "BTreeMap<i64, Vec<String>>",
    into = "BTreeMap<i64, Vec<String>>"
)]
pub struct PriorityMap(BTreeMap<i64, Vec<Regex>>);

impl TryFrom<BTreeMap<i64, Vec<String>>> for PriorityMap {
    type Error = InvalidPattern;

    fn try_from(patterns: BTreeMap<i64, Vec<String>>) -> Result<Self, InvalidPattern> {
        Self::new(&patterns)
    }
}

impl From<PriorityMap> for BTreeMap<i64, Vec<String>> {
    fn from(map: PriorityMap) -> Self {
        let texts = |patterns: Vec<Regex>| patterns.iter().map(Regex::to_string).collect();
        let entries = map.0.into_iter();
        entries
            .map(|(priority, patterns)| (priority, texts(patterns)))
            .collect()
    }
}

/// A regular expression of a [`PriorityMap`] that is none.
#[derive(Debug, Clone, thiserror::Error)]
#[error("priority {priority}: {pattern:?} is not a regular expression")]
pub struct InvalidPattern {
    /// Where it stands.
    pub priority: i64,
    /// What stands there.
    pub pattern: String,
    /// What is wrong with it.
    #[source]
    pub source: regex::Error,
}

impl PriorityMap {
    /// From the patterns of each priority.
    ///
    /// # Errors
    /// If a pattern is no regular expression. The real autoscaler ignores the whole map then.
    pub fn new(patterns: &BTreeMap<i64, Vec<String>>) -> Result<Self, InvalidPattern> {
        let compile = |priority: i64, pattern: &String| {
            Regex::new(pattern).map_err(|source| InvalidPattern {
                priority,
                pattern: pattern.clone(),
                source,
            })
        };
        let compile_all = |(&priority, patterns): (&i64, &Vec<String>)| {
            let patterns = patterns.iter().map(|pattern| compile(priority, pattern));
            Ok((priority, patterns.collect::<Result<_, _>>()?))
        };
        patterns
            .iter()
            .map(compile_all)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The highest priority of a group, if it is in the map and not negative.
    fn of(&self, group: &str) -> Option<i64> {
        let matches = |patterns: &[Regex]| patterns.iter().any(|it| it.is_match(group));
        let matching = self
            .0
            .range(0..)
            .rev()
            .find(|(_, patterns)| matches(patterns));
        matching.map(|(&priority, _)| priority)
    }
}

/// What expanders look at.
#[derive(Debug)]
pub(super) struct Surroundings<'a> {
    pub(super) fit: &'a Feasibility<'a>,
    /// By group: name and price of a node.
    pub(super) groups: Vec<(&'a str, f64)>,
    /// How many nodes there are.
    pub(super) nodes: usize,
    pub(super) priorities: Option<&'a PriorityMap>,
}

/// What is left of the options after all expanders, or as soon as it is one only.
pub(super) fn filter<'e>(
    chain: &[Expander],
    options: &'e [Estimate],
    around: &Surroundings<'_>,
) -> Vec<&'e Estimate> {
    let mut left: Vec<&Estimate> = options.iter().collect();
    for expander in chain {
        if left.len() <= 1 {
            break;
        }
        left = match expander {
            Expander::Random => left,
            Expander::MostPods => best_by(&left, |it| -(it.pods.len() as f64)),
            Expander::LeastNodes => best_by(&left, |it| f64::from(it.nodes)),
            Expander::LeastWaste => best_by(&left, |it| waste(it, around.fit)),
            Expander::Price => best_by(&left, |it| price::score(it, around)),
            Expander::Priority => by_priority(&left, around),
        };
    }
    left
}

/// All options with the lowest score. Scores are equal only to the last bit.
fn best_by<'e>(options: &[&'e Estimate], score: impl Fn(&Estimate) -> f64) -> Vec<&'e Estimate> {
    let mut best = Vec::new();
    let mut lowest = f64::INFINITY;
    for &option in options {
        let score = score(option);
        if score < lowest || best.is_empty() {
            lowest = score;
            best.clear();
        }
        if score == lowest {
            best.push(option);
        }
    }
    best
}

/// Without a map, or if no group is in it, all of them.
fn by_priority<'e>(options: &[&'e Estimate], around: &Surroundings<'_>) -> Vec<&'e Estimate> {
    let Some(map) = around.priorities else {
        return options.to_vec();
    };
    let priority = |option: &Estimate| map.of(around.groups[option.group].0);
    let Some(highest) = options.iter().filter_map(|it| priority(it)).max() else {
        return options.to_vec();
    };
    let is_best = |option: &&Estimate| priority(option) == Some(highest);
    options.iter().copied().filter(is_best).collect()
}

/// Wasted fraction of CPU plus wasted fraction of memory.
fn waste(option: &Estimate, fit: &Feasibility<'_>) -> f64 {
    let shape: &NodeShape = fit.shape(option.shape);
    let requested = |request: fn(&crate::scheduling::PodShape) -> u64| -> i64 {
        option
            .pods
            .iter()
            .map(|pod| request(fit.pod(pod.workload)) as i64)
            .sum()
    };
    let wasted = |capacity: u64, requested: i64| {
        let available = capacity as i64 * i64::from(option.nodes);
        (available - requested) as f64 / available as f64
    };
    let cpu = wasted(shape.capacity.cpu.get(), requested(|pod| pod.cpu.get()));
    let memory = wasted(
        shape.capacity.memory.get(),
        requested(|pod| pod.memory.get()),
    );
    cpu + memory
}

#[cfg(test)]
mod tests;
