//! The events of a run: changes of scale, steps in the lives of pods, rollouts, outages.

use flashcrowd_autoscalers::keda::scaled_job::JobId;
use flashcrowd_core::model::ServiceId;
use flashcrowd_core::record::{JobStage, NodeId, NodeStage, PodId, PodStage, Progress, Record};
use flashcrowd_units::SimTime;

/// Steps in the lives of pods and Jobs that are kept; later ones are only counted. At six steps a pod this
/// is the life of more than 16,000 pods, in at most 8 MB.
pub const POD_EVENT_LIMIT: usize = 100_000;

/// Something that happened at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: SimTime,
    /// To which service; `None` where it concerns the whole cluster.
    pub service: Option<ServiceId>,
    /// What.
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// `spec.replicas` changed.
    Scaled {
        /// Before.
        from: u32,
        /// After.
        to: u32,
        /// Who changed it.
        by: Box<str>,
        /// Why.
        reason: Box<str>,
    },
    /// A pod moved on in its life.
    Pod {
        /// Which.
        pod: PodId,
        /// Before; `None` when it was just created.
        from: Option<PodStage>,
        /// After.
        to: PodStage,
        /// Why.
        reason: &'static str,
    },
    /// The scheduler found no node for a pod.
    Unschedulable {
        /// Which.
        pod: PodId,
        /// Why.
        reason: Box<str>,
    },
    /// A node moved on in its life.
    Node {
        /// Its group.
        group: u32,
        /// Which.
        node: NodeId,
        /// Before; `None` when it was just asked for.
        from: Option<NodeStage>,
        /// After.
        to: NodeStage,
        /// Why.
        reason: &'static str,
    },
    /// The size of a node group changed.
    NodeGroupScaled {
        /// Which.
        group: u32,
        /// Before.
        from: u32,
        /// After.
        to: u32,
        /// Why.
        reason: &'static str,
    },
    /// A Job moved on in its life.
    Job {
        /// Which.
        job: JobId,
        /// Before; `None` when it was just made.
        from: Option<JobStage>,
        /// After.
        to: JobStage,
        /// Why.
        reason: &'static str,
    },
    /// A rollout began, or finished.
    Rollout {
        /// Whether this is its end.
        finished: bool,
    },
    /// The metrics API stopped answering (`true`) or answers again.
    MetricsOutage(bool),
    /// The alert behind a procedure began to fire, or ceased to.
    Alert(Box<AlertChange>),
    /// A procedure moved on.
    Procedure {
        /// Its name.
        name: Box<str>,
        /// What sets it off.
        when: Box<str>,
        /// How.
        progress: Progress,
    },
    /// Something was done to the system.
    Action {
        /// What.
        action: Box<str>,
        /// By which procedure; `None` for an action of its own.
        procedure: Option<Box<str>>,
        /// Why nothing came of it, if nothing did.
        refused: Option<Box<str>>,
    },
}

/// An alert that began to fire, or ceased to.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertChange {
    /// The procedure that it sets off.
    pub procedure: Box<str>,
    /// What is compared, and for how long.
    pub condition: Box<str>,
    /// Whether it fires now.
    pub firing: bool,
    /// The first evaluation at which the comparison held.
    pub since: SimTime,
    /// The metric now, in its own unit; `None` if it has no value.
    pub value: Option<f64>,
}

impl Eq for AlertChange {}

impl EventKind {
    /// What was done to the system, and what set it off.
    fn of_people(record: &Record<'_>) -> Option<(Option<ServiceId>, Self)> {
        match *record {
            Record::Alert {
                procedure,
                firing,
                since,
                value,
            } => {
                let change = AlertChange {
                    procedure: procedure.name.as_str().into(),
                    condition: procedure.when.to_string().into(),
                    firing,
                    since,
                    value,
                };
                Some((None, Self::Alert(Box::new(change))))
            }
            Record::Procedure {
                procedure,
                progress,
            } => {
                let (name, when) = (procedure.name.as_str(), procedure.when.to_string());
                let (name, when) = (name.into(), when.into());
                let kind = Self::Procedure {
                    name,
                    when,
                    progress,
                };
                Some((None, kind))
            }
            Record::Action {
                action,
                procedure,
                refused,
            } => {
                let kind = Self::Action {
                    action: action.to_string().into(),
                    procedure: procedure.map(|procedure| procedure.name.as_str().into()),
                    refused: refused.map(Into::into),
                };
                Some((action.service(), kind))
            }
            _ => None,
        }
    }
}

/// Events in order of time, bounded.
#[derive(Debug, Default)]
pub(crate) struct EventLog {
    events: Vec<Event>,
    pod_events: usize,
    /// Steps in the lives of pods that were left out, and when the first of them happened.
    cut: Option<(SimTime, u64)>,
}

impl EventLog {
    /// Whether no more steps of pods and Jobs are kept, which is counted.
    fn is_cut(&mut self, at: SimTime) -> bool {
        if self.pod_events == POD_EVENT_LIMIT {
            self.cut.get_or_insert((at, 0)).1 += 1;
            return true;
        }
        self.pod_events += 1;
        false
    }

    /// Keeps `record` if it is an event.
    pub(crate) fn observe(&mut self, at: SimTime, record: &Record<'_>) {
        let (service, kind) = match *record {
            Record::Scaled {
                service,
                from,
                to,
                by,
                reason,
            } => (
                Some(service),
                EventKind::Scaled {
                    from,
                    to,
                    by: by.into(),
                    reason: reason.into(),
                },
            ),
            Record::Pod {
                service,
                pod,
                from,
                to,
                reason,
            } => {
                if self.is_cut(at) {
                    return;
                }
                (
                    Some(service),
                    EventKind::Pod {
                        pod,
                        from,
                        to,
                        reason,
                    },
                )
            }
            Record::Job {
                service,
                job,
                from,
                to,
                reason,
            } => {
                if self.is_cut(at) {
                    return;
                }
                let kind = EventKind::Job {
                    job,
                    from,
                    to,
                    reason,
                };
                (Some(service), kind)
            }
            Record::Unschedulable {
                service,
                pod,
                reason,
            } => {
                let reason = reason.into();
                (Some(service), EventKind::Unschedulable { pod, reason })
            }
            Record::Node {
                group,
                node,
                from,
                to,
                reason,
            } => {
                let group = group as u32;
                let kind = EventKind::Node {
                    group,
                    node,
                    from,
                    to,
                    reason,
                };
                (None, kind)
            }
            Record::NodeGroupScaled {
                group,
                from,
                to,
                reason,
            } => {
                let group = group as u32;
                let kind = EventKind::NodeGroupScaled {
                    group,
                    from,
                    to,
                    reason,
                };
                (None, kind)
            }
            Record::Rollout { service, finished } => {
                (Some(service), EventKind::Rollout { finished })
            }
            Record::MetricsOutage(began) => (None, EventKind::MetricsOutage(began)),
            _ => match EventKind::of_people(record) {
                Some(event) => event,
                None => return,
            },
        };
        self.events.push(Event { at, service, kind });
    }

    /// What was kept, in order of time.
    pub(crate) fn events(&self) -> &[Event] {
        &self.events
    }

    /// How many steps in the lives of pods were left out, and since when.
    pub(crate) fn cut(&self) -> Option<(SimTime, u64)> {
        self.cut
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_beyond_the_limit_are_counted_and_scaling_is_kept() {
        let mut log = EventLog::default();
        let service = ServiceId(0);
        let limit = POD_EVENT_LIMIT as u32;
        for pod in 0..limit + 7 {
            let record = Record::Pod {
                service,
                pod: PodId(pod),
                from: None,
                to: PodStage::Pending,
                reason: "Created",
            };
            log.observe(SimTime::from_secs(u64::from(pod)), &record);
        }
        let at = SimTime::from_secs(u64::from(limit) + 100);
        log.observe(
            at,
            &Record::Scaled {
                service,
                from: 2,
                to: 4,
                by: "hpa",
                reason: "cpu",
            },
        );
        assert_eq!(log.cut(), Some((SimTime::from_secs(u64::from(limit)), 7)));
        assert_eq!(log.events().len(), POD_EVENT_LIMIT + 1);
        assert!(size_of::<Event>() <= 80, "{} bytes", size_of::<Event>());
    }
}
