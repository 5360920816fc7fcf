//! Policies of the catalogue that are written as they are: thresholds, schedules, forecasts, and
//! those of the literature.

use crate::build::metrics;
use crate::build::service::Part;
use crate::diagnostic::{Code, Problems, Severity};
use crate::path::FieldPath;
use crate::spec::ScheduleSpec;
use flashcrowd_autoscalers::research::hist::HistPolicy;
use flashcrowd_autoscalers::schedule::{ReplicaRange, RunStart, SchedulePolicy};
use flashcrowd_autoscalers::threshold::Signal;
use flashcrowd_autoscalers::{Catalog, CatalogError, PolicySpec};
use flashcrowd_manifests::Problem;

/// The calendar of the scenario. A start without a name of its zone is in UTC.
fn start(part: &Part<'_>) -> RunStart {
    let start = &part.context.spec.start.0;
    RunStart {
        unix_seconds: start.timestamp().as_second(),
        time_zone: start
            .time_zone()
            .iana_name()
            .map_or_else(|| RunStart::default().time_zone, str::to_owned),
    }
}

pub(super) fn schedule(
    part: &Part<'_>,
    spec: &ScheduleSpec,
    inner: Option<PolicySpec>,
) -> PolicySpec {
    PolicySpec::Schedule(SchedulePolicy {
        start: start(part),
        replicas: spec.replicas,
        windows: spec.windows.clone(),
        actions: spec.actions.clone(),
        policy: inner.map(Box::new),
    })
}

pub(super) fn hist(part: &Part<'_>, policy: &HistPolicy) -> PolicySpec {
    let mut policy = policy.clone();
    policy.tuning.start = start(part);
    PolicySpec::Hist(policy)
}

/// The bounds that a policy was given, and where it reads which numbers.
fn anatomy(policy: &PolicySpec) -> Option<(ReplicaRange, Vec<(String, &Signal)>)> {
    let load = |signal| vec![("load".to_owned(), signal)];
    Some(match policy {
        PolicySpec::Threshold(policy) => {
            let rules = policy.rules.iter().enumerate();
            let signals =
                rules.map(|(index, rule)| (format!("rules[{index}].metric"), &rule.metric));
            (policy.replicas, signals.collect())
        }
        PolicySpec::Schedule(policy) => (policy.replicas, Vec::new()),
        PolicySpec::Predictive(policy) => (policy.replicas, load(&policy.load)),
        PolicySpec::React(policy) => (policy.replicas, load(&policy.load)),
        PolicySpec::Adapt(policy) => (policy.replicas, load(&policy.load)),
        PolicySpec::Hist(policy) => (policy.replicas, load(&policy.load)),
        PolicySpec::Reg(policy) => (policy.replicas, load(&policy.load)),
        PolicySpec::ConPaas(policy) => (policy.replicas, load(&policy.load)),
        _ => return None,
    })
}

/// What is refused in it. What is wrong with a policy inside is said where that stands.
fn refused(policy: &PolicySpec) -> Vec<Problem> {
    let alone = match policy {
        PolicySpec::Schedule(schedule) => &PolicySpec::Schedule(SchedulePolicy {
            policy: None,
            ..schedule.clone()
        }),
        other => other,
    };
    match Catalog::standard().build(alone) {
        Err(CatalogError::Policy(invalid)) => invalid.problems,
        _ => Vec::new(),
    }
}

fn lint(policy: &PolicySpec) -> Vec<Problem> {
    match policy {
        PolicySpec::Threshold(policy) => policy.lint(),
        PolicySpec::Schedule(policy) => policy.lint(),
        _ => Vec::new(),
    }
}

/// What the policy refuses, what works against itself, and metrics that nothing measures. `path` is where an autoscaler
/// stands.
pub(super) fn check(
    part: &Part<'_>,
    policy: &PolicySpec,
    path: &FieldPath,
    problems: &mut Problems,
) {
    let Some((replicas, signals)) = anatomy(policy) else {
        return;
    };
    let path = path.join(policy.name());
    let kinds = [
        (Severity::Error, Code::InvalidValue, refused(policy)),
        (Severity::Warning, Code::Ineffective, lint(policy)),
    ];
    for (severity, code, problems_of_kind) in kinds {
        for found in problems_of_kind {
            let field = found.path.rsplit('.').next().unwrap_or_default();
            let message = format!("`{field}` {}", found.message);
            let place = path.join_dotted(&found.path);
            let mut check = part.context.check(problems);
            check.report(code, &place, message, |problem| problem.severity(severity));
        }
    }
    if replicas.max > super::MOST.unsigned_abs() {
        let message = format!("{} pods are more than can be simulated", replicas.max);
        let mut check = part.context.check(problems);
        check.invalid(
            &path.join("replicas").join("max"),
            message,
            "at most 100000",
        );
    }
    for (below, signal) in signals {
        if let Signal::External { name, .. } = signal {
            let path = path.join_dotted(&below).join("external").join("name");
            metrics::check_asked(part, name, &path, problems);
        }
    }
}
