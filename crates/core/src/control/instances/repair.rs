//! Instances that the health check gives up on are replaced.
//!
//! Source: "Health checks for instances in an Auto Scaling group" of EC2 Auto Scaling (ELB health
//! checks and their grace period), "Automatic instance repairs" of Azure scale sets, "Set up an
//! application-based health check and autohealing" of Google Cloud. All three terminate the instance
//! and launch another one; how many of them at once is not limited here.

use crate::control::World;
use crate::control::lifecycle::PodEvent;
use crate::control::pod::{Instant, instant};
use crate::plane::{DataPlane, ServerId};
use crate::record::Recorder;

impl<P: DataPlane> World<P> {
    /// An instance has booted: its health counts when the grace period is over.
    pub(super) fn watch_grace(&mut self, server: ServerId) {
        let repair = self.pool_of(server).and_then(|pool| pool.repair);
        if let Some(repair) = repair.filter(|repair| !repair.grace.is_zero()) {
            self.pod_later(server, repair.grace, PodEvent::GraceOver);
        }
    }

    /// The health check has given up on an instance, or the time is over in which that does not
    /// count.
    pub(in crate::control) fn repair(&mut self, server: ServerId, recorder: &mut dyn Recorder) {
        let Some(repair) = self.pool_of(server).and_then(|pool| pool.repair) else {
            return;
        };
        let pod = self.pod(server);
        let service = pod.service;
        let is_unhealthy = pod.container.readiness.verdict == Some(false);
        let booted = pod.instance.and_then(|instance| instance.booted);
        let grace = repair.grace.as_nanos() as Instant;
        let counts = booted.is_some_and(|booted| booted + grace <= instant(self.now));
        if pod.deleting.is_none() && is_unhealthy && counts {
            self.terminate(server, "Unhealthy", recorder);
            self.reconcile(service, recorder);
        }
    }
}
