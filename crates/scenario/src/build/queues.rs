//! Queues and who works them off.

use super::Context;
use super::endpoints;
use super::workload::report_all;
use crate::diagnostic::{Code, Problems};
use crate::path::FieldPath;
use crate::spec::{OnKillSpec, QueueSpec, StepSpec};
use flashcrowd_core::model::{JobArrivals, OnKill, Queue, ServiceId};

pub(super) fn queues(context: &Context<'_>, problems: &mut Problems) -> Vec<Queue> {
    let base = FieldPath::default().join("queues");
    let queues = context.spec.queues.iter();
    queues
        .map(|(name, spec)| one(context, name, spec, &base.join(name), problems))
        .collect()
}

fn one(
    context: &Context<'_>,
    name: &str,
    spec: &QueueSpec,
    path: &FieldPath,
    problems: &mut Problems,
) -> Queue {
    let workers = context.service(&spec.workers, &path.join("workers"), problems);
    let mut check = context.check(problems);
    for (field, value) in [
        ("concurrency", spec.concurrency),
        ("partitions", spec.partitions),
    ] {
        if !(1..=100_000).contains(&value) {
            let message = format!("`{field}` is {value}");
            check.invalid(&path.join(field), message, "1 to 100000");
        }
    }
    if let Some(arrivals) = &spec.arrivals {
        let path = path.join("arrivals");
        report_all(
            &mut check,
            &path.join("process"),
            arrivals.process.validate(),
        );
        report_all(&mut check, &path.join("rate"), arrivals.rate.validate());
    }
    let steps = path.join("steps");
    if spec.steps.is_empty() && !context.is_damaged(&steps) {
        let legal = "a list of steps, such as [ cpu: 50ms ]";
        check.invalid(&steps, format!("a job of `{name}` does nothing"), legal);
    }
    if leads_back(context, name) && !context.is_damaged(&steps) {
        let message = format!("a job of `{name}` puts another one into `{name}`");
        let help = "a queue whose jobs lead back to it never empties; take one `enqueue` out";
        check.report(Code::CyclicCall, &steps, message, |problem| {
            problem.help(help)
        });
    }
    Queue {
        name: name.to_owned(),
        // An unknown name was reported.
        workers: workers.unwrap_or(ServiceId(0)),
        concurrency: spec.concurrency,
        steps: endpoints::build(context, &spec.steps, &steps, problems),
        arrivals: spec.arrivals.as_ref().map(|arrivals| JobArrivals {
            process: arrivals.process.clone(),
            rate: arrivals.rate.clone().started_at(context.time_of_day()),
        }),
        on_kill: match spec.on_kill {
            OnKillSpec::Requeue => OnKill::Requeue,
            OnKillSpec::Fail => OnKill::Fail,
        },
        partitions: spec.partitions,
    }
}

/// Whether the jobs of a queue lead to jobs of the same queue.
fn leads_back(context: &Context<'_>, name: &str) -> bool {
    let queues = &context.spec.queues;
    let mut reached: Vec<&str> = Vec::new();
    let mut ahead = queues.get(name).map_or(Vec::new(), |q| enqueued(&q.steps));
    while let Some(next) = ahead.pop() {
        if next == name {
            return true;
        }
        if !reached.contains(&next) {
            reached.push(next);
            ahead.extend(queues.get(next).map_or(Vec::new(), |q| enqueued(&q.steps)));
        }
    }
    false
}

fn enqueued(steps: &[StepSpec]) -> Vec<&str> {
    let mut found = Vec::new();
    for step in steps {
        match step {
            StepSpec::Enqueue(queue) => found.push(queue.as_str()),
            StepSpec::Choose(branches) => {
                found.extend(branches.iter().flat_map(|branch| enqueued(&branch.steps)));
            }
            _ => {}
        }
    }
    found
}
