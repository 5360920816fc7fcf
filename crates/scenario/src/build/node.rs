//! The machines under the pods.

mod budgets;
mod flags;
mod machine;
mod placement;
mod pools;
mod traps;

pub(super) use placement::placement;

use super::Context;
use super::workload::report_all;
use crate::diagnostic::{Code, Problems};
use crate::path::FieldPath;
use crate::spec::{InstanceTypeSpec, NodeAutoscalerSpec, NodeGroupSpec, NodesSpec};
use flashcrowd_autoscalers::scheduling::{
    NodeCandidate, NodeLoad, NodeResources, NodeShape, Taint, fit,
};
use flashcrowd_core::model::{NodeGroup, NodeScaling, Nodes, Service, Spot};
use flashcrowd_units::{Rate, Ratio, SimDuration, Usd};
use flashcrowd_workload::{Lognormal, ServiceTime};
pub(super) use machine::Machine;

/// Cores of a machine if nobody says.
const CORES: u32 = 4;
/// From the request for an instance until its kubelet registers; with what follows 90 s, as most
/// clouds have it.
const BOOT: ServiceTime = ServiceTime::Lognormal(Lognormal::MedianP95 {
    median: SimDuration::from_secs(75),
    p95: SimDuration::from_secs(120),
});
/// From there until the node takes pods.
const BECOME_READY: ServiceTime = ServiceTime::Constant(SimDuration::from_secs(15));
/// AWS gives two minutes' notice.
const NOTICE: SimDuration = SimDuration::from_secs(120);
/// What spot capacity is usually cheaper by.
const DISCOUNT: f64 = 0.65;
/// More than any group of a real cluster.
const MOST_NODES: u32 = 15_000;

/// Says of a scenario without node groups which PodDisruptionBudgets play no part in it.
pub(super) fn note_idle_budgets(context: &Context<'_>, problems: &mut Problems) {
    if !has_nodes(&context.spec.nodes) {
        budgets::without_groups(context, problems);
    }
}

fn base() -> FieldPath {
    FieldPath::default().join("nodes")
}

/// The list price of a type \[USD/h\].
pub(super) fn usd_hour(name: &str) -> Option<f64> {
    machine::named(name)?.usd_hour
}

/// Cores of a machine, if it is known.
pub(super) fn cores_of(spec: &InstanceTypeSpec) -> Option<u32> {
    let machine = match spec {
        InstanceTypeSpec::Named(name) => machine::named(name)?,
        InstanceTypeSpec::Machine(spec) => machine::described(spec),
    };
    u32::try_from(machine.capacity.cores()).ok()
}

/// Whether pods need nodes at all.
pub(super) fn has_nodes(nodes: &NodesSpec) -> bool {
    !nodes.groups.is_empty() || !nodes.pools.is_empty()
}

/// Cores that a pod without a limit can use.
pub(super) fn cores(nodes: &NodesSpec) -> u32 {
    let groups = nodes.groups.values();
    let of_groups = groups.filter_map(|group| cores_of(&group.instance_type));
    let of_pools = nodes.pools.values().flat_map(|pool| &pool.instance_types);
    let of_pools = of_pools.filter_map(|name| machine::named(name));
    let of_pools = of_pools.filter_map(|it| u32::try_from(it.capacity.cores()).ok());
    let largest = of_groups.chain(of_pools).max().map(|cores| cores.max(1));
    nodes.cores.or(largest).unwrap_or(CORES)
}

/// The nodes, if the scenario has groups of them.
pub(super) fn nodes(
    context: &Context<'_>,
    services: &[Service],
    problems: &mut Problems,
) -> Option<Nodes> {
    let spec = &context.spec.nodes;
    if !has_nodes(spec) {
        if spec.autoscaler.is_some() && !context.is_damaged(&base().join("groups")) {
            context.check(problems).warn(
                Code::Ineffective,
                &base().join("autoscaler"),
                "there is no node group that could be scaled",
                "describe the groups under `nodes.groups`, or `nodes.pools` for Karpenter",
            );
        }
        return None;
    }
    let mut groups: Vec<NodeGroup> = spec
        .groups
        .iter()
        .map(|(name, group)| node_group(context, name, group, problems))
        .collect();
    let autoscaler = spec.autoscaler.as_ref().map(|autoscaler| match autoscaler {
        NodeAutoscalerSpec::ClusterAutoscaler(spec) => {
            let flags = flags::flags(context, spec, &groups, problems);
            NodeScaling::ClusterAutoscaler(Box::new(flags))
        }
        NodeAutoscalerSpec::Karpenter(spec) => {
            let spec = pools::karpenter(context, spec, &mut groups, problems);
            NodeScaling::Karpenter(Box::new(spec))
        }
    });
    pools::note_idle(context, problems);
    let on_nodes = || services.iter().filter(|it| it.instances.is_none());
    for service in on_nodes().filter(|_| !groups.is_empty()) {
        fits_somewhere(context, service, &groups, problems);
        traps::tolerated_in_vain(context, service, &groups, problems);
    }
    if on_nodes().any(|it| it.pod_hour.get() > 0.0)
        && groups.iter().any(|it| it.node_hour.get() > 0.0)
    {
        context.check(problems).warn(
            Code::Ineffective,
            &base().join("groups"),
            "both pods and nodes cost something: the same machines are paid for twice",
            "drop the pods' prices, or set `node_hour: 0`",
        );
    }
    Some(Nodes {
        groups,
        autoscaler,
        budgets: budgets::budgets(context, problems),
    })
}

fn node_group(
    context: &Context<'_>,
    name: &str,
    spec: &NodeGroupSpec,
    problems: &mut Problems,
) -> NodeGroup {
    let path = base().join("groups").join(name);
    context.check_name(&path, name, problems);
    let field = path.join("instance_type");
    let machine = machine(context, &spec.instance_type, &field, problems);
    let mut check = context.check(problems);
    let initial = spec.initial.unwrap_or(spec.min);
    if spec.max > MOST_NODES {
        let message = format!("{} nodes are more than can be simulated", spec.max);
        check.invalid(&path.join("max"), message, "at most 15000");
    }
    if spec.min > spec.max {
        let message = format!("`min` {} is above `max` {}", spec.min, spec.max);
        check.invalid(&path.join("min"), message, &format!("at most {}", spec.max));
    } else if !(spec.min..=spec.max).contains(&initial) {
        let legal = format!("{} to {}", spec.min, spec.max);
        let message = format!("`initial` {initial} is outside the bounds of the group");
        check.invalid(&path.join("initial"), message, &legal);
    }
    for (field, time) in [("boot", spec.boot), ("ready", spec.ready)] {
        if let Some(time) = time {
            report_all(&mut check, &path.join(field), time.validate());
        }
    }
    if let Some(spot) = spec.spot
        && spot.interruptions == Rate::ZERO
    {
        let path = path.join("spot").join("interruptions");
        check.invalid(
            &path,
            "spot capacity that is never taken back",
            "above 0, as 0.05/h",
        );
    }
    let discount = spec
        .spot
        .map_or(0.0, |spot| spot.discount.map_or(DISCOUNT, Ratio::get));
    let listed = machine.usd_hour.map(|price| Usd(price * (1.0 - discount)));
    let node_hour = spec.node_hour.or(listed).unwrap_or_default();
    if !(0.0..=1e9).contains(&node_hour.get()) {
        let message = format!("{} is not a price", node_hour.get());
        check.invalid(&path.join("node_hour"), message, "0 or more US dollars");
    }
    let taints = spec.taints.iter().map(|taint| Taint {
        key: taint.key.clone(),
        value: taint.value.clone(),
        effect: taint.effect,
    });
    NodeGroup {
        name: name.to_owned(),
        shape: NodeShape {
            capacity: machine.capacity,
            allocatable: machine.allocatable,
            labels: spec.labels.clone(),
            taints: taints.collect(),
        },
        min: spec.min,
        max: spec.max,
        initial,
        boot: spec.boot.unwrap_or(BOOT),
        become_ready: spec.ready.unwrap_or(BECOME_READY),
        node_hour,
        spot: spec.spot.map(|spot| Spot {
            interruptions: spot.interruptions,
            notice: spot.notice.unwrap_or(NOTICE),
        }),
        is_offering: false,
    }
}

pub(super) fn machine(
    context: &Context<'_>,
    spec: &InstanceTypeSpec,
    path: &FieldPath,
    problems: &mut Problems,
) -> Machine {
    let mut check = context.check(problems);
    let machine = match spec {
        InstanceTypeSpec::Machine(spec) => machine::described(spec),
        InstanceTypeSpec::Named(name) => machine::named(name).unwrap_or_else(|| {
            let message = format!("the instance type `{name}` is not in the list");
            check.report(Code::UnknownReference, path, message, |problem| {
                let problem =
                    problem.help("describe the machine instead: `{ cpu: 2, memory: 8Gi }`");
                problem.names(name, &machine::names())
            });
            Machine {
                capacity: NodeResources::default(),
                allocatable: NodeResources::default(),
                usd_hour: None,
            }
        }),
    };
    if let InstanceTypeSpec::Machine(_) = spec {
        let (capacity, rest) = (machine.capacity, machine.allocatable);
        if capacity.cpu.get() == 0 {
            check.invalid(&path.join("cpu"), "a machine has some CPU", "above 0");
        }
        if capacity.memory.get() == 0 {
            check.invalid(&path.join("memory"), "a machine has some memory", "above 0");
        }
        let fields = [
            ("cpu", rest.cpu.get() > capacity.cpu.get()),
            ("memory", rest.memory.get() > capacity.memory.get()),
        ];
        for (field, is_more) in fields {
            if is_more {
                let path = path.join("allocatable").join(field);
                let legal = format!("at most the machine's `{field}`");
                check.invalid(&path, "more can be requested than there is", &legal);
            }
        }
    }
    machine
}

/// Warns of pods that no node ever takes.
fn fits_somewhere(
    context: &Context<'_>,
    service: &Service,
    groups: &[NodeGroup],
    problems: &mut Problems,
) {
    let pod = service.pod.shape();
    let mut reasons = Vec::new();
    for group in groups.iter().filter(|group| group.max > 0) {
        let empty = NodeCandidate {
            shape: &group.shape,
            load: NodeLoad::default(),
            same_workload: 0,
        };
        match fit(&pod, &empty) {
            Ok(()) => return,
            Err(unfit) => {
                reasons.push(format!("{}: {}", group.name, unfit.reasons().join(", ")));
            }
        }
    }
    let message = format!(
        "no node group takes the pods of `{}`: they stay Pending ({})",
        service.name,
        reasons.join("; ")
    );
    let path = FieldPath::default().join("services").join(&service.name);
    let help = "compare requests, node selector and tolerations with the groups";
    let mut check = context.check(problems);
    check.report_key(Code::Ineffective, &path, message, |problem| {
        let problem = problem.severity(crate::diagnostic::Severity::Warning);
        problem.help(help)
    });
}
