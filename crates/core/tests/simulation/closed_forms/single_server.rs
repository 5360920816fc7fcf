//! One server, first come, first served: Pollaczek and Khinchine.

use super::chain::Chain;
use super::poisson_fed::{PoissonFed, exponential_moments, exponential_tail};
use super::{Expected, agrees};
use crate::ledger::Ledger;
use crate::systems::{constant, exponential, pod, service, system, workload};
use flashcrowd_core::model::{CpuScheduling, Model, PodTemplate, Step};
use flashcrowd_units::SimDuration;
use flashcrowd_units::math::pow;
use flashcrowd_workload::{Gamma, Lognormal, ServiceTime};

const MEAN: f64 = 0.01;

/// A server with room for one at a time.
fn one_at_a_time() -> PodTemplate {
    PodTemplate {
        concurrency: Some(1),
        ..pod()
    }
}

/// An event loop takes every request in, and runs them one after the other.
fn event_loop() -> PodTemplate {
    PodTemplate {
        threads: Some(1),
        scheduling: CpuScheduling::EventLoop,
        ..pod()
    }
}

fn queue(seconds: f64, arrivals: f64, pod: PodTemplate, step: Step) -> Model {
    let mut model = system(seconds, service("queue", pod), vec![step]);
    model.workloads.push(workload("clients", arrivals, 0));
    model
}

fn mean(ledger: &Ledger) -> f64 {
    ledger.mean_latency()
}

fn p99(ledger: &Ledger) -> f64 {
    ledger.endpoints[0]
        .latency
        .quantile(0.99)
        .map_or(0.0, SimDuration::as_secs_f64)
}

/// The histogram's documented resolution.
fn bucketed(expected: Expected) -> Expected {
    Expected {
        resolution: 0.004 * expected.mean,
        ..expected
    }
}

#[test]
fn m_m_1() {
    let arrivals = 70.0;
    let model = queue(
        12_000.0,
        arrivals,
        one_at_a_time(),
        Step::Cpu(exponential(MEAN)),
    );
    let sojourn = PoissonFed {
        rate: arrivals,
        moments: exponential_moments(MEAN),
    }
    .sojourn("M/M/1 sojourn");
    assert!((sojourn.mean - 1.0 / (1.0 / MEAN - arrivals)).abs() < 1e-12);
    let number =
        Chain::station(arrivals, 150, |_| 1.0 / MEAN).time_average("M/M/1 number", |n| n as f64);
    let tail = bucketed(exponential_tail("M/M/1 p99", arrivals, 1.0 / MEAN, 0.01));
    agrees(
        &model,
        50.0,
        &[
            (sojourn, &mean),
            (number, &|l| l.mean_in_flight(0)),
            (tail, &p99),
        ],
    );
}

#[test]
fn m_d_1() {
    let arrivals = 80.0;
    let model = queue(
        12_000.0,
        arrivals,
        one_at_a_time(),
        Step::Wait(constant(MEAN)),
    );
    let moments = [MEAN, pow(MEAN, 2.0), pow(MEAN, 3.0), pow(MEAN, 4.0)];
    let sojourn = PoissonFed {
        rate: arrivals,
        moments,
    }
    .sojourn("M/D/1 sojourn");
    agrees(&model, 50.0, &[(sojourn, &mean)]);
}

#[test]
fn m_g_1_with_lognormal_services() {
    let (arrivals, cv) = (60.0, 1.0);
    let time = ServiceTime::Lognormal(Lognormal::MeanCv {
        mean: SimDuration::from_secs_f64(MEAN),
        cv,
    });
    let model = queue(15_000.0, arrivals, one_at_a_time(), Step::Cpu(time));
    // E[S^k] = m^k (1 + cv^2)^(k (k - 1) / 2).
    let moments = [
        MEAN,
        pow(MEAN, 2.0) * 2.0,
        pow(MEAN, 3.0) * 8.0,
        pow(MEAN, 4.0) * 64.0,
    ];
    let sojourn = PoissonFed {
        rate: arrivals,
        moments,
    }
    .sojourn("M/G/1 sojourn, lognormal");
    agrees(&model, 50.0, &[(sojourn, &mean)]);
}

#[test]
fn m_g_1_with_gamma_services_in_an_event_loop() {
    let (arrivals, cv) = (50.0, 2.0);
    let time = ServiceTime::Gamma(Gamma {
        mean: SimDuration::from_secs_f64(MEAN),
        cv,
    });
    let model = queue(15_000.0, arrivals, event_loop(), Step::Cpu(time));
    // E[S^k] = theta^k a (a + 1) ... (a + k - 1) with a = 1 / cv^2, theta = m cv^2.
    let (a, theta) = (1.0 / (cv * cv), MEAN * cv * cv);
    let mut moments = [0.0; 4];
    let mut product = 1.0;
    for (k, moment) in moments.iter_mut().enumerate() {
        product *= theta * (a + k as f64);
        *moment = product;
    }
    let sojourn = PoissonFed {
        rate: arrivals,
        moments,
    }
    .sojourn("M/G/1 sojourn, gamma");
    agrees(&model, 50.0, &[(sojourn, &mean)]);
}

/// Half a day at one request in two seconds: times leave the range of any narrow clock.
#[test]
fn m_m_1_for_twelve_hours() {
    let (arrivals, time) = (0.5, 1.0);
    let model = queue(
        43_200.0,
        arrivals,
        one_at_a_time(),
        Step::Cpu(exponential(time)),
    );
    let sojourn = PoissonFed {
        rate: arrivals,
        moments: exponential_moments(time),
    }
    .sojourn("M/M/1 sojourn over 12 h");
    agrees(&model, 100.0, &[(sojourn, &mean)]);
}
