//! Numbers as they stand in explanations.

use flashcrowd_autoscalers::MilliValue;
use flashcrowd_units::SimDuration;

/// A value in thousandths as Kubernetes writes it, memory in the unit people expect.
pub(super) fn amount(milli: i64, metric: &str) -> String {
    if metric.starts_with("memory resource") {
        let mebibytes = milli as f64 / 1000.0 / f64::from(1 << 20);
        return format!("{mebibytes:.0}Mi");
    }
    MilliValue::new(milli).to_string()
}

/// The name of a metric without what all of its kind have in it.
pub(super) fn short(metric: &str) -> &str {
    metric
        .split(" resource")
        .next()
        .unwrap_or_default()
        .trim_start_matches("external metric ")
        .trim_start_matches("pods metric ")
}

/// Two decimals; `infinite` for what JSON cannot hold.
pub(super) fn ratio(ratio: Option<f64>) -> String {
    match ratio {
        // Close to a boundary two decimals would say the opposite of what was decided.
        Some(ratio) => {
            let short = format!("{ratio:.2}");
            let exact = (ratio - short.parse::<f64>().unwrap_or(ratio)).abs() < 1e-9;
            if exact { short } else { format!("{ratio:.4}") }
        }
        None => "infinite".to_owned(),
    }
}

/// `7 s`, `0.25 s`.
pub(super) fn age(age: SimDuration) -> String {
    let seconds = (age.as_secs_f64() * 10.0).round() / 10.0;
    format!("{seconds} s")
}

/// A length of time in one unit, or as it is written in manifests.
pub(super) fn span(duration: SimDuration) -> String {
    crate::format::span(duration)
}

/// `1 replica`, `3 replicas`.
pub(super) fn replicas(number: i64) -> String {
    counted(number, "replica")
}

/// `1 pod`, `3 pods`.
pub(super) fn pods(number: i64) -> String {
    counted(number, "pod")
}

/// `1 thing`, `3 things`.
pub(super) fn counted(number: i64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn and(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
