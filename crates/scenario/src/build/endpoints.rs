//! What requests do.

use super::Context;
use super::workload::report_all;
use crate::diagnostic::{Code, Problems};
use crate::path::FieldPath;
use crate::spec::StepSpec;
use flashcrowd_core::model::{Endpoint, Step};
use flashcrowd_units::Ratio;

pub(super) fn endpoints(context: &Context<'_>, problems: &mut Problems) -> Vec<Endpoint> {
    let mut endpoints = Vec::new();
    for (id, service, name) in context.names.endpoints() {
        let Some((service_name, spec)) = context.spec.services.get_index(service.index()) else {
            continue;
        };
        let path = FieldPath::default()
            .join("services")
            .join(service_name)
            .join("endpoints")
            .join(name);
        let steps = &spec.endpoints[name];
        if steps.is_empty() && !context.is_damaged(&path) {
            let message = format!("endpoint `{name}` does nothing");
            context.check(problems).invalid(
                &path,
                message,
                "a list of steps, such as [ cpu: 5ms ]",
            );
        }
        let steps = build(context, steps, &path, problems);
        endpoints.push(Endpoint {
            name: context.names.shown(id),
            service,
            steps,
        });
    }
    endpoints
}

pub(super) fn build(
    context: &Context<'_>,
    steps: &[StepSpec],
    path: &FieldPath,
    problems: &mut Problems,
) -> Vec<Step> {
    let built = steps
        .iter()
        .enumerate()
        .filter_map(|(index, step)| one(context, step, &path.join(index), problems));
    built.collect()
}

fn one(
    context: &Context<'_>,
    step: &StepSpec,
    path: &FieldPath,
    problems: &mut Problems,
) -> Option<Step> {
    match step {
        StepSpec::Cpu(time) => {
            report_all(
                &mut context.check(problems),
                &path.join("cpu"),
                time.validate(),
            );
            Some(Step::Cpu(*time))
        }
        StepSpec::ParallelCpu(spec) => {
            let path = path.join("parallel_cpu");
            let mut check = context.check(problems);
            report_all(&mut check, &path.join("time"), spec.time.validate());
            if !(1..=1024).contains(&spec.threads) {
                check.invalid(
                    &path.join("threads"),
                    format!("{} threads cannot share work", spec.threads),
                    "1 to 1024",
                );
            }
            Some(Step::ParallelCpu {
                time: spec.time,
                threads: spec.threads,
            })
        }
        StepSpec::Wait(time) => {
            report_all(
                &mut context.check(problems),
                &path.join("wait"),
                time.validate(),
            );
            Some(Step::Wait(*time))
        }
        StepSpec::Call(call) => {
            let path = path.join("call");
            if call.timeout.is_zero() {
                context.check(problems).invalid(
                    &path.join("timeout"),
                    "no call is answered in no time",
                    "above 0s, as 5s",
                );
            }
            let endpoint =
                context.endpoint(&call.endpoint, &path.join("endpoint"), false, problems)?;
            Some(Step::Call {
                endpoint,
                timeout: call.timeout,
            })
        }
        StepSpec::Enqueue(queue) => {
            let queue = context.queue(queue, &path.join("enqueue"), problems)?;
            Some(Step::Enqueue(queue))
        }
        StepSpec::Choose(branches) => {
            let path = path.join("choose");
            let sum: f64 = branches.iter().map(|branch| branch.share.get()).sum();
            if sum > 1.0 + 1e-6 {
                let sum = Ratio::new(sum).unwrap_or_default();
                context.check(problems).report_key(
                    Code::Shares,
                    &path,
                    format!("the shares add up to {sum}"),
                    |problem| {
                        problem.legal(
                            "shares that add up to 100% or less; with the rest nothing is done",
                        )
                    },
                );
            }
            let built = branches.iter().enumerate().map(|(index, branch)| {
                let steps = build(
                    context,
                    &branch.steps,
                    &path.join(index).join("steps"),
                    problems,
                );
                (branch.share, steps)
            });
            Some(Step::Choose(built.collect()))
        }
    }
}
