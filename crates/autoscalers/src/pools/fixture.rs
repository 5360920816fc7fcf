//! A pool of instances for the tests: it boots what an autoscaler asks for.

use crate::{
    Autoscaler, ContainerUsage, MetricAnswer, MetricQuery, MilliValue, Observation, PodId,
    PodPhase, PodRequests, PodUsage, PodView, ReadyCondition, Scale, ScaleOutcome, ScalingDecision,
    TimePoint,
};
use flashcrowd_units::{Millicores, Replicas, SimDuration};

/// See the [module documentation](self).
#[derive(Debug)]
pub(super) struct Pool {
    pub(super) size: u32,
    /// From the decision to being in service.
    boot: SimDuration,
    /// When each instance is in service, oldest first.
    in_service: Vec<(u64, TimePoint)>,
    next_id: u64,
    requests: PodRequests,
}

impl Pool {
    /// Instances that have been in service for a day.
    pub(super) fn new(size: u32, boot_secs: u64) -> Self {
        let long_ago = TimePoint::from_secs(-86_400);
        Self {
            size,
            boot: SimDuration::from_secs(boot_secs),
            in_service: (0..u64::from(size)).map(|id| (id, long_ago)).collect(),
            next_id: u64::from(size),
            requests: PodRequests::single("app", Some(Millicores::new(1000)), None),
        }
    }

    /// A sync whose decision is not carried out.
    pub(super) fn observe(
        &self,
        scaler: &mut dyn Autoscaler,
        secs: i64,
        cpu: Option<f64>,
    ) -> ScalingDecision {
        self.decision(scaler, secs, cpu, &[])
    }

    /// One sync in which every instance in service reports that CPU \[%\].
    pub(super) fn sync(
        &mut self,
        scaler: &mut dyn Autoscaler,
        secs: i64,
        cpu: Option<f64>,
    ) -> ScalingDecision {
        self.sync_with(scaler, secs, cpu, &[])
    }

    /// The same with values of the metrics that are asked for by name.
    pub(super) fn sync_with(
        &mut self,
        scaler: &mut dyn Autoscaler,
        secs: i64,
        cpu: Option<f64>,
        named: &[(&str, f64)],
    ) -> ScalingDecision {
        let decision = self.decision(scaler, secs, cpu, named);
        if decision.is_rescale() {
            self.resize(decision.desired.get(), decision.at);
            scaler.committed(&decision, ScaleOutcome::Applied);
        }
        decision
    }

    fn decision(
        &self,
        scaler: &mut dyn Autoscaler,
        secs: i64,
        cpu: Option<f64>,
        named: &[(&str, f64)],
    ) -> ScalingDecision {
        let now = TimePoint::from_secs(secs);
        let instances: Vec<_> = self
            .in_service
            .iter()
            .map(|it| self.view(*it, now))
            .collect();
        let millis = cpu.map(|cpu| MilliValue::new((cpu * 10.0).round() as i64));
        let usage = [ContainerUsage {
            name: "app",
            cpu: millis,
            memory: None,
        }];
        let reporting = instances.iter().filter(|it| it.is_ready());
        let samples: Vec<_> = reporting
            .map(|it| PodUsage {
                pod: it.id,
                at: now,
                window: SimDuration::from_secs(60),
                containers: &usage,
            })
            .collect();
        let series: Vec<_> = scaler
            .queries()
            .iter()
            .map(|query| {
                let MetricQuery::External { name, .. } = query else {
                    return None;
                };
                let value = named.iter().find(|(other, _)| other == name);
                value.map(|(_, value)| [MilliValue::new((value * 1000.0).round() as i64)])
            })
            .collect();
        let answers: Vec<_> = series
            .iter()
            .map(|it| match it {
                Some(values) => MetricAnswer::External(values),
                None => MetricAnswer::Unavailable,
            })
            .collect();
        scaler.decide(&Observation {
            now,
            scale: Some(Scale {
                spec_replicas: Replicas(self.size),
                status_replicas: Replicas(instances.len() as u32),
            }),
            pods: &instances,
            resources: cpu.map(|_| samples.as_slice()),
            answers: &answers,
        })
    }

    /// Sets the size. The oldest instances go first, and at once.
    pub(super) fn resize(&mut self, size: u32, now: TimePoint) {
        let excess = self.in_service.len().saturating_sub(size as usize);
        self.in_service.drain(..excess);
        while self.in_service.len() < size as usize {
            self.in_service.push((self.next_id, now + self.boot));
            self.next_id += 1;
        }
        self.size = size;
    }

    fn view(&self, (id, in_service): (u64, TimePoint), now: TimePoint) -> PodView<'_> {
        let is_up = in_service <= now;
        PodView {
            id: PodId(id),
            phase: if is_up {
                PodPhase::Running
            } else {
                PodPhase::Pending
            },
            start_time: None,
            ready: is_up.then(|| ReadyCondition::ready_since(in_service)),
            deleting: false,
            requests: &self.requests,
        }
    }

    /// A sync at the end of each minute with these values, from a time on. Returns the changes:
    /// time and new size.
    pub(super) fn minutes(
        &mut self,
        scaler: &mut dyn Autoscaler,
        from_secs: i64,
        cpu: impl IntoIterator<Item = f64>,
    ) -> Vec<(i64, u32)> {
        let mut changes = Vec::new();
        for (minute, cpu) in (1..).zip(cpu) {
            let at = from_secs + 60 * minute;
            let decision = self.sync(scaler, at, Some(cpu));
            if decision.is_rescale() {
                changes.push((at, decision.desired.get()));
            }
        }
        changes
    }
}
