//! The scenarios that flashcrowd is released with.

use flashcrowd_autoscalers::PolicySpec;
use flashcrowd_core::model::{Action, BalancingPolicy, CpuModel, CpuScheduling, Readiness};
use flashcrowd_scenario::{Disk, Options, load, load_str, schema};
use flashcrowd_units::{Bytes, Millicores, SimDuration, SimTime};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn scenarios() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("scenarios")).unwrap();
    let files = entries.map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = files
        .filter(|path| path.extension().is_some_and(|ext| ext == "yaml"))
        .collect();
    files.sort();
    files
}

#[test]
fn every_scenario_loads_and_resolves_to_itself() {
    let files = scenarios();
    assert!(files.len() >= 3);
    for file in files {
        let loaded =
            load(&file, &Options::default()).unwrap_or_else(|problems| panic!("{problems}"));
        let stem = file.file_stem().unwrap().to_str().unwrap();
        assert_eq!(loaded.scenario.name, stem);
        // The resolved scenario needs no other file, and says the same.
        let resolved = loaded.scenario.resolved_yaml();
        let nowhere = std::collections::BTreeMap::new();
        let again = load_str(resolved, "resolved.yaml", &nowhere, &Options::default());
        let again = again.unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(again.scenario.resolved_yaml(), resolved, "{stem}");
        assert_eq!(again.scenario.sha256(), loaded.scenario.sha256());
        let model = |scenario: &flashcrowd_scenario::Scenario| {
            serde_json::to_string(&scenario.model).unwrap()
        };
        assert_eq!(model(&again.scenario), model(&loaded.scenario), "{stem}");
    }
}

#[test]
fn every_scenario_follows_the_schema() {
    let schema: serde_json::Value = serde_json::from_str(&schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for file in scenarios() {
        let loaded = load(&file, &Options::default()).unwrap();
        // Both as written in the repository, manifests and all inlined.
        let value: serde_json::Value = json(loaded.scenario.resolved_yaml());
        let errors: Vec<String> = validator
            .iter_errors(&value)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", file.display());
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("# yaml-language-server: $schema=../docs/scenario.schema.json\n"));
    }
    let wrong = serde_json::json!({ "name": "x", "duration": "1h", "workload": {}, "servces": {} });
    assert!(!validator.is_valid(&wrong));
}

/// YAML to JSON by an independent reader.
fn json(text: &str) -> serde_json::Value {
    serde_saphyr::from_str(text).unwrap()
}

#[test]
fn the_schema_is_checked_in() {
    let file = root().join("docs/scenario.schema.json");
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(&file, schema()).unwrap();
    }
    let checked_in = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        checked_in == schema(),
        "run `UPDATE_SCHEMA=1 cargo test -p flashcrowd-scenario schema`"
    );
}

#[test]
fn black_friday_is_what_the_manifests_say() {
    let loaded = load(
        root().join("scenarios/black-friday.yaml"),
        &Options::default(),
    )
    .unwrap();
    let model = &loaded.scenario.model;
    let backend = &model.services[0];
    assert_eq!(backend.replicas, 2);
    assert_eq!(backend.pod.cpu_request, Some(Millicores::new(250)));
    assert_eq!(backend.pod.cpu_limit, Some(Millicores::new(500)));
    assert_eq!(backend.pod.memory_request, Some(Bytes::from_mebibytes(256)));
    assert_eq!(backend.pod.memory_limit, Some(Bytes::from_mebibytes(512)));
    assert_eq!(backend.pod.scheduling, CpuScheduling::EventLoop);
    assert_eq!(backend.pod.cpu_model, CpuModel::Cfs);
    assert_eq!(backend.pod.pre_stop, SimDuration::from_secs(5));
    assert!(
        matches!(backend.pod.readiness, Readiness::Probe(probe) if probe.period == SimDuration::from_secs(5))
    );
    assert_eq!(backend.load_balancer.policy, BalancingPolicy::RoundRobin);
    assert_eq!(
        backend.load_balancer.timeout,
        Some(SimDuration::from_secs(60))
    );
    assert!((backend.pod_hour.get() - 0.10).abs() < 1e-12);
    let Some(PolicySpec::Hpa(hpa)) = &backend.autoscaler else {
        panic!("{:?}", backend.autoscaler)
    };
    assert_eq!(
        (hpa.spec.min_replicas, hpa.spec.max_replicas),
        (Some(2), 10)
    );
    assert_eq!(hpa.spec.metrics.len(), 2);
    assert_eq!(
        loaded.scenario.start.to_string(),
        "2025-11-28T06:00:00+05:30[Asia/Kolkata]"
    );
    // The kinds that play no part are named: Namespace and ConfigMap.
    assert_eq!(loaded.diagnostics.iter().len(), 2, "{}", loaded.diagnostics);

    assert!(requests(model) >= 10_000_000.0, "{}", requests(model));
}

/// Requests that a model offers on average.
fn requests(model: &flashcrowd_core::model::Model) -> f64 {
    let profile = model.workloads[0].rate.compile().unwrap();
    profile.cumulative(SimTime::ZERO + model.duration)
}

#[test]
fn fields_can_be_set_for_one_run() {
    let set = |overrides: &[(&str, &str)]| {
        let overrides = overrides
            .iter()
            .map(|(path, value)| ((*path).to_owned(), (*value).to_owned()))
            .collect();
        let options = Options {
            overrides,
            assertions: vec!["browse: p(95)<500ms".into(), "rate<1%".into()],
            ..Options::default()
        };
        load(root().join("scenarios/black-friday.yaml"), &options)
            .unwrap_or_else(|problems| panic!("{problems}"))
    };
    let plain = set(&[]);
    let loaded = set(&[
        ("services.backend.autoscaler.hpa.maxReplicas", "20"),
        ("services.backend.replicas", "4"),
        ("services.backend.pod.cpu.limit", "1"),
        ("workload.shoppers.open.rate.stages[0].to", "111/s"),
        ("workload.shoppers.open.rate.stages.1.to", "222/s"),
        ("prices.pod_hour", "0.2"),
        ("seed", "7"),
        ("actions", "[ { at: 1h, rollout_restart: backend } ]"),
    ]);
    let scenario = &loaded.scenario;
    let backend = &scenario.model.services[0];
    let Some(PolicySpec::Hpa(hpa)) = &backend.autoscaler else {
        panic!("{:?}", backend.autoscaler)
    };
    assert_eq!(
        (hpa.spec.min_replicas, hpa.spec.max_replicas),
        (Some(2), 20)
    );
    assert_eq!(backend.replicas, 4);
    assert_eq!(backend.pod.cpu_limit, Some(Millicores::from_cores(1)));
    assert_eq!(backend.pod.cpu_request, Some(Millicores::new(250)));
    assert!((backend.pod_hour.get() - 0.2).abs() < 1e-12);
    assert_eq!(scenario.seed, 7);
    assert!(matches!(
        scenario.model.actions[0].action,
        Action::RolloutRestart(_)
    ));
    assert_eq!(scenario.slos.len(), 5);
    assert_ne!(scenario.sha256(), plain.scenario.sha256());
    assert!(scenario.resolved_yaml().contains("maxReplicas: 20"));
    let rate = serde_json::to_string(&scenario.model.workloads[0].rate).unwrap();
    assert!(rate.contains("111/s") && rate.contains("222/s"), "{rate}");
}

#[test]
fn manifests_can_be_checked_alone() {
    let diagnostics = flashcrowd_scenario::check(
        root().join("scenarios/manifests/bharatmart/backend.yaml"),
        &Disk,
    );
    assert!(!diagnostics.has_errors(), "{diagnostics}");
}

/// ScaledObject and VPA beside a Deployment are read as they are, and changed field by field.
#[test]
fn keda_and_vpa_manifests_are_read_and_overridden() {
    let object = |api: &str, kind: &str, name: &str, spec: &str| {
        format!(
            "      - apiVersion: {api}\n        kind: {kind}\n        metadata: {{ name: {name}, annotations: {{ autoscaling.keda.sh/paused: \"true\" }} }}\n        spec: {spec}\n"
        )
    };
    let deployment = "{ selector: { matchLabels: { a: b } }, template: { metadata: { labels: { a: b } }, spec: { containers: [ { name: app } ] } } }";
    let scaled = "{ scaleTargetRef: { name: jobs-worker }, maxReplicaCount: 9, cooldownPeriod: 7, triggers: [ { type: redis, metadata: { listName: jobs } } ] }";
    let sized = "{ targetRef: { apiVersion: apps/v1, kind: Deployment, name: jobs-worker }, updatePolicy: { updateMode: \"Off\" } }";
    let text = format!(
        "name: x\nduration: 1m\nqueues: {{ jobs: {{ workers: worker, steps: [ cpu: 1ms ], arrivals: {{ rate: 1/s }} }} }}\nservices:\n  worker:\n    autoscaler: {{ keda: {{ maxReplicaCount: 3 }} }}\n    manifests:\n{}{}{}",
        object("apps/v1", "Deployment", "jobs-worker", deployment),
        object("keda.sh/v1alpha1", "ScaledObject", "scaler", scaled),
        object(
            "autoscaling.k8s.io/v1",
            "VerticalPodAutoscaler",
            "sizer",
            sized
        ),
    );
    let nowhere = std::collections::BTreeMap::new();
    let loaded = load_str(&text, "x.yaml", &nowhere, &Options::default())
        .unwrap_or_else(|problems| panic!("{problems}"));
    let service = &loaded.scenario.model.services[0];
    let Some(PolicySpec::Keda(keda)) = &service.autoscaler else {
        panic!("{:?}", service.autoscaler);
    };
    assert_eq!(keda.spec.max_replica_count(), 3);
    assert_eq!(keda.spec.cooldown_period(), 7);
    assert_eq!(keda.annotations["autoscaling.keda.sh/paused"], "true");
    // 2026-01-01T00:00Z.
    assert_eq!(keda.epoch_unix_seconds, 1_767_225_600);
    assert!(service.vpa.is_some());
    assert_eq!(service.replicas, 0);
}
