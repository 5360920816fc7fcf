//! What the service refuses, and what it accepts although it is hardly what was meant.

use super::{
    AutoScalingConfiguration, AutoScalingPolicy, CustomQuery, MAX_PENDING_DURATION,
    MIN_COOL_DOWN_SECONDS, MIN_PENDING_DURATION, Metric, MetricSource, Operator, PolicyType, Rule,
    Threshold,
};
use crate::{CronDialect, CronExpression, Problem};

/// The most scheduled policies of a configuration.
const MAX_SCHEDULED_POLICIES: usize = 50;

impl AutoScalingConfiguration {
    /// Everything that the service would refuse, with field paths from the root of the JSON.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut add = |path: String, message: String| problems.push(Problem::new(path, message));
        if let Some(cool_down) = self.cool_down_in_seconds
            && cool_down < MIN_COOL_DOWN_SECONDS
        {
            add(
                "coolDownInSeconds".to_owned(),
                format!("is {cool_down}: must be at least {MIN_COOL_DOWN_SECONDS}"),
            );
        }
        let of_type = |wanted| {
            self.policies
                .iter()
                .filter(move |it| it.policy_type() == wanted)
        };
        let (thresholds, schedules) = (
            of_type(PolicyType::Threshold).count(),
            of_type(PolicyType::Scheduled).count(),
        );
        if thresholds > 1 || (thresholds == 1 && schedules > 0) || thresholds + schedules == 0 {
            add(
                "policies".to_owned(),
                format!(
                    "are {thresholds} threshold and {schedules} scheduled policies: must be one threshold policy or scheduled ones"
                ),
            );
        }
        if schedules > MAX_SCHEDULED_POLICIES {
            add(
                "policies".to_owned(),
                format!("are {schedules}: must be at most {MAX_SCHEDULED_POLICIES}"),
            );
        }
        for (index, policy) in self.policies.iter().enumerate() {
            let path = format!("policies[{index}]");
            capacity(policy, &path, &mut add);
            match policy.policy_type() {
                PolicyType::Threshold => rules(policy, &path, &mut add),
                PolicyType::Scheduled => schedule(policy, &path, &mut add),
            }
        }
        problems
    }

    /// What is legal but hardly meant: a pool that can only grow or only shrink, a schedule that
    /// nothing ever undoes, a policy whose type is left to be guessed.
    pub fn lint(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let schedules = self
            .policies
            .iter()
            .filter(|it| it.policy_type() == PolicyType::Scheduled);
        let lonely = schedules.count() == 1;
        for (index, policy) in self.policies.iter().enumerate() {
            let path = format!("policies[{index}]");
            if policy.written_type.is_none() {
                problems.push(Problem::new(
                    format!("{path}.policyType"),
                    "is missing: the API demands `threshold` or `scheduled`",
                ));
            }
            let changes = |sign: i32| {
                policy
                    .rules
                    .iter()
                    .any(|rule| rule.action.value.signum() == sign)
            };
            match policy.policy_type() {
                PolicyType::Threshold if !policy.rules.is_empty() && !changes(-1) => {
                    problems.push(Problem::new(
                        format!("{path}.rules"),
                        "has no scale-in rule: the pool never shrinks",
                    ));
                }
                PolicyType::Threshold if !policy.rules.is_empty() && !changes(1) => {
                    problems.push(Problem::new(
                        format!("{path}.rules"),
                        "has no scale-out rule: the pool never grows",
                    ));
                }
                PolicyType::Scheduled if lonely => problems.push(Problem::new(
                    path,
                    "is the only schedule: nothing ever undoes it",
                )),
                _ => {}
            }
        }
        problems
    }
}

type Add<'a> = dyn FnMut(String, String) + 'a;

fn capacity(policy: &AutoScalingPolicy, path: &str, add: &mut Add<'_>) {
    let path = format!("{path}.capacity");
    let Some(capacity) = policy.capacity else {
        if policy.resource_action.is_none() {
            add(path, "is missing: must be given".to_owned());
        }
        return;
    };
    let (Some(min), Some(max), Some(initial)) = (capacity.min, capacity.max, capacity.initial)
    else {
        // A scheduled policy may leave the bounds alone.
        if policy.policy_type() == PolicyType::Threshold || capacity.initial.is_none() {
            add(path, "must have `min`, `max` and `initial`".to_owned());
        }
        return;
    };
    if min > max {
        add(
            format!("{path}.max"),
            format!("is {max}: must be at least `min` ({min})"),
        );
    }
    if !(min..=max).contains(&initial) && min <= max {
        add(
            format!("{path}.initial"),
            format!("is {initial}: must be {min} to {max}"),
        );
    }
}

fn rules(policy: &AutoScalingPolicy, path: &str, add: &mut Add<'_>) {
    if policy.rules.is_empty() {
        add(
            format!("{path}.rules"),
            "is empty: must have at least one rule".to_owned(),
        );
    }
    for (index, rule) in policy.rules.iter().enumerate() {
        self::rule(rule, &format!("{path}.rules[{index}]"), add);
    }
}

fn rule(rule: &Rule, path: &str, add: &mut Add<'_>) {
    let value = rule.action.value;
    if value == 0 {
        add(
            format!("{path}.action.value"),
            "is 0: must not be 0".to_owned(),
        );
    }
    match threshold(&rule.metric) {
        Err((field, message)) => add(format!("{path}.metric.{field}"), message),
        Ok(threshold) => {
            let wants_more = matches!(threshold.operator, Operator::Gt | Operator::Gte);
            if value != 0 && wants_more != (value > 0) {
                let sign = if wants_more { "positive" } else { "negative" };
                add(
                    format!("{path}.action.value"),
                    format!("is {value}: must be {sign} for this operator"),
                );
            }
            if !threshold.value.is_finite() {
                add(
                    format!("{path}.metric.threshold.value"),
                    "must be a number".to_owned(),
                );
            }
        }
    }
    let pending = rule.metric.pending_duration();
    if !(MIN_PENDING_DURATION..=MAX_PENDING_DURATION).contains(&pending) {
        add(
            format!("{path}.metric.pendingDuration"),
            format!("is {pending}: must be {MIN_PENDING_DURATION} to {MAX_PENDING_DURATION}"),
        );
    }
}

/// The comparison of a metric, or which field is wrong.
fn threshold(metric: &Metric) -> Result<Threshold, (&'static str, String)> {
    if metric.metric_source == Some(MetricSource::CustomQuery) {
        let query = metric.query.as_deref().ok_or_else(|| {
            (
                "query",
                "is missing: must be given for CUSTOM_QUERY".to_owned(),
            )
        })?;
        let query = CustomQuery::parse(query).map_err(|message| ("query", message))?;
        return Ok(query.threshold);
    }
    if metric.metric_type.is_none() {
        let message = "is missing: must be CPU_UTILIZATION or MEMORY_UTILIZATION".to_owned();
        return Err(("metricType", message));
    }
    metric
        .threshold
        .ok_or_else(|| ("threshold", "is missing: must be given".to_owned()))
}

fn schedule(policy: &AutoScalingPolicy, path: &str, add: &mut Add<'_>) {
    let path = format!("{path}.executionSchedule");
    let Some(schedule) = &policy.execution_schedule else {
        add(path, "is missing: must be given".to_owned());
        return;
    };
    if let Err(message) = CronExpression::parse(&schedule.expression, CronDialect::Quartz) {
        add(format!("{path}.expression"), message);
    }
    if schedule.timezone != "UTC" {
        add(
            format!("{path}.timezone"),
            format!("is `{}`: must be UTC", schedule.timezone),
        );
    }
}
