//! Metrics by name: the custom and external metrics APIs, and what KEDA's scalers ask directly.
//!
//! What an autoscaler asks for is looked up once, when it starts: among the metrics of the model,
//! then among the queues by their own names. Levels of queues are read at the moment in which
//! somebody asks, as KEDA asks Redis itself; whatever goes through a monitoring system is
//! read every `resolution` and served `lag` later.

mod read;
mod sampler;

pub(in crate::control) use read::{Carried, CarriedEndpoint};
pub(in crate::control) use sampler::Sampler;

use super::super::{Event, World};
use crate::model::{MetricSource, NamedMetric, QueueFigure, QueueId, ServiceFigure, ServiceId};
use crate::plane::DataPlane;
use flashcrowd_autoscalers::keda::FIELD_LABEL;
use flashcrowd_autoscalers::{MetricAnswer, MetricQuery, MilliValue, PodId, PodSample};
use flashcrowd_engine::{RngStreams, StreamRng};
use flashcrowd_manifests::LabelSelector;
use flashcrowd_units::{SimDuration, SimTime};
use rand::RngExt;
use sampler::PodFigures;

/// How often a broker reckons its own rates (RabbitMQ's `collect_statistics_interval`).
const BROKER_RATE: SimDuration = SimDuration::from_secs(5);
/// Knative's queue-proxies report once a second.
const KNATIVE_REPORT: SimDuration = SimDuration::from_secs(1);

/// Where the answer to one query comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::control) struct Binding {
    form: Form,
    origin: Origin,
}

/// How the answer is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Pods,
    Object,
    External,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::control) enum Origin {
    /// Nothing has that name, or the resource metrics answer.
    Nothing,
    /// A level, at the moment of the question.
    Live(MetricSource),
    /// Offsets of a queue's partitions: the newest, or those that are done.
    Offsets { queue: QueueId, is_latest: bool },
    /// What a sampler serves.
    Sampled(usize),
}

/// An answer that owns what it says.
pub(in crate::control) enum Answer {
    Unavailable,
    Pods(Vec<PodSample>),
    Object(MilliValue),
    External(Vec<MilliValue>),
}

impl Answer {
    pub(in crate::control) fn borrowed(&self) -> MetricAnswer<'_> {
        match self {
            Self::Unavailable => MetricAnswer::Unavailable,
            Self::Pods(samples) => MetricAnswer::Pods(samples),
            Self::Object(value) => MetricAnswer::Object(*value),
            Self::External(values) => MetricAnswer::External(values),
        }
    }
}

/// The number of a queue that a selector means.
fn field(selector: Option<&LabelSelector>) -> Option<&str> {
    let labels = &selector?.match_labels;
    labels.get(FIELD_LABEL).map(String::as_str)
}

fn milli(value: f64) -> MilliValue {
    MilliValue::new((value * 1000.0).round() as i64)
}

impl<P: DataPlane> World<P> {
    /// Finds what an autoscaler of a service asks for.
    pub(in crate::control) fn bind(
        &mut self,
        service: ServiceId,
        queries: &[MetricQuery],
        streams: RngStreams,
    ) -> Vec<Binding> {
        let mut rng = streams.stream(&format!(
            "metrics/{}",
            self.model.services[service.index()].name
        ));
        let bind = |query: &MetricQuery| {
            let (form, name, selector) = match query {
                MetricQuery::Resources => {
                    return Binding {
                        form: Form::External,
                        origin: Origin::Nothing,
                    };
                }
                MetricQuery::Pods { name, selector } => (Form::Pods, name, selector),
                MetricQuery::Object { name, selector, .. } => (Form::Object, name, selector),
                MetricQuery::External { name, selector } => (Form::External, name, selector),
            };
            let origin = self.origin(service, name, selector.as_ref(), &mut rng);
            Binding { form, origin }
        };
        queries.iter().map(bind).collect()
    }

    fn origin(
        &mut self,
        service: ServiceId,
        name: &str,
        selector: Option<&LabelSelector>,
        rng: &mut StreamRng,
    ) -> Origin {
        let known = self.model.metrics.iter().find(|metric| metric.name == name);
        let by_queue = self
            .model
            .queues
            .iter()
            .position(|queue| queue.name == name);
        let metric = match (known, by_queue) {
            (Some(metric), _) => metric.clone(),
            (None, Some(queue)) => live(name, MetricSource::Queue(QueueId(queue as u32), None)),
            (None, None) => match self.knative(service, name) {
                Some(metric) => metric,
                None => return Origin::Nothing,
            },
        };
        self.origin_of(service, metric, field(selector), rng)
    }

    /// What a KPA asks for: its own service's figures, by the second.
    fn knative(&self, service: ServiceId, name: &str) -> Option<NamedMetric> {
        use flashcrowd_autoscalers::PolicySpec;
        let of = &self.model.services[service.index()];
        let Some(PolicySpec::Kpa(_)) = of.autoscaler else {
            return None;
        };
        let figure = match name {
            "concurrency" => ServiceFigure::Concurrency,
            "rps" => ServiceFigure::Requests,
            _ => return None,
        };
        Some(NamedMetric {
            resolution: KNATIVE_REPORT,
            window: KNATIVE_REPORT,
            ..live(name, MetricSource::Service(service, figure))
        })
    }

    fn origin_of(
        &mut self,
        asker: ServiceId,
        mut metric: NamedMetric,
        field: Option<&str>,
        rng: &mut StreamRng,
    ) -> Origin {
        if let MetricSource::Queue(queue, None) = metric.source {
            let figure = match field {
                Some("messages") => QueueFigure::Length,
                Some("pending") => QueueFigure::InProgress,
                Some("publish_rate") => QueueFigure::EnqueueRate,
                Some(name @ ("committed_offset" | "latest_offset")) => {
                    let is_latest = name == "latest_offset";
                    return Origin::Offsets { queue, is_latest };
                }
                _ => QueueFigure::Waiting,
            };
            metric.source = MetricSource::Queue(queue, Some(figure));
        }
        if metric.resolution.is_zero() && metric.source.needs_window() {
            (metric.resolution, metric.window) = (BROKER_RATE, BROKER_RATE);
        }
        if metric.resolution.is_zero() {
            return Origin::Live(metric.source);
        }
        let first = rng.random_range(0..metric.resolution.as_nanos());
        let at = self.now + SimDuration::from_nanos(first);
        self.start_sampler(&metric, asker, at)
    }

    /// Begins to read a metric for the rule of a trigger, the first time at `first`.
    pub(in crate::control) fn sampled_from(
        &mut self,
        metric: &NamedMetric,
        first: SimTime,
    ) -> Origin {
        if metric.resolution.is_zero() {
            return Origin::Live(metric.source);
        }
        // Nobody asks pod by pod.
        self.start_sampler(metric, ServiceId(0), first)
    }

    fn start_sampler(&mut self, metric: &NamedMetric, asker: ServiceId, at: SimTime) -> Origin {
        let index = self.samplers.len();
        self.watch(metric.source);
        self.samplers.push(Sampler::new(metric, asker));
        self.schedule(at, Event::Measure(index as u32));
        Origin::Sampled(index)
    }

    /// A sampler reads its source.
    pub(in crate::control) fn measure(&mut self, index: u32) {
        let sampler = &self.samplers[index as usize];
        let (source, pods_of) = (sampler.source, sampler.pods_of);
        let next = self.now + sampler.resolution;
        let read = self.read(source);
        let pods = self.pod_figures(source, pods_of);
        self.samplers[index as usize].record(read, pods);
        self.schedule(next, Event::Measure(index));
    }

    /// What is known of a metric now.
    pub(in crate::control) fn sampled(&mut self, origin: Origin) -> Option<f64> {
        let now = self.now;
        match origin {
            Origin::Nothing | Origin::Offsets { .. } => None,
            Origin::Live(source) => self.live(source),
            Origin::Sampled(index) => self.samplers[index].served(now)?.total,
        }
    }

    /// A figure pod by pod, for metrics of type Pods of an autoscaler of `pods_of`.
    fn pod_figures(&mut self, source: MetricSource, pods_of: ServiceId) -> PodFigures {
        let servers = self.services[pods_of.index()].pods.iter().copied();
        let reached: Vec<_> = servers
            .map(|server| (server, self.pod(server)))
            .filter(|(_, pod)| pod.routed && pod.is_active())
            .map(|(server, pod)| (server, u64::from(pod.id.0)))
            .collect();
        let own = |figure| source == MetricSource::Service(pods_of, figure);
        let (in_flight, memory) = (own(ServiceFigure::InFlight), own(ServiceFigure::Memory));
        if in_flight || memory {
            let now = self.now;
            let known = |(server, pod)| {
                let usage = self.plane.usage(server, now);
                let inside = f64::from(usage.inside);
                let figure = if in_flight {
                    inside
                } else {
                    usage.memory_bytes as f64
                };
                (pod, figure)
            };
            return PodFigures::Known(reached.into_iter().map(known).collect());
        }
        let pods = reached.into_iter().map(|(_, pod)| pod).collect();
        if source.is_same_for_each() {
            PodFigures::Same(pods)
        } else {
            PodFigures::EqualShares(pods)
        }
    }

    /// What the metrics APIs answer an autoscaler of `service` now.
    pub(in crate::control) fn answers(
        &mut self,
        service: ServiceId,
        bindings: &[Binding],
    ) -> Vec<Answer> {
        let answer = |binding: &Binding| self.answer(service, *binding);
        bindings.iter().map(answer).collect()
    }

    fn answer(&mut self, service: ServiceId, binding: Binding) -> Answer {
        let now = self.now;
        let (total, live) = match binding.origin {
            Origin::Nothing => return Answer::Unavailable,
            Origin::Offsets { queue, is_latest } => return self.offsets(queue, is_latest),
            Origin::Live(source) => (self.live(source), Some(source)),
            Origin::Sampled(_) => (self.sampled(binding.origin), None),
        };
        let Some(total) = total else {
            return Answer::Unavailable;
        };
        match binding.form {
            Form::Pods => match (live, binding.origin) {
                (Some(source), _) => per_pod(total, &self.pod_figures(source, service)),
                (None, Origin::Sampled(index)) => {
                    let served = self.samplers[index].served(now);
                    served.map_or(Answer::Unavailable, |value| per_pod(total, &value.pods))
                }
                (None, _) => Answer::Unavailable,
            },
            Form::Object => Answer::Object(milli(total)),
            Form::External => Answer::External(vec![milli(total)]),
        }
    }

    /// What the activator tells of its first request, without waiting for the next report: one in
    /// flight, one that came.
    pub(in crate::control) fn tell_of_first_request(&mut self, bindings: &[Binding]) {
        for binding in bindings {
            if let Origin::Sampled(index) = binding.origin {
                self.samplers[index].tell(self.now, 1.0);
            }
        }
    }

    /// Offsets of all partitions of a queue, over which its jobs are spread evenly.
    fn offsets(&self, queue: QueueId, is_latest: bool) -> Answer {
        let levels = self.plane.queue(queue, self.now);
        let total = if is_latest {
            levels.enqueued
        } else {
            levels.processed + levels.failed
        };
        let partitions = u64::from(self.model.queues[queue.index()].partitions);
        let of = |index: u64| total / partitions + u64::from(index < total % partitions);
        let offsets = (0..partitions).map(|index| MilliValue::new(of(index) as i64 * 1000));
        Answer::External(offsets.collect())
    }
}

/// A metric that is read when somebody asks.
fn live(name: &str, source: MetricSource) -> NamedMetric {
    NamedMetric {
        name: name.to_owned(),
        source,
        resolution: SimDuration::ZERO,
        lag: SimDuration::ZERO,
        window: SimDuration::ZERO,
    }
}

/// A figure of all pods, pod by pod.
fn per_pod(total: f64, pods: &PodFigures) -> Answer {
    let sample = |pod: u64, value: f64| PodSample {
        pod: PodId(pod),
        value: milli(value),
    };
    let mut samples: Vec<_> = match pods {
        PodFigures::Known(figures) => figures.iter().map(|&(pod, own)| sample(pod, own)).collect(),
        PodFigures::Same(pods) => pods.iter().map(|&pod| sample(pod, total)).collect(),
        PodFigures::EqualShares(pods) => {
            let each = total / pods.len().max(1) as f64;
            pods.iter().map(|&pod| sample(pod, each)).collect()
        }
    };
    samples.sort_by_key(|sample| sample.pod);
    Answer::Pods(samples)
}
