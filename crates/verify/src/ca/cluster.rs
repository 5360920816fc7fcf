//! The recorded cluster: what does not change, and what comes and goes.

use super::trace::{App, Flags, Group, Kind, State, Tick, Trace};
use flashcrowd_autoscalers::cluster_autoscaler::{
    ClusterAutoscalerFlags, ClusterPod, Expander, Instance, InstanceState, NodeId, NodeView,
    OwnerKind, PriorityMap, ResourceLimits, ScaleDownFlags, Workload,
};
use flashcrowd_autoscalers::scheduling::{
    NodeResources, NodeShape, PodShape, Taint, TaintEffect, Toleration, TolerationOperator,
};
use flashcrowd_autoscalers::{PodId, TimePoint};
use flashcrowd_units::{Bytes, Millicores, SimDuration};
use std::collections::BTreeMap;

/// The cluster as it is at one loop.
#[derive(Debug)]
pub(super) struct Cluster {
    /// Of the groups, then of nodes outside of all groups.
    pub(super) shapes: Vec<NodeShape>,
    pub(super) workloads: Vec<Workload>,
    groups: BTreeMap<String, usize>,
    pub(super) nodes: BTreeMap<u64, NodeView>,
    pub(super) pods: BTreeMap<u64, ClusterPod>,
    pub(super) instances: BTreeMap<u64, Instance>,
    pub(super) targets: Vec<u32>,
    pub(super) disruptions: Vec<u32>,
    pub(super) desired: Vec<u32>,
}

impl Cluster {
    pub(super) fn new(trace: &Trace) -> Result<Self, String> {
        let shapes = trace.groups.iter().chain(&trace.unmanaged).map(shape);
        let groups = trace.groups.iter().enumerate();
        if let Some(pdb) = trace.pdbs.iter().find(|it| it.app >= trace.apps.len()) {
            return Err(format!("a PDB is for app {}", pdb.app));
        }
        Ok(Self {
            shapes: shapes.collect::<Result<_, _>>()?,
            workloads: trace.apps.iter().map(workload).collect::<Result<_, _>>()?,
            groups: groups
                .map(|(index, group)| (group.id.clone(), index))
                .collect(),
            nodes: BTreeMap::new(),
            pods: BTreeMap::new(),
            instances: BTreeMap::new(),
            targets: vec![0; trace.groups.len()],
            disruptions: vec![0; trace.pdbs.len()],
            desired: vec![0; trace.apps.len()],
        })
    }

    pub(super) fn group(&self, id: &str) -> Result<usize, String> {
        self.groups
            .get(id)
            .copied()
            .ok_or_else(|| format!("there is no group {id:?}"))
    }

    /// Applies what has changed since the loop before.
    pub(super) fn advance(&mut self, tick: &Tick) -> Result<(), String> {
        remove(&mut self.pods, &tick.px, "pod")?;
        remove(&mut self.nodes, &tick.nx, "node")?;
        remove(&mut self.instances, &tick.ix, "instance")?;
        for row in &tick.n {
            let group = match row.1.as_str() {
                "" => None,
                id => Some(self.group(id)?),
            };
            let shape = group.unwrap_or(self.groups.len());
            if shape >= self.shapes.len() {
                return Err(format!("node {} has no shape", row.0));
            }
            let node = NodeView {
                id: NodeId(row.0),
                group,
                shape,
                created: TimePoint::from_millis(row.2),
                ready: row.3 != 0,
                ready_transition: TimePoint::from_millis(row.4),
                deleting: row.5 != 0,
                scale_down_disabled: row.6 != 0,
                last_pod_event: None,
            };
            self.nodes.insert(row.0, node);
        }
        for row in &tick.p {
            if row.1 >= self.workloads.len() {
                return Err(format!("pod {} is of app {}", row.0, row.1));
            }
            let pod = ClusterPod {
                id: PodId(row.0),
                workload: row.1,
                node: (row.2 != 0).then_some(NodeId(row.2)),
                created: TimePoint::from_millis(row.3),
            };
            self.pods.insert(row.0, pod);
        }
        for row in &tick.i {
            let state = match row.2 {
                State::Creating => InstanceState::Creating,
                State::Running => InstanceState::Running,
                State::Failed => InstanceState::Failed,
            };
            let (id, group) = (NodeId(row.0), self.group(&row.1)?);
            self.instances.insert(row.0, Instance { id, group, state });
        }
        replace(&mut self.targets, tick.tg.as_ref(), "tg")?;
        replace(&mut self.disruptions, tick.pdb.as_ref(), "pdb")?;
        replace(&mut self.desired, tick.des.as_ref(), "des")
    }

    /// How many instances of a group are still being created.
    pub(super) fn creating(&self, group: usize) -> u32 {
        let is_one = |it: &&Instance| it.group == group && it.state == InstanceState::Creating;
        self.instances.values().filter(is_one).count() as u32
    }
}

fn remove<T>(from: &mut BTreeMap<u64, T>, ids: &[u64], what: &str) -> Result<(), String> {
    for id in ids {
        from.remove(id)
            .ok_or_else(|| format!("{what} {id} is removed but does not exist"))?;
    }
    Ok(())
}

fn replace(old: &mut Vec<u32>, new: Option<&Vec<u32>>, name: &str) -> Result<(), String> {
    if let Some(new) = new {
        if new.len() != old.len() {
            return Err(format!(
                "`{name}` has {} values, not {}",
                new.len(),
                old.len()
            ));
        }
        old.clone_from(new);
    }
    Ok(())
}

fn shape(group: &Group) -> Result<NodeShape, String> {
    let resources = |it: super::trace::Resources| NodeResources {
        cpu: Millicores::new(it.cpu),
        memory: Bytes::from_mebibytes(it.mem),
        pods: it.pods,
    };
    let taint = |(key, value, effect): &(String, String, String)| {
        Ok(Taint {
            key: key.clone(),
            value: value.clone(),
            effect: taint_effect(effect)?,
        })
    };
    let mut labels = group.labels.clone();
    labels.insert("grp".to_owned(), group.id.clone());
    Ok(NodeShape {
        capacity: resources(group.cap),
        allocatable: resources(group.alloc),
        labels,
        taints: group
            .taints
            .iter()
            .map(taint)
            .collect::<Result<_, String>>()?,
    })
}

fn taint_effect(name: &str) -> Result<TaintEffect, String> {
    Ok(match name {
        "NoSchedule" => TaintEffect::NoSchedule,
        "PreferNoSchedule" => TaintEffect::PreferNoSchedule,
        "NoExecute" => TaintEffect::NoExecute,
        _ => return Err(format!("{name:?} is not a taint effect")),
    })
}

fn workload(app: &App) -> Result<Workload, String> {
    let toleration = |it: &(String, String, String, String)| {
        let operator = match it.1.as_str() {
            "Exists" => TolerationOperator::Exists,
            "Equal" | "" => TolerationOperator::Equal,
            other => return Err(format!("{other:?} is not an operator")),
        };
        Ok(Toleration {
            key: it.0.clone(),
            operator,
            value: it.2.clone(),
            effect: match it.3.as_str() {
                "" => None,
                name => Some(taint_effect(name)?),
            },
        })
    };
    Ok(Workload {
        namespace: app.ns.clone(),
        owner: match app.kind {
            Kind::ReplicaSet => OwnerKind::ReplicaSet,
            Kind::StatefulSet => OwnerKind::StatefulSet,
            Kind::Job => OwnerKind::Job,
            Kind::DaemonSet => OwnerKind::DaemonSet,
            Kind::Mirror => OwnerKind::Mirror,
            Kind::None => OwnerKind::None,
            Kind::CustomSet => OwnerKind::Custom,
        },
        pod: PodShape {
            cpu: Millicores::new(app.cpu),
            memory: Bytes::from_mebibytes(app.mem),
            tolerations: app
                .tol
                .iter()
                .map(toleration)
                .collect::<Result<_, String>>()?,
            node_selector: app.sel.clone(),
            one_per_node: app.anti,
        },
        priority: app.prio,
        do_not_disrupt: false,
        safe_to_evict: app.safe.as_ref().map(|it| it == "true"),
        local_storage: app.local.as_ref().is_some_and(|it| it != "memory"),
        scale_up_delay: app.delay,
    })
}

/// The flags of a trace.
pub(super) fn flags(trace: &Trace) -> Result<ClusterAutoscalerFlags, String> {
    let Trace { flags, limits, .. } = trace;
    let expander = |name: &str| {
        Expander::from_name(name).ok_or_else(|| format!("there is no expander {name:?}"))
    };
    Ok(ClusterAutoscalerFlags {
        scan_interval: SimDuration::from_millis(flags.scan_interval_ms),
        max_nodes_total: flags.max_nodes_total,
        max_nodes_per_scale_up: flags.max_nodes_per_scaleup,
        new_pod_scale_up_delay: SimDuration::from_millis(flags.new_pod_delay_ms),
        max_node_provision_time: SimDuration::from_millis(flags.max_node_provision_time_ms),
        max_node_startup_time: SimDuration::from_millis(flags.max_node_startup_time_ms),
        expanders: flags
            .expander
            .split(',')
            .map(expander)
            .collect::<Result<_, _>>()?,
        priorities: trace.priorities.as_deref().and_then(priorities),
        balance_similar_node_groups: flags.balance_similar,
        balancing_ignored_labels: vec!["grp".to_owned()],
        enforce_node_group_min_size: flags.enforce_min_size,
        force_daemon_sets: flags.force_ds,
        expendable_pods_priority_cutoff: flags.expendable_cutoff,
        limits: ResourceLimits {
            cores: limits.cpu,
            memory: (Bytes::new(limits.memory.0), Bytes::new(limits.memory.1)),
        },
        ok_total_unready_count: flags.ok_total_unready_count,
        max_total_unready_percentage: flags.max_total_unready_percentage,
        initial_backoff: SimDuration::from_millis(flags.initial_backoff_ms),
        max_backoff: SimDuration::from_millis(flags.max_backoff_ms),
        backoff_reset_timeout: SimDuration::from_millis(flags.backoff_reset_ms),
        scale_down: scale_down_flags(flags),
    })
}

fn scale_down_flags(flags: &Flags) -> ScaleDownFlags {
    let millis = SimDuration::from_millis;
    ScaleDownFlags {
        enabled: flags.scale_down_enabled,
        unready_enabled: flags.scale_down_unready_enabled,
        unneeded_time: millis(flags.unneeded_time_ms),
        unready_time: millis(flags.unready_time_ms),
        utilization_threshold: flags.utilization_threshold,
        delay_after_add: millis(flags.delay_after_add_ms),
        delay_after_delete: millis(flags.delay_after_delete_ms),
        delay_after_failure: millis(flags.delay_after_failure_ms),
        unremovable_node_recheck_timeout: millis(flags.unremovable_recheck_ms),
        max_parallelism: flags.max_scale_down_parallelism,
        max_drain_parallelism: flags.max_drain_parallelism,
        node_delete_delay_after_taint: millis(flags.node_delete_delay_after_taint_ms),
        ignore_daemon_sets_utilization: flags.ignore_daemonsets_utilization,
        ignore_mirror_pods_utilization: flags.ignore_mirror_utilization,
        skip_nodes_with_system_pods: flags.skip_system_pods,
        skip_nodes_with_local_storage: flags.skip_local_storage,
        skip_nodes_with_custom_controller_pods: flags.skip_custom_controller_pods,
        min_replica_count: flags.min_replica_count,
        blocking_system_pod_timeout: millis(flags.bsp_timeout_ms),
    }
}

/// The map of the priority expander; `None` if the text is none.
fn priorities(text: &str) -> Option<PriorityMap> {
    let patterns: BTreeMap<i64, Vec<String>> = serde_saphyr::from_str(text).ok()?;
    PriorityMap::new(&patterns).ok()
}
