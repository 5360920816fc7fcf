//! The whole simulator against what is known without it: queueing theory, the rules of
//! Kubernetes, and laws that hold whatever the model.

mod actions;
mod closed_forms;
mod instances;
mod invariants;
mod ledger;
mod lifecycle;
mod metrics_outages;
mod nodes;
mod queues;
mod request_paths;
mod scaled_jobs;
mod scaling;
#[path = "../systems/mod.rs"]
mod systems;
mod timing;
