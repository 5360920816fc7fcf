//! How many pods a service would have needed, and how well its replicas followed.
//!
//! Demand is the smallest number of pods that would have kept the CPU at the target:
//!
//! ```text
//! demand = max(1, ceil(offered work / cores per pod))
//! ```
//!
//! *Cores per pod* is what the autoscaler means to use of one: its CPU target times the CPU
//! request, but no more than the pod can use (limit, threads). Without an HPA on CPU or without a
//! request it is 80 % of what the pod can use.
//!
//! *Offered work* of a report interval \[cores\] is the CPU used, as long as the service keeps up.
//! Where it does not (the CPU is at its limit, or attempts fail), usage says what was served and
//! not what was asked for; then it is at least `attempts x core-seconds per attempt`, with the
//! mean core-seconds per attempt from all intervals in which the service did keep up. Attempts
//! that waited are charged to the interval in which they arrived.
//!
//! Supply is the number of ready pods at the end of the interval.

use crate::context::ServiceContext;
use crate::recorder::ServiceSample;
use flashcrowd_telemetry::Elasticity;
use flashcrowd_units::SimDuration;
use serde::Serialize;

/// Share of a pod's usable CPU that is planned with where no autoscaler says otherwise.
const DEFAULT_TARGET: f64 = 0.8;

/// From this share of what the pods can use on, usage no longer tells the demand.
const SATURATED: f64 = 0.95;

/// How well the ready pods followed the demand.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ServiceElasticity {
    /// The metrics of the SPEC Research Group, in percent.
    #[serde(flatten)]
    pub spec: Elasticity,
    /// The most pods that were needed at a time.
    pub demand_max: f64,
    /// The pods that were needed on average.
    pub demand_mean: f64,
    /// What one pod counts for \[cores\].
    pub cores_per_pod: f64,
}

/// Demand \[pods\] in each of the samples; empty if the CPU of a pod is not known.
pub(crate) fn demand<'a>(
    service: &ServiceContext,
    samples: impl Iterator<Item = (SimDuration, &'a ServiceSample)> + Clone,
) -> Vec<f64> {
    let per_pod = cores_per_pod(service);
    if per_pod <= 0.0 {
        return Vec::new();
    }
    let (seconds, attempts) = samples.clone().filter(|(_, sample)| keeps_up(sample)).fold(
        (0.0, 0u64),
        |(seconds, attempts), (length, sample)| {
            (
                seconds + sample.cpu_cores * length.as_secs_f64(),
                attempts + sample.attempts,
            )
        },
    );
    let per_attempt = if attempts == 0 {
        0.0
    } else {
        seconds / attempts as f64
    };
    let pods = |(length, sample): (SimDuration, &ServiceSample)| {
        let asked = sample.attempts as f64 * per_attempt / length.as_secs_f64();
        let work = if keeps_up(sample) {
            sample.cpu_cores
        } else {
            sample.cpu_cores.max(asked)
        };
        // A hair above a whole number is the rounding of the division, not a further pod.
        (work / per_pod - 1e-9).ceil().max(1.0)
    };
    samples.map(pods).collect()
}

/// The elasticity of a service, if its demand is known.
pub(crate) fn elasticity<'a>(
    service: &ServiceContext,
    samples: impl Iterator<Item = (SimDuration, &'a ServiceSample)> + Clone,
) -> Option<ServiceElasticity> {
    let demand = demand(service, samples.clone());
    if demand.is_empty() {
        return None;
    }
    let supply: Vec<f64> = samples.map(|(_, sample)| f64::from(sample.ready)).collect();
    let spec = Elasticity::from_samples(&demand, &supply)?;
    Some(ServiceElasticity {
        spec,
        demand_max: demand.iter().copied().fold(0.0, f64::max),
        demand_mean: demand.iter().sum::<f64>() / demand.len() as f64,
        cores_per_pod: cores_per_pod(service),
    })
}

fn cores_per_pod(service: &ServiceContext) -> f64 {
    match (service.cpu_target, service.cpu_request) {
        (Some(target), Some(request)) if request > 0.0 => {
            (target * request).min(service.cpu_usable)
        }
        _ => DEFAULT_TARGET * service.cpu_usable,
    }
}

fn keeps_up(sample: &ServiceSample) -> bool {
    sample.failed == 0 && sample.cpu_cores < SATURATED * sample.cpu_capacity_cores
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backend() -> ServiceContext {
        ServiceContext {
            cpu_target: Some(0.7),
            cpu_request: Some(0.25),
            cpu_usable: 0.5,
            ..ServiceContext::default()
        }
    }

    fn sample(attempts: u64, cpu_cores: f64, ready: u32) -> ServiceSample {
        let cpu_capacity_cores = 0.5 * f64::from(ready);
        ServiceSample {
            ready,
            attempts,
            cpu_cores,
            cpu_capacity_cores,
            ..ServiceSample::default()
        }
    }

    const LENGTH: SimDuration = SimDuration::from_secs(10);

    #[test]
    fn a_service_that_keeps_up_needs_what_it_uses() {
        // 0.7 x 0.25 cores: a pod counts for 0.175 cores, and two of them for exactly 0.35.
        let samples = [
            sample(100, 0.35, 4),
            sample(100, 0.36, 4),
            sample(0, 0.0, 4),
        ];
        let demand = demand(&backend(), samples.iter().map(|s| (LENGTH, s)));
        assert_eq!(demand, [2.0, 3.0, 1.0]);
    }

    #[test]
    fn a_service_that_does_not_needs_what_was_asked_of_it() {
        // 100 attempts of 10 ms in 10 s use 0.1 cores. 1,000 would use 1 core = 5.7 pods; one
        // pod at its limit uses 0.5.
        let samples = [sample(100, 0.1, 1), sample(1000, 0.5, 1)];
        assert_eq!(
            demand(&backend(), samples.iter().map(|s| (LENGTH, s))),
            [1.0, 6.0]
        );
    }

    #[test]
    fn a_pod_counts_for_no_more_than_it_can_use() {
        let node = ServiceContext {
            cpu_target: Some(0.7),
            cpu_request: Some(2.0),
            cpu_usable: 1.0,
            ..ServiceContext::default()
        };
        assert_eq!(cores_per_pod(&node), 1.0);
        assert_eq!(
            cores_per_pod(&ServiceContext {
                cpu_usable: 0.5,
                ..ServiceContext::default()
            }),
            0.4
        );
    }

    #[test]
    fn elasticity_by_hand() {
        // Demand 2, 3, 1 against four ready pods: never short, 100 %, 33 % and 300 % too much.
        let samples = [
            sample(100, 0.35, 4),
            sample(100, 0.36, 4),
            sample(0, 0.0, 4),
        ];
        let elasticity = elasticity(&backend(), samples.iter().map(|s| (LENGTH, s))).unwrap();
        assert_eq!(elasticity.spec.accuracy_under, 0.0);
        assert!(
            (elasticity.spec.accuracy_over - 100.0 * (1.0 + 1.0 / 3.0 + 3.0) / 3.0).abs() < 1e-9
        );
        assert_eq!(elasticity.spec.timeshare_over, 100.0);
        assert_eq!((elasticity.demand_max, elasticity.demand_mean), (3.0, 2.0));
    }
}
