//! The examples of the reference page, driven through both clocks.

use super::*;
use crate::{PodId, PodRequests, PodView, ReadyCondition, Scale};
use serde_json::json;

struct Life {
    keda: Keda,
    replicas: u32,
    log: Vec<(i64, u32)>,
}

impl Life {
    fn new(spec: &serde_json::Value, replicas: u32) -> Self {
        let policy = json!({ "spec": spec });
        let policy: KedaPolicy = serde_json::from_value(policy).expect("the policy reads");
        Self {
            keda: Keda::new(&policy).unwrap_or_else(|error| panic!("{error}")),
            replicas,
            log: Vec::new(),
        }
    }

    /// Lives until a time with a list of this length, `None` being an error.
    fn until(&mut self, end: i64, length: Option<i64>) {
        let requests = PodRequests::default();
        loop {
            let now = self.keda.next_wakeup().unwrap_or(TimePoint::ZERO);
            if now >= TimePoint::from_secs(end) {
                break;
            }
            let pods: Vec<_> = (0..self.replicas)
                .map(|id| PodView {
                    id: PodId(id.into()),
                    phase: PodPhase::Running,
                    start_time: Some(TimePoint::ZERO),
                    ready: Some(ReadyCondition::ready_since(TimePoint::ZERO)),
                    deleting: false,
                    requests: &requests,
                })
                .collect();
            let value = [MilliValue::new(length.unwrap_or(0) * 1000)];
            let answer = match length {
                Some(_) => MetricAnswer::External(&value),
                None => MetricAnswer::Unavailable,
            };
            let replicas = Replicas(self.replicas);
            let decision = self.keda.decide(&Observation {
                now,
                scale: Some(Scale {
                    spec_replicas: replicas,
                    status_replicas: replicas,
                }),
                pods: &pods,
                resources: None,
                answers: &[answer],
            });
            if decision.is_rescale() {
                self.replicas = decision.desired.get();
                self.log
                    .push((now.as_nanos() / 1_000_000_000, self.replicas));
                self.keda.committed(&decision, ScaleOutcome::Applied);
            }
        }
    }
}

fn list(changes: serde_json::Value) -> serde_json::Value {
    let mut spec = json!({ "triggers": [{ "type": "redis",
        "metadata": { "listName": "orders", "listLength": "5" } }] });
    let serde_json::Value::Object(changes) = changes else {
        panic!("changes are an object")
    };
    spec.as_object_mut()
        .expect("it is an object")
        .extend(changes);
    spec
}

#[test]
fn from_zero_to_what_the_list_asks_for_and_back() {
    let fast = json!({ "horizontalPodAutoscalerConfig": { "behavior": {
        "scaleDown": { "stabilizationWindowSeconds": 0 },
        "scaleUp": { "stabilizationWindowSeconds": 0,
            "policies": [{ "type": "Pods", "value": 100, "periodSeconds": 15 }] } } } });
    let mut life = Life::new(&list(json!({ "advanced": fast })), 0);
    life.until(600, Some(30));
    // 30 entries, 5 for each replica.
    assert_eq!(life.log.first(), Some(&(0, 1)));
    assert_eq!(life.replicas, 6);
    life.log.clear();
    life.until(1200, Some(0));
    // The last active poll is at 570. On whole seconds the poll after the cooldown of 300 s still
    // waits.
    assert_eq!(life.log, [(600, 1), (900, 0)]);
}

#[test]
fn within_tolerance_nothing_changes() {
    let mut life = Life::new(&list(json!({})), 3);
    life.until(300, Some(16));
    assert_eq!(life.replicas, 3);
    life.until(600, Some(17));
    assert_eq!(life.replicas, 4);
}

#[test]
fn fallback_counts_the_queries_of_the_hpa_too() {
    let fallback = json!({ "fallback": { "failureThreshold": 3, "replicas": 6 } });
    let mut life = Life::new(&list(fallback), 3);
    life.until(15, Some(15));
    assert_eq!(life.replicas, 3);
    life.until(300, None);
    assert_eq!(life.replicas, 6);
    let status = life.keda.object().status();
    assert_eq!(status.conditions.fallback.to_string(), "T:FallbackExists");
}

#[test]
fn a_saved_memory_goes_on_as_if_nothing_had_happened() {
    let mut life = Life::new(&list(json!({})), 0);
    life.until(100, Some(40));
    let mut other = Life::new(&list(json!({})), life.replicas);
    other
        .keda
        .restore(&life.keda.save())
        .expect("it is of the same kind");
    life.log.clear();
    life.until(1000, Some(0));
    other.until(1000, Some(0));
    assert_eq!(life.log.last().map(|it| it.1), Some(0));
    assert_eq!(life.log, other.log);
}

#[test]
fn paused_replicas_are_what_there_is() {
    let policy = json!({ "spec": list(json!({})),
        "annotations": { "autoscaling.keda.sh/paused-replicas": "2" } });
    let policy: KedaPolicy = serde_json::from_value(policy).expect("the policy reads");
    let mut life = Life::new(&list(json!({})), 5);
    life.keda = Keda::new(&policy).expect("it is legal");
    life.until(300, Some(1000));
    assert_eq!(life.log, [(0, 2)]);
}

#[test]
fn all_mistakes_are_named_at_once() {
    let spec = json!({ "minReplicaCount": 5, "maxReplicaCount": 4,
        "triggers": [{ "type": "redis", "metadata": {} }, { "type": "tarot" }] });
    let policy: KedaPolicy = serde_json::from_value(json!({ "spec": spec })).expect("it reads");
    let problems = Keda::new(&policy).expect_err("it is a mistake").problems;
    let paths: Vec<_> = problems.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "spec.minReplicaCount",
            "spec.triggers[0].metadata.listName",
            "spec.triggers[1].type"
        ]
    );
}
