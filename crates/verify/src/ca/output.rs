//! Our decision in the words of the recording.

use super::trace::Trace;
use flashcrowd_autoscalers::cluster_autoscaler::{
    NoScaleUp, NodeDecision, NodeId, ProviderCall, ScaleUpResult, ScaleUpSteps, SizeChange,
    UnremovableReason,
};
use flashcrowd_autoscalers::{PodId, TimePoint};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Fields that are written only when they are not what was written last.
const ON_CHANGE: [&str; 9] = [
    "ts", "unn", "unr", "rem", "cd", "last", "upc", "gst", "healthy",
];
/// Fields that are written when there is something.
const IF_ANY: [&str; 16] = [
    "up",
    "opts",
    "best",
    "ch",
    "inc",
    "trig",
    "await",
    "failed_resize",
    "upmin",
    "down",
    "del",
    "done",
    "util",
    "sd_off",
    "cloud",
    "err",
];

/// A field that differs: its name, what was recorded, what ours gives.
pub(super) type Difference = (&'static str, Value, Value);

/// What ours did at one loop.
pub(super) struct Observed<'a> {
    pub(super) trace: &'a Trace,
    pub(super) decision: &'a NodeDecision,
    /// Deletions that ended since the loop before.
    pub(super) finished: &'a [NodeId],
}

/// What was written last.
#[derive(Debug, Default)]
pub(super) struct Written {
    recorded: BTreeMap<&'static str, Value>,
    utilization: BTreeMap<NodeId, (f64, f64)>,
}

impl Written {
    /// All fields that differ.
    pub(super) fn differences(
        &mut self,
        observed: &Observed<'_>,
        recorded: &BTreeMap<String, Value>,
    ) -> Vec<Difference> {
        let mut got = observed.fields();
        let utilization = &observed.decision.steps.utilization;
        let rows = changed(&self.utilization, utilization);
        self.utilization.clone_from(utilization);
        if !rows.is_empty() {
            got.insert("util", Value::Array(rows));
        }
        let mut differences = Vec::new();
        for field in IF_ANY {
            let expected = recorded.get(field).cloned().unwrap_or_default();
            let got = got.remove(field).unwrap_or_default();
            if !same(&expected, &got) {
                differences.push((field, expected, got));
            }
        }
        for field in ON_CHANGE {
            if let Some(value) = recorded.get(field) {
                self.recorded.insert(field, value.clone());
            }
            let (expected, got) = match got.remove(field) {
                Some(got) => (self.recorded.get(field).cloned().unwrap_or_default(), got),
                None => (
                    recorded.get(field).cloned().unwrap_or_default(),
                    Value::Null,
                ),
            };
            if !same(&expected, &got) {
                differences.push((field, expected, got));
            }
        }
        let is_known = |name: &str| IF_ANY.contains(&name) || ON_CHANGE.contains(&name);
        for (name, value) in recorded.iter().filter(|(name, _)| !is_known(name)) {
            differences.push(("unknown field", json!({ name: value }), Value::Null));
        }
        differences
    }
}

/// Equality, but a whole number may be written as a float or not.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one == other || one.as_f64() == other.as_f64()
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        _ => one == other,
    }
}

impl Observed<'_> {
    fn fields(&self) -> BTreeMap<&'static str, Value> {
        let NodeDecision {
            scale_up,
            scale_down,
            calls,
            deletions,
            steps,
            ..
        } = self.decision;
        let mut fields = BTreeMap::new();
        // With this flag the status of the pass for minimum sizes replaces that of a scale-up
        // that was not attempted.
        let attempted = !matches!(
            scale_up,
            ScaleUpResult::NotNeeded
                | ScaleUpResult::InCooldown
                | ScaleUpResult::LimitedByMaxNodesTotal
        );
        let hidden = self.trace.flags.enforce_min_size && !attempted;
        if !hidden {
            fields.insert("up", json!(scale_up));
            fields.insert("rem", json!([]));
        }
        fields.insert("down", json!(scale_down));
        if let Some(scale_up) = steps.scale_up.as_ref().filter(|_| !hidden) {
            self.add_scale_up(scale_up, &mut fields);
        }
        let mut add_list = |name, list: Vec<Value>| {
            if !list.is_empty() {
                fields.insert(name, Value::Array(list));
            }
        };
        let mut deletions: Vec<_> = deletions.iter().collect();
        deletions.sort_by_key(|it| it.node);
        let deleted = deletions
            .iter()
            .map(|it| json!([it.node.0, ids(&it.evict)]));
        add_list("del", deleted.collect());
        add_list(
            "done",
            self.finished
                .iter()
                .map(|node| json!([node.0, 0]))
                .collect(),
        );
        add_list(
            "cloud",
            calls.iter().filter_map(|call| self.call(call)).collect(),
        );
        if let Some((succeeded, changes)) = &steps.min_size {
            let result = if *succeeded { "Successful" } else { "Error" };
            fields.insert("upmin", json!([result, self.changes(changes)]));
        }
        if steps.scale_down_put_off {
            fields.insert("sd_off", json!(1));
        }
        if steps.failed {
            fields.insert("err", json!(1));
        }
        let groups = &steps.groups;
        let of_groups = |value: fn(&_) -> u32| json!(groups.iter().map(value).collect::<Vec<_>>());
        fields.insert("ts", of_groups(|it| it.target));
        fields.insert("upc", of_groups(|it| it.upcoming));
        fields.insert(
            "gst",
            of_groups(|it| u32::from(it.healthy) + 2 * u32::from(it.in_backoff)),
        );
        fields.insert("healthy", json!(u8::from(steps.healthy)));
        fields.insert("cd", json!(u8::from(steps.in_cooldown)));
        let last = [
            steps.last_scale_up,
            steps.last_scale_down,
            steps.last_scale_down_failure,
        ];
        fields.insert("last", json!(last.map(millis)));
        let mut unneeded = steps.unneeded.clone();
        unneeded.sort_by_key(|it| it.0);
        let unneeded = unneeded
            .into_iter()
            .map(|(node, since)| json!([node.0, millis(since)]));
        fields.insert("unn", Value::Array(unneeded.collect()));
        let unremovable = steps
            .unremovable
            .iter()
            .map(|(node, reason)| unremovable(*node, reason));
        fields.insert("unr", Value::Array(unremovable.collect()));
        fields
    }

    fn add_scale_up(&self, steps: &ScaleUpSteps, fields: &mut BTreeMap<&'static str, Value>) {
        let remaining = steps.remaining.iter().map(|row| self.remaining(row));
        fields.insert("rem", Value::Array(remaining.collect()));
        if steps.options.is_empty() {
            return;
        }
        let options = steps.options.iter().map(|it| {
            json!([
                self.name(it.group),
                it.nodes,
                it.pods,
                self.names(&it.similar)
            ])
        });
        fields.insert("opts", Value::Array(options.collect()));
        fields.insert("best", self.names(&steps.best));
        fields.insert("ch", json!(steps.chosen.map(|group| self.name(group))));
        fields.insert("trig", ids(&steps.triggered));
        if !steps.changes.is_empty() {
            fields.insert("inc", self.changes(&steps.changes));
        }
        if !steps.awaiting.is_empty() {
            fields.insert("await", ids(&steps.awaiting));
        }
        if let Some(group) = steps.refused {
            fields.insert("failed_resize", json!([self.name(group)]));
        }
    }

    fn name(&self, group: usize) -> &str {
        &self.trace.groups[group].id
    }

    fn names(&self, groups: &[usize]) -> Value {
        groups.iter().map(|&group| self.name(group)).collect()
    }

    fn changes(&self, changes: &[SizeChange]) -> Value {
        changes
            .iter()
            .map(|it| json!([self.name(it.group), it.from, it.to]))
            .collect()
    }

    fn remaining(&self, row: &NoScaleUp) -> Value {
        let rejected = row.rejected.iter();
        let rejected: Map<_, _> = rejected
            .map(|(&group, it)| (self.name(group).to_owned(), json!(it)))
            .collect();
        let skipped = row.skipped.iter();
        let skipped: Map<_, _> = skipped
            .map(|(&group, it)| (self.name(group).to_owned(), json!([it])))
            .collect();
        let mut pods = row.pods.clone();
        pods.sort();
        json!([ids(&pods), rejected, skipped])
    }

    fn call(&self, call: &ProviderCall) -> Option<Value> {
        Some(match call {
            ProviderCall::Increase {
                group,
                by,
                accepted: false,
            } => {
                json!(format!("increase_failed:{}:{by}", self.name(*group)))
            }
            ProviderCall::Decrease {
                group,
                by,
                accepted,
            } => {
                let name = if *accepted {
                    "decrease"
                } else {
                    "decrease_refused"
                };
                json!(format!("{name}:{}:-{by}", self.name(*group)))
            }
            ProviderCall::Increase { .. } | ProviderCall::DeleteInstances { .. } => return None,
        })
    }
}

fn unremovable(node: NodeId, reason: &UnremovableReason) -> Value {
    match reason {
        UnremovableReason::BlockedByPod { pod, reason } => {
            json!([node.0, "BlockedByPod", pod.map(|pod| pod.0), reason])
        }
        reason => json!([node.0, reason]),
    }
}

/// Rows of utilization that are not as before; a row without numbers is no longer there.
fn changed(
    before: &BTreeMap<NodeId, (f64, f64)>,
    after: &BTreeMap<NodeId, (f64, f64)>,
) -> Vec<Value> {
    let rows = after
        .iter()
        .filter(|(node, used)| before.get(node) != Some(used))
        .map(|(node, (cpu, memory))| json!([node.0, cpu, memory]));
    let gone = before.keys().filter(|node| !after.contains_key(node));
    let gone = gone.map(|node| json!([node.0]));
    rows.chain(gone).collect()
}

fn ids(pods: &[PodId]) -> Value {
    pods.iter().map(|pod| pod.0).collect()
}

fn millis(time: TimePoint) -> i64 {
    time.as_nanos() / 1_000_000
}
