//! Autoscalers that cannot do what they seem to.

use crate::build::service::Part;
use crate::diagnostic::{Code, Problems};
use crate::path::FieldPath;
use flashcrowd_core::model::PodTemplate;
use flashcrowd_manifests::hpa::{HpaSpec, MetricSourceType, MetricTarget};
use flashcrowd_manifests::scaled_object::ScaledObjectSpec;
use flashcrowd_units::Millicores;

pub(super) fn check(
    part: &Part<'_>,
    spec: &HpaSpec,
    pod: &PodTemplate,
    path: &FieldPath,
    problems: &mut Problems,
) {
    let min = spec.min_replicas.unwrap_or(1);
    if min == spec.max_replicas && min > 0 {
        let message = format!("minimum and maximum are both {min}: the HPA never changes anything");
        let path = path.join("maxReplicas");
        let mut check = part.context.check(problems);
        check.warn(Code::Ineffective, &path, message, "raise `maxReplicas`");
    }
    for (index, metric) in spec.metrics.iter().enumerate() {
        let (Some(source), MetricSourceType::Resource) = (&metric.resource, metric.source_type)
        else {
            continue;
        };
        let path = path.join("metrics").join(index).join("resource");
        match source.name.as_str() {
            "cpu" => cpu(part, &source.target, pod, &path, problems),
            "memory" => memory(part, &source.target, pod, &path, problems),
            _ => {}
        }
    }
}

/// KEDA's own clock is about the way to zero, or to the idle count, and about nothing else.
pub(super) fn check_keda(
    part: &Part<'_>,
    spec: &ScaledObjectSpec,
    path: &FieldPath,
    problems: &mut Problems,
) {
    let mut check = part.context.check(problems);
    let min = spec.min_replica_count();
    if let Some(cooldown) = spec.cooldown_period
        && min > 0
        && spec.idle_replica_count.is_none()
    {
        let message = format!(
            "`cooldownPeriod` is about the way to 0, and at least {min} stay: {cooldown} s change nothing"
        );
        let help =
            "how fast it shrinks is in `advanced.horizontalPodAutoscalerConfig.behavior.scaleDown`";
        check.warn(
            Code::Ineffective,
            &path.join("cooldownPeriod"),
            message,
            help,
        );
    }
}

/// Utilisation is usage over request, and usage ends at the limit, or at the cores that the
/// process can use.
fn cpu(
    part: &Part<'_>,
    target: &MetricTarget,
    pod: &PodTemplate,
    path: &FieldPath,
    problems: &mut Problems,
) {
    let Some(wanted) = target.average_utilization else {
        return;
    };
    let path = path.join("target").join("averageUtilization");
    let mut check = part.context.check(problems);
    let Some(request) = pod.cpu_request.filter(|request| request.get() > 0) else {
        let message = "utilisation is usage divided by the request, and not every container has a CPU request";
        let field = if part.chosen.deployment.is_some() {
            "resources.requests.cpu"
        } else {
            "pod.cpu.request"
        };
        let help =
            format!("the HPA reports FailedGetResourceMetric and never scales; set `{field}`");
        return check.warn(Code::Ineffective, &path, message, &help);
    };
    let cores =
        crate::build::node::cores(&part.context.spec.nodes).min(pod.threads.unwrap_or(u32::MAX));
    let most = pod
        .cpu_limit
        .map_or(u64::MAX, Millicores::get)
        .min(u64::from(cores) * 1000);
    let reach = most as f64 / request.get() as f64 * 100.0;
    // Inside the tolerance of 10 % above the target nothing happens.
    if reach <= f64::from(wanted) * 1.1 {
        let message = format!(
            "a pod can use at most {reach:.0} % of its CPU request; a target of {wanted} % never scales up"
        );
        let help = match pod.threads {
            Some(threads) if u64::from(threads) * 1000 <= most => {
                format!("the process uses {threads} core(s) at once: request no more than that")
            }
            _ => "lower the target or the request, or raise the limit".to_owned(),
        };
        check.warn(Code::Ineffective, &path, message, &help);
    }
}

/// An idle pod above the target makes more idle pods.
fn memory(
    part: &Part<'_>,
    target: &MetricTarget,
    pod: &PodTemplate,
    path: &FieldPath,
    problems: &mut Problems,
) {
    let (Some(wanted), Some(request)) = (target.average_utilization, pod.memory_request) else {
        return;
    };
    if part.spec.memory.base.is_none() {
        // The default is too rough a guess to judge by.
        return;
    }
    let idle = pod.memory.base.get() as f64 / request.get().max(1) as f64 * 100.0;
    if idle > f64::from(wanted) * 1.1 {
        let message = format!(
            "an idle pod already takes {idle:.0} % of its memory request: at a target of {wanted} % the HPA goes to maxReplicas and stays"
        );
        let help = "raise the memory request, or take the metric out: memory does not shrink with the load";
        let path = path.join("target").join("averageUtilization");
        part.context
            .check(problems)
            .warn(Code::Ineffective, &path, message, help);
    }
}
