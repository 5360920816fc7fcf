//! The instances that a service runs on.

mod presets;

use super::node;
use super::service::Part;
use super::workload::report_all;
use crate::diagnostic::{Code, Problems};
use crate::spec::{AutoscalerSpec, Cloud, InstanceTypeSpec, InstancesSpec, ServiceSpec};
use flashcrowd_core::model::{
    Container, CpuModel, InstanceMetrics, InstancePool, PodTemplate, Probe, Readiness, Repair,
    WarmPool, WarmState,
};
use flashcrowd_units::{Bytes, Millicores, Ratio, SimDuration, Usd};
use flashcrowd_workload::ServiceTime;

/// How long a datapoint of a cloud takes to be seen, unless it is said.
const DELAY: SimDuration = SimDuration::from_secs(60);
/// From a failed launch until the next attempt.
const LAUNCH_RETRY: SimDuration = SimDuration::from_secs(60);
/// More zones or fault domains than any region has.
const MOST_ZONES: u32 = 100;

/// What belongs to pods and nodes, with what to say instead.
const OF_PODS: [(&str, &str); 13] = [
    ("manifests", "an instance has no Deployment"),
    ("deployment", "an instance has no Deployment"),
    ("pod", "an instance has all that its `type` has"),
    ("placement", "an instance has no node under it"),
    (
        "probes",
        "the load balancer checks it: `instances.health_check`",
    ),
    ("cpu_model", "an instance has no quota"),
    ("pre_stop", "requests in flight have `instances.drain`"),
    ("grace_period", "requests in flight have `instances.drain`"),
    ("on_sigterm", "requests in flight have `instances.drain`"),
    ("scheduling_delay", "an instance has `instances.boot`"),
    ("pull", "an instance has `instances.boot`"),
    ("vpa", "the size of an instance is that of its `type`"),
    ("pod_hour", "an instance has `instances.hour`"),
];

/// The cloud whose defaults hold for the instances of a service.
fn cloud(spec: &ServiceSpec) -> Cloud {
    let own = spec.instances.as_ref().and_then(|it| it.cloud);
    let scaler = match &spec.autoscaler {
        Some(AutoscalerSpec::Oci(_)) => Some(Cloud::Oci),
        Some(AutoscalerSpec::AzureVmss(_)) => Some(Cloud::AzureVmss),
        Some(AutoscalerSpec::GcpMig(_)) => Some(Cloud::GcpMig),
        _ => None,
    };
    own.or(scaler).unwrap_or(Cloud::Ec2)
}

/// How long a datapoint takes to be seen.
pub(super) fn metrics_delay(spec: &ServiceSpec) -> SimDuration {
    let own = spec.instances.as_ref().and_then(|it| it.metrics.delay);
    own.unwrap_or(DELAY)
}

/// The pool of a service, if it runs on one; the template becomes that of an instance.
pub(super) fn pool(
    part: &Part<'_>,
    pod: &mut PodTemplate,
    problems: &mut Problems,
) -> Option<InstancePool> {
    let spec = part.spec.instances.as_ref()?;
    not_of_pods(part, problems);
    let path = part.path.join("instances");
    let field = path.join("type");
    let machine = node::machine(part.context, &spec.instance_type, &field, problems);
    let (cpu, memory) = (machine.capacity.cpu, machine.capacity.memory);
    let preset = presets::preset(cloud(part.spec));
    dress(part, pod, (cpu, memory), problems);
    pod.readiness = Readiness::Probe(health_check(part, spec, preset.health_check, problems));
    check(part, spec, problems);
    let warm = warm_pool(part.spec, spec);
    let delay = metrics_delay(part.spec);
    // The autoscalers of three clouds wait for their metrics themselves.
    let waits_itself = matches!(
        part.spec.autoscaler,
        Some(AutoscalerSpec::Oci(_) | AutoscalerSpec::Ec2(_) | AutoscalerSpec::AzureVmss(_))
    );
    Some(InstancePool {
        cores: u32::try_from(machine.capacity.cores()).map_or(u32::MAX, |cores| cores.max(1)),
        boot: spec.boot.unwrap_or(preset.boot),
        termination: spec.termination.unwrap_or(presets::TERMINATION),
        drain: spec.drain.unwrap_or(preset.drain),
        zones: spec.zones.unwrap_or(1).clamp(1, MOST_ZONES),
        termination_order: preset.termination_order,
        launch_failures: spec.launch_failures.unwrap_or(Ratio::ZERO),
        launch_retry: spec.launch_retry.unwrap_or(LAUNCH_RETRY),
        repair: repair(part.spec, spec, preset.grace),
        warm_pool: warm,
        metrics: InstanceMetrics {
            period: spec.metrics.period.unwrap_or(DELAY),
            lag: if waits_itself {
                SimDuration::ZERO
            } else {
                delay
            },
        },
    })
}

/// What is said of pods where there are none.
fn not_of_pods(part: &Part<'_>, problems: &mut Problems) {
    let Some(own) = part.context.root.at(&part.path.0) else {
        return;
    };
    let mut check = part.context.check(problems);
    for (field, help) in OF_PODS {
        let is_there = own.get(field).is_some_and(|node| !node.is_null());
        if is_there {
            let message = format!(
                "`{}` is a pool of instances, not a Deployment: `{field}` has no meaning",
                part.name
            );
            let path = part.path.join(field);
            check.report_key(Code::InvalidValue, &path, message, |it| it.help(help));
        }
    }
}

/// An instance uses all of its machine.
fn dress(
    part: &Part<'_>,
    pod: &mut PodTemplate,
    (cpu, memory): (Millicores, Bytes),
    problems: &mut Problems,
) {
    pod.cpu_request = Some(cpu);
    pod.cpu_limit = Some(cpu);
    pod.cpu_model = CpuModel::Shared;
    pod.memory_request = Some(memory);
    pod.memory_limit = Some(memory);
    pod.containers = vec![Container {
        name: part.name.to_owned(),
        cpu_request: Some(cpu),
        memory_request: Some(memory),
    }];
    if pod.memory.base >= memory && memory > Bytes::new(0) {
        let path = part.path.join("memory").join("base");
        let message = format!(
            "the idle process takes {}, and the instance has {memory}",
            pod.memory.base
        );
        let legal = format!("below {memory}");
        part.context.check(problems).invalid(&path, message, &legal);
    }
}

fn health_check(
    part: &Part<'_>,
    spec: &InstancesSpec,
    preset: Probe,
    problems: &mut Problems,
) -> Probe {
    let given = spec.health_check;
    let path = part.path.join("instances").join("health_check");
    let mut check = part.context.check(problems);
    for (field, time, legal) in [
        ("interval", given.interval, "above 0s, as 10s"),
        ("timeout", given.timeout, "above 0s, as 3s"),
    ] {
        if time.is_some_and(SimDuration::is_zero) {
            let message = format!("`{field}` is 0s");
            check.invalid(&path.join(field), message, legal);
        }
    }
    for (field, count) in [
        ("healthy_threshold", given.healthy_threshold),
        ("unhealthy_threshold", given.unhealthy_threshold),
    ] {
        if count == Some(0) {
            let message = format!("`{field}` is 0");
            check.invalid(&path.join(field), message, "1 or more");
        }
    }
    Probe {
        period: given.interval.unwrap_or(preset.period),
        timeout: given.timeout.unwrap_or(preset.timeout),
        success_threshold: given.healthy_threshold.unwrap_or(preset.success_threshold),
        failure_threshold: given
            .unhealthy_threshold
            .unwrap_or(preset.failure_threshold),
        ..preset
    }
}

fn check(part: &Part<'_>, spec: &InstancesSpec, problems: &mut Problems) {
    let path = part.path.join("instances");
    let mut check = part.context.check(problems);
    for (field, time) in [
        ("boot", spec.boot),
        ("termination", spec.termination),
        ("warm_start", spec.warm_start),
    ] {
        if let Some(time) = time {
            report_all(&mut check, &path.join(field), time.validate());
        }
    }
    if spec
        .zones
        .is_some_and(|zones| !(1..=MOST_ZONES).contains(&zones))
    {
        let message = format!("{} zones", spec.zones.unwrap_or(0));
        check.invalid(&path.join("zones"), message, "1 to 100");
    }
    if spec.metrics.period.is_some_and(SimDuration::is_zero) {
        let path = path.join("metrics").join("period");
        check.invalid(
            &path,
            "datapoints need some time between them",
            "above 0s, as 60s",
        );
    }
    if spec.launch_failures.is_some_and(|share| share.get() >= 1.0) {
        let path = path.join("launch_failures");
        check.invalid(&path, "no instance would ever start", "below 100%");
    }
    if spec.launch_retry.is_some_and(SimDuration::is_zero) {
        let path = path.join("launch_retry");
        check.invalid(
            &path,
            "attempts need some time between them",
            "above 0s, as 60s",
        );
    }
    let is_oci = cloud(part.spec) == Cloud::Oci;
    if spec.repair.is_some() && is_oci {
        let help =
            "OCI takes an unhealthy backend out of the load balancer and leaves it in the pool";
        let path = path.join("repair");
        check.warn(
            Code::NotModelled,
            &path,
            "OCI instance pools do not replace unhealthy instances",
            help,
        );
    }
    let warms = match &part.spec.autoscaler {
        Some(AutoscalerSpec::Ec2(ec2)) => ec2.configuration.warm_pool.is_some(),
        _ => false,
    };
    if spec.warm_start.is_some() && !warms {
        let help = "a warm pool is part of the configuration of `ec2`";
        let path = path.join("warm_start");
        check.warn(Code::Ineffective, &path, "there is no warm pool", help);
    }
}

/// Said here, or by an EC2 group with ELB health checks.
fn repair(service: &ServiceSpec, spec: &InstancesSpec, grace: SimDuration) -> Option<Repair> {
    if let Some(repair) = spec.repair {
        let grace = repair.grace.unwrap_or(grace);
        return Some(Repair { grace });
    }
    let Some(AutoscalerSpec::Ec2(ec2)) = &service.autoscaler else {
        return None;
    };
    let group = &ec2.configuration.group;
    let types = group.health_check_type.as_deref().unwrap_or_default();
    let by_elb = types.split(',').any(|it| it.trim() == "ELB");
    by_elb.then(|| Repair {
        // The API's default; the console fills in 300 s.
        grace: SimDuration::from_secs(group.health_check_grace_period.unwrap_or(0).into()),
    })
}

fn warm_pool(service: &ServiceSpec, spec: &InstancesSpec) -> WarmPool {
    let state = match &service.autoscaler {
        Some(AutoscalerSpec::Ec2(ec2)) => ec2.configuration.warm_state(),
        _ => WarmState::Stopped,
    };
    let start = match state {
        WarmState::Running => ServiceTime::Constant(SimDuration::from_secs(5)),
        WarmState::Stopped | WarmState::Hibernated => presets::WARM_START,
    };
    WarmPool {
        state,
        start: spec.warm_start.unwrap_or(start),
    }
}

/// What an instance costs for an hour: said here, or by the price file for this service, or the list
/// price of its type.
pub(super) fn hour(part: &Part<'_>, problems: &mut Problems) -> Option<Usd> {
    let spec = part.spec.instances.as_ref()?;
    let prices = part.context.spec.prices.as_ref();
    let listed = prices.and_then(|prices| prices.services.get(part.name));
    let of_type = match &spec.instance_type {
        InstanceTypeSpec::Named(name) => node::usd_hour(name),
        InstanceTypeSpec::Machine(_) => None,
    };
    let price = spec
        .hour
        .or(listed.map(|it| Usd(it.pod_hour)))
        .or(of_type.map(Usd))
        .unwrap_or_default();
    if !(0.0..=1e9).contains(&price.get()) {
        let path = match spec.hour {
            Some(_) => part.path.join("instances").join("hour"),
            None => crate::path::FieldPath::default().join("prices"),
        };
        let message = format!("{} is not a price", price.get());
        let mut check = part.context.check(problems);
        check.invalid(&path, message, "0 or more US dollars");
    }
    Some(price)
}
