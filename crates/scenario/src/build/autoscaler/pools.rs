//! The autoscalers of instance pools.

use super::MOST;
use crate::build::instances::metrics_delay;
use crate::build::service::Part;
use crate::diagnostic::{Code, Problems, Severity};
use crate::path::FieldPath;
use crate::scaler::pools::report;
use crate::spec::{AutoscalerSpec, AzureVmssSpec, Ec2Spec, GcpMigSpec, OciSpec};
use flashcrowd_autoscalers::pools::{
    AzurePolicy, AzureVmss, Ec2AutoScaling, Ec2Policy, GcpMig, GcpPolicy, OciPolicy, OciPool,
};
use flashcrowd_autoscalers::{Autoscaler, MetricQuery, PolicySpec};
use flashcrowd_manifests::azure::TriggerOperator;
use flashcrowd_manifests::oci::{MetricType, Operator};

/// Instances that a pool has before anything has happened: what its configuration sets at first.
pub(super) fn initial(spec: &AutoscalerSpec) -> Option<u32> {
    match spec {
        AutoscalerSpec::Oci(oci) => {
            let policies = oci.configuration.policies.iter();
            let mut capacities = policies.filter_map(|it| it.capacity);
            capacities.find_map(|it| it.initial.or(it.min))
        }
        AutoscalerSpec::Ec2(ec2) => {
            let group = &ec2.configuration.group;
            Some(group.desired_capacity.unwrap_or(group.min_size))
        }
        AutoscalerSpec::AzureVmss(azure) => {
            let profiles = &azure.configuration.properties.profiles;
            profiles.first().map(|it| it.capacity.default)
        }
        AutoscalerSpec::GcpMig(gcp) => Some(gcp.configuration.min_num_replicas.unwrap_or(2)),
        _ => None,
    }
}

/// The policy, if this is the autoscaler of a pool.
pub(super) fn policy(
    part: &Part<'_>,
    spec: &AutoscalerSpec,
    problems: &mut Problems,
) -> Option<PolicySpec> {
    match spec {
        AutoscalerSpec::Oci(spec) => Some(oci(part, spec, problems)),
        AutoscalerSpec::Ec2(spec) => Some(ec2(part, spec, problems)),
        AutoscalerSpec::AzureVmss(spec) => Some(azure(part, spec, problems)),
        AutoscalerSpec::GcpMig(spec) => Some(gcp(part, spec, problems)),
        _ => None,
    }
}

/// Whether an autoscaler goes with what the service runs on: those of Deployments do not scale
/// instances, and the other way round.
pub(super) fn fits(part: &Part<'_>, spec: &AutoscalerSpec, problems: &mut Problems) -> bool {
    let kinds = [
        ("hpa", false, matches!(spec, AutoscalerSpec::Hpa(_))),
        ("keda", false, matches!(spec, AutoscalerSpec::Keda(_))),
        ("kpa", false, matches!(spec, AutoscalerSpec::Kpa(_))),
        ("oci", true, matches!(spec, AutoscalerSpec::Oci(_))),
        ("ec2", true, matches!(spec, AutoscalerSpec::Ec2(_))),
        (
            "azure_vmss",
            true,
            matches!(spec, AutoscalerSpec::AzureVmss(_)),
        ),
        ("gcp_mig", true, matches!(spec, AutoscalerSpec::GcpMig(_))),
    ];
    // All others scale both.
    let Some((field, is_of_pools, _)) = kinds.into_iter().find(|(.., is_it)| *is_it) else {
        return true;
    };
    // Instances that could not be read are instances.
    let own = part.context.root.at(&part.path.0);
    let is_pool = own.is_some_and(|it| it.get("instances").is_some_and(|it| !it.is_null()));
    if is_pool == is_of_pools {
        return true;
    }
    let (message, help) = if is_pool {
        (
            format!(
                "`{}` is a pool of instances, not a Deployment: `{field}` cannot scale it",
                part.name
            ),
            "pools are scaled by `oci`, `ec2`, `azure_vmss` or `gcp_mig`",
        )
    } else {
        (
            format!(
                "`{}` is a Deployment, not a pool of instances: `{field}` cannot scale it",
                part.name
            ),
            "say what it runs on: `instances: { type: t3.large }`",
        )
    };
    let path = part.path.join("autoscaler").join(field);
    let mut check = part.context.check(problems);
    check.report_key(Code::InvalidValue, &path, message, |it| it.help(help));
    false
}

/// The autoscaler of a pool inside a schedule, where it has no business.
pub(super) fn refuse_inside(part: &Part<'_>, path: &FieldPath, problems: &mut Problems) {
    let message = "the autoscaler of an instance pool cannot stand inside a schedule";
    let mut check = part.context.check(problems);
    check.report(Code::InvalidValue, path, message, |problem| {
        problem.help("its own configuration has schedules")
    });
}

fn base(part: &Part<'_>, field: &str) -> FieldPath {
    let path = part.path.join("autoscaler").join(field);
    path.join("configuration")
}

fn epoch(part: &Part<'_>) -> i64 {
    part.context.spec.start.0.timestamp().as_second()
}

/// Reports what the cloud refuses, and what it accepts although it is hardly meant.
fn problems_of(
    part: &Part<'_>,
    path: &FieldPath,
    refused: Vec<flashcrowd_manifests::Problem>,
    lint: Vec<flashcrowd_manifests::Problem>,
    problems: &mut Problems,
) {
    let mut check = part.context.check(problems);
    report(&mut check, path, refused, (Severity::Error, Code::Refused));
    let warning = (Severity::Warning, Code::Ineffective);
    report(&mut check, path, lint, warning);
}

/// Metrics that are asked for by name have to be somewhere.
fn named_metrics(
    part: &Part<'_>,
    autoscaler: &dyn Autoscaler,
    path: &FieldPath,
    problems: &mut Problems,
) {
    for query in autoscaler.queries() {
        if let MetricQuery::External { name, .. } = query {
            crate::build::metrics::check_asked(part, &name, path, problems);
        }
    }
}

fn too_many(part: &Part<'_>, path: &FieldPath, field: &str, most: u32, problems: &mut Problems) {
    if most > MOST.unsigned_abs() {
        let message = format!("`{field}` is {most}: more than can be simulated");
        let mut check = part.context.check(problems);
        check.invalid(path, message, "at most 100000");
    }
}

fn oci(part: &Part<'_>, spec: &OciSpec, problems: &mut Problems) -> PolicySpec {
    let path = base(part, "oci");
    let policy = OciPolicy {
        configuration: spec.configuration.clone(),
        publish_delay: metrics_delay(part.spec),
        alarm_latch: spec.alarm_latch,
        epoch_unix_seconds: epoch(part),
    };
    let pool = OciPool::new(&policy);
    let refused = pool
        .as_ref()
        .err()
        .map_or_else(Vec::new, |it| it.problems.clone());
    problems_of(part, &path, refused, policy.configuration.lint(), problems);
    if let Ok(pool) = &pool {
        named_metrics(part, pool, &path, problems);
    }
    for (index, it) in policy.configuration.policies.iter().enumerate() {
        let path = path.join("policies").join(index);
        if let Some(max) = it.capacity.and_then(|capacity| capacity.max) {
            let path = path.join("capacity").join("max");
            too_many(part, &path, "max", max, problems);
        }
        for (index, rule) in it.rules.iter().enumerate() {
            let is_cpu = rule.metric.metric_type == Some(MetricType::CpuUtilization);
            let Some(threshold) = rule.metric.threshold.filter(|_| is_cpu) else {
                continue;
            };
            let path = path.join("rules").join(index).join("metric");
            let path = path.join("threshold").join("value");
            if matches!(threshold.operator, Operator::Gt | Operator::Gte) {
                reach(part, &path, threshold.value, problems);
            }
        }
    }
    PolicySpec::Oci(policy)
}

fn ec2(part: &Part<'_>, spec: &Ec2Spec, problems: &mut Problems) -> PolicySpec {
    let path = base(part, "ec2");
    let configuration = spec.configuration.clone();
    let policy = Ec2Policy {
        group: configuration.group,
        policies: configuration.policies,
        alarms: configuration.alarms,
        scheduled_actions: configuration.scheduled_actions,
        warm_pool: configuration.warm_pool,
        publish_delay: metrics_delay(part.spec),
        epoch_unix_seconds: epoch(part),
    };
    let scaling = Ec2AutoScaling::new(&policy);
    let refused = scaling
        .as_ref()
        .err()
        .map_or_else(Vec::new, |it| it.problems.clone());
    problems_of(part, &path, refused, Vec::new(), problems);
    if let Ok(scaling) = &scaling {
        named_metrics(part, scaling, &path, problems);
    }
    let max = path.join("group").join("MaxSize");
    too_many(part, &max, "MaxSize", policy.group.max_size, problems);
    for (index, it) in policy.policies.iter().enumerate() {
        let Some(tracking) = &it.target_tracking_configuration else {
            continue;
        };
        let metric = tracking.predefined_metric_specification.as_ref();
        if metric.is_some_and(|it| it.predefined_metric_type == "ASGAverageCPUUtilization") {
            let path = path.join("policies").join(index);
            let path = path.join("TargetTrackingConfiguration");
            reach(
                part,
                &path.join("TargetValue"),
                tracking.target_value,
                problems,
            );
        }
    }
    if policy
        .warm_pool
        .as_ref()
        .is_some_and(|pool| pool.instance_reuse_policy.is_some())
    {
        let path = path.join("warm_pool").join("InstanceReusePolicy");
        part.context.check(problems).warn(
            Code::NotModelled,
            &path,
            "instances are not put back into the warm pool here",
            "scaling in terminates them, and the warm pool launches new ones",
        );
    }
    PolicySpec::Ec2(policy)
}

fn azure(part: &Part<'_>, spec: &AzureVmssSpec, problems: &mut Problems) -> PolicySpec {
    let path = base(part, "azure_vmss");
    let policy = AzurePolicy {
        setting: spec.configuration.clone(),
        publish_delay: metrics_delay(part.spec),
        epoch_unix_seconds: epoch(part),
    };
    let scaling = AzureVmss::new(&policy);
    let refused = scaling
        .as_ref()
        .err()
        .map_or_else(Vec::new, |it| it.problems.clone());
    problems_of(part, &path, refused, policy.setting.lint(), problems);
    if let Ok(scaling) = &scaling {
        named_metrics(part, scaling, &path, problems);
    }
    let profiles = path.join("properties").join("profiles");
    for (index, profile) in policy.setting.properties.profiles.iter().enumerate() {
        let path = profiles.join(index);
        let maximum = path.join("capacity").join("maximum");
        too_many(
            part,
            &maximum,
            "maximum",
            profile.capacity.maximum,
            problems,
        );
        for (index, rule) in profile.rules.iter().enumerate() {
            let trigger = &rule.metric_trigger;
            let is_cpu = matches!(
                trigger.metric_name.as_str(),
                "Percentage CPU" | "CpuPercentage"
            );
            let is_above = matches!(
                trigger.operator,
                TriggerOperator::GreaterThan | TriggerOperator::GreaterThanOrEqual
            );
            if is_cpu && is_above {
                let path = path.join("rules").join(index).join("metricTrigger");
                reach(part, &path.join("threshold"), trigger.threshold, problems);
            }
        }
    }
    PolicySpec::AzureVmss(policy)
}

fn gcp(part: &Part<'_>, spec: &GcpMigSpec, problems: &mut Problems) -> PolicySpec {
    let path = base(part, "gcp_mig");
    let policy = GcpPolicy {
        policy: spec.configuration.clone(),
        initializing_counts_for_scale_in: spec.initializing_counts_for_scale_in.unwrap_or(true),
        epoch_unix_seconds: epoch(part),
    };
    let scaling = GcpMig::new(&policy);
    let refused = scaling
        .as_ref()
        .err()
        .map_or_else(Vec::new, |it| it.problems.clone());
    problems_of(part, &path, refused, policy.policy.lint(), problems);
    if let Ok(scaling) = &scaling {
        named_metrics(part, scaling, &path, problems);
    }
    let max = path.join("maxNumReplicas");
    let most = policy.policy.max_num_replicas;
    too_many(part, &max, "maxNumReplicas", most, problems);
    let target = policy.policy.cpu_utilization.as_ref();
    if let Some(target) = target.and_then(|cpu| cpu.utilization_target) {
        let path = path.join("cpuUtilization").join("utilizationTarget");
        reach(part, &path, target * 100.0, problems);
    }
    PolicySpec::GcpMig(policy)
}

/// The utilisation of an instance is that of all its cores; a process that uses fewer never gets
/// there.
fn reach(part: &Part<'_>, path: &FieldPath, wanted: f64, problems: &mut Problems) {
    let (Some(threads), Some(spec)) = (part.spec.threads, &part.spec.instances) else {
        return;
    };
    let Some(cores) = crate::build::node::cores_of(&spec.instance_type) else {
        return;
    };
    let most = f64::from(threads.min(cores)) / f64::from(cores.max(1)) * 100.0;
    if most <= wanted {
        let message = format!(
            "the process uses {threads} of {cores} cores: at most {most:.0} % of the instance, never above {wanted} %"
        );
        let help = "the pool never grows: lower the threshold, take smaller instances, or run more processes on each";
        let mut check = part.context.check(problems);
        check.warn(Code::Ineffective, path, message, help);
    }
}
