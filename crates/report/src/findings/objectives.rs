//! Objectives that were missed.

use super::{Finding, Severity, Wording};
use crate::format;
use crate::objective::Verdict;

/// One finding for each objective that was missed, at the first minute that missed it on its own.
pub(crate) fn missed_objectives(verdicts: &[Verdict<'_>], wording: &Wording<'_>) -> Vec<Finding> {
    let missed = verdicts.iter().filter(|verdict| !verdict.evaluation.met);
    missed.map(|verdict| finding(verdict, wording)).collect()
}

fn finding(verdict: &Verdict<'_>, wording: &Wording<'_>) -> Finding {
    let objective = verdict.objective;
    let minutes = verdict.minutes;
    // A run may miss as a whole what no single minute missed (a count, a slow drift).
    let at = minutes.first_missed.unwrap_or_default();
    let when = match minutes.first_missed {
        Some(first) => format!(
            "; {} of {} missed it, the first at {}",
            format::count(minutes.missed),
            format::times(minutes.judged, "minute"),
            wording.clock.short(first),
        ),
        None => String::new(),
    };
    Finding {
        severity: Severity::Critical,
        at_seconds: at.as_secs_f64(),
        component: objective.name.clone(),
        code: "slo_missed",
        message: format!(
            "{} was missed: {}; asked was {}{when}",
            objective.name,
            verdict.measured_text(wording.context),
            objective.written,
        ),
    }
}
