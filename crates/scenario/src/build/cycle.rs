//! Calls that lead back to their caller.

use super::Context;
use crate::diagnostic::{Code, Problems};
use crate::path::FieldPath;
use crate::spec::StepSpec;
use flashcrowd_core::model::EndpointId;

/// A call with its place.
struct Call {
    to: EndpointId,
    path: FieldPath,
}

/// Reports every call that closes a circle.
pub(super) fn check(context: &Context<'_>, problems: &mut Problems) {
    let mut calls: Vec<Vec<Call>> = Vec::new();
    for (_, service, name) in context.names.endpoints() {
        let mut found = Vec::new();
        if let Some((service, spec)) = context.spec.services.get_index(service.index()) {
            let path = FieldPath::default()
                .join("services")
                .join(service)
                .join("endpoints")
                .join(name);
            collect(context, &spec.endpoints[name], &path, &mut found);
        }
        calls.push(found);
    }
    let mut states = vec![State::New; calls.len()];
    for start in 0..calls.len() {
        walk(
            context,
            start,
            &calls,
            &mut states,
            &mut Vec::new(),
            problems,
        );
    }
}

fn collect(context: &Context<'_>, steps: &[StepSpec], path: &FieldPath, found: &mut Vec<Call>) {
    for (index, step) in steps.iter().enumerate() {
        let path = path.join(index);
        match step {
            StepSpec::Call(call) => {
                let path = path.join("call").join("endpoint");
                // Wrong references are reported where the steps are built.
                if let Some(to) =
                    context.endpoint(&call.endpoint, &path, false, &mut Problems::default())
                {
                    found.push(Call { to, path });
                }
            }
            StepSpec::Choose(branches) => {
                for (index, branch) in branches.iter().enumerate() {
                    collect(
                        context,
                        &branch.steps,
                        &path.join("choose").join(index).join("steps"),
                        found,
                    );
                }
            }
            _ => {}
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    OnTheWay,
    Done,
}

/// Depth first, without recursion: chains of calls can be as long as the file.
fn walk(
    context: &Context<'_>,
    start: usize,
    calls: &[Vec<Call>],
    states: &mut [State],
    way: &mut Vec<(usize, usize)>,
    problems: &mut Problems,
) {
    if states[start] != State::New {
        return;
    }
    states[start] = State::OnTheWay;
    way.push((start, 0));
    while let Some((at, next)) = way.last_mut() {
        let Some(call) = calls[*at].get(*next) else {
            states[*at] = State::Done;
            way.pop();
            continue;
        };
        *next += 1;
        let to = call.to.index();
        match states[to] {
            State::Done => {}
            State::New => {
                states[to] = State::OnTheWay;
                way.push((to, 0));
            }
            State::OnTheWay => {
                let from = way.iter().position(|(on, _)| *on == to).unwrap_or(0);
                let circle = way[from..].iter().map(|(on, _)| *on).chain([to]);
                let shown: Vec<String> = circle
                    .map(|on| format!("`{}`", context.names.shown(EndpointId(on as u32))))
                    .collect();
                let message = format!("this call never ends: {}", shown.join(" calls "));
                context
                    .check(problems)
                    .report(Code::CyclicCall, &call.path, message, |problem| {
                        problem
                            .help("a request would call itself for ever; remove one of the calls")
                    });
            }
        }
    }
}
