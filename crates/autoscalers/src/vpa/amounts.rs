//! Amounts of the two resources that a VPA knows.

use crate::ResourceName;
use flashcrowd_units::{Bytes, Millicores, Quantity};
use serde::{Deserialize, Serialize};

/// The resources of a VPA, in the order in which everything is worked through.
pub(super) const RESOURCES: [ResourceName; 2] = [ResourceName::Cpu, ResourceName::Memory];

/// An amount of CPU and one of memory; `None` where nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ResourceAmounts {
    /// CPU.
    pub cpu: Option<Millicores>,
    /// Memory.
    pub memory: Option<Bytes>,
}

impl ResourceAmounts {
    /// From both amounts.
    pub const fn new(cpu: Option<Millicores>, memory: Option<Bytes>) -> Self {
        Self { cpu, memory }
    }

    /// The amount of one resource \[millicores or bytes\].
    pub fn get(&self, resource: ResourceName) -> Option<u64> {
        match resource {
            ResourceName::Cpu => self.cpu.map(Millicores::get),
            ResourceName::Memory => self.memory.map(Bytes::get),
        }
    }

    /// Sets the amount of one resource \[millicores or bytes\].
    pub fn set(&mut self, resource: ResourceName, amount: Option<u64>) {
        match resource {
            ResourceName::Cpu => self.cpu = amount.map(Millicores::new),
            ResourceName::Memory => self.memory = amount.map(Bytes::new),
        }
    }

    /// These amounts where there are any, else those of `other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            cpu: self.cpu.or(other.cpu),
            memory: self.memory.or(other.memory),
        }
    }

    /// Whether nothing is said about either resource.
    pub const fn is_empty(&self) -> bool {
        self.cpu.is_none() && self.memory.is_none()
    }
}

/// A quantity in what a resource is counted in \[millicores or bytes\], rounded up.
pub(super) fn from_quantity(resource: ResourceName, quantity: Quantity) -> u64 {
    let amount = match resource {
        ResourceName::Cpu => quantity.milli_value(),
        ResourceName::Memory => quantity.value(),
    };
    amount.max(0).unsigned_abs()
}
