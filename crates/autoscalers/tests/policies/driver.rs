//! A workload that always has the replicas that were last written.

use flashcrowd_autoscalers::{
    Autoscaler, Catalog, MetricAnswer, MilliValue, Observation, PolicySpec, Scale, ScaleOutcome,
    ScalingDecision, Steps, TimePoint,
};
use flashcrowd_units::Replicas;
use serde_json::Value;

pub(crate) struct Driver {
    pub(crate) scaler: Box<dyn Autoscaler>,
    pub(crate) replicas: u32,
}

/// Makes a policy, or says what is wrong with it.
pub(crate) fn build(policy: Value) -> Result<Box<dyn Autoscaler>, String> {
    let spec: PolicySpec = serde_json::from_value(policy).map_err(|error| error.to_string())?;
    let scaler = Catalog::standard().build(&spec);
    scaler.map_err(|error| error.to_string())
}

impl Driver {
    pub(crate) fn new(policy: Value, replicas: u32) -> Self {
        let scaler = build(policy).expect("the policy is legal");
        Self { scaler, replicas }
    }

    /// One sync with a value for each query; what is decided is carried out.
    pub(crate) fn sync(&mut self, second: i64, values: &[Option<f64>]) -> ScalingDecision {
        let decision = self.ask(second, values);
        if decision.is_rescale() {
            self.replicas = decision.desired.get();
            self.scaler.committed(&decision, ScaleOutcome::Applied);
        }
        decision
    }

    pub(crate) fn ask(&mut self, second: i64, values: &[Option<f64>]) -> ScalingDecision {
        let milli = |value: &f64| [MilliValue::new((value * 1000.0).round() as i64)];
        let values: Vec<Option<[MilliValue; 1]>> = values
            .iter()
            .map(|value| value.as_ref().map(milli))
            .collect();
        let answers: Vec<MetricAnswer<'_>> = values
            .iter()
            .map(|value| match value {
                Some(value) => MetricAnswer::External(value),
                None => MetricAnswer::Unavailable,
            })
            .collect();
        let replicas = Replicas(self.replicas);
        self.scaler.decide(&Observation {
            now: TimePoint::from_secs(second),
            scale: Some(Scale {
                spec_replicas: replicas,
                status_replicas: replicas,
            }),
            pods: &[],
            resources: None,
            answers: &answers,
        })
    }
}

/// An intermediate number of a decision by its name.
pub(crate) fn step<'a>(decision: &'a ScalingDecision, name: &str) -> Option<&'a str> {
    let Steps::Other(steps) = &decision.steps else {
        return None;
    };
    let found = steps.iter().find(|(it, _)| it == name);
    found.map(|(_, value)| value.as_str())
}
