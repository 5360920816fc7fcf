//! Builds a system in code, without any file, and runs it.
//!
//! ```console
//! cargo run --release --example build_in_code
//! ```

use flashcrowd::autoscalers::PolicySpec;
use flashcrowd::autoscalers::catalog::HpaPolicy;
use flashcrowd::autoscalers::hpa::HpaFlags;
use flashcrowd::core::World;
use flashcrowd::core::model::{
    Endpoint, EndpointId, MetricsServer, Model, PodTemplate, Service, ServiceId, Step, Workload,
};
use flashcrowd::core::record::{Record, Recorder};
use flashcrowd::telemetry::LatencyHistogram;
use flashcrowd::units::{Millicores, Rate, Ratio, SimDuration, SimTime};
use flashcrowd::workload::{ArrivalProcess, Exponential, RateShape, ServiceTime, Stage};
use std::error::Error;

/// Prints every change of scale and adds up the latencies.
#[derive(Default)]
struct Printer {
    latency: LatencyHistogram,
}

impl Recorder for Printer {
    fn record(&mut self, at: SimTime, record: &Record<'_>) {
        match record {
            Record::Scaled {
                from, to, reason, ..
            } => {
                println!(
                    "{:>6.0} s  {from} -> {to} replicas: {reason}",
                    at.as_secs_f64()
                );
            }
            Record::Interval(interval) => {
                interval
                    .endpoints
                    .iter()
                    .for_each(|endpoint| self.latency.merge(&endpoint.latency));
            }
            _ => {}
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut printer = Printer::default();
    let totals = World::new(shop()?, 1)?.run(&mut printer);

    println!(
        "{} requests, {} answered, {} failed",
        totals.offered,
        totals.completed,
        totals.failed_total()
    );
    for percent in [50, 95, 99] {
        if let Some(latency) = printer.latency.quantile(f64::from(percent) / 100.0) {
            println!("p{percent} {:.0} ms", latency.as_secs_f64() * 1e3);
        }
    }
    assert!(totals.is_conserved());
    Ok(())
}

/// Two pods of half a core, an HPA at 70 %, and ten times the traffic within ten minutes.
fn shop() -> Result<Model, Box<dyn Error>> {
    let rate = |per_second| Rate::per_second(per_second).ok_or("a rate is finite and not negative");
    let stage = |minutes: u64, to| {
        let length = SimDuration::from_secs(60 * minutes);
        Ok::<_, &str>(Stage {
            length,
            to: rate(to)?,
            from: None,
        })
    };
    let pod = PodTemplate::new(
        "shop",
        Some(Millicores::new(500)),
        Some(Millicores::new(1000)),
    );
    // The `spec` of a HorizontalPodAutoscaler, as in a manifest.
    let spec = serde_json::from_str(
        r#"{ "minReplicas": 2, "maxReplicas": 20, "metrics": [ { "type": "Resource", "resource":
             { "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 70 } } } ] }"#,
    )?;
    Ok(Model {
        duration: SimDuration::from_secs(3600),
        workloads: vec![Workload {
            name: "shoppers".to_owned(),
            process: ArrivalProcess::Poisson,
            rate: RateShape::Stages(vec![stage(0, 30.0)?, stage(10, 30.0)?, stage(10, 300.0)?]),
            endpoints: vec![(EndpointId(0), Ratio::ONE)],
            timeout: SimDuration::from_secs(30),
        }],
        services: vec![Service {
            autoscaler: Some(PolicySpec::Hpa(HpaPolicy {
                spec,
                flags: HpaFlags::default(),
            })),
            ..Service::new("shop", 2, pod)
        }],
        endpoints: vec![Endpoint {
            name: "browse".to_owned(),
            service: ServiceId(0),
            steps: vec![
                Step::Cpu(ServiceTime::Exponential(Exponential {
                    mean: SimDuration::from_millis(12),
                })),
                Step::Wait(ServiceTime::Constant(SimDuration::from_millis(20))),
            ],
        }],
        queues: Vec::new(),
        metrics: Vec::new(),
        metrics_server: MetricsServer::default(),
        node_cores: 4,
        nodes: None,
        actions: Vec::new(),
        procedures: Vec::new(),
    })
}
