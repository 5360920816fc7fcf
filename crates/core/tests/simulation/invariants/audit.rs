//! A recorder that believes nothing.

use flashcrowd_autoscalers::PolicySpec;
use flashcrowd_core::model::{Action, HpaPatch, Model, ServiceId};
use flashcrowd_core::record::{
    FailureCounts, Interval, PodId, PodStage, Record, Recorder, ServiceInterval, Totals,
};
use flashcrowd_manifests::hpa::{HpaSpec, PolicyType, ScalingPolicy, SelectPolicy};
use flashcrowd_units::{SimDuration, SimTime};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Sums of one endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct EndpointSums {
    pub(super) offered: u64,
    completed: u64,
    failed: FailureCounts,
    latency_nanos: u128,
}

/// What an audited run amounts to.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) endpoints: Vec<EndpointSums>,
    /// Of all records.
    pub(super) fingerprint: u64,
    /// Of all records but the intervals.
    pub(super) happenings: u64,
    totals: Totals,
}

impl Outcome {
    /// What became of the requests.
    pub(super) fn requests(&self) -> (u64, u64, FailureCounts, u64, &[EndpointSums]) {
        let Totals {
            offered,
            completed,
            failed,
            in_flight,
            ..
        } = self.totals;
        (offered, completed, failed, in_flight, &self.endpoints)
    }
}

/// A change of `spec.replicas`.
#[derive(Debug, Clone, Copy)]
struct Change {
    at: SimTime,
    from: i64,
    to: i64,
}

/// What is known of one service.
#[derive(Debug)]
struct Known {
    hpa: Option<HpaSpec>,
    desired: u32,
    /// The HPA has looked since somebody else last changed the number.
    settled: bool,
    /// Changes by the HPA.
    changes: Vec<Change>,
}

/// Checks every record, and the totals against the records.
pub(super) struct Audit {
    now: SimTime,
    interval_end: SimTime,
    services: Vec<Known>,
    pods: BTreeMap<PodId, (ServiceId, PodStage)>,
    endpoints: Vec<EndpointSums>,
    all: DefaultHasher,
    happenings: DefaultHasher,
    node_cores: f64,
    /// The metrics API does not answer.
    blind: bool,
}

impl Audit {
    pub(super) fn new(model: &Model) -> Self {
        let known = model.services.iter().map(|service| Known {
            hpa: match &service.autoscaler {
                Some(PolicySpec::Hpa(hpa)) => Some(hpa.spec.defaulted()),
                _ => None,
            },
            desired: service.replicas,
            settled: false,
            changes: Vec::new(),
        });
        Self {
            now: SimTime::ZERO,
            interval_end: SimTime::ZERO,
            services: known.collect(),
            pods: BTreeMap::new(),
            endpoints: vec![EndpointSums::default(); model.endpoints.len()],
            all: DefaultHasher::new(),
            happenings: DefaultHasher::new(),
            node_cores: f64::from(model.node_cores),
            blind: false,
        }
    }

    /// The run is over: nothing was lost, and the parts make up the whole.
    pub(super) fn finish(self, totals: Totals) -> Outcome {
        assert_eq!(
            totals.offered,
            totals.completed + totals.failed_total() + totals.in_flight,
            "{totals:?}"
        );
        let sum = |of: fn(&EndpointSums) -> u64| self.endpoints.iter().map(of).sum::<u64>();
        assert_eq!(totals.offered, sum(|e| e.offered));
        assert_eq!(totals.completed, sum(|e| e.completed));
        for (reason, total) in totals.failed.iter().enumerate() {
            assert_eq!(
                *total,
                self.endpoints.iter().map(|e| e.failed[reason]).sum::<u64>()
            );
        }
        Outcome {
            endpoints: self.endpoints,
            fingerprint: self.all.finish(),
            happenings: self.happenings.finish(),
            totals,
        }
    }

    fn interval(&mut self, at: SimTime, interval: &Interval<'_>) {
        assert_eq!(
            interval.start, self.interval_end,
            "intervals follow each other"
        );
        assert!(interval.start < at);
        self.interval_end = at;
        for (sums, new) in self.endpoints.iter_mut().zip(interval.endpoints) {
            assert_eq!(new.latency.count(), new.completed);
            sums.offered += new.offered;
            sums.completed += new.completed;
            sums.failed
                .iter_mut()
                .zip(new.failed)
                .for_each(|(sum, new)| *sum += new);
            sums.latency_nanos += new.latency.sum_nanos();
        }
        for (index, service) in interval.services.iter().enumerate() {
            self.service(index, service, (at - interval.start).as_secs_f64());
        }
    }

    fn service(&self, index: usize, service: &ServiceInterval, seconds: f64) {
        let known = &self.services[index];
        assert_eq!(service.desired, known.desired);
        assert!(service.ready <= service.current, "{service:?}");
        assert!(service.queued <= service.in_flight, "{service:?}");
        assert!(service.cfs_throttled <= service.cfs_periods, "{service:?}");
        let slack = 1e-6 * (1.0 + seconds);
        for amount in [
            service.cpu_seconds,
            service.cpu_capacity_seconds,
            service.in_flight_seconds,
            service.pod_seconds,
            service.no_ready_seconds,
            seconds - service.no_ready_seconds,
        ] {
            assert!(amount >= -slack && amount.is_finite(), "{service:?}");
        }
        assert!(
            service.cpu_seconds <= service.pod_seconds * self.node_cores + slack,
            "{service:?}"
        );
        let of = |stages: &[PodStage]| {
            let mine = |(id, stage): &&(ServiceId, PodStage)| {
                id.index() == index && stages.contains(stage)
            };
            self.pods.values().filter(mine).count() as u32
        };
        assert_eq!(service.ready, of(&[PodStage::Ready]), "{service:?}");
        assert_eq!(
            service.terminating,
            of(&[PodStage::Terminating]),
            "{service:?}"
        );
        if let Some(hpa) = known
            .hpa
            .as_ref()
            .filter(|_| known.settled && known.desired > 0)
        {
            let bounds = hpa.min_replicas.unwrap_or(1)..=hpa.max_replicas;
            assert!(
                bounds.contains(&(known.desired as i32)),
                "{service:?} outside {bounds:?}"
            );
        }
    }

    /// New bounds, which hold from the next sync on.
    fn patched(&mut self, service: ServiceId, patch: HpaPatch) {
        let known = &mut self.services[service.index()];
        known.settled = false;
        let hpa = known.hpa.as_mut().expect("only an HPA is patched");
        hpa.min_replicas = patch.min_replicas.map(|it| it as i32).or(hpa.min_replicas);
        hpa.max_replicas = patch.max_replicas.map_or(hpa.max_replicas, |it| it as i32);
    }

    fn scaled(&mut self, at: SimTime, service: ServiceId, from: u32, to: u32, by: &str) {
        let known = &mut self.services[service.index()];
        assert_eq!(from, known.desired);
        assert_ne!(from, to);
        known.desired = to;
        if by != "hpa" {
            known.settled = false;
            return;
        }
        let hpa = known.hpa.as_ref().expect("only an HPA signs as one");
        let (min, max) = (hpa.min_replicas.unwrap_or(1), hpa.max_replicas);
        let bounds = min as u32..=max as u32;
        assert!(
            bounds.contains(&to),
            "the HPA leaves its bounds {bounds:?}: {to}"
        );
        let change = Change {
            at,
            from: i64::from(from),
            to: i64::from(to),
        };
        // From outside its bounds an HPA comes back at once.
        if bounds.contains(&from) {
            known.check_rate(change);
        }
        known.changes.push(change);
    }
}

impl Known {
    fn check_rate(&self, change: Change) {
        let hpa = self.hpa.as_ref().expect("a change by the HPA");
        let Some(behavior) = &hpa.behavior else {
            let most = (2 * change.from).max(4);
            assert!(change.to <= most, "{change:?}: more than twice");
            return;
        };
        let up = change.to > change.from;
        let rules = if up {
            &behavior.scale_up
        } else {
            &behavior.scale_down
        };
        let rules = rules.as_ref().expect("defaults are filled in");
        let allows = |policy: &ScalingPolicy| self.allows(policy, change);
        let policies = rules.policies.as_deref().unwrap_or_default();
        let lawful = match rules.select_policy.unwrap_or_default() {
            SelectPolicy::Max => policies.iter().any(allows),
            SelectPolicy::Min => policies.iter().all(allows),
            SelectPolicy::Disabled => false,
        };
        assert!(
            lawful,
            "{change:?} breaks {rules:?} after {:?}",
            self.changes
        );
    }

    /// Whether the number at the beginning of the policy's window, changed by as much as it says,
    /// reaches the new one.
    fn allows(&self, policy: &ScalingPolicy, change: Change) -> bool {
        let window = SimDuration::from_secs(policy.period_seconds as u64);
        let recent = self
            .changes
            .iter()
            .filter(|c| change.at.since(c.at) < window);
        let start = change.from - recent.map(|c| c.to - c.from).sum::<i64>();
        let step = match policy.policy_type {
            PolicyType::Pods => f64::from(policy.value),
            PolicyType::Percent => start as f64 * f64::from(policy.value) / 100.0,
        };
        // Percentages are rounded to the larger change.
        if change.to > change.from {
            change.to <= start + (step - 1e-9).ceil() as i64
        } else {
            change.to >= start - (step - 1e-9).ceil() as i64
        }
    }
}

impl Recorder for Audit {
    fn record(&mut self, at: SimTime, record: &Record<'_>) {
        assert!(at >= self.now, "time goes back from {} to {at}", self.now);
        self.now = at;
        let text = format!("{at} {record:?}");
        text.hash(&mut self.all);
        match record {
            Record::Interval(interval) => return self.interval(at, interval),
            Record::Scaled {
                service,
                from,
                to,
                by,
                ..
            } => self.scaled(at, *service, *from, *to, by),
            Record::MetricsOutage(began) => {
                assert_ne!(self.blind, *began, "outages begin and end in turn");
                self.blind = *began;
            }
            Record::Decision { service, .. } => self.services[service.index()].settled = true,
            Record::Action {
                action: Action::PatchHpa(service, patch),
                refused: None,
                ..
            } => self.patched(*service, *patch),
            &Record::Pod {
                service,
                pod,
                from,
                to,
                ..
            } => {
                let before = self.pods.insert(pod, (service, to));
                assert_eq!(before, from.map(|stage| (service, stage)), "{text}");
            }
            _ => {}
        }
        text.hash(&mut self.happenings);
    }
}
