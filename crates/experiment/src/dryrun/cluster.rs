//! What a controller is shown: pods that all do the same, with the recorded values.

use super::MetricHistory;
use super::bind::{AnswerFeed, Feeds, ResourceFeed};
use super::fleet::Fleet;
use flashcrowd_autoscalers::{
    ContainerUsage, MetricAnswer, MilliValue, Observation, PodId, PodPhase, PodRequests, PodSample,
    PodUsage, PodView, ReadyCondition, ResourceName, Scale, TimePoint,
};
use flashcrowd_units::{Bytes, Millicores, Replicas, SimDuration, SimTime};

/// The container that has what no metric asks for by name.
const REST: &str = "rest";
/// Length of the time over which usage is taken to be measured.
const WINDOW: SimDuration = SimDuration::from_secs(15);
/// The request of a container whose utilization is given in percent: 1 % is 1 core, or 1 kB.
const WHOLE: u64 = 100_000;

/// Recorded values as a cluster that can be observed.
pub(super) struct Cluster<'a> {
    history: &'a MetricHistory,
    feeds: &'a Feeds,
    containers: Vec<String>,
    requests: PodRequests,
}

impl<'a> Cluster<'a> {
    pub(super) fn new(
        history: &'a MetricHistory,
        feeds: &'a Feeds,
        given: Option<&PodRequests>,
    ) -> Self {
        let mut containers: Vec<String> = Vec::new();
        for feed in &feeds.resources {
            if let Some(container) = &feed.container
                && !containers.contains(container)
            {
                containers.push(container.clone());
            }
        }
        if feeds.resources.iter().any(|feed| feed.container.is_none()) {
            containers.push(REST.to_owned());
        }
        let request = |container: &str, resource| {
            let milli = request(feeds, &containers, given, container, resource)?;
            Some(u64::try_from(milli).unwrap_or(0))
        };
        let requests = PodRequests::of_containers(containers.iter().map(|name| {
            (
                name.as_str(),
                request(name, ResourceName::Cpu).map(Millicores::new),
                request(name, ResourceName::Memory).map(|milli| Bytes::new(milli / 1000)),
            )
        }));
        Self {
            history,
            feeds,
            containers,
            requests,
        }
    }

    /// Shows the cluster at a time to `look`. Values per pod are those of `recorded` replicas, if that is
    /// another number.
    pub(super) fn observe<T>(
        &self,
        now: SimTime,
        fleet: &Fleet,
        recorded: Option<u32>,
        look: impl FnOnce(&Observation<'_>) -> T,
    ) -> T {
        let at = TimePoint::from(now);
        let members = || (0_u64..).map(PodId).zip(fleet.members());
        let ready = members().filter(|(_, member)| member.is_ready(at));
        let ready: Vec<PodId> = ready.map(|(id, _)| id).collect();
        let replicas = fleet.size();
        let shared = |value| match recorded {
            Some(recorded) if recorded != replicas => share(value, recorded, ready.len()),
            _ => value,
        };
        let usage = self.usage(now, &shared);
        let containers: Vec<ContainerUsage<'_>> = self
            .containers
            .iter()
            .zip(&usage.amounts)
            .map(|(name, [cpu, memory])| ContainerUsage {
                name,
                cpu: *cpu,
                memory: *memory,
            })
            .collect();
        let pods: Vec<PodView<'_>> = members()
            .map(|(id, member)| {
                let is_ready = member.is_ready(at);
                PodView {
                    id,
                    phase: if is_ready {
                        PodPhase::Running
                    } else {
                        PodPhase::Pending
                    },
                    start_time: Some(member.created),
                    ready: Some(if is_ready {
                        ReadyCondition::ready_since(member.ready)
                    } else {
                        ReadyCondition::unready_since(member.created)
                    }),
                    deleting: false,
                    requests: &self.requests,
                }
            })
            .collect();
        let samples: Vec<PodUsage<'_>> = match usage.at {
            Some(at) => ready
                .iter()
                .map(|pod| PodUsage {
                    pod: *pod,
                    at: at.into(),
                    window: WINDOW,
                    containers: &containers,
                })
                .collect(),
            None => Vec::new(),
        };
        let answers = self.answers(now, &ready, &shared);
        let answers: Vec<MetricAnswer<'_>> = answers.iter().map(Answer::borrow).collect();
        let number = Replicas(replicas);
        look(&Observation {
            now: now.into(),
            scale: Some(Scale {
                spec_replicas: number,
                status_replicas: number,
            }),
            pods: &pods,
            resources: Some(&samples),
            answers: &answers,
        })
    }

    fn usage(&self, now: SimTime, shared: &dyn Fn(MilliValue) -> MilliValue) -> Usage {
        let mut usage = Usage {
            amounts: vec![[None; 2]; self.containers.len()],
            at: None,
        };
        for resource in [ResourceName::Cpu, ResourceName::Memory] {
            let slot = resource as usize;
            let mut named = 0;
            // Named containers first: the rest is what the pod has beyond them.
            let of = |feed: &&ResourceFeed| feed.resource == resource;
            let feeds = self.feeds.resources.iter().filter(of);
            let (by_name, whole): (Vec<_>, Vec<_>) = feeds.partition(|it| it.container.is_some());
            for feed in by_name.into_iter().chain(whole) {
                let Some((at, value)) = mean(self.history, &feed.column, now) else {
                    continue;
                };
                let value = shared(value).get();
                let amount = if feed.is_percent {
                    let containers = match feed.container {
                        Some(_) => 1,
                        None => self.containers.len() as i64,
                    };
                    // Thousandths of a percent of the request; a request of memory is in bytes.
                    let unit = if resource == ResourceName::Cpu {
                        1
                    } else {
                        1000
                    };
                    value * containers * unit
                } else {
                    value
                };
                let container = feed.container.as_deref().unwrap_or(REST);
                let index = self.containers.iter().position(|it| it == container);
                if let Some(index) = index {
                    let own = if feed.container.is_some() {
                        named += amount;
                        amount
                    } else {
                        amount - named
                    };
                    usage.amounts[index][slot] = Some(MilliValue::new(own));
                }
                usage.at = Some(usage.at.map_or(at, |oldest| oldest.min(at)));
            }
        }
        usage
    }

    fn answers(
        &self,
        now: SimTime,
        pods: &[PodId],
        shared: &dyn Fn(MilliValue) -> MilliValue,
    ) -> Vec<Answer> {
        let answer = |feed: &AnswerFeed| match feed {
            AnswerFeed::Resources => Answer::Unavailable,
            AnswerFeed::Pods(column) => match mean(self.history, column, now) {
                Some((_, value)) => Answer::Pods(
                    pods.iter()
                        .map(|pod| PodSample {
                            pod: *pod,
                            value: shared(value),
                        })
                        .collect(),
                ),
                None => Answer::Unavailable,
            },
            AnswerFeed::Object(column) => {
                let values: Vec<_> = values(self.history, column, now).collect();
                match values.as_slice() {
                    [] => Answer::Unavailable,
                    values => {
                        let sum = values.iter().map(|(_, value)| value.get()).sum();
                        Answer::Object(MilliValue::new(sum))
                    }
                }
            }
            AnswerFeed::PerInstance(column) => match mean(self.history, column, now) {
                Some((_, value)) => Answer::External(vec![shared(value)]),
                None => Answer::Unavailable,
            },
            AnswerFeed::External(columns) => {
                let values: Vec<MilliValue> = columns
                    .iter()
                    .flat_map(|column| values(self.history, column, now))
                    .map(|(_, value)| value)
                    .collect();
                // A series that has ended is no longer among the answers; without any it failed.
                if values.is_empty() {
                    Answer::Unavailable
                } else {
                    Answer::External(values)
                }
            }
        };
        self.feeds.answers.iter().map(answer).collect()
    }
}

/// What each container uses: CPU and memory.
struct Usage {
    amounts: Vec<[Option<MilliValue>; 2]>,
    /// When the oldest of it was measured.
    at: Option<SimTime>,
}

enum Answer {
    Unavailable,
    Pods(Vec<PodSample>),
    Object(MilliValue),
    External(Vec<MilliValue>),
}

impl Answer {
    fn borrow(&self) -> MetricAnswer<'_> {
        match self {
            Self::Unavailable => MetricAnswer::Unavailable,
            Self::Pods(samples) => MetricAnswer::Pods(samples),
            Self::Object(value) => MetricAnswer::Object(*value),
            Self::External(values) => MetricAnswer::External(values),
        }
    }
}

/// The request of a container in thousandths; of a resource that no metric asks for, none.
fn request(
    feeds: &Feeds,
    containers: &[String],
    given: Option<&PodRequests>,
    container: &str,
    resource: ResourceName,
) -> Option<i64> {
    let of = |container: Option<&str>| {
        feeds
            .resources
            .iter()
            .find(|it| it.resource == resource && it.container.as_deref() == container)
    };
    let synthetic = WHOLE as i64
        * if resource == ResourceName::Cpu {
            1
        } else {
            1000
        };
    let own = |container: &str| match of(Some(container)) {
        Some(feed) if feed.is_percent => Some(synthetic),
        _ => given?.container(container, resource).map(MilliValue::get),
    };
    if container != REST {
        return own(container);
    }
    let whole = if of(None)?.is_percent {
        synthetic * containers.len() as i64
    } else {
        given?.whole_pod(resource)?.get()
    };
    let named = containers.iter().filter(|it| *it != REST);
    let named: i64 = named.filter_map(|name| own(name)).sum();
    Some(whole - named)
}

fn values<'a>(
    history: &'a MetricHistory,
    column: &'a str,
    now: SimTime,
) -> impl Iterator<Item = (SimTime, MilliValue)> + 'a {
    history.named(column).filter_map(move |it| it.at(now))
}

/// The average of the series of a name, and the time of the oldest value in it.
pub(super) fn mean(
    history: &MetricHistory,
    column: &str,
    now: SimTime,
) -> Option<(SimTime, MilliValue)> {
    let values: Vec<_> = values(history, column, now).collect();
    let oldest = values.iter().map(|(at, _)| *at).min()?;
    let sum: i64 = values.iter().map(|(_, value)| value.get()).sum();
    Some((oldest, MilliValue::new(sum / values.len() as i64)))
}

/// A value per pod, had the same load been shared by another number of pods.
fn share(value: MilliValue, recorded: u32, pods: usize) -> MilliValue {
    let total = i128::from(value.get()) * i128::from(recorded);
    match i128::try_from(pods) {
        Ok(pods) if pods > 0 => MilliValue::new(i64::try_from(total / pods).unwrap_or(i64::MAX)),
        _ => value,
    }
}
