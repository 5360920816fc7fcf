//! The whole simulator against what is known without it: queueing theory, the rules of
//! Kubernetes, and laws that hold whatever the model.

mod closed_forms;
mod invariants;
mod ledger;
mod lifecycle;
mod request_paths;
mod systems;
