//! Where requests come from.

use super::program::{Compiled, Programs, shorter};
use super::request::{Fresh, NIL, Requests, Slot};
use super::timeouts::{TimeoutClass, Timeouts};
use crate::error::ModelError;
use crate::model::{EndpointId, Model, ServiceId, Workload};
use flashcrowd_engine::{RngStreams, StreamRng};
use flashcrowd_units::{SimDuration, SimTime};
use flashcrowd_workload::ArrivalStream;
use rand::Rng;
use serde::{Deserialize, Serialize};

/// One workload: its next request and those after it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Source {
    arrivals: Arrivals,
    /// When the next request comes.
    pub(crate) next_at: SimTime,
    mix: StreamRng,
    targets: Vec<Target>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(clippy::large_enum_variant)] // One per workload, and the large one is the usual one.
enum Arrivals {
    Process {
        stream: ArrivalStream,
        rng: StreamRng,
    },
    Script {
        requests: Vec<ScriptedRequest>,
        next: usize,
    },
}

/// A request of which everything is known beforehand: for replaying measurements.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScriptedRequest {
    /// When it is sent.
    pub at: SimTime,
    /// What its steps take, in order.
    pub demands: Vec<SimDuration>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Target {
    /// A uniform number below this, and not below that of the one before, means this endpoint.
    below: u64,
    endpoint: EndpointId,
    service: ServiceId,
    timeout: TimeoutClass,
    /// What its requests do, and need to have drawn.
    program: Compiled,
    demands: StreamRng,
}

impl Source {
    pub(crate) fn new(
        workload: &Workload,
        model: &Model,
        streams: RngStreams,
        programs: &Programs,
        timeouts: &mut Timeouts,
    ) -> Result<Self, ModelError> {
        let name = &workload.name;
        let mut rng = streams.stream(&format!("arrivals/{name}"));
        let mut stream = ArrivalStream::new(&workload.process, &workload.rate, model.duration)
            .map_err(|problems| {
                let problem = problems
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join("; ");
                ModelError::Invalid {
                    what: "open",
                    of: name.clone(),
                    problem,
                }
            })?;
        let next_at = stream.next(&mut rng);
        let total: f64 = workload
            .endpoints
            .iter()
            .map(|(_, share)| share.get())
            .sum();
        let mut sum = 0.0;
        let mut targets: Vec<_> = workload
            .endpoints
            .iter()
            .map(|&(endpoint, share)| {
                sum += share.get();
                let of = &model.endpoints[endpoint.index()];
                let proxy = model.services[of.service.index()].load_balancer.timeout;
                let (after, failure) = shorter(workload.timeout, proxy);
                Target {
                    below: ((sum / total) * 18_446_744_073_709_551_616.0) as u64,
                    endpoint,
                    service: of.service,
                    timeout: timeouts.class(after, failure),
                    program: programs.of(endpoint).clone(),
                    demands: streams.stream(&format!("demands/{name}/{}", of.name)),
                }
            })
            .collect();
        if let Some(last) = targets.last_mut() {
            last.below = u64::MAX;
        }
        let mix = streams.stream(&format!("mix/{name}"));
        Ok(Self {
            arrivals: Arrivals::Process { stream, rng },
            next_at,
            mix,
            targets,
        })
    }

    /// Requests that are known beforehand, in order of time, all for one endpoint.
    pub(crate) fn script(
        requests: Vec<ScriptedRequest>,
        (service, endpoint): (ServiceId, EndpointId),
        program: Compiled,
        timeout: TimeoutClass,
        streams: RngStreams,
    ) -> Self {
        let next_at = requests
            .first()
            .map_or(SimTime::NEVER, |request| request.at);
        let rng = streams.stream("script");
        Self {
            arrivals: Arrivals::Script { requests, next: 0 },
            next_at,
            mix: rng.clone(),
            targets: vec![Target {
                below: u64::MAX,
                endpoint,
                service,
                timeout,
                program,
                demands: rng,
            }],
        }
    }

    /// Makes the request that is due and finds out when the next one is. Returns where the request
    /// is, whom it is for, and how long somebody waits for the answer.
    #[inline(always)]
    pub(crate) fn take(
        &mut self,
        requests: &mut Requests,
    ) -> (Slot, ServiceId, EndpointId, TimeoutClass) {
        let target = match self.targets.as_mut_slice() {
            [only] => only,
            targets => {
                let uniform = self.mix.next_u64();
                let found = targets.iter().position(|target| uniform < target.below);
                &mut targets[found.unwrap_or(targets.len() - 1)]
            }
        };
        let program = &target.program;
        let at = self.next_at;
        let fresh = |first_draw| Fresh {
            arrived: at,
            first_draw,
            endpoint: target.endpoint,
            timeout: target.timeout,
            parent: NIL,
            pc: program.start,
        };
        let slot = match &mut self.arrivals {
            Arrivals::Process { stream, rng } => {
                let slot = requests.allocate(fresh(program.draw_first(&mut target.demands)));
                if program.needs_others() {
                    let places = requests.other_draws_mut(slot);
                    program.draw_others(&mut target.demands, places);
                }
                self.next_at = stream.next(rng);
                slot
            }
            Arrivals::Script {
                requests: script,
                next,
            } => {
                let mut demands = script[*next].demands.iter().take(program.len());
                let first = demands.next().map_or(0, |demand| demand.as_nanos());
                let slot = requests.allocate(fresh(first));
                for (draw, demand) in requests.other_draws_mut(slot).iter_mut().zip(demands) {
                    *draw = demand.as_nanos();
                }
                *next += 1;
                self.next_at = script
                    .get(*next)
                    .map_or(SimTime::NEVER, |request| request.at);
                slot
            }
        };
        (slot, target.service, target.endpoint, target.timeout)
    }
}
