//! What the service refuses, and what is not simulated.

use super::AutoscalingPolicy;
use crate::{CronDialect, CronExpression, Problem};

/// The shortest schedule \[s\].
const MIN_SCHEDULE_SECONDS: u64 = 300;
/// The longest schedule that is simulated, a year \[s\].
const MAX_SCHEDULE_SECONDS: u64 = 31_622_400;

impl AutoscalingPolicy {
    /// Everything that the service would refuse, with field paths from the policy on. Time zones
    /// are looked at by whoever has a calendar.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut add = |path: String, message: String| problems.push(Problem::new(path, message));
        let (min, max) = (self.min_num_replicas.unwrap_or(0), self.max_num_replicas);
        if max == 0 || min > max {
            let message = format!("is {max}: must be at least {}", min.max(1));
            add("maxNumReplicas".to_owned(), message);
        }
        self.signals(&mut add);
        if let Some(control) = &self.scale_in_control {
            let window = control.time_window_sec.unwrap_or(0);
            if !(60..=3600).contains(&window) {
                let message = format!("is {window}: must be 60 to 3600");
                add("scaleInControl.timeWindowSec".to_owned(), message);
            }
            let limit = control.max_scaled_in_replicas.unwrap_or_default();
            if limit.fixed.is_some() == limit.percent.is_some()
                || limit.percent.is_some_and(|it| it > 100)
            {
                add(
                    "scaleInControl.maxScaledInReplicas".to_owned(),
                    "must have one of `fixed` and `percent`, which is 0 to 100".to_owned(),
                );
            }
        }
        for (name, schedule) in &self.scaling_schedules {
            let path = format!("scalingSchedules.{name}");
            if let Err(message) = CronExpression::parse(&schedule.schedule, CronDialect::Standard) {
                add(format!("{path}.schedule"), message);
            }
            let duration = schedule.duration_sec;
            if !(MIN_SCHEDULE_SECONDS..=MAX_SCHEDULE_SECONDS).contains(&duration) {
                let range = format!("{MIN_SCHEDULE_SECONDS} to {MAX_SCHEDULE_SECONDS}");
                add(
                    format!("{path}.durationSec"),
                    format!("is {duration}: must be {range}"),
                );
            }
        }
        problems
    }

    /// The targets of all signals.
    fn signals(&self, add: &mut dyn FnMut(String, String)) {
        let cpu = self.cpu_utilization.as_ref();
        let cpu = cpu.and_then(|it| it.utilization_target);
        target(add, "cpuUtilization.utilizationTarget".to_owned(), cpu, 1.0);
        let load = self.load_balancing_utilization.as_ref();
        let load = load.and_then(|it| it.utilization_target);
        target(
            add,
            "loadBalancingUtilization.utilizationTarget".to_owned(),
            load,
            f64::MAX,
        );
        for (index, metric) in self.custom_metric_utilizations.iter().enumerate() {
            let path = format!("customMetricUtilizations[{index}]");
            let (each, all) = (metric.utilization_target, metric.single_instance_assignment);
            target(add, format!("{path}.utilizationTarget"), each, f64::MAX);
            target(
                add,
                format!("{path}.singleInstanceAssignment"),
                all,
                f64::MAX,
            );
            if each.is_some() == all.is_some() {
                let message = "must have one of utilizationTarget and singleInstanceAssignment";
                add(path, message.to_owned());
            }
        }
    }

    /// What is legal but not simulated.
    pub fn lint(&self) -> Vec<Problem> {
        let cpu = self.cpu_utilization.as_ref();
        let method = cpu.and_then(|cpu| cpu.predictive_method.as_deref());
        match method {
            None | Some("NONE") => Vec::new(),
            Some(method) => vec![Problem::new(
                "cpuUtilization.predictiveMethod",
                format!("is {method}: is not simulated"),
            )],
        }
    }
}

/// A target lies above 0.
fn target(add: &mut dyn FnMut(String, String), path: String, value: Option<f64>, highest: f64) {
    if let Some(value) = value
        && !(value > 0.0 && value <= highest)
    {
        let range = if highest == 1.0 {
            "above 0, up to 1"
        } else {
            "above 0"
        };
        add(path, format!("is {value}: must be {range}"));
    }
}
