//! What applies to a revision: the ConfigMap, its annotations, the defaults.

use flashcrowd_units::SimDuration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::str::FromStr;

/// The lowest target that there can be.
const MIN_TARGET: f64 = 0.01;
/// How much longer than its progress deadline a revision may take to start.
const ACTIVATION_TIMEOUT_BUFFER: SimDuration = SimDuration::from_secs(30);
const SECOND_NANOS: u64 = 1_000_000_000;

/// What is written about a revision, as it stands in the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct KpaConfig {
    /// Keys of the ConfigMap `config-autoscaler`; those that are left out have their defaults.
    pub config: BTreeMap<String, String>,
    /// Annotations of the revision, with or without `autoscaling.knative.dev/`.
    pub annotations: BTreeMap<String, String>,
    /// `containerConcurrency`: requests that one pod may work on; 0 is any number.
    pub container_concurrency: u32,
    /// Whether traffic can reach the revision.
    pub reachable: bool,
    /// `serving.knative.dev/progress-deadline`: how long a revision may take to start.
    pub progress_deadline: String,
}

impl Default for KpaConfig {
    fn default() -> Self {
        Self {
            config: BTreeMap::new(),
            annotations: BTreeMap::new(),
            container_concurrency: 0,
            reachable: true,
            progress_deadline: "600s".to_owned(),
        }
    }
}

/// What scaling is by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScalingMetric {
    /// Requests that are being worked on, all pods together.
    Concurrency,
    /// Requests per second, all pods together.
    Rps,
}

/// How the seconds of a window are averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aggregation {
    /// All alike.
    Linear,
    /// The newer, the more.
    WeightedExponential,
}

/// What applies to a revision.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct KpaSettings {
    /// What scaling is by.
    pub metric: ScalingMetric,
    /// How it is averaged.
    pub aggregation: Aggregation,
    /// How much of the metric one pod should have.
    pub target: f64,
    /// How much of it one pod can have.
    pub total: f64,
    /// Capacity that is kept free; -1 for any burst.
    pub target_burst_capacity: f64,
    /// How much more than the ready pods may be asked for at once, as a factor.
    pub max_scale_up_rate: f64,
    /// How much less, as a divisor.
    pub max_scale_down_rate: f64,
    /// From which ratio of wanted to ready pods on it panics.
    pub panic_threshold: f64,
    /// Length of the stable window.
    pub stable_window: SimDuration,
    /// Length of the panic window.
    pub panic_window: SimDuration,
    /// How long a wish for more pods is remembered.
    pub scale_down_delay: SimDuration,
    /// Pods that a new revision gets.
    pub initial_scale: i32,
    /// Pods that one gets which comes back from zero; 0 if nothing is said.
    pub activation_scale: i32,
    /// What one activator can hold.
    pub activator_capacity: f64,
    /// Lower bound \[pods\].
    pub min_scale: i32,
    /// Upper bound \[pods\]; 0 is none.
    pub max_scale: i32,
    /// How long the activator must be in the path before the last pod goes.
    pub grace_period: SimDuration,
    /// How long the last pod stays at least after the revision has become inactive.
    pub pod_retention: SimDuration,
    /// After how long a start counts as failed.
    pub activation_timeout: SimDuration,
    /// Whether the last pod may go.
    pub scale_to_zero: bool,
    /// Whether traffic can reach the revision.
    pub reachable: bool,
}

/// A value that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` is `{value}`: {expected}")]
pub struct KpaConfigError {
    /// Key of the ConfigMap, or annotation.
    pub key: String,
    /// What it says.
    pub value: String,
    /// What it should be.
    pub expected: &'static str,
}

impl KpaConfig {
    /// What applies.
    ///
    /// # Errors
    /// If a value is of the wrong type or out of its range.
    pub fn resolve(&self) -> Result<KpaSettings, KpaConfigError> {
        let (target, total) = self.target()?;
        let stable_window = self.either("window", "stable-window", seconds(60))?;
        let initial_scale = self.config("initial-scale", 1)?;
        let allows_zero = self.config("allow-zero-initial-scale", false)?;
        let own_initial_scale = self
            .annotation("initial-scale")?
            .filter(|&scale: &i32| scale != 0 || allows_zero);
        let progress_deadline: SimDuration = value(
            "progress-deadline",
            &self.progress_deadline,
            "must be a duration, such as 600s",
        )?;
        let settings = KpaSettings {
            metric: self.metric()?,
            aggregation: self.aggregation()?,
            target,
            total,
            target_burst_capacity: self.both("target-burst-capacity", 211.0)?,
            max_scale_up_rate: self.config("max-scale-up-rate", 1000.0)?,
            max_scale_down_rate: self.config("max-scale-down-rate", 2.0)?,
            panic_threshold: self.both("panic-threshold-percentage", 200.0)? / 100.0,
            stable_window,
            panic_window: panic_window(stable_window, self.both("panic-window-percentage", 10.0)?),
            scale_down_delay: self.both("scale-down-delay", SimDuration::ZERO)?,
            initial_scale: own_initial_scale.unwrap_or(initial_scale),
            activation_scale: self.annotation("activation-scale")?.unwrap_or(0),
            activator_capacity: self.config("activator-capacity", 100.0)?,
            min_scale: if self.reachable {
                self.both("min-scale", 0)?
            } else {
                0
            },
            max_scale: self.both("max-scale", 0)?,
            grace_period: self.config("scale-to-zero-grace-period", seconds(30))?,
            pod_retention: self.both("scale-to-zero-pod-retention-period", SimDuration::ZERO)?,
            activation_timeout: progress_deadline + ACTIVATION_TIMEOUT_BUFFER,
            scale_to_zero: self.config("enable-scale-to-zero", true)?,
            reachable: self.reachable,
        };
        self.check(&settings)?;
        Ok(settings)
    }

    fn metric(&self) -> Result<ScalingMetric, KpaConfigError> {
        match self.annotated("metric") {
            None | Some("concurrency") => Ok(ScalingMetric::Concurrency),
            Some("rps") => Ok(ScalingMetric::Rps),
            Some(other) => Err(error("metric", other, "must be concurrency or rps")),
        }
    }

    fn aggregation(&self) -> Result<Aggregation, KpaConfigError> {
        match self.annotated("metric-aggregation-algorithm") {
            None | Some("linear") => Ok(Aggregation::Linear),
            Some("weighted-exponential") => Ok(Aggregation::WeightedExponential),
            Some(other) => Err(error(
                "metric-aggregation-algorithm",
                other,
                "must be linear or weighted-exponential",
            )),
        }
    }

    /// What one pod should have of the metric, and what it can have (`ResolveMetricTarget`).
    fn target(&self) -> Result<(f64, f64), KpaConfigError> {
        let limit = f64::from(self.container_concurrency);
        let metric = self.metric()?;
        let (mut total, mut utilization) = match metric {
            ScalingMetric::Rps => (
                self.config("requests-per-second-target-default", 200.0)?,
                0.7,
            ),
            ScalingMetric::Concurrency => {
                let default = self.config("container-concurrency-target-default", 100.0)?;
                let share = self.config("container-concurrency-target-percentage", 70.0)?;
                let total = if limit > 0.0 { limit } else { default };
                (total, if share > 1.0 { share / 100.0 } else { share })
            }
        };
        if let Some(own) = self.annotation("target")? {
            let is_limited = metric == ScalingMetric::Concurrency && limit > 0.0;
            total = if is_limited {
                f64::min(own, limit)
            } else {
                own
            };
        }
        if let Some(percent) = self.annotation::<f64>("target-utilization-percentage")? {
            utilization = percent / 100.0;
        }
        Ok((f64::max(MIN_TARGET, total * utilization), total))
    }

    /// What would make the arithmetic meaningless.
    fn check(&self, settings: &KpaSettings) -> Result<(), KpaConfigError> {
        let rates = [
            ("max-scale-up-rate", settings.max_scale_up_rate),
            ("max-scale-down-rate", settings.max_scale_down_rate),
        ];
        for (key, rate) in rates {
            if rate <= 1.0 || !rate.is_finite() {
                let written = self.config.get(key).map_or("", String::as_str);
                return Err(error(key, written, "must be greater than 1"));
            }
        }
        if settings.stable_window < seconds(1) {
            let written = settings.stable_window.to_string();
            return Err(error("stable-window", &written, "must be at least 1s"));
        }
        if settings.activator_capacity < 1.0 {
            let written = settings.activator_capacity.to_string();
            return Err(error("activator-capacity", &written, "must be at least 1"));
        }
        if settings.target_burst_capacity < 0.0 && settings.target_burst_capacity != -1.0 {
            let written = settings.target_burst_capacity.to_string();
            let expected = "must be at least 0, or -1 for any burst";
            return Err(error("target-burst-capacity", &written, expected));
        }
        Ok(())
    }

    fn annotated(&self, name: &str) -> Option<&str> {
        let full = format!("autoscaling.knative.dev/{name}");
        let value = self.annotations.get(name);
        value
            .or_else(|| self.annotations.get(&full))
            .map(String::as_str)
    }

    fn annotation<T: Setting>(&self, name: &str) -> Result<Option<T>, KpaConfigError> {
        self.annotated(name)
            .map(|text| value(name, text, T::EXPECTED))
            .transpose()
    }

    fn config<T: Setting>(&self, key: &str, default: T) -> Result<T, KpaConfigError> {
        match self.config.get(key) {
            None => Ok(default),
            Some(text) => value(key, text, T::EXPECTED),
        }
    }

    /// The annotation, else the key of the ConfigMap, else the default.
    fn either<T: Setting>(
        &self,
        annotation: &str,
        key: &str,
        default: T,
    ) -> Result<T, KpaConfigError> {
        match self.annotation(annotation)? {
            Some(own) => Ok(own),
            None => self.config(key, default),
        }
    }

    /// The same where both have one name.
    fn both<T: Setting>(&self, name: &str, default: T) -> Result<T, KpaConfigError> {
        self.either(name, name, default)
    }
}

/// A type that values are of.
trait Setting: FromStr {
    const EXPECTED: &'static str;
}

impl Setting for f64 {
    const EXPECTED: &'static str = "must be a number";
}

impl Setting for i32 {
    const EXPECTED: &'static str = "must be a whole number";
}

impl Setting for bool {
    const EXPECTED: &'static str = "must be true or false";
}

impl Setting for SimDuration {
    const EXPECTED: &'static str = "must be a duration, such as 60s";
}

fn value<T: FromStr>(key: &str, text: &str, expected: &'static str) -> Result<T, KpaConfigError> {
    text.trim().parse().map_err(|_| error(key, text, expected))
}

fn error(key: &str, value: &str, expected: &'static str) -> KpaConfigError {
    KpaConfigError {
        key: key.to_owned(),
        value: value.to_owned(),
        expected,
    }
}

const fn seconds(seconds: u64) -> SimDuration {
    SimDuration::from_secs(seconds)
}

/// A percentage of the stable window, to the second, half up, and at least one.
fn panic_window(stable: SimDuration, percentage: f64) -> SimDuration {
    let nanos = (stable.as_nanos() as f64 * percentage / 100.0) as u64;
    let whole = (nanos + SECOND_NANOS / 2) / SECOND_NANOS;
    seconds(whole.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(config: &[(&str, &str)], annotations: &[(&str, &str)], limit: u32) -> KpaSettings {
        let owned = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter();
            pairs
                .map(|&(key, value)| (key.to_owned(), value.to_owned()))
                .collect()
        };
        let config = KpaConfig {
            config: owned(config),
            annotations: owned(annotations),
            container_concurrency: limit,
            ..KpaConfig::default()
        };
        config.resolve().unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn the_defaults_are_those_of_the_reference() {
        let settings = resolved(&[], &[], 0);
        assert_eq!((settings.target, settings.total), (70.0, 100.0));
        assert_eq!(settings.panic_window, seconds(6));
        assert_eq!(settings.target_burst_capacity, 211.0);
        assert_eq!(resolved(&[], &[], 10).target, 7.0);
        assert_eq!(resolved(&[], &[("metric", "rps")], 10).total, 200.0);
    }

    #[test]
    fn annotations_go_before_the_config_map() {
        let window = [("stable-window", "30s")];
        assert_eq!(resolved(&window, &[], 0).stable_window, seconds(30));
        let own = [("autoscaling.knative.dev/window", "2m")];
        assert_eq!(resolved(&window, &own, 0).stable_window, seconds(120));
        assert_eq!(resolved(&[], &[("target", "50")], 10).total, 10.0);
        assert_eq!(resolved(&[], &[("initial-scale", "0")], 0).initial_scale, 1);
        let zero = [("allow-zero-initial-scale", "true")];
        let settings = resolved(&zero, &[("initial-scale", "0")], 0);
        assert_eq!(settings.initial_scale, 0);
    }

    #[test]
    fn a_fraction_is_a_fraction() {
        let share = |text| resolved(&[("container-concurrency-target-percentage", text)], &[], 0);
        assert_eq!(share("0.8").target, 80.0);
        assert_eq!(share("80").target, 80.0);
        let own = |text| resolved(&[], &[("target-utilization-percentage", text)], 0);
        assert_eq!(own("1").target, 1.0);
    }

    #[test]
    fn mistakes_are_named() {
        let mut config = KpaConfig::default();
        config
            .config
            .insert("max-scale-up-rate".to_owned(), "1".to_owned());
        let message = config.resolve().expect_err("it is a mistake").to_string();
        assert_eq!(
            message,
            "`max-scale-up-rate` is `1`: must be greater than 1"
        );
    }
}
