//! Karpenter on a small cluster: worked examples, and what always holds.

mod consolidation;
mod laws;
mod provisioning;
mod rig;
