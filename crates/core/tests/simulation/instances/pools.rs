//! Pools under their autoscalers.

use super::{flood, health_check, on_instances, quick};
use crate::ledger::{Ledger, history};
use crate::systems::constant;
use crate::timing::at;
use flashcrowd_autoscalers::PolicySpec;
use flashcrowd_core::World;
use flashcrowd_core::model::{Action, InstancePool, Model, ServiceId, Step, WarmPool, WarmState};
use flashcrowd_core::record::{PodStage, Record, Recorder};
use flashcrowd_units::SimTime;
use serde_json::json;

fn policy(of: serde_json::Value) -> PolicySpec {
    serde_json::from_value(of).expect("policies of tests are legal")
}

/// CPU above 70 %: two more, up to eight; below 30 %: one less.
fn oci() -> PolicySpec {
    let rule = |operator: &str, threshold: u32, step: i32| {
        json!({
            "action": { "type": "CHANGE_COUNT_BY", "value": step },
            "metric": {
                "metricType": "CPU_UTILIZATION",
                "threshold": { "operator": operator, "value": threshold }
            }
        })
    };
    policy(json!({ "oci": {
        "publish_delay": "0s",
        "configuration": { "coolDownInSeconds": 300, "policies": [{
            "policyType": "threshold",
            "capacity": { "min": 2, "max": 8, "initial": 2 },
            "rules": [rule("GT", 70, 2), rule("LT", 30, -1)]
        }] }
    } }))
}

/// Changes of the size: when, and to what.
#[derive(Debug, Default)]
struct Sizes(Vec<(f64, u32)>);

impl Recorder for Sizes {
    fn record(&mut self, at: SimTime, record: &Record<'_>) {
        if let Record::Scaled { to, .. } = record {
            self.0.push((at.as_secs_f64(), *to));
        }
    }
}

fn sizes(model: &Model) -> Vec<(f64, u32)> {
    let mut sizes = Sizes::default();
    let world = World::new(model.clone(), 1).expect("models of tests are legal");
    world.run(&mut sizes);
    sizes.0
}

fn oci_pool(seconds: f64, boot: f64) -> Model {
    let pool = InstancePool {
        boot: constant(boot),
        ..quick()
    };
    let steps = vec![Step::Cpu(constant(0.1))];
    let mut model = on_instances(seconds, pool, health_check(10, 1, 3), steps);
    model.services[0].replicas = 2;
    model.services[0].autoscaler = Some(oci());
    model
}

/// The first two vectors of the reference: three minutes above 70 % act at 180 s; with a launch of
/// 120 s the pool runs again at 300 s, and the cooldown of 300 s ends at 600 s.
#[test]
fn the_cooldown_of_oci_begins_when_the_pool_runs_again() {
    for (boot, expected) in [
        (120.0, [(180.0, 4), (600.0, 6), (1020.0, 8)]),
        (60.0, [(180.0, 4), (540.0, 6), (900.0, 8)]),
    ] {
        let mut model = oci_pool(1_300.0, boot);
        flood(&mut model);
        assert_eq!(sizes(&model), expected, "boot {boot}");
    }
}

/// Idle instances: one goes three minutes after the start, the next ones 300 s after each is gone.
/// A termination of 100 s is seen at the next full minute.
#[test]
fn a_termination_keeps_an_oci_pool_from_running() {
    let mut model = oci_pool(1_300.0, 0.0);
    model.services[0].replicas = 5;
    let Some(pool) = &mut model.services[0].instances else {
        unreachable!("it was put there");
    };
    pool.termination = constant(100.0);
    let Some(PolicySpec::Oci(oci)) = &mut model.services[0].autoscaler else {
        unreachable!("it was put there");
    };
    if let Some(capacity) = &mut oci.configuration.policies[0].capacity {
        capacity.initial = Some(5);
    }
    // 180 s + 100 s: running at 300 s; 600 s + 100 s: running at 720 s.
    assert_eq!(sizes(&model), [(180.0, 4), (600.0, 3), (1020.0, 2)]);
}

fn ec2(state: WarmState, max: u32) -> Model {
    let pool = InstancePool {
        boot: constant(100.0),
        warm_pool: WarmPool {
            state,
            start: constant(30.0),
        },
        ..quick()
    };
    let mut model = on_instances(400.0, pool, health_check(10, 1, 3), vec![]);
    model.services[0].pod.startup = constant(20.0);
    model.services[0].autoscaler = Some(policy(json!({ "ec2": {
        "group": { "MinSize": 1, "MaxSize": max },
        "warm_pool": { "MaxGroupPreparedCapacity": 3 }
    } })));
    model
}

/// Cold: a boot of 100 s and a start of 20 s; out of the warm pool 30 s and the start, or 30 s alone
/// where the application runs already. The health check is passed at its first look.
#[test]
fn instances_of_the_warm_pool_are_there_sooner() {
    for (state, warm) in [
        (WarmState::Stopped, 140.0),
        (WarmState::Hibernated, 120.0),
        (WarmState::Running, 120.0),
    ] {
        // Two of the three additional instances have been prepared.
        let mut model = ec2(state, 4);
        model.actions.push(at(90, Action::Scale(ServiceId(0), 4)));
        let (history, _) = history(&model, 1);
        let cold = 210.0;
        assert_eq!(
            history.times(PodStage::Ready),
            [0.0, warm, warm, cold],
            "{state:?}"
        );
    }
}

/// What the warm pool has given is launched anew, and waits stopped: only its boot and the start of
/// the application are paid for, 120 s.
#[test]
fn the_warm_pool_is_paid_for_while_it_runs() {
    let paid = |state: WarmState, back: bool| {
        let mut model = ec2(state, 4);
        if back {
            // Back to one at 200 s: two instances fewer, and two more to be prepared.
            model.actions.push(at(90, Action::Scale(ServiceId(0), 3)));
            model.actions.push(at(200, Action::Scale(ServiceId(0), 1)));
        }
        let mut ledger = Ledger {
            keep_services: true,
            ..Ledger::default()
        };
        let world = World::new(model, 1).expect("models of tests are legal");
        world.run(&mut ledger);
        let services = ledger.services.iter();
        services.map(|(_, it)| it[0].pod_seconds).sum::<f64>()
    };
    assert!((paid(WarmState::Stopped, false) - 400.0).abs() < 1e-9);
    assert!((paid(WarmState::Running, false) - 1_200.0).abs() < 1e-9);
    // Two out of the pool from 90 to 200 s, and two prepared from the next decision, at 240 s, on.
    let expected = 400.0 + 2.0 * 110.0 + 2.0 * 120.0;
    assert!((paid(WarmState::Stopped, true) - expected).abs() < 1e-9);
}

/// Utilisation is that of the whole machine, over each full minute, and seen by the autoscaler at
/// the end of it.
#[test]
fn the_cloud_measures_all_cores_by_the_minute() {
    #[derive(Debug, Default)]
    struct Last(Vec<Option<f64>>);
    impl Recorder for Last {
        fn record(&mut self, _: SimTime, record: &Record<'_>) {
            if let Record::Decision { decision, .. } = record
                && let flashcrowd_autoscalers::Steps::Oci(steps) = &decision.steps
            {
                self.0.push(steps.rules[0].last);
            }
        }
    }
    // One request a second of half a second of CPU on two instances with four cores each:
    // 0.5 of 8 cores are 6.25 %; the first minute has 59 requests that have begun and 58 or 59 that
    // have ended.
    let mut model = oci_pool(300.0, 0.0);
    if let Some(pool) = &mut model.services[0].instances {
        pool.cores = 4;
    }
    let sized = flashcrowd_core::model::PodTemplate::instance(
        "vm",
        4,
        flashcrowd_units::Bytes::from_mebibytes(1024),
        health_check(10, 1, 3),
    );
    model.services[0].pod = flashcrowd_core::model::PodTemplate {
        startup: constant(0.0),
        ..sized
    };
    model.endpoints[0].steps = vec![Step::Cpu(constant(0.5))];
    model.workloads.push(crate::timing::metronome(1.0));
    let mut last = Last::default();
    World::new(model, 1).expect("legal").run(&mut last);
    // At 0 s nothing is known. From the second minute on each has its sixty requests.
    assert_eq!(last.0[0], None);
    for value in &last.0[2..5] {
        let value = value.expect("each minute has a value");
        // Rounded up to a millicore.
        assert!((value - 6.25).abs() < 0.05, "{value}");
    }
}

#[test]
fn policies_of_pools_and_of_deployments_are_told_apart() {
    let mut pool = oci_pool(10.0, 0.0);
    let mut deployment = pool.clone();
    deployment.services[0].instances = None;
    let refused = |model: Model| {
        let refused = World::new(model, 1).map(|_| ()).expect_err("refused");
        refused.to_string()
    };
    assert_eq!(
        refused(deployment),
        "autoscaler of `vm`: is a Deployment, not a pool of instances"
    );
    pool.services[0].autoscaler = Some(policy(json!({ "hpa": { "spec": { "maxReplicas": 3 } } })));
    assert_eq!(
        refused(pool),
        "autoscaler of `vm`: is a pool of instances, not a Deployment"
    );
}
