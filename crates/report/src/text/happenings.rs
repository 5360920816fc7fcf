//! The findings, in order of time: first in a few words what led to what, then each by itself.

use super::page::Page;
use crate::findings::{Finding, Severity};
use crate::results::Results;
use flashcrowd_units::{SimDuration, SimTime};

/// How many steps the course of events has after the first.
const STEPS: usize = 12;

pub(super) fn render(page: &mut Page, results: &Results) {
    let report = results.report();
    page.heading("What happened");
    if report.findings.is_empty() {
        page.line("  Nothing that needs attention.");
    }
    if let Some(course) = course(results) {
        page.paragraph("  ", &course);
    }
    for finding in &report.findings {
        let mark = match finding.severity {
            Severity::Critical => "✗",
            Severity::Warning => "!",
            Severity::Info => "·",
        };
        let lead = format!("  {} {mark} ", clock_time(finding, results));
        page.paragraph(&lead, &finding.message);
    }
    for note in &report.notes {
        page.paragraph("  (note) ", note);
    }
}

fn clock_time(finding: &Finding, results: &Results) -> String {
    let at = SimTime::ZERO + SimDuration::from_secs_f64(finding.at_seconds);
    results.recorder().clock().short(at)
}

/// What broke first and what followed, if there was more than one thing.
fn course(results: &Results) -> Option<String> {
    let findings = &results.report().findings;
    let broken = findings
        .iter()
        .filter(|finding| finding.severity != Severity::Info);
    let steps: Vec<_> = broken
        .map(|finding| format!("{} {}", clock_time(finding, results), in_short(finding)))
        .collect();
    let (first, later) = steps.split_first().filter(|(_, later)| !later.is_empty())?;
    let shown = later.len().min(STEPS);
    let more = match later.len() - shown {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    Some(format!(
        "First {first}; then {}{more}.",
        later[..shown].join(", ")
    ))
}

/// A finding in a few words.
fn in_short(finding: &Finding) -> String {
    let component = &finding.component;
    let what = match finding.code {
        "slo_missed" => return format!("\"{component}\" missed"),
        "replicas_at_max" => "at maxReplicas",
        "cpu_at_limit" => "at its CPU limit",
        "cpu_throttled" => "throttled",
        "readiness_lost" => "losing pods to readiness probes",
        "flapping" => "flapping",
        "metric_missing" => "scaled without a metric",
        "metrics_outage" => "unavailable",
        "backlog_overflow" => "turning requests away",
        "limit_reached" => "full at the load balancer",
        "oom_killed" => "OOM-killed",
        "probe_killed" => "restarted by its probes",
        "crash_loop" => "in a crash loop",
        "lost_in_scale_down" => "losing requests to a scale-down",
        "lost_in_rollout" => "losing requests to a rollout",
        "no_ready_endpoint" => "without a ready pod",
        "vpa_and_hpa" => "resized by its VPA under its HPA",
        "pods_pending" => "waiting for nodes",
        "node_group_at_max" => "full",
        "spot_interruptions" => "interrupted",
        code => return format!("{component}: {code}"),
    };
    format!("{component} {what}")
}
