//! The file format of the recorded traces. All times are milliseconds, CPU is in millicores, memory
//! in MiB except for limits.

use flashcrowd_units::SimDuration;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// One cluster and its loops.
#[derive(Debug, Deserialize)]
pub(super) struct Trace {
    pub(super) id: String,
    pub(super) flags: Flags,
    pub(super) groups: Vec<Group>,
    pub(super) unmanaged: Option<Group>,
    pub(super) apps: Vec<App>,
    #[serde(default)]
    pub(super) pdbs: Vec<Pdb>,
    pub(super) limits: Limits,
    pub(super) priorities: Option<String>,
    pub(super) ticks: Vec<Tick>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Flags {
    pub(super) backoff_reset_ms: u64,
    pub(super) balance_similar: bool,
    pub(super) bsp_timeout_ms: u64,
    pub(super) delay_after_add_ms: u64,
    pub(super) delay_after_delete_ms: u64,
    pub(super) delay_after_failure_ms: u64,
    pub(super) enforce_min_size: bool,
    pub(super) expander: String,
    pub(super) expendable_cutoff: i32,
    pub(super) force_ds: bool,
    pub(super) ignore_daemonsets_utilization: bool,
    pub(super) ignore_mirror_utilization: bool,
    pub(super) initial_backoff_ms: u64,
    pub(super) max_backoff_ms: u64,
    pub(super) max_drain_parallelism: u32,
    pub(super) max_node_provision_time_ms: u64,
    pub(super) max_node_startup_time_ms: u64,
    pub(super) max_nodes_per_scaleup: u32,
    pub(super) max_nodes_total: u32,
    pub(super) max_scale_down_parallelism: u32,
    pub(super) max_total_unready_percentage: f64,
    pub(super) min_replica_count: u32,
    pub(super) new_pod_delay_ms: u64,
    pub(super) node_delete_delay_after_taint_ms: u64,
    pub(super) ok_total_unready_count: u32,
    pub(super) scale_down_enabled: bool,
    pub(super) scale_down_unready_enabled: bool,
    pub(super) scan_interval_ms: u64,
    pub(super) skip_custom_controller_pods: bool,
    pub(super) skip_local_storage: bool,
    pub(super) skip_system_pods: bool,
    pub(super) unneeded_time_ms: u64,
    pub(super) unready_time_ms: u64,
    pub(super) unremovable_recheck_ms: u64,
    pub(super) utilization_threshold: f64,
}

/// A node group, or what nodes outside of all groups look like.
#[derive(Debug, Deserialize)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) min: u32,
    pub(super) max: u32,
    pub(super) cap: Resources,
    pub(super) alloc: Resources,
    #[serde(default)]
    pub(super) labels: BTreeMap<String, String>,
    /// `[key, value, effect]`
    #[serde(default)]
    pub(super) taints: Vec<(String, String, String)>,
    #[serde(default)]
    pub(super) price: f64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Resources {
    pub(super) cpu: u64,
    pub(super) mem: u64,
    pub(super) pods: u32,
}

/// A workload.
#[derive(Debug, Deserialize)]
pub(super) struct App {
    pub(super) ns: String,
    pub(super) kind: Kind,
    pub(super) cpu: u64,
    pub(super) mem: u64,
    pub(super) prio: Option<i32>,
    /// `[key, operator, value, effect]`
    #[serde(default)]
    pub(super) tol: Vec<(String, String, String, String)>,
    #[serde(default)]
    pub(super) sel: BTreeMap<String, String>,
    pub(super) safe: Option<String>,
    pub(super) local: Option<String>,
    #[serde(default)]
    pub(super) anti: bool,
    pub(super) delay: Option<SimDuration>,
    #[serde(default)]
    pub(super) orphan: bool,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) enum Kind {
    ReplicaSet,
    StatefulSet,
    Job,
    DaemonSet,
    Mirror,
    None,
    CustomSet,
}

#[derive(Debug, Deserialize)]
pub(super) struct Pdb {
    pub(super) app: usize,
}

/// `[min, max]`
#[derive(Debug, Deserialize)]
pub(super) struct Limits {
    pub(super) cpu: (u64, u64),
    pub(super) memory: (u64, u64),
}

/// One loop. Lists hold what has changed since the one before.
#[derive(Debug, Deserialize)]
pub(super) struct Tick {
    pub(super) t: i64,
    #[serde(default)]
    pub(super) n: Vec<NodeRow>,
    #[serde(default)]
    pub(super) nx: Vec<u64>,
    #[serde(default)]
    pub(super) p: Vec<PodRow>,
    #[serde(default)]
    pub(super) px: Vec<u64>,
    #[serde(default)]
    pub(super) i: Vec<InstanceRow>,
    #[serde(default)]
    pub(super) ix: Vec<u64>,
    pub(super) tg: Option<Vec<u32>>,
    pub(super) pdb: Option<Vec<u32>>,
    pub(super) des: Option<Vec<u32>>,
    pub(super) o: BTreeMap<String, Value>,
}

/// `[id, group, created, ready, ready transition, deleting, scale-down disabled]`
#[derive(Debug, Deserialize)]
pub(super) struct NodeRow(
    pub(super) u64,
    pub(super) String,
    pub(super) i64,
    pub(super) u8,
    pub(super) i64,
    pub(super) u8,
    pub(super) u8,
);

/// `[id, app, node, created]`
#[derive(Debug, Deserialize)]
pub(super) struct PodRow(
    pub(super) u64,
    pub(super) usize,
    pub(super) u64,
    pub(super) i64,
);

/// `[id, group, state]`
#[derive(Debug, Deserialize)]
pub(super) struct InstanceRow(pub(super) u64, pub(super) String, pub(super) State);

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) enum State {
    #[serde(rename = "c")]
    Creating,
    #[serde(rename = "r")]
    Running,
    #[serde(rename = "e")]
    Failed,
}
