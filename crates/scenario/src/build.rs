//! From the scenario as typed to the model as meant.

mod actions;
mod autoscaler;
mod cycle;
mod endpoints;
mod instances;
mod metrics;
mod names;
mod node;
mod pod;
mod queues;
mod service;
mod slos;
mod vpa;
mod workload;

pub(crate) use autoscaler::check_lone_hpas;
pub(crate) use names::Names;
pub(crate) use slos::{assertion, slos};

use crate::check::{Checker, ROOT};
use crate::diagnostic::{Code, Problems};
use crate::manifest::Objects;
use crate::path::FieldPath;
use crate::spec::Spec;
use crate::yaml::Node;
use flashcrowd_core::model::{MetricsServer, Model};
use flashcrowd_units::SimDuration;
use std::collections::BTreeMap;

/// What the checks of all parts need.
pub(crate) struct Context<'a> {
    pub(crate) spec: &'a Spec,
    /// The tree that `spec` was decoded from.
    pub(crate) root: &'a Node,
    /// The Kubernetes objects of each service that has any.
    pub(crate) objects: &'a BTreeMap<String, Objects>,
    pub(crate) names: Names,
}

impl<'a> Context<'a> {
    /// The time of day at which the run begins, by the clock of the scenario.
    fn time_of_day(&self) -> SimDuration {
        let midnight = jiff::civil::Time::midnight();
        let since = self.spec.start.0.time().duration_since(midnight);
        SimDuration::from_nanos(u64::try_from(since.as_nanos()).unwrap_or(0))
    }

    pub(crate) fn new(
        spec: &'a Spec,
        root: &'a Node,
        objects: &'a BTreeMap<String, Objects>,
    ) -> Self {
        Self {
            spec,
            root,
            objects,
            names: Names::new(spec, root),
        }
    }

    /// Whether something at or below a field was found to be wrong already.
    pub(crate) fn is_damaged(&self, path: &FieldPath) -> bool {
        self.root.at(&path.0).is_none_or(Node::is_damaged)
    }

    pub(crate) fn check<'b>(&'b self, problems: &'b mut Problems) -> Checker<'b> {
        Checker {
            root: self.root,
            base: &ROOT,
            problems,
        }
    }
}

/// Notes what manifests ask for and a scenario gives no part to. Manifests that are checked alone
/// belong to no scenario that could.
pub(crate) fn note_idle(context: &Context<'_>, problems: &mut Problems) {
    node::note_idle_budgets(context, problems);
}

/// Builds the model, reporting everything that is wrong. The model is of use only if nothing was.
pub(crate) fn model(context: &Context<'_>, problems: &mut Problems) -> Model {
    let Spec {
        duration,
        nodes,
        metrics_server,
        controllers,
        ..
    } = context.spec;
    let root = FieldPath::default();
    let mut check = context.check(problems);
    if duration.is_zero() {
        check.invalid(
            &root.join("duration"),
            "a run takes time",
            "above 0s, as 6h",
        );
    }
    if nodes.cores == Some(0) {
        check.invalid(
            &root.join("nodes").join("cores"),
            "a machine has at least one core",
            "1 or more",
        );
    }
    if metrics_server.resolution.is_zero() {
        let path = root.join("metrics_server").join("resolution");
        check.invalid(
            &path,
            "scrapes need some time between them",
            "above 0s, as 15s",
        );
    }
    if controllers.hpa.sync_period.is_zero() {
        let path = root.join("controllers").join("hpa").join("sync_period");
        check.invalid(
            &path,
            "decisions need some time between them",
            "above 0s, as 15s",
        );
    }
    let produces = context.spec.queues.values().any(|q| q.arrivals.is_some());
    for (section, is_empty, what) in [
        (
            "workload",
            context.spec.workload.is_empty() && !produces,
            "nobody sends requests",
        ),
        (
            "services",
            context.spec.services.is_empty(),
            "nothing answers requests",
        ),
    ] {
        if is_empty && context.root.get(section).is_none() {
            let message = format!("`{section}` is missing");
            check.report(Code::MissingField, &root, message, |p| p);
        } else if is_empty && !context.is_damaged(&root.join(section)) {
            check.report(
                Code::MissingField,
                &root.join(section),
                format!("`{section}` is empty: {what}"),
                |p| p,
            );
        }
    }
    names::check(context, problems);
    let services = service::services(context, problems);
    let machines = node::nodes(context, &services, problems);
    let endpoints = endpoints::endpoints(context, problems);
    cycle::check(context, problems);
    let workloads = workload::workloads(context, problems);
    let queues = queues::queues(context, problems);
    let metrics = metrics::metrics(context, problems);
    let (actions, procedures) = actions::actions(context, &services, &metrics, problems);
    Model {
        duration: *duration,
        workloads,
        services,
        endpoints,
        queues,
        metrics,
        metrics_server: MetricsServer {
            resolution: metrics_server.resolution,
            lag: metrics_server.lag,
        },
        node_cores: node::cores(nodes),
        nodes: machines,
        actions,
        procedures,
    }
}
