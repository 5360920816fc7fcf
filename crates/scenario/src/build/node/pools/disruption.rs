//! Which nodes of a pool are taken away, how many at a time, and when.

use crate::build::Context;
use crate::diagnostic::{Code, Problems};
use crate::path::FieldPath;
use crate::spec::{
    BudgetSpec, ConsolidationPolicySpec, DisruptionReasonSpec, DisruptionSpec, PeriodSpec,
};
use flashcrowd_autoscalers::TimePoint;
use flashcrowd_autoscalers::karpenter::{
    BudgetNodes, ConsolidationPolicy, Disruption, DisruptionBudget, DisruptionReason,
};
use flashcrowd_manifests::{CalendarDay, CronDialect, CronExpression, IntOrPercent};
use flashcrowd_units::SimDuration;

pub(super) fn disruption(
    context: &Context<'_>,
    spec: &DisruptionSpec,
    path: &FieldPath,
    problems: &mut Problems,
) -> Disruption {
    let default = Disruption::default();
    let budgets = spec.budgets.as_ref().map(|budgets| {
        let budgets = budgets.iter().enumerate();
        let budget =
            |(index, spec)| budget(context, spec, &path.join("budgets").join(index), problems);
        budgets.map(budget).collect()
    });
    Disruption {
        policy: match spec.consolidation_policy {
            Some(ConsolidationPolicySpec::WhenEmpty) => ConsolidationPolicy::WhenEmpty,
            Some(ConsolidationPolicySpec::WhenEmptyOrUnderutilized) | None => default.policy,
        },
        consolidate_after: spec
            .consolidate_after
            .map_or(default.consolidate_after, PeriodSpec::period),
        budgets: budgets.unwrap_or(default.budgets),
    }
}

fn budget(
    context: &Context<'_>,
    spec: &BudgetSpec,
    path: &FieldPath,
    problems: &mut Problems,
) -> DisruptionBudget {
    let mut check = context.check(problems);
    let nodes = match spec.nodes {
        IntOrPercent::Int(count) => u32::try_from(count).ok().map(BudgetNodes::Count),
        IntOrPercent::Percent(percent) => u32::try_from(percent)
            .ok()
            .filter(|it| *it <= 100)
            .map(BudgetNodes::Percent),
    };
    if nodes.is_none() {
        let legal = "0 or more nodes, or 0% to 100%";
        check.invalid(&path.join("nodes"), "not a number of nodes", legal);
    }
    let reason = |it: &DisruptionReasonSpec| match it {
        DisruptionReasonSpec::Empty => DisruptionReason::Empty,
        DisruptionReasonSpec::Underutilized => DisruptionReason::Underutilized,
        DisruptionReasonSpec::Drifted => DisruptionReason::Drifted,
    };
    let active = match (&spec.schedule, spec.duration) {
        (None, None) => None,
        (Some(schedule), Some(duration)) => {
            match CronExpression::parse(schedule, CronDialect::Standard) {
                Ok(cron) => Some(windows(context, &cron, duration)),
                Err(message) => {
                    let path = path.join("schedule");
                    let message = format!("`schedule` {message}");
                    check.invalid(&path, message, "minute hour day-of-month month day-of-week");
                    None
                }
            }
        }
        (schedule, _) => {
            let (here, missing) = if schedule.is_some() {
                ("schedule", "duration")
            } else {
                ("duration", "schedule")
            };
            let message = format!("`{here}` needs `{missing}` beside it");
            let path = path.join(here);
            check.report(Code::MissingField, &path, message, |problem| problem);
            None
        }
    };
    DisruptionBudget {
        nodes: nodes.unwrap_or(BudgetNodes::Count(0)),
        reasons: spec.reasons.iter().map(reason).collect(),
        active,
    }
}

/// When a budget holds: for so long after each hit of its schedule, by UTC. Windows that touch are
/// one.
fn windows(
    context: &Context<'_>,
    cron: &CronExpression,
    duration: SimDuration,
) -> Vec<(TimePoint, TimePoint)> {
    let start = context.spec.start.0.timestamp();
    let begin = TimePoint::ZERO - duration;
    let end = TimePoint::ZERO + context.spec.duration;
    let mut windows: Vec<(TimePoint, TimePoint)> = Vec::new();
    let day_of = |at: TimePoint| {
        let at = start
            .checked_add(jiff::SignedDuration::from_nanos(at.as_nanos()))
            .ok()?;
        Some(at.to_zoned(jiff::tz::TimeZone::UTC).date())
    };
    let (Some(mut day), Some(last)) = (day_of(begin), day_of(end)) else {
        return windows;
    };
    while day <= last {
        for hit in hits_of_day(cron, day) {
            let at = TimePoint::from_nanos(hit.duration_since(start).as_nanos() as i64);
            if at > end || at + duration <= TimePoint::ZERO {
                continue;
            }
            match windows.last_mut() {
                Some(before) if before.1 >= at => before.1 = at + duration,
                _ => windows.push((at, at + duration)),
            }
        }
        let Ok(next) = day.tomorrow() else { break };
        day = next;
    }
    windows
}

/// The hits of one day, by UTC, first things first.
fn hits_of_day(cron: &CronExpression, day: jiff::civil::Date) -> Vec<jiff::Timestamp> {
    let calendar = CalendarDay {
        year: day.year(),
        month: day.month().unsigned_abs(),
        day: day.day().unsigned_abs(),
        weekday: day.weekday().to_sunday_zero_offset().unsigned_abs(),
        days_in_month: day.days_in_month().unsigned_abs(),
    };
    if !cron.matches_day(calendar) {
        return Vec::new();
    }
    let mut times: Vec<(u8, u8)> = cron.times_descending().collect();
    times.reverse();
    let at = |(hour, minute): (u8, u8)| {
        let time = day.at(hour as i8, minute as i8, 0, 0);
        Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    };
    times.into_iter().filter_map(at).collect()
}
