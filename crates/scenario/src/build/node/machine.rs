//! What a machine offers: the list of instance types, and what the system keeps of each.

use crate::spec::MachineSpec;
use flashcrowd_autoscalers::scheduling::NodeResources;
use flashcrowd_units::{Bytes, Millicores};

/// The list, as data; its sources stand in its first lines.
const TYPES: &str = include_str!("instance_types.csv");
const MIB: u64 = 1 << 20;
/// The kubelet evicts pods when so little memory is left (`--eviction-hard`) \[MiB\].
const EVICTION: u64 = 100;
/// The same on AKS.
const AKS_EVICTION: u64 = 750;

/// A machine as the scheduler sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::build) struct Machine {
    pub(in crate::build) capacity: NodeResources,
    pub(super) allocatable: NodeResources,
    /// List price \[USD/h\].
    pub(super) usd_hour: Option<f64>,
}

/// Whose rule says what the system keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reservation {
    Eks,
    Gke,
    Aks,
}

/// The names of the list.
pub(super) fn names() -> Vec<&'static str> {
    rows().filter_map(|row| row.split(',').next()).collect()
}

fn rows() -> impl Iterator<Item = &'static str> {
    let data = TYPES.lines().filter(|line| !line.starts_with('#'));
    data.skip(1).filter(|line| !line.is_empty())
}

/// A type of the list.
pub(super) fn named(name: &str) -> Option<Machine> {
    let row = rows().find(|row| row.split(',').next() == Some(name))?;
    let cells: Vec<&str> = row.split(',').collect();
    let [_, cpu, memory, pods, price, reservation] = cells.as_slice() else {
        return None;
    };
    let capacity = NodeResources {
        cpu: Millicores::from_cores(cpu.parse().ok()?),
        memory: Bytes::new(memory.parse::<u64>().ok()? * 1024 * MIB),
        pods: pods.parse().ok()?,
    };
    let reservation = match *reservation {
        "eks" => Reservation::Eks,
        "gke" => Reservation::Gke,
        _ => Reservation::Aks,
    };
    Some(Machine {
        capacity,
        allocatable: allocatable(capacity, reservation),
        usd_hour: price.parse().ok(),
    })
}

/// A machine that the scenario describes.
pub(super) fn described(spec: &MachineSpec) -> Machine {
    let capacity = NodeResources {
        cpu: spec.cpu,
        memory: spec.memory,
        pods: spec.pods.unwrap_or(110),
    };
    let rest = allocatable(capacity, Reservation::Gke);
    let allocatable = NodeResources {
        cpu: spec.allocatable.cpu.unwrap_or(rest.cpu),
        memory: spec.allocatable.memory.unwrap_or(rest.memory),
        pods: capacity.pods,
    };
    Machine {
        capacity,
        allocatable,
        usd_hour: None,
    }
}

/// Capacity less what kubelet, system and eviction threshold keep.
fn allocatable(capacity: NodeResources, reservation: Reservation) -> NodeResources {
    let mebibytes = capacity.memory.get() / MIB;
    let kept = match reservation {
        Reservation::Eks => 255 + 11 * u64::from(capacity.pods) + EVICTION,
        Reservation::Gke => shares_of_memory(mebibytes) + EVICTION,
        Reservation::Aks => shares_of_memory(mebibytes) + AKS_EVICTION,
    };
    let memory = mebibytes.saturating_sub(kept) * MIB;
    NodeResources {
        cpu: Millicores::new(capacity.cpu.get() - reserved_cpu(capacity.cpu.get())),
        memory: Bytes::new(memory),
        pods: capacity.pods,
    }
}

/// 6 % of the first core, 1 % of the second, 0.5 % of the next two, 0.25 % of the others
/// \[millicores\].
fn reserved_cpu(millicores: u64) -> u64 {
    let part = |from: u64, to: u64| millicores.clamp(from, to) - from;
    // In units of a hundred thousandth of a core, so that nothing is rounded before the end.
    let sum = part(0, 1000) * 600
        + part(1000, 2000) * 100
        + part(2000, 4000) * 50
        + part(4000, u64::MAX) * 25;
    sum.div_ceil(10_000)
}

/// 255 MiB below 1 GiB; else 25 % of the first 4 GiB, 20 % of the next 4, 10 % of the next 8, 6 % of
/// the next 112, 2 % of the others \[MiB\].
fn shares_of_memory(mebibytes: u64) -> u64 {
    const GIB: u64 = 1024;
    if mebibytes < GIB {
        return 255;
    }
    let part = |from: u64, to: u64| mebibytes.clamp(from, to) - from;
    let sum = part(0, 4 * GIB) * 25
        + part(4 * GIB, 8 * GIB) * 20
        + part(8 * GIB, 16 * GIB) * 10
        + part(16 * GIB, 128 * GIB) * 6
        + part(128 * GIB, u64::MAX) * 2;
    // To the nearest.
    (sum + 50) / 100
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gke(cores: u64, gibibytes: u64) -> (u64, u64) {
        let capacity = NodeResources {
            cpu: Millicores::from_cores(cores),
            memory: Bytes::new(gibibytes << 30),
            pods: 110,
        };
        let rest = allocatable(capacity, Reservation::Gke);
        (rest.cpu.get(), rest.memory.get() / MIB)
    }

    /// The worked figures of the reference, section 7.
    #[test]
    fn agrees_with_the_worked_reservations_of_gke() {
        assert_eq!(gke(2, 8), (1930, 6249));
        assert_eq!(gke(4, 16), (3920, 13_622));
        assert_eq!(gke(8, 32), (7910, 29_023));
        assert_eq!(gke(16, 64), (15_890, 59_824));
    }

    /// t3.large: 8192 - 255 - 11 * 35 - 100 MiB.
    #[test]
    fn eks_keeps_memory_by_pod_slots() {
        let machine = named("t3.large").unwrap();
        assert_eq!(machine.allocatable.memory.get() / MIB, 7452);
        assert_eq!(machine.allocatable.cpu.get(), 1930);
        assert_eq!(machine.allocatable.pods, 35);
        assert_eq!(machine.usd_hour, Some(0.0832));
    }

    #[test]
    fn every_row_of_the_list_can_be_read() {
        assert!(names().len() > 20);
        for name in names() {
            let machine = named(name).unwrap();
            assert!(machine.allocatable.memory > Bytes::new(0), "{name}");
            assert!(machine.usd_hour.is_some(), "{name}");
        }
    }
}
