//! What the service refuses. Paths start at the JSON of the command that takes it.

use super::{
    AdjustmentType, AutoScalingGroup, MetricAlarm, PolicyType, PredictiveScalingConfiguration,
    ScalingPolicy, ScheduledAction, StepAdjustment, TargetTrackingConfiguration,
};
use crate::{CronDialect, CronExpression, Problem};

/// The longest warm-up and scheduling buffer \[s\].
const MAX_WARMUP_SECONDS: u32 = 3600;

impl AutoScalingGroup {
    /// Everything that the service would refuse.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let Self {
            min_size, max_size, ..
        } = *self;
        if min_size > max_size {
            problems.push(Problem::new(
                "MaxSize",
                format!("is {max_size}: must be at least `MinSize` ({min_size})"),
            ));
        } else if let Some(desired) = self.desired_capacity
            && !(min_size..=max_size).contains(&desired)
        {
            problems.push(Problem::new(
                "DesiredCapacity",
                format!("is {desired}: must be {min_size} to {max_size}"),
            ));
        }
        seconds(
            "DefaultInstanceWarmup",
            self.default_instance_warmup,
            &mut problems,
        );
        problems
    }
}

impl ScalingPolicy {
    /// What kind of policy it is.
    pub fn policy_type(&self) -> PolicyType {
        self.policy_type.unwrap_or(PolicyType::SimpleScaling)
    }

    /// Everything that the service would refuse.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut missing = |field: &str| {
            let message = format!("is missing: must be given for {:?}", self.policy_type());
            problems.push(Problem::new(field, message));
        };
        if self.policy_name.is_empty() {
            missing("PolicyName");
        }
        match self.policy_type() {
            PolicyType::TargetTrackingScaling if self.target_tracking_configuration.is_none() => {
                missing("TargetTrackingConfiguration");
            }
            PolicyType::PredictiveScaling if self.predictive_scaling_configuration.is_none() => {
                missing("PredictiveScalingConfiguration");
            }
            PolicyType::StepScaling | PolicyType::SimpleScaling => {
                if self.adjustment_type.is_none() {
                    missing("AdjustmentType");
                }
                let is_simple = self.policy_type() == PolicyType::SimpleScaling;
                if is_simple && self.scaling_adjustment.is_none() {
                    missing("ScalingAdjustment");
                }
                if !is_simple && self.step_adjustments.is_empty() {
                    missing("StepAdjustments");
                }
            }
            _ => {}
        }
        if let Some(configuration) = &self.target_tracking_configuration {
            configuration.check(&mut problems);
        }
        if let Some(configuration) = &self.predictive_scaling_configuration {
            configuration.check(&mut problems);
        }
        seconds(
            "EstimatedInstanceWarmup",
            self.estimated_instance_warmup,
            &mut problems,
        );
        let is_percent = self.adjustment_type == Some(AdjustmentType::PercentChangeInCapacity);
        if self.min_adjustment_magnitude.is_some() && !is_percent {
            let message = "must not be given unless `AdjustmentType` is PercentChangeInCapacity";
            problems.push(Problem::new("MinAdjustmentMagnitude", message));
        }
        steps(&self.step_adjustments, &mut problems);
        problems
    }
}

impl TargetTrackingConfiguration {
    fn check(&self, problems: &mut Vec<Problem>) {
        let path = "TargetTrackingConfiguration";
        if !(self.target_value.is_finite() && self.target_value > 0.0) {
            problems.push(Problem::new(
                format!("{path}.TargetValue"),
                format!("is {}: must be above 0", self.target_value),
            ));
        }
        let customized = self.customized_metric_specification.as_ref();
        if self.predefined_metric_specification.is_some() == customized.is_some() {
            let message =
                "must have one of PredefinedMetricSpecification and CustomizedMetricSpecification";
            problems.push(Problem::new(path, message));
        }
        if let Some(metric) = &self.predefined_metric_specification {
            let known = [
                "ASGAverageCPUUtilization",
                "ASGAverageNetworkIn",
                "ASGAverageNetworkOut",
                "ALBRequestCountPerTarget",
            ];
            if !known.contains(&metric.predefined_metric_type.as_str()) {
                problems.push(Problem::new(
                    format!("{path}.PredefinedMetricSpecification.PredefinedMetricType"),
                    format!(
                        "is `{}`: must be one of {}",
                        metric.predefined_metric_type,
                        known.join(", ")
                    ),
                ));
            }
        }
        if customized.is_some_and(|metric| metric.metric_name.is_none()) {
            problems.push(Problem::new(
                format!("{path}.CustomizedMetricSpecification.MetricName"),
                "is missing: metric mathematics is not simulated",
            ));
        }
    }
}

impl PredictiveScalingConfiguration {
    fn check(&self, problems: &mut Vec<Problem>) {
        let path = "PredictiveScalingConfiguration";
        let [metric] = self.metric_specifications.as_slice() else {
            problems.push(Problem::new(
                format!("{path}.MetricSpecifications"),
                format!(
                    "are {}: must be exactly one",
                    self.metric_specifications.len()
                ),
            ));
            return;
        };
        if !(metric.target_value.is_finite() && metric.target_value > 0.0) {
            problems.push(Problem::new(
                format!("{path}.MetricSpecifications[0].TargetValue"),
                format!("is {}: must be above 0", metric.target_value),
            ));
        }
        if metric.load_metric().is_none() {
            problems.push(Problem::new(
                format!("{path}.MetricSpecifications[0]"),
                "must have a predefined pair or load metric: metric mathematics is not simulated",
            ));
        }
        seconds(
            &format!("{path}.SchedulingBufferTime"),
            self.scheduling_buffer_time,
            problems,
        );
        if self.max_capacity_buffer.is_some_and(|buffer| buffer > 100) {
            problems.push(Problem::new(
                format!("{path}.MaxCapacityBuffer"),
                "must be 0 to 100",
            ));
        }
    }
}

impl MetricAlarm {
    /// Everything that the service would refuse.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        // Shorter periods are those of high-resolution metrics, which are not simulated.
        if self.period == 0 || !self.period.is_multiple_of(60) || self.period > 86_400 {
            problems.push(Problem::new(
                "Period",
                format!("is {}: must be a multiple of 60 up to 86400", self.period),
            ));
        }
        if self.evaluation_periods == 0 {
            problems.push(Problem::new(
                "EvaluationPeriods",
                "is 0: must be at least 1",
            ));
        } else if u64::from(self.period) * u64::from(self.evaluation_periods) > 86_400 {
            problems.push(Problem::new(
                "EvaluationPeriods",
                "times `Period` must be at most one day",
            ));
        }
        if let Some(datapoints) = self.datapoints_to_alarm
            && !(1..=self.evaluation_periods.max(1)).contains(&datapoints)
        {
            problems.push(Problem::new(
                "DatapointsToAlarm",
                format!(
                    "is {datapoints}: must be 1 to `EvaluationPeriods` ({})",
                    self.evaluation_periods
                ),
            ));
        }
        if !self.threshold.is_finite() {
            problems.push(Problem::new("Threshold", "must be a number"));
        }
        problems
    }
}

impl ScheduledAction {
    /// Everything that the service would refuse. Times and time zones are looked at by whoever has
    /// a calendar.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Some(recurrence) = &self.recurrence {
            if let Err(message) = CronExpression::parse(recurrence, CronDialect::Standard) {
                problems.push(Problem::new("Recurrence", message));
            }
        } else if self.start_time.is_none() {
            problems.push(Problem::new(
                "StartTime",
                "is missing: must be given without `Recurrence`",
            ));
        }
        if (self.min_size, self.max_size, self.desired_capacity) == (None, None, None) {
            problems.push(Problem::new(
                "DesiredCapacity",
                "is missing: must change something",
            ));
        }
        if let (Some(min), Some(max)) = (self.min_size, self.max_size)
            && min > max
        {
            problems.push(Problem::new(
                "MaxSize",
                format!("is {max}: must be at least `MinSize` ({min})"),
            ));
        }
        problems
    }
}

fn seconds(path: &str, value: Option<u32>, problems: &mut Vec<Problem>) {
    if let Some(value) = value
        && value > MAX_WARMUP_SECONDS
    {
        problems.push(Problem::new(
            path,
            format!("is {value}: must be 0 to {MAX_WARMUP_SECONDS}"),
        ));
    }
}

/// Steps have no gaps and do not overlap.
fn steps(steps: &[StepAdjustment], problems: &mut Vec<Problem>) {
    let mut bounds = Vec::with_capacity(steps.len());
    for (index, step) in steps.iter().enumerate() {
        let lower = step
            .metric_interval_lower_bound
            .unwrap_or(f64::NEG_INFINITY);
        let upper = step.metric_interval_upper_bound.unwrap_or(f64::INFINITY);
        if lower >= upper || lower.is_nan() || upper.is_nan() {
            problems.push(Problem::new(
                format!("StepAdjustments[{index}]"),
                "must have a lower bound below its upper bound",
            ));
            return;
        }
        bounds.push((lower, upper));
    }
    bounds.sort_by(|a, b| a.0.total_cmp(&b.0));
    if bounds.windows(2).any(|pair| pair[0].1 != pair[1].0) {
        problems.push(Problem::new(
            "StepAdjustments",
            "must not overlap or have gaps",
        ));
    }
}
