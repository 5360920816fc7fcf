//! Pools of instance types: each type on each kind of capacity is a group that Karpenter launches
//! nodes of one by one.

mod disruption;

use super::machine::{self, Machine};
use super::{BECOME_READY, BOOT, DISCOUNT, MOST_NODES, NOTICE, base};
use crate::build::Context;
use crate::build::workload::report_all;
use crate::diagnostic::{Code, Problems};
use crate::path::FieldPath;
use crate::spec::{CapacityTypeSpec, KarpenterSpec, NodeAutoscalerSpec, NodePoolSpec, PeriodSpec};
use flashcrowd_autoscalers::karpenter::{
    CapacityType, KarpenterSettings, NodePool, Offering, PoolLimits,
};
use flashcrowd_autoscalers::scheduling::{NodeShape, Taint};
use flashcrowd_core::model::{self, NodeGroup, Spot};
use flashcrowd_units::{Rate, Ratio, SimDuration, Usd};

/// `expireAfter` where nothing is said.
const EXPIRE_AFTER: SimDuration = SimDuration::from_secs(720 * 3600);

/// Says what pools and Karpenter miss of each other.
pub(super) fn note_idle(context: &Context<'_>, problems: &mut Problems) {
    let nodes = &context.spec.nodes;
    let has_karpenter = matches!(nodes.autoscaler, Some(NodeAutoscalerSpec::Karpenter(_)));
    let autoscaler = base().join("autoscaler");
    if !nodes.pools.is_empty() && !has_karpenter && !context.is_damaged(&autoscaler) {
        context.check(problems).report(
            Code::InvalidValue,
            &base().join("pools"),
            "nothing launches nodes of these pools",
            |problem| problem.help("add `autoscaler: { karpenter: {} }` to `nodes`"),
        );
    }
    if has_karpenter && nodes.pools.is_empty() && !context.is_damaged(&base().join("pools")) {
        context.check(problems).warn(
            Code::Ineffective,
            &autoscaler.join("karpenter"),
            "Karpenter has no pool to launch nodes of: the groups keep their size",
            "describe a pool under `nodes.pools`",
        );
    }
}

/// Karpenter with its pools, whose offerings are added to the groups.
pub(super) fn karpenter(
    context: &Context<'_>,
    spec: &KarpenterSpec,
    groups: &mut Vec<NodeGroup>,
    problems: &mut Problems,
) -> model::KarpenterSpec {
    let default = KarpenterSettings::default();
    let settings = KarpenterSettings {
        batch_idle: spec.batch_idle.unwrap_or(default.batch_idle),
        batch_max: spec.batch_max.unwrap_or(default.batch_max),
        spot_to_spot_consolidation: spec
            .spot_to_spot_consolidation
            .unwrap_or(default.spot_to_spot_consolidation),
        ..default
    };
    if settings.batch_max < settings.batch_idle {
        let message = format!(
            "a batch lasts {} at most and so never waits {} for another pod",
            settings.batch_max, settings.batch_idle
        );
        let field = if spec.batch_max.is_some() {
            "batch_max"
        } else {
            "batch_idle"
        };
        let path = base().join("autoscaler").join("karpenter").join(field);
        let help = "raise `batch_max`, or lower `batch_idle`";
        context
            .check(problems)
            .warn(Code::Ineffective, &path, message, help);
    }
    let pools = context.spec.nodes.pools.iter();
    let pools = pools.map(|(name, spec)| pool(context, name, spec, groups, problems));
    model::KarpenterSpec {
        settings,
        pools: pools.collect(),
    }
}

fn pool(
    context: &Context<'_>,
    name: &str,
    spec: &NodePoolSpec,
    groups: &mut Vec<NodeGroup>,
    problems: &mut Problems,
) -> NodePool {
    let path = base().join("pools").join(name);
    context.check_name(&path, name, problems);
    check(context, spec, &path, problems);
    let types = machines(context, spec, &path, problems);
    let capacity_types = capacity_types(spec);
    let first = capacity_types
        .iter()
        .min_by_key(|it| **it == CapacityTypeSpec::Spot);
    let mut offerings = Vec::new();
    for (type_name, machine) in &types {
        for &capacity_type in &capacity_types {
            let wanted = spec.initial.get(*type_name).copied().unwrap_or(0);
            let initial = if Some(&capacity_type) == first {
                wanted
            } else {
                0
            };
            offerings.push(Offering {
                instance_type: (*type_name).to_owned(),
                capacity_type: kind(capacity_type),
                group: groups.len(),
            });
            groups.push(offering(
                name,
                type_name,
                machine,
                capacity_type,
                initial,
                spec,
            ));
        }
    }
    NodePool {
        name: name.to_owned(),
        weight: spec.weight,
        limits: PoolLimits {
            cpu: spec.limits.cpu,
            memory: spec.limits.memory,
            nodes: spec.limits.nodes,
        },
        offerings,
        disruption: disruption::disruption(
            context,
            &spec.disruption,
            &path.join("disruption"),
            problems,
        ),
        expire_after: spec
            .expire_after
            .map_or(Some(EXPIRE_AFTER), PeriodSpec::period),
        termination_grace_period: spec.termination_grace_period,
    }
}

fn kind(capacity_type: CapacityTypeSpec) -> CapacityType {
    match capacity_type {
        CapacityTypeSpec::Spot => CapacityType::Spot,
        CapacityTypeSpec::OnDemand => CapacityType::OnDemand,
    }
}

fn capacity_types(spec: &NodePoolSpec) -> Vec<CapacityTypeSpec> {
    let default = || vec![CapacityTypeSpec::OnDemand];
    let mut types = spec.capacity_types.clone().unwrap_or_else(default);
    types.sort_by_key(|it| kind(*it));
    types.dedup();
    types
}

/// An instance type on one kind of capacity.
fn offering(
    pool: &str,
    instance_type: &str,
    machine: &Machine,
    capacity_type: CapacityTypeSpec,
    initial: u32,
    spec: &NodePoolSpec,
) -> NodeGroup {
    let capacity = kind(capacity_type).name();
    let is_spot = capacity_type == CapacityTypeSpec::Spot;
    let spot = spec.spot.filter(|_| is_spot);
    let discount = spot
        .and_then(|spot| spot.discount)
        .map_or(DISCOUNT, Ratio::get);
    let share = if is_spot { 1.0 - discount } else { 1.0 };
    let mut labels = spec.labels.clone();
    for (key, value) in [
        ("karpenter.sh/nodepool", pool),
        ("karpenter.sh/capacity-type", capacity),
        ("node.kubernetes.io/instance-type", instance_type),
    ] {
        labels.insert(key.to_owned(), value.to_owned());
    }
    let taints = spec.taints.iter().map(|taint| Taint {
        key: taint.key.clone(),
        value: taint.value.clone(),
        effect: taint.effect,
    });
    NodeGroup {
        name: format!("{pool}/{instance_type}/{capacity}"),
        shape: NodeShape {
            capacity: machine.capacity,
            allocatable: machine.allocatable,
            labels,
            taints: taints.collect(),
        },
        min: 0,
        max: MOST_NODES,
        initial,
        boot: spec.boot.unwrap_or(BOOT),
        become_ready: spec.ready.unwrap_or(BECOME_READY),
        node_hour: Usd(machine.usd_hour.unwrap_or(0.0) * share),
        spot: spot.map(|spot| Spot {
            interruptions: spot.interruptions,
            notice: spot.notice.unwrap_or(NOTICE),
        }),
        is_offering: true,
    }
}

/// The types of a pool that are in the list, each once.
fn machines<'a>(
    context: &Context<'_>,
    spec: &'a NodePoolSpec,
    path: &FieldPath,
    problems: &mut Problems,
) -> Vec<(&'a str, Machine)> {
    let path = path.join("instance_types");
    let mut found: Vec<(&str, Machine)> = Vec::new();
    let mut check = context.check(problems);
    if spec.instance_types.is_empty() {
        check.invalid(
            &path,
            "a pool without instance types launches nothing",
            "some types",
        );
    }
    for (index, name) in spec.instance_types.iter().enumerate() {
        let path = path.join(index);
        match machine::named(name) {
            Some(_) if found.iter().any(|it| it.0 == name) => {
                let message = format!("`{name}` is here twice");
                check.invalid(&path, message, "each type once");
            }
            Some(machine) => found.push((name, machine)),
            None => {
                let message = format!("the instance type `{name}` is not in the list");
                check.report(Code::UnknownReference, &path, message, |problem| {
                    problem.names(name, &machine::names())
                });
            }
        }
    }
    found
}

fn check(context: &Context<'_>, spec: &NodePoolSpec, path: &FieldPath, problems: &mut Problems) {
    let mut check = context.check(problems);
    let allows_spot = capacity_types(spec).contains(&CapacityTypeSpec::Spot);
    if spec.capacity_types.as_ref().is_some_and(Vec::is_empty) {
        let path = path.join("capacity_types");
        check.invalid(
            &path,
            "no capacity is allowed",
            "`spot`, `on_demand` or both",
        );
    }
    match spec.spot {
        None if allows_spot => {
            let message = "how often spot capacity is taken back is not said";
            check.report(
                Code::MissingField,
                &path.join("capacity_types"),
                message,
                |problem| problem.help("add `spot: { interruptions: 0.05/h }` to the pool"),
            );
        }
        Some(_) if !allows_spot => check.warn(
            Code::Ineffective,
            &path.join("spot"),
            "the pool launches on demand only",
            "add `spot` to `capacity_types`",
        ),
        Some(spot) if spot.interruptions == Rate::ZERO => check.invalid(
            &path.join("spot").join("interruptions"),
            "spot capacity that is never taken back",
            "above 0, as 0.05/h",
        ),
        _ => {}
    }
    if spec.weight > 100 {
        let message = format!("a weight of {}", spec.weight);
        check.invalid(&path.join("weight"), message, "0 to 100");
    }
    if spec.expire_after == Some(PeriodSpec::After(SimDuration::ZERO)) {
        let path = path.join("expire_after");
        check.invalid(
            &path,
            "nodes would end as soon as they begin",
            "above 0s, or `never`",
        );
    }
    for (field, time) in [("boot", spec.boot), ("ready", spec.ready)] {
        if let Some(time) = time {
            report_all(&mut check, &path.join(field), time.validate());
        }
    }
    for (name, &number) in &spec.initial {
        let path = path.join("initial").join(name);
        if !spec.instance_types.contains(name) {
            let types: Vec<&str> = spec.instance_types.iter().map(String::as_str).collect();
            let message = format!("`{name}` is not a type of this pool");
            check.report_key(Code::UnknownReference, &path, message, |problem| {
                problem.names(name, &types)
            });
        }
        if number > MOST_NODES {
            let message = format!("{number} nodes are more than can be simulated");
            check.invalid(&path, message, "at most 15000");
        }
    }
}
