//! Request programs, compiled once into a flat list of instructions.

use super::timeouts::{TimeoutClass, Timeouts};
use crate::error::ModelError;
use crate::model::{Endpoint, EndpointId, Model, QueueId, Step};
use crate::record::Failure;
use flashcrowd_units::{SimDuration, Variates};
use flashcrowd_workload::DurationSampler;
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

/// What a request does next. `draw` is an index into the numbers that were drawn for it at its
/// arrival, relative to those of its endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) enum Instruction {
    /// Core-time on the pod, divided among `threads`; `last` if only the answer follows.
    Cpu { draw: u32, threads: u32, last: bool },
    /// Time without CPU.
    Wait { draw: u32 },
    /// A request to another service, whose own draws start at `draw`.
    Call {
        endpoint: EndpointId,
        draw: u32,
        timeout: TimeoutClass,
    },
    /// Go to `target` unless the uniform number `draw` lies below `threshold`.
    SkipUnless {
        draw: u32,
        from: u64,
        below: u64,
        target: u32,
    },
    /// Go to `target`.
    Jump { target: u32 },
    /// A job for a queue.
    Enqueue { queue: QueueId },
    /// The answer.
    Done,
    /// The end of a job.
    JobDone,
}

/// What is drawn for a request when it arrives.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Draw {
    Duration(DurationSampler),
    Uniform,
}

/// The compiled programs of all endpoints.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Programs {
    pub(crate) code: Vec<Instruction>,
    endpoints: Vec<Compiled>,
    /// The largest number of draws of any endpoint, its callees' included.
    pub(crate) draws_max: usize,
}

/// The program of one endpoint.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Compiled {
    /// Its first instruction.
    pub(crate) start: u32,
    /// What its requests need to have drawn: the first number, which is all that most need, and
    /// the others.
    first: Option<Draw>,
    others: Vec<Draw>,
}

/// A request's whole tree of calls may need this many random numbers.
const DRAWS_LIMIT: usize = 1 << 12;

impl Programs {
    /// Compiles the endpoints of a model, then the jobs of its queues. Call time-outs are registered with `timeouts`.
    ///
    /// # Errors
    /// If endpoints call each other in a circle, or the tree of calls is too large.
    pub(crate) fn compile(model: &Model, timeouts: &mut Timeouts) -> Result<Self, ModelError> {
        let mut programs = Self::default();
        let sizes = order(&model.endpoints)?;
        for endpoint in &model.endpoints {
            let start = programs.code.len() as u32;
            programs.emit(model, &endpoint.steps, &mut 0, &sizes, timeouts);
            programs.code.push(Instruction::Done);
            let compiled = Compiled::new(start, Self::draws_of(model, &endpoint.steps));
            programs.draws_max = programs.draws_max.max(compiled.len());
            programs.endpoints.push(compiled);
        }
        for queue in &model.queues {
            let start = programs.code.len() as u32;
            programs.emit(model, &queue.steps, &mut 0, &sizes, timeouts);
            programs.code.push(Instruction::JobDone);
            let compiled = Compiled::new(start, Self::draws_of(model, &queue.steps));
            if compiled.len() > DRAWS_LIMIT {
                return Err(ModelError::TooManySteps {
                    endpoint: queue.name.clone(),
                    limit: DRAWS_LIMIT,
                });
            }
            programs.draws_max = programs.draws_max.max(compiled.len());
            programs.endpoints.push(compiled);
        }
        programs.mark_last();
        Ok(programs)
    }

    fn emit(
        &mut self,
        model: &Model,
        steps: &[Step],
        drawn: &mut u32,
        sizes: &[usize],
        timeouts: &mut Timeouts,
    ) {
        for step in steps {
            let draw = *drawn;
            match step {
                Step::Cpu(_) | Step::ParallelCpu { .. } => {
                    let threads = if let Step::ParallelCpu { threads, .. } = step {
                        *threads
                    } else {
                        1
                    };
                    *drawn += 1;
                    self.code.push(Instruction::Cpu {
                        draw,
                        threads,
                        last: false,
                    });
                }
                Step::Wait(_) => {
                    *drawn += 1;
                    self.code.push(Instruction::Wait { draw });
                }
                Step::Call { endpoint, timeout } => {
                    // The callee's numbers are among the caller's.
                    *drawn += sizes[endpoint.index()] as u32;
                    let callee = &model.services[model.endpoints[endpoint.index()].service.index()];
                    let patience = callee
                        .load_balancer
                        .timeout
                        .map_or(*timeout, |proxy| proxy.min(*timeout));
                    let timeout = timeouts.class(patience, Failure::UpstreamTimeout);
                    self.code.push(Instruction::Call {
                        endpoint: *endpoint,
                        draw,
                        timeout,
                    });
                }
                Step::Enqueue(queue) => self.code.push(Instruction::Enqueue { queue: *queue }),
                Step::Choose(alternatives) => {
                    *drawn += 1;
                    let mut ends = Vec::new();
                    let mut below = 0.0;
                    for (share, steps) in alternatives {
                        let test = self.code.len();
                        let from = below;
                        below += share.get();
                        self.code.push(Instruction::Done);
                        self.emit(model, steps, drawn, sizes, timeouts);
                        ends.push(self.code.len());
                        self.code.push(Instruction::Done);
                        self.code[test] = Instruction::SkipUnless {
                            draw,
                            from: fraction(from),
                            below: fraction(below),
                            target: self.code.len() as u32,
                        };
                    }
                    for end in ends {
                        self.code[end] = Instruction::Jump {
                            target: self.code.len() as u32,
                        };
                    }
                }
            }
        }
    }

    /// Finds the bursts after which only the answer is left.
    fn mark_last(&mut self) {
        for index in 0..self.code.len() {
            let mut after = index + 1;
            while let Some(Instruction::Jump { target }) = self.code.get(after) {
                after = *target as usize;
            }
            let answered = self.code.get(after) == Some(&Instruction::Done);
            if let Instruction::Cpu { last, .. } = &mut self.code[index] {
                *last = answered;
            }
        }
    }

    /// What these steps need to have drawn, in the order of their instructions, callees inline.
    fn draws_of(model: &Model, steps: &[Step]) -> Vec<Draw> {
        let mut all = Vec::new();
        walk(steps, &mut |step| match step {
            Step::Cpu(time) | Step::ParallelCpu { time, .. } | Step::Wait(time) => {
                all.push(Draw::Duration(time.sampler()));
            }
            Step::Choose(_) => all.push(Draw::Uniform),
            Step::Call { endpoint, .. } => {
                all.extend(Self::draws_of(
                    model,
                    &model.endpoints[endpoint.index()].steps,
                ));
            }
            Step::Enqueue(_) => {}
        });
        all
    }

    /// Where the program of an endpoint starts.
    #[inline]
    pub(crate) fn start(&self, endpoint: EndpointId) -> u32 {
        self.endpoints[endpoint.index()].start
    }

    /// Numbers that a request of this endpoint needs.
    #[inline]
    pub(crate) fn draws(&self, endpoint: EndpointId) -> usize {
        self.endpoints[endpoint.index()].len()
    }

    /// The program of an endpoint.
    #[inline(always)]
    pub(crate) fn of(&self, endpoint: EndpointId) -> &Compiled {
        &self.endpoints[endpoint.index()]
    }
}

impl Compiled {
    fn new(start: u32, draws: Vec<Draw>) -> Self {
        let mut draws = draws.into_iter();
        Self {
            start,
            first: draws.next(),
            others: draws.collect(),
        }
    }

    /// How many numbers a request needs.
    pub(crate) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.others.len()
    }

    /// Draws the first number that a request will need.
    #[inline(always)]
    pub(crate) fn draw_first<R: Rng + Variates>(&self, rng: &mut R) -> u64 {
        self.first.as_ref().map_or(0, |draw| draw.sample(rng))
    }

    /// Whether one number is not enough.
    #[inline(always)]
    pub(crate) fn needs_others(&self) -> bool {
        !self.others.is_empty()
    }

    /// Draws the other ones, into the first places of `into`.
    #[inline(never)]
    pub(crate) fn draw_others<R: Rng + Variates>(&self, rng: &mut R, into: &mut [u64]) {
        for (draw, number) in self.others.iter().zip(into) {
            *number = draw.sample(rng);
        }
    }
}

impl Draw {
    #[inline(always)]
    fn sample<R: Rng + Variates>(&self, rng: &mut R) -> u64 {
        match self {
            Self::Duration(sampler) => sampler.sample(rng).as_nanos(),
            Self::Uniform => rng.random(),
        }
    }
}

/// Threads that one request uses at once at most, by service.
pub(crate) fn widths(model: &Model) -> Vec<u32> {
    let mut widths = vec![1; model.services.len()];
    let endpoints = model.endpoints.iter();
    let endpoints = endpoints.map(|endpoint| (endpoint.service, &endpoint.steps));
    let queues = model
        .queues
        .iter()
        .map(|queue| (queue.workers, &queue.steps));
    for (service, steps) in endpoints.chain(queues) {
        let width: &mut u32 = &mut widths[service.index()];
        walk(steps, &mut |step| {
            if let Step::ParallelCpu { threads, .. } = step {
                *width = (*width).max(*threads);
            }
        });
    }
    widths
}

/// A probability as a threshold for a uniform `u64`.
fn fraction(share: f64) -> u64 {
    if share >= 1.0 {
        u64::MAX
    } else {
        (share * 18_446_744_073_709_551_616.0) as u64
    }
}

/// Visits the steps in the order in which they are compiled.
fn walk<'a>(steps: &'a [Step], visit: &mut impl FnMut(&'a Step)) {
    for step in steps {
        visit(step);
        if let Step::Choose(alternatives) = step {
            for (_, steps) in alternatives {
                walk(steps, visit);
            }
        }
    }
}

/// How many draws each endpoint needs, its callees included.
fn order(endpoints: &[Endpoint]) -> Result<Vec<usize>, ModelError> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Known(usize),
    }
    fn size(
        index: usize,
        endpoints: &[Endpoint],
        states: &mut [State],
    ) -> Result<usize, ModelError> {
        match states[index] {
            State::Known(size) => return Ok(size),
            State::Open => {
                return Err(ModelError::CyclicCalls {
                    endpoint: endpoints[index].name.clone(),
                });
            }
            State::New => states[index] = State::Open,
        }
        let mut total = 0;
        let mut failed = None;
        walk(&endpoints[index].steps, &mut |step| {
            total += match step {
                Step::Call { endpoint, .. } => match size(endpoint.index(), endpoints, states) {
                    Ok(size) => size,
                    Err(error) => {
                        failed.get_or_insert(error);
                        0
                    }
                },
                Step::Enqueue(_) => 0,
                _ => 1,
            };
        });
        if let Some(error) = failed {
            return Err(error);
        }
        if total > DRAWS_LIMIT {
            return Err(ModelError::TooManySteps {
                endpoint: endpoints[index].name.clone(),
                limit: DRAWS_LIMIT,
            });
        }
        states[index] = State::Known(total);
        Ok(total)
    }
    let mut states = vec![State::New; endpoints.len()];
    (0..endpoints.len())
        .map(|index| size(index, endpoints, &mut states))
        .collect()
}

/// The client's patience, or the proxy's if that is shorter.
pub(crate) fn shorter(client: SimDuration, proxy: Option<SimDuration>) -> (SimDuration, Failure) {
    match proxy {
        Some(proxy) if proxy < client => (proxy, Failure::UpstreamTimeout),
        _ => (client, Failure::ClientTimeout),
    }
}
