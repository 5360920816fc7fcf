//! A Deployment, what stands in front of it, and who scales it.

use super::{Context, autoscaler, instances, pod, vpa};
use crate::diagnostic::{Code, Problems};
use crate::manifest::{Chosen, Objects, choose, front, service_notes};
use crate::path::FieldPath;
use crate::spec::{AutoscalerSpec, LoadBalancerSpec, RolloutSpec, ServiceSpec};
use flashcrowd_autoscalers::PolicySpec;
use flashcrowd_core::model::{
    Activator, BalancingPolicy, IntOrPercent, KeepAlive, LoadBalancer, RolloutStrategy, Service,
};
use flashcrowd_manifests::deployment::{DeploymentSpec, StrategyType};
use flashcrowd_manifests::scaled_job::JobSpec;
use flashcrowd_units::{SimDuration, Usd};

/// A service with its objects and its place in the file.
pub(super) struct Part<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) name: &'a str,
    pub(super) spec: &'a ServiceSpec,
    pub(super) path: FieldPath,
    pub(super) chosen: Chosen<'a>,
}

impl<'a> Part<'a> {
    /// The Job that KEDA makes, if the service is a ScaledJob.
    pub(super) fn job(&self) -> Option<&'a JobSpec> {
        match &self.spec.autoscaler {
            Some(AutoscalerSpec::ScaledJob(spec)) => Some(&spec.job_target_ref),
            _ => None,
        }
    }

    /// Where it is written.
    pub(super) fn job_path(&self) -> FieldPath {
        let path = self.path.join("autoscaler").join("scaled_job");
        path.join("jobTargetRef")
    }
}

pub(super) fn services(context: &Context<'_>, problems: &mut Problems) -> Vec<Service> {
    let none = Objects::default();
    let mut services = Vec::new();
    for (name, spec) in &context.spec.services {
        let path = FieldPath::default().join("services").join(name);
        let objects = context.objects.get(name).unwrap_or(&none);
        let chosen = if spec.manifests.is_empty() {
            Chosen::default()
        } else {
            choose(
                objects,
                name,
                spec.deployment.as_deref(),
                &path,
                &mut context.check(problems),
            )
        };
        services.push(build(
            &Part {
                context,
                name,
                spec,
                path,
                chosen,
            },
            problems,
        ));
    }
    services
}

fn build(part: &Part<'_>, problems: &mut Problems) -> Service {
    let deployment = part
        .chosen
        .deployment
        .map(|deployment| &deployment.value.spec);
    let path = part.path.join("endpoints");
    let queues = &part.context.spec.queues;
    // What a ScaledJob needs its own checks say.
    let works_off = queues.values().any(|queue| queue.workers == part.name);
    let is_worker = works_off || part.job().is_some();
    let own = part.context.root.at(&part.path.0);
    let is_absent = own.is_some_and(|node| node.get("endpoints").is_none());
    if part.spec.endpoints.is_empty() && is_absent && !is_worker {
        let message = format!("`endpoints` is missing in `{}`", part.path);
        part.context
            .check(problems)
            .report_key(Code::MissingField, &part.path, message, |p| p);
    } else if part.spec.endpoints.is_empty() && !is_worker && !part.context.is_damaged(&path) {
        part.context.check(problems).report(
            Code::MissingField,
            &path,
            format!("`{}` offers no endpoint", part.name),
            |problem| problem.help("add one, such as `browse: [ cpu: 5ms ]`"),
        );
    }
    let mut pod = pod::template(part, problems);
    let instances = instances::pool(part, &mut pod, problems);
    let autoscaler = autoscaler::policy(part, &pod, problems);
    let scaled_job = autoscaler::scaled_job(part, problems);
    let activator = match &autoscaler {
        Some(PolicySpec::Kpa(kpa)) => {
            // The queue-proxy lets no more in than the revision says.
            let limit = Some(kpa.container_concurrency).filter(|&limit| limit > 0);
            pod.concurrency = pod.concurrency.or(limit);
            Some(Activator::default())
        }
        _ => None,
    };
    let replicas = replicas(part, deployment, problems);
    let vpa = match scaled_job {
        // It was said that nobody sizes them.
        Some(_) => None,
        None => vpa::vpa(part, autoscaler.as_ref(), problems),
    };
    Service {
        name: part.name.to_owned(),
        replicas,
        rollout: rollout(part, deployment, problems),
        load_balancer: load_balancer(part, problems),
        pod_hour: instances::hour(part, problems).unwrap_or_else(|| pod_hour(part, problems)),
        instances,
        autoscaler,
        scaled_job,
        vpa,
        activator,
        pod,
    }
}

/// Given here, or by the Deployment, or at the autoscaler's minimum: a system that has been
/// running for a while has settled there.
fn replicas(part: &Part<'_>, deployment: Option<&DeploymentSpec>, problems: &mut Problems) -> u32 {
    const MOST: u32 = 100_000;
    let minimum = autoscaler::minimum(part.spec);
    let manifest = deployment
        .and_then(|spec| spec.replicas)
        .and_then(|replicas| u32::try_from(replicas).ok());
    let replicas = part.spec.replicas.or(manifest).unwrap_or(minimum);
    if replicas > MOST {
        let message = format!("{replicas} pods are more than can be simulated");
        part.context.check(problems).invalid(
            &part.path.join("replicas"),
            message,
            "at most 100000",
        );
    }
    replicas
}

fn rollout(
    part: &Part<'_>,
    deployment: Option<&DeploymentSpec>,
    problems: &mut Problems,
) -> RolloutStrategy {
    use flashcrowd_manifests::IntOrPercent as Manifest;
    let convert = |value: Manifest| match value {
        Manifest::Int(number) => u32::try_from(number).ok().map(IntOrPercent::Int),
        Manifest::Percent(percent) => u32::try_from(percent).ok().map(IntOrPercent::Percent),
    };
    let quarter = Manifest::Percent(25);
    let (surge, unavailable, min_ready) = match (&part.spec.rollout, deployment) {
        (Some(RolloutSpec::Recreate), _) => return RolloutStrategy::Recreate,
        (Some(RolloutSpec::RollingUpdate(update)), _) => {
            (update.max_surge, update.max_unavailable, update.min_ready)
        }
        (None, Some(spec)) if spec.strategy.strategy_type == StrategyType::Recreate => {
            return RolloutStrategy::Recreate;
        }
        (None, Some(spec)) => {
            let update = spec.strategy.rolling_update.unwrap_or_default();
            let min_ready = u64::try_from(spec.min_ready_seconds.unwrap_or(0)).unwrap_or(0);
            let min_ready = SimDuration::from_secs(min_ready);
            (
                update.max_surge.unwrap_or(quarter),
                update.max_unavailable.unwrap_or(quarter),
                min_ready,
            )
        }
        (None, None) => (quarter, quarter, SimDuration::ZERO),
    };
    if convert(surge).is_none() || convert(unavailable).is_none() {
        let (message, legal) = (
            "a rollout cannot have a negative number of pods",
            "0 or more, or a percentage",
        );
        if part.spec.rollout.is_some() {
            part.context
                .check(problems)
                .invalid(&part.path.join("rollout"), message, legal);
        } else {
            let path = FieldPath::default()
                .join("spec")
                .join("strategy")
                .join("rollingUpdate");
            pod::in_manifest(part, problems).invalid(&path, message, legal);
        }
    }
    RolloutStrategy::RollingUpdate {
        max_surge: convert(surge).unwrap_or(IntOrPercent::Percent(25)),
        max_unavailable: convert(unavailable).unwrap_or(IntOrPercent::Percent(25)),
        min_ready,
    }
}

/// From a change of readiness until kube-proxy has heard of it: 0.5 to 2 s in a cluster.
const PROPAGATION: SimDuration = SimDuration::from_secs(1);

fn load_balancer(part: &Part<'_>, problems: &mut Problems) -> LoadBalancer {
    let LoadBalancerSpec {
        policy,
        propagation,
        max_in_flight,
        timeout,
        keep_alive,
    } = &part.spec.load_balancer;
    if let Some(service) = part.chosen.service {
        service_notes(service, problems);
    }
    let ingress = part.chosen.ingress.map(|ingress| front(ingress, problems));
    let default_policy = match ingress {
        Some(_) => BalancingPolicy::RoundRobin,
        // The load balancers of the clouds.
        None if part.spec.instances.is_some() => BalancingPolicy::RoundRobin,
        None => BalancingPolicy::Random,
    };
    let policy = policy.unwrap_or(default_policy);
    let timeout = timeout.or(ingress.map(|ingress| ingress.timeout));
    let path = part.path.join("load_balancer");
    let mut check = part.context.check(problems);
    if timeout.is_some_and(SimDuration::is_zero) {
        check.invalid(
            &path.join("timeout"),
            "no request is answered in no time",
            "above 0s, as 60s",
        );
    }
    if *max_in_flight == Some(0) {
        check.invalid(
            &path.join("max_in_flight"),
            "no request would get through",
            "1 or more",
        );
    }
    if let Some(keep) = keep_alive {
        for (field, value) in [
            ("connections", keep.connections),
            ("requests", keep.requests),
        ] {
            if value == 0 {
                check.invalid(
                    &path.join("keep_alive").join(field),
                    format!("`{field}` is 0"),
                    "1 or more",
                );
            }
        }
        if policy != BalancingPolicy::Random {
            let help = "requests are spread one by one under every other policy than `random`";
            check.warn(
                Code::Ineffective,
                &path.join("keep_alive"),
                "`keep_alive` has no effect here",
                help,
            );
        }
    }
    // Who checks the health of instances knows at once.
    let delay = match part.spec.instances {
        Some(_) => SimDuration::ZERO,
        None => PROPAGATION,
    };
    LoadBalancer {
        policy,
        propagation: propagation.unwrap_or(delay),
        max_in_flight: *max_in_flight,
        timeout,
        keep_alive: keep_alive.map(|keep| KeepAlive {
            connections: keep.connections,
            requests: keep.requests,
        }),
    }
}

fn pod_hour(part: &Part<'_>, problems: &mut Problems) -> Usd {
    let prices = part.context.spec.prices.as_ref();
    let listed = prices.map(|prices| {
        prices
            .services
            .get(part.name)
            .map_or(prices.pod_hour, |own| own.pod_hour)
    });
    let price = part.spec.pod_hour.or(listed.map(Usd)).unwrap_or_default();
    if !(0.0..=1e9).contains(&price.get()) {
        let own = part.path.join("pod_hour");
        let sheet = FieldPath::default().join("prices");
        let path = if part.spec.pod_hour.is_some() {
            own
        } else {
            sheet
        };
        part.context.check(problems).invalid(
            &path,
            format!("{} is not a price", price.get()),
            "0 or more US dollars",
        );
    }
    price
}
