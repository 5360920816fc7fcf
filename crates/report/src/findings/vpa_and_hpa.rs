//! A VPA changed the requests that the HPA divides by.
//!
//! Looks for pods that the VPA evicts while the HPA of the same service scales on the utilisation of
//! a resource that the VPA sizes. After each of them the same usage is another utilisation.

use super::{Detector, Finding, Severity, Wording};
use crate::context::ServiceContext;
use crate::format;
use flashcrowd_core::model::ServiceId;
use flashcrowd_core::record::{PodStage, Record};
use flashcrowd_units::SimTime;

#[derive(Debug)]
pub(super) struct VpaAndHpa {
    service: ServiceId,
    resource: Option<&'static str>,
    since: Option<SimTime>,
    evictions: u64,
}

impl VpaAndHpa {
    pub(super) fn new(service: ServiceId, context: &ServiceContext) -> Self {
        Self {
            service,
            resource: context.sized_and_scaled,
            since: None,
            evictions: 0,
        }
    }
}

impl Detector for VpaAndHpa {
    fn observe(&mut self, at: SimTime, record: &Record<'_>) {
        if let Record::Pod {
            service,
            to: PodStage::Terminating,
            reason: "EvictedByVPA",
            ..
        } = record
            && *service == self.service
        {
            self.since.get_or_insert(at);
            self.evictions += 1;
        }
    }

    fn findings(&self, wording: &Wording<'_>, findings: &mut Vec<Finding>) {
        let (Some(resource), Some(since)) = (self.resource, self.since) else {
            return;
        };
        let name = &wording.context.services[self.service.index()].name;
        findings.push(Finding {
            severity: Severity::Warning,
            at_seconds: since.as_secs_f64(),
            component: name.clone(),
            code: "vpa_and_hpa",
            message: format!(
                "{name}: the VPA replaced {} to change requests from {} on, and the HPA scales on \
                 {resource} utilisation, which is usage divided by that request",
                format::times(self.evictions, "pod"),
                wording.clock.short(since),
            ),
        });
    }
}
