//! Services on instance pools, and the clouds' own configurations of them.

use flashcrowd_autoscalers::PolicySpec;
use flashcrowd_core::World;
use flashcrowd_core::model::{
    InstancePool, Readiness, Repair, Service, TerminationOrder, WarmState,
};
use flashcrowd_core::record::{PodStage, Record, Recorder};
use flashcrowd_scenario::{Loaded, Options, load, load_str};
use flashcrowd_units::{Bytes, Millicores, SimDuration, SimTime};
use flashcrowd_workload::ServiceTime;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn bharatmart(overrides: &[(&str, &str)]) -> Loaded {
    let options = Options {
        overrides: overrides
            .iter()
            .map(|(path, value)| ((*path).to_owned(), (*value).to_owned()))
            .collect(),
        ..Options::default()
    };
    load(root().join("scenarios/bharatmart-pool.yaml"), &options)
        .unwrap_or_else(|problems| panic!("{problems}"))
}

/// A service on instances with this autoscaler, and the files that it names.
fn with(instances: &str, autoscaler: &str, files: &[(&str, Value)]) -> Service {
    let text = format!(
        "name: x\nstart: 2026-01-01T05:30[Asia/Kolkata]\nduration: 1m\nworkload: {{ all: {{ open: {{ rate: 1/s }}, endpoints: {{ home: 100% }} }} }}\n\
         services:\n  web:\n    instances: {instances}\n    autoscaler: {autoscaler}\n    endpoints: {{ home: [ cpu: 1ms ] }}\n"
    );
    let files: BTreeMap<PathBuf, Vec<u8>> = files
        .iter()
        .map(|(name, value)| (PathBuf::from(name), value.to_string().into_bytes()))
        .collect();
    let loaded = load_str(&text, "x.yaml", &files, &Options::default());
    let loaded = loaded.unwrap_or_else(|problems| panic!("{problems}"));
    loaded.scenario.model.services[0].clone()
}

fn pool(service: &Service) -> &InstancePool {
    service.instances.as_ref().expect("it runs on instances")
}

/// The policies are those of the file, field by field, and the rest is what the scenario says.
#[test]
fn the_configuration_of_the_guide_is_read_verbatim() {
    let loaded = bharatmart(&[]);
    let service = &loaded.scenario.model.services[0];
    let Some(PolicySpec::Oci(oci)) = &service.autoscaler else {
        panic!("{:?}", service.autoscaler);
    };
    let file = root().join("scenarios/manifests/bharatmart/oci-autoscaling.json");
    let written: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let mut read = serde_json::to_value(&oci.configuration.policies).unwrap();
    // Thresholds are numbers of either kind in JSON.
    for rule in read[0]["rules"].as_array_mut().unwrap() {
        let value = &mut rule["metric"]["threshold"]["value"];
        *value = json!(value.as_f64().unwrap() as u64);
    }
    assert_eq!(read, written);
    // 2025-11-28T09:50 in Kolkata.
    assert_eq!(oci.epoch_unix_seconds, 1_764_303_600);
    assert_eq!(oci.publish_delay, SimDuration::from_secs(60));
    assert_eq!(service.replicas, 2);
    assert_eq!(service.pod.cpu_limit, Some(Millicores::from_cores(2)));
    assert_eq!(service.pod.memory_request, Some(Bytes::new(16 << 30)));
    assert_eq!(service.load_balancer.propagation, SimDuration::ZERO);
    assert!((service.pod_hour.get() - 0.049).abs() < 1e-12);
    let Readiness::Probe(check) = service.pod.readiness else {
        panic!("{:?}", service.pod.readiness);
    };
    assert_eq!(check.period, SimDuration::from_secs(10));
    assert_eq!((check.success_threshold, check.failure_threshold), (3, 3));
    let pool = pool(service);
    assert_eq!(pool.cores, 2);
    assert_eq!(pool.termination_order, TerminationOrder::OldestFirst);
    assert_eq!(pool.drain, SimDuration::ZERO);
    // The policy waits for its metrics itself.
    assert_eq!(pool.metrics.lag, SimDuration::ZERO);
}

/// What a pool of the guide did: changes of its size, and instances that came.
#[derive(Default)]
struct Sizes {
    changes: Vec<(f64, u32, u32)>,
    launched: BTreeMap<u32, f64>,
    in_service: Vec<(f64, f64)>,
}

impl Recorder for Sizes {
    fn record(&mut self, at: SimTime, record: &Record<'_>) {
        let at = at.as_secs_f64();
        match record {
            Record::Scaled { from, to, .. } => self.changes.push((at, *from, *to)),
            Record::Pod { pod, to, .. } if *to == PodStage::ContainerCreating => {
                self.launched.insert(pod.0, at);
            }
            Record::Pod { pod, to, .. } if *to == PodStage::Ready => {
                if let Some(launched) = self.launched.remove(&pod.0) {
                    self.in_service.push((launched, at));
                }
            }
            _ => {}
        }
    }
}

/// The sale opens at 600 s. Two more at a time, one less at a time, between 2 and 10; at least 300 s
/// and a boot between two steps out; and no instance serves anybody before it has passed three
/// checks.
#[test]
fn the_pool_of_the_guide_comes_minutes_late() {
    let scenario = bharatmart(&[]).scenario;
    let mut sizes = Sizes::default();
    let world = World::new(scenario.model, scenario.seed).expect("a legal model");
    let totals = world.run(&mut sizes);
    assert!(totals.is_conserved());
    assert!(totals.failed_total() > 0, "a sale that nobody notices");
    let changes = &sizes.changes;
    let (first, ..) = changes[0];
    // Three full minutes above 70 %, seen a minute late, on a full minute.
    assert!((840.0..=960.0).contains(&first), "{changes:?}");
    for &(at, from, to) in changes {
        assert!((at % 60.0).abs() < 1e-9, "{changes:?}");
        assert!((2..=10).contains(&to), "{changes:?}");
        assert!(to == from + 2 || to == from - 1, "{changes:?}");
    }
    for pair in changes.windows(2) {
        assert!(pair[1].0 - pair[0].0 >= 300.0, "{changes:?}");
    }
    // From the request to the third check: a boot, a start and twenty seconds at least.
    assert!(!sizes.in_service.is_empty());
    for (launched, ready) in &sizes.in_service {
        assert!(ready - launched > 30.0, "{launched} {ready}");
    }
}

#[test]
fn a_configuration_in_a_file_can_be_changed_for_one_run() {
    let at = "services.backend.autoscaler.oci.configuration";
    let loaded = bharatmart(&[
        (&format!("{at}.coolDownInSeconds"), "600"),
        (&format!("{at}.policies[0].capacity.max"), "4"),
    ]);
    let Some(PolicySpec::Oci(oci)) = &loaded.scenario.model.services[0].autoscaler else {
        panic!("an OCI policy");
    };
    assert_eq!(oci.configuration.cool_down_in_seconds, Some(600));
    let capacity = oci.configuration.policies[0].capacity.unwrap();
    assert_eq!((capacity.min, capacity.max), (Some(2), Some(4)));
    let resolved = loaded.scenario.resolved_yaml();
    assert!(resolved.contains("coolDownInSeconds: 600"), "{resolved}");
    assert!(!resolved.contains("oci-autoscaling.json"), "{resolved}");
}

fn group() -> Value {
    json!({
        "AutoScalingGroupName": "web", "MinSize": 2, "MaxSize": 9, "DesiredCapacity": 3,
        "HealthCheckType": "ELB", "HealthCheckGracePeriod": 120
    })
}

fn tracking() -> Value {
    json!({
        "AutoScalingGroupName": "web", "PolicyName": "cpu", "PolicyType": "TargetTrackingScaling",
        "TargetTrackingConfiguration": {
            "PredefinedMetricSpecification": { "PredefinedMetricType": "ASGAverageCPUUtilization" },
            "TargetValue": 50.0
        }
    })
}

/// As the command line takes it, in several files; as it prints it; and written out.
#[test]
fn an_auto_scaling_group_has_many_forms() {
    let warm = json!({ "AutoScalingGroupName": "web", "PoolState": "Running" });
    let files = [
        ("group.json", group()),
        ("policies.json", json!({ "ScalingPolicies": [tracking()] })),
        ("warm.json", warm.clone()),
    ];
    let named = with(
        "{ type: t3.large }",
        "{ ec2: { configuration: [group.json, policies.json, warm.json] } }",
        &files,
    );
    let written = json!({
        "group": group(), "policies": [tracking()], "warm_pool": warm
    });
    let own = with(
        "{ type: t3.large }",
        &format!("{{ ec2: {{ configuration: {written} }} }}"),
        &[],
    );
    assert_eq!(named.autoscaler, own.autoscaler);
    assert_eq!(named.instances, own.instances);
    let Some(PolicySpec::Ec2(ec2)) = &named.autoscaler else {
        panic!("{:?}", named.autoscaler);
    };
    assert_eq!((ec2.group.min_size, ec2.group.max_size), (2, 9));
    assert_eq!(ec2.policies.len(), 1);
    assert_eq!(named.replicas, 3);
    let pool = pool(&named);
    assert_eq!(pool.termination_order, TerminationOrder::BillingHour);
    // The deregistration delay of a target group.
    assert_eq!(pool.drain, SimDuration::from_secs(300));
    let grace = SimDuration::from_secs(120);
    assert_eq!(pool.repair, Some(Repair { grace }));
    assert_eq!(pool.warm_pool.state, WarmState::Running);
    let start = ServiceTime::Constant(SimDuration::from_secs(5));
    assert_eq!(pool.warm_pool.start, start);
}

#[test]
fn an_azure_setting_is_found_in_its_template() {
    let properties = json!({ "profiles": [{
        "name": "default",
        "capacity": { "minimum": "2", "maximum": "10", "default": "4" },
        "rules": [{
            "metricTrigger": {
                "metricName": "Percentage CPU", "timeGrain": "PT1M", "statistic": "Average",
                "timeWindow": "PT5M", "timeAggregation": "Average",
                "operator": "GreaterThan", "threshold": 70
            },
            "scaleAction": { "direction": "Increase", "type": "ChangeCount", "value": "1", "cooldown": "PT5M" }
        }]
    }] });
    let resource =
        json!({ "type": "Microsoft.Insights/autoscaleSettings", "properties": properties });
    let template = json!({ "resources": [{ "type": "Microsoft.Compute/virtualMachineScaleSets", "properties": {} }, resource] });
    let of = |value: &Value| {
        let files = [("setting.json", value.clone())];
        let autoscaler = "{ azure_vmss: { configuration: setting.json } }";
        with("{ type: Standard_D2s_v3 }", autoscaler, &files)
    };
    let service = of(&template);
    let (Some(PolicySpec::AzureVmss(a)), Some(PolicySpec::AzureVmss(b))) =
        (&service.autoscaler, &of(&properties).autoscaler)
    else {
        panic!("{:?}", service.autoscaler);
    };
    assert_eq!(a.setting.properties, b.setting.properties);
    assert_eq!(service.replicas, 4);
    assert_eq!(
        pool(&service).termination_order,
        TerminationOrder::NewestFirst
    );
    // The list price of the type.
    assert!((service.pod_hour.get() - 0.096).abs() < 1e-12);
}

#[test]
fn an_instance_group_is_scaled_by_its_autoscaler_or_by_the_policy_alone() {
    let policy = json!({
        "minNumReplicas": 3, "maxNumReplicas": 8, "cpuUtilization": { "utilizationTarget": 0.6 }
    });
    let of = |value: &Value| {
        let files = [("autoscaler.json", value.clone())];
        let autoscaler = "{ gcp_mig: { configuration: autoscaler.json } }";
        let instances = "{ type: e2-standard-2, hour: 0.5, metrics: { delay: 30s } }";
        with(instances, autoscaler, &files)
    };
    let service = of(&json!({ "name": "web", "autoscalingPolicy": policy }));
    assert_eq!(service.autoscaler, of(&policy).autoscaler);
    let Some(PolicySpec::GcpMig(gcp)) = &service.autoscaler else {
        panic!("{:?}", service.autoscaler);
    };
    assert!(gcp.initializing_counts_for_scale_in);
    assert_eq!(gcp.epoch_unix_seconds, 1_767_225_600);
    assert_eq!(service.replicas, 3);
    // This autoscaler does not wait for its metrics itself.
    assert_eq!(pool(&service).metrics.lag, SimDuration::from_secs(30));
    assert!((service.pod_hour.get() - 0.5).abs() < 1e-12);
}
