//! A revision over its life, with the times of the reference page.

use super::*;
use crate::{MilliValue, PodId, PodRequests, PodView, ReadyCondition, Scale};

struct Life {
    kpa: Kpa,
    replicas: u32,
    log: Vec<(i64, u32)>,
}

impl Life {
    fn new() -> Self {
        Self {
            kpa: Kpa::new(&KpaConfig::default()).expect("the defaults are legal"),
            replicas: 1,
            log: Vec::new(),
        }
    }

    /// Lives until a time under a load; pods are ready as soon as they are wanted.
    fn until(&mut self, end: i64, load: i64) {
        let requests = PodRequests::default();
        loop {
            let now = self.kpa.next_wakeup().unwrap_or(TimePoint::ZERO);
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
            let value = [MilliValue::new(load * 1000)];
            let replicas = Replicas(self.replicas);
            let decision = self.kpa.decide(&Observation {
                now,
                scale: Some(Scale {
                    spec_replicas: replicas,
                    status_replicas: replicas,
                }),
                pods: &pods,
                resources: None,
                answers: &[MetricAnswer::External(&value)],
            });
            if decision.is_rescale() {
                self.replicas = decision.desired.get();
                self.log
                    .push((now.as_nanos() / 1_000_000_000, self.replicas));
            }
        }
    }
}

#[test]
fn it_goes_to_zero_about_a_minute_after_the_last_request_and_comes_back_at_once() {
    let mut life = Life::new();
    life.until(120, 10);
    assert_eq!(life.replicas, 1);
    life.until(400, 0);
    let &[(at, 0)] = life.log.as_slice() else {
        panic!("it should scale once, to zero: {:?}", life.log)
    };
    // A stable window of 60 s after second 119, and up to a tick and a retry of 3 s each way.
    assert!((179..=190).contains(&at), "{at}");
    life.until(410, 10);
    assert_eq!(life.log.last(), Some(&(400, 1)));
}

#[test]
fn a_saved_memory_goes_on_as_if_nothing_had_happened() {
    let mut life = Life::new();
    life.until(30, 700);
    assert_eq!(life.replicas, 10);
    let mut other = Life::new();
    other
        .kpa
        .restore(&life.kpa.save())
        .expect("it is of the same kind");
    other.replicas = life.replicas;
    life.log.clear();
    life.until(200, 70);
    other.until(200, 70);
    assert!(!life.log.is_empty());
    assert_eq!(life.log, other.log);
}
