//! Who sends requests.

use super::Context;
use crate::check::Checker;
use crate::diagnostic::{Code, Problems};
use crate::path::FieldPath;
use flashcrowd_core::model::Workload;
use flashcrowd_units::Ratio;

pub(super) fn workloads(context: &Context<'_>, problems: &mut Problems) -> Vec<Workload> {
    let base = FieldPath::default().join("workload");
    let one = |(name, spec): (&String, &crate::spec::WorkloadSpec)| {
        let path = base.join(name);
        let open = path.join("open");
        let mut check = context.check(problems);
        report_all(
            &mut check,
            &open.join("process"),
            spec.open.process.validate(),
        );
        report_all(&mut check, &open.join("rate"), spec.open.rate.validate());
        if spec.open.timeout.is_zero() {
            check.invalid(
                &open.join("timeout"),
                "no request is answered in no time",
                "above 0s, as 30s",
            );
        }
        let shares = path.join("endpoints");
        let mut endpoints = Vec::new();
        for (reference, share) in &spec.endpoints {
            if let Some(id) = context.endpoint(reference, &shares.join(reference), true, problems) {
                endpoints.push((id, *share));
            }
        }
        if !context.is_damaged(&shares) {
            check_sum(
                &mut context.check(problems),
                &shares,
                spec.endpoints.values().copied(),
            );
        }
        Workload {
            name: name.clone(),
            process: spec.open.process.clone(),
            // A daily peak is meant by the clock of the scenario.
            rate: spec.open.rate.clone().started_at(context.time_of_day()),
            endpoints,
            timeout: spec.open.timeout,
        }
    };
    context.spec.workload.iter().map(one).collect()
}

fn check_sum(check: &mut Checker<'_>, path: &FieldPath, shares: impl Iterator<Item = Ratio>) {
    // Folded in order; people write at most six digits.
    let sum: f64 = shares.map(Ratio::get).sum();
    if (sum - 1.0).abs() > 1e-6 {
        let message = match Ratio::new(sum) {
            Some(sum) if sum.get() > 0.0 => format!("the shares add up to {sum}"),
            _ => "no endpoint is asked for".to_owned(),
        };
        check.report_key(Code::Shares, path, message, |problem| {
            problem.legal("shares that add up to 100%")
        });
    }
}

/// Reports what another crate found, by the field paths that it gives.
pub(super) fn report_all(
    check: &mut Checker<'_>,
    path: &FieldPath,
    found: Vec<flashcrowd_workload::Problem>,
) {
    for problem in found {
        check.report(
            Code::InvalidValue,
            &path.join_dotted(&problem.field),
            problem.message,
            |p| p,
        );
    }
}
