//! Cores that are shared equally by all who are there.

use super::agrees;
use super::chain::{Chain, Jump};
use crate::systems::{exponential, pod, service, system, workload};
use flashcrowd_core::model::{CpuModel, PodTemplate, Step};
use flashcrowd_units::{Millicores, SimDuration};
use flashcrowd_workload::{Hyperexponential, ServiceTime};

const MEAN: f64 = 0.01;

/// The mean sojourn time in M/G/1-PS is `E[S] / (1 - rho)` whatever the distribution. With
/// hyperexponential services it is a chain of two kinds of customers, which gives the variance.
#[test]
fn processor_sharing_is_insensitive() {
    let (arrivals, cv): (f64, f64) = (60.0, 2.0);
    let mean = SimDuration::from_secs_f64(MEAN);
    let time = ServiceTime::Hyperexponential(Hyperexponential { mean, cv });
    let shared = PodTemplate {
        threads: Some(1),
        ..pod()
    };
    let mut model = system(12_000.0, service("shared", shared), vec![Step::Cpu(time)]);
    model.workloads.push(workload("clients", arrivals, 0));

    let short = 0.5 * (1.0 + ((cv * cv - 1.0) / (cv * cv + 1.0)).sqrt());
    let shares = [short, 1.0 - short];
    // The probability of more than 50 customers is 0.6^51, below 1e-11.
    let most = 50;
    let number = |[a, b]: [usize; 2]| (a + b) * (a + b + 1) / 2 + a;
    let mut inside = Vec::new();
    let mut jumps = Vec::new();
    for total in 0..=most {
        for a in 0..=total {
            let kinds = [a, total - a];
            let from = number(kinds);
            assert_eq!(from, inside.len());
            inside.push(total as f64);
            for kind in 0..2 {
                let (mut more, mut fewer) = (kinds, kinds);
                if total < most {
                    more[kind] += 1;
                    jumps.push(Jump {
                        from,
                        to: number(more),
                        rate: arrivals * shares[kind],
                        arrival: true,
                    });
                }
                if kinds[kind] > 0 {
                    fewer[kind] -= 1;
                    let part = kinds[kind] as f64 / total as f64;
                    jumps.push(Jump {
                        from,
                        to: number(fewer),
                        rate: part * 2.0 * shares[kind] / MEAN,
                        arrival: false,
                    });
                }
            }
        }
    }
    let sojourn =
        Chain::new(inside.len(), jumps).sojourn("M/H2/1-PS sojourn", |state| inside[state]);
    assert!(
        (sojourn.mean - MEAN / (1.0 - arrivals * MEAN)).abs() < 1e-8,
        "{}",
        sojourn.mean
    );
    agrees(&model, 50.0, &[(sojourn, &|l| l.mean_latency())]);
}

/// Two threads, or a smooth limit of two cores: the number inside is that of M/M/2.
#[test]
fn two_shared_cores_hold_as_many_as_m_m_2() {
    let arrivals = 150.0;
    let threads = PodTemplate {
        threads: Some(2),
        ..pod()
    };
    let limit = PodTemplate {
        cpu_limit: Some(Millicores::new(2_000)),
        cpu_model: CpuModel::Shared,
        ..pod()
    };
    let chain = Chain::station(arrivals, 200, |n| (n as f64).min(2.0) / MEAN);
    let sojourn = chain.sojourn("M/M/2-PS sojourn", |n| n as f64);
    for template in [threads, limit] {
        let mut model = system(
            4_000.0,
            service("shared", template),
            vec![Step::Cpu(exponential(MEAN))],
        );
        model.workloads.push(workload("clients", arrivals, 0));
        agrees(&model, 20.0, &[(sojourn, &|l| l.mean_latency())]);
    }
}
