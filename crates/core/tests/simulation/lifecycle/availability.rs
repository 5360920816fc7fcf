//! How long a service has no ready pod.

use super::{newborn, probe};
use crate::ledger::history;
use crate::systems::{constant, pod, service, system};
use crate::timing::{at, metronome};
use flashcrowd_core::model::{Action, MemoryModel, PodTemplate, Readiness, ServiceId, Step};
use flashcrowd_units::{Bytes, SimTime};

/// From the moment in which a pod is desired until one is ready, and not while none is desired.
#[test]
fn a_service_is_without_ready_pods_until_its_first_one_is_ready() {
    let template = PodTemplate {
        startup: constant(12.0),
        readiness: Readiness::Probe(probe()),
        ..pod()
    };
    let mut model = newborn(100.0, template, vec![]);
    // Ready with the probe that comes 20 s after its start.
    model.actions[0].at = SimTime::from_secs(7);
    model.actions.push(at(60, Action::Scale(ServiceId(0), 0)));
    let (history, _) = history(&model, 1);
    assert_eq!(history.ledger.no_ready_seconds, [20.0]);
}

/// A container that is back before the report interval ends leaves no trace in its levels.
#[test]
fn an_absence_shorter_than_an_interval_counts() {
    let template = PodTemplate {
        memory: MemoryModel {
            base: Bytes::new(50),
            per_request: Bytes::new(0),
            leak_per_request: Bytes::new(1),
        },
        memory_limit: Some(Bytes::new(150)),
        startup: constant(0.25),
        ..pod()
    };
    let mut model = system(
        15.0,
        service("leaky", template),
        vec![Step::Wait(constant(0.0))],
    );
    // The hundredth request, at 10 s, fills the memory.
    model.workloads.push(metronome(10.0));
    let (history, _) = history(&model, 1);
    assert_eq!(history.ledger.no_ready_seconds, [0.25]);
}
