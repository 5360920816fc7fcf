//! The recorded cluster: pods that come and go, and what the metrics APIs say about them.

use super::trace::{
    ContainerTemplate, Phase, PodRow, Ready, ResourceMetrics, Template, Tick, Trace,
};
use flashcrowd_autoscalers::{
    ConditionStatus, ContainerUsage, MilliValue, PodId, PodPhase, PodRequests, PodSample, PodUsage,
    PodView, ReadyCondition, TimePoint,
};
use flashcrowd_manifests::hpa::MetricSourceType;
use flashcrowd_manifests::pod::{Container, PodSpec, ResourceRequirements};
use flashcrowd_units::{Quantity, SimDuration};
use serde_json::Value;
use std::collections::BTreeMap;

/// Bytes in the recorded unit of memory.
const KIB_MILLI: i64 = 1_024_000;

/// The pods that exist.
#[derive(Debug)]
pub(super) struct Cluster {
    templates: Vec<ClusterTemplate>,
    window: SimDuration,
    pods: BTreeMap<u64, Pod>,
}

#[derive(Debug)]
struct ClusterTemplate {
    requests: PodRequests,
    /// Containers, then sidecars, as the samples list them.
    names: Vec<String>,
}

#[derive(Debug)]
struct Pod {
    phase: PodPhase,
    start_time: Option<TimePoint>,
    ready: Option<ReadyCondition>,
    deleting: bool,
    template: usize,
}

/// Samples of one sync, with the ranges of their containers in one list.
#[derive(Debug, Default)]
pub(super) struct Samples<'a> {
    containers: Vec<ContainerUsage<'a>>,
    pods: Vec<(PodId, TimePoint, std::ops::Range<usize>)>,
    window: SimDuration,
}

/// The answer to a custom metric, owned.
#[derive(Debug)]
pub(super) enum Answer {
    Unavailable,
    Pods(Vec<PodSample>),
    Object(MilliValue),
    External(Vec<MilliValue>),
}

impl Cluster {
    pub(super) fn new(trace: &Trace) -> Result<Self, String> {
        if trace
            .pod_templates
            .iter()
            .any(|template| template.containers.is_empty())
        {
            return Err("a pod template has no container".to_owned());
        }
        let templates = trace
            .pod_templates
            .iter()
            .map(ClusterTemplate::new)
            .collect();
        Ok(Self {
            templates,
            window: trace.metric_window(),
            pods: BTreeMap::new(),
        })
    }

    /// Applies what has changed since the sync before.
    pub(super) fn advance(&mut self, tick: &Tick) -> Result<(), String> {
        for id in &tick.x {
            self.pods
                .remove(id)
                .ok_or_else(|| format!("pod {id} is removed but does not exist"))?;
        }
        for row in &tick.p {
            let pod = Pod::new(row)?;
            if pod.template >= self.templates.len() {
                return Err(format!("pod {} has no template {}", row.0, pod.template));
            }
            self.pods.insert(row.0, pod);
        }
        Ok(())
    }

    pub(super) fn pods(&self) -> Vec<PodView<'_>> {
        let view = |(&id, pod): (&u64, &Pod)| PodView {
            id: PodId(id),
            phase: pod.phase,
            start_time: pod.start_time,
            ready: pod.ready,
            deleting: pod.deleting,
            requests: &self.templates[pod.template].requests,
        };
        self.pods.iter().map(view).collect()
    }

    /// The answer of the resource metrics API; `None` if the call fails.
    pub(super) fn samples(
        &self,
        now: i64,
        metrics: &ResourceMetrics,
    ) -> Result<Option<Samples<'_>>, String> {
        if metrics.err != 0 {
            return Ok(None);
        }
        for (name, list) in [("cpu", &metrics.cpu), ("mem", &metrics.mem)] {
            if !list.is_empty() && list.len() != self.pods.len() {
                return Err(format!(
                    "{} samples of {name} for {} pods",
                    list.len(),
                    self.pods.len()
                ));
            }
        }
        let mut samples = Samples {
            window: self.window,
            ..Samples::default()
        };
        for (index, (&id, pod)) in self.pods.iter().enumerate() {
            let lag = match &metrics.lag {
                Value::Array(lags) => lags.get(index).and_then(Value::as_i64),
                Value::Null => Some(0),
                lag => lag.as_i64(),
            };
            let at = now.saturating_sub(lag.ok_or_else(|| format!("pod {id} has no lag"))?);
            let (cpu, memory) = (metrics.cpu.get(index), metrics.mem.get(index));
            samples.add(id, at, &self.templates[pod.template].names, cpu, memory)?;
        }
        for (id, cpu, memory) in &metrics.x {
            if self.pods.contains_key(id) {
                return Err(format!("pod {id} is said not to exist"));
            }
            samples.add(
                *id,
                now,
                &self.templates[0].names[..1],
                Some(cpu),
                Some(memory),
            )?;
        }
        samples.pods.sort_by_key(|&(pod, ..)| pod);
        Ok(Some(samples))
    }

    /// The answer to the custom metric that stands at one place of the specification.
    pub(super) fn answer(&self, source: MetricSourceType, value: &Value) -> Result<Answer, String> {
        if value.is_null() || value == "err" {
            return Ok(Answer::Unavailable);
        }
        let list = || {
            value
                .as_array()
                .ok_or_else(|| format!("{value} is not a list"))
        };
        Ok(match source {
            MetricSourceType::Resource | MetricSourceType::ContainerResource => Answer::Unavailable,
            MetricSourceType::Object => Answer::Object(milli(value, 1)?),
            MetricSourceType::External => Answer::External(
                list()?
                    .iter()
                    .map(|value| milli(value, 1))
                    .collect::<Result<_, _>>()?,
            ),
            MetricSourceType::Pods => {
                let values = list()?;
                if values.len() > self.pods.len() + 1 {
                    return Err(format!(
                        "{} values for {} pods",
                        values.len(),
                        self.pods.len()
                    ));
                }
                let last = self.pods.last_key_value();
                let unknown = last.map_or(0, |(&id, _)| id.saturating_add(1));
                let ids = self.pods.keys().copied().chain([unknown]);
                let reported = ids.zip(values).filter(|(_, value)| !value.is_null());
                let sample = |(id, value): (u64, &Value)| {
                    Ok(PodSample {
                        pod: PodId(id),
                        value: milli(value, 1)?,
                    })
                };
                Answer::Pods(reported.map(sample).collect::<Result<_, String>>()?)
            }
        })
    }
}

impl ClusterTemplate {
    fn new(template: &Template) -> Self {
        let all = template.containers.iter().chain(&template.sidecars);
        Self {
            names: all.map(|it| it.name.clone()).collect(),
            requests: PodRequests::of(&pod_spec(template)),
        }
    }
}

/// The template as the manifest it was made from, so that requests are read as simulations do.
fn pod_spec(template: &Template) -> PodSpec {
    let requests = |requests| ResourceRequirements {
        requests,
        ..ResourceRequirements::default()
    };
    let container = |it: &ContainerTemplate| {
        let amounts = [("cpu", it.cpu), ("memory", it.memory)];
        let said = amounts
            .into_iter()
            .filter_map(|(name, amount)| Some((name.to_owned(), amount?)));
        Container {
            name: it.name.clone(),
            resources: requests(said.collect()),
            ..Container::default()
        }
    };
    let sidecar = |it| Container {
        restart_policy: Some("Always".to_owned()),
        ..container(it)
    };
    let init = template
        .sidecars
        .iter()
        .map(sidecar)
        .chain(template.init_containers.iter().map(container));
    PodSpec {
        containers: template.containers.iter().map(container).collect(),
        init_containers: init.collect(),
        resources: template.pod_level.clone().map(requests),
        ..PodSpec::default()
    }
}

impl Pod {
    fn new(row: &PodRow) -> Result<Self, String> {
        let &PodRow(id, phase, start_time, ready, last_transition, deleting, template) = row;
        let status = match ready {
            Ready::True => Some(ConditionStatus::True),
            Ready::False => Some(ConditionStatus::False),
            Ready::Unknown => Some(ConditionStatus::Unknown),
            Ready::None => None,
        };
        let condition = |status| {
            let last_transition = last_transition
                .ok_or_else(|| format!("pod {id} has a Ready condition without a time"))?;
            let last_transition = TimePoint::from_millis(last_transition);
            Ok::<_, String>(ReadyCondition {
                status,
                last_transition,
            })
        };
        Ok(Self {
            phase: match phase {
                Phase::Pending => PodPhase::Pending,
                Phase::Running => PodPhase::Running,
                Phase::Failed => PodPhase::Failed,
                Phase::Succeeded => PodPhase::Succeeded,
                Phase::Unknown => PodPhase::Unknown,
            },
            start_time: start_time.map(TimePoint::from_millis),
            ready: status.map(condition).transpose()?,
            deleting: deleting != 0,
            template,
        })
    }
}

impl<'a> Samples<'a> {
    pub(super) fn usages(&self) -> Vec<PodUsage<'_>> {
        let usage = |(pod, at, range): &(PodId, TimePoint, std::ops::Range<usize>)| PodUsage {
            pod: *pod,
            at: *at,
            window: self.window,
            containers: &self.containers[range.clone()],
        };
        self.pods.iter().map(usage).collect()
    }

    /// Adds the sample of a pod, unless there is none.
    fn add(
        &mut self,
        id: u64,
        at: i64,
        names: &'a [String],
        cpu: Option<&Value>,
        memory: Option<&Value>,
    ) -> Result<(), String> {
        let first = self.containers.len();
        for (index, name) in names.iter().enumerate() {
            let cpu = Cell::read(cpu, index, 1)?;
            let memory = Cell::read(memory, index, KIB_MILLI)?;
            if cpu != Cell::Unreported || memory != Cell::Unreported {
                let (cpu, memory) = (cpu.usage(), memory.usage());
                self.containers.push(ContainerUsage { name, cpu, memory });
            }
        }
        if [cpu, memory]
            .into_iter()
            .flatten()
            .any(|value| !value.is_null())
        {
            self.pods.push((
                PodId(id),
                TimePoint::from_millis(at),
                first..self.containers.len(),
            ));
        }
        Ok(())
    }
}

/// What a list of samples says about one container.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Cell {
    Unreported,
    WithoutUsage,
    Usage(MilliValue),
}

impl Cell {
    /// Container number `index` in the entry of a pod: a list by container, or the usage of the
    /// first one alone.
    fn read(entry: Option<&Value>, index: usize, unit: i64) -> Result<Self, String> {
        let value = match entry {
            Some(Value::Array(cells)) => match cells.get(index) {
                Some(Value::Null) => return Ok(Self::WithoutUsage),
                Some(cell) if cell.as_i64() == Some(-1) => None,
                cell => cell,
            },
            Some(Value::Null) => None,
            entry => entry.filter(|_| index == 0),
        };
        value.map_or(Ok(Self::Unreported), |value| {
            milli(value, unit).map(Self::Usage)
        })
    }

    fn usage(self) -> Option<MilliValue> {
        match self {
            Self::Usage(value) => Some(value),
            Self::Unreported | Self::WithoutUsage => None,
        }
    }
}

/// A number of `unit` thousandths, or a quantity.
fn milli(value: &Value, unit: i64) -> Result<MilliValue, String> {
    if let Some(number) = value.as_i64() {
        return Ok(MilliValue::new(number.saturating_mul(unit)));
    }
    let quantity = value
        .as_str()
        .and_then(|text| text.parse::<Quantity>().ok());
    quantity
        .map(MilliValue::from)
        .ok_or_else(|| format!("{value} is neither an integer nor a quantity"))
}
