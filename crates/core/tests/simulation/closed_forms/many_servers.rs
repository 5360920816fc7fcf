//! Several servers: Erlang's formulas, and the server that never runs out.

use super::chain::{Chain, Jump};
use super::{Expected, agrees};
use crate::ledger::{Ledger, run};
use crate::systems::{constant, exponential, pod, service, system, workload};
use flashcrowd_core::model::{Model, PodTemplate, Step};
use flashcrowd_core::record::Failure;
use flashcrowd_units::SimDuration;
use flashcrowd_units::math::{exp, pow};
use flashcrowd_workload::{Hyperexponential, Lognormal, ServiceTime};

const MEAN: f64 = 0.01;

fn station(seconds: f64, arrivals: f64, pod: PodTemplate, step: Step) -> Model {
    let mut model = system(seconds, service("station", pod), vec![step]);
    model.workloads.push(workload("clients", arrivals, 0));
    model
}

fn blocked(ledger: &Ledger) -> f64 {
    ledger.failed(Failure::BacklogFull) as f64 / ledger.endpoints[0].offered as f64
}

/// The probability of waiting with `servers` and an offered load of `load` servers.
fn erlang_c(servers: u32, load: f64) -> f64 {
    let mut blocking = 1.0;
    for n in 1..=servers {
        blocking = load * blocking / (f64::from(n) + load * blocking);
    }
    let utilisation = load / f64::from(servers);
    blocking / (1.0 - utilisation * (1.0 - blocking))
}

#[test]
fn m_m_c_waits_as_erlang_c_says() {
    let (servers, arrivals, service) = (8, 720.0, 100.0);
    let pod = PodTemplate {
        concurrency: Some(servers),
        ..pod()
    };
    let model = station(2_400.0, arrivals, pod, Step::Cpu(exponential(MEAN)));
    let chain = Chain::station(arrivals, 400, |n| {
        service * (n as f64).min(f64::from(servers))
    });
    let sojourn = chain.sojourn("M/M/8 sojourn", |n| n as f64);
    let (wait, drain) = (
        erlang_c(servers, arrivals / service),
        f64::from(servers) * service - arrivals,
    );
    assert!(
        (sojourn.mean - (MEAN + wait / drain)).abs() < 1e-9,
        "the chain agrees with Erlang C"
    );
    let exceeds = |t: f64| sojourn_exceeds(t, wait, service, drain);
    let tail = p99(&exceeds);
    // While all servers are busy the queue is that of an M/M/1 station of eightfold speed. The same
    // share of its customers exceeds its own quantile with the same clustering; the services of
    // eight independent servers can only loosen that.
    let congestion =
        super::poisson_fed::exponential_tail("p99", arrivals, f64::from(servers) * service, 0.01);
    // It was divided by the density of the M/M/1 sojourn time, that of this one is smaller.
    let density = (exceeds(tail - 1e-6) - exceeds(tail + 1e-6)) / 2e-6;
    let variance = congestion.variance * pow(drain * 0.01 / density, 2.0);
    let tail = Expected {
        what: "M/M/8 p99",
        mean: tail,
        variance,
        resolution: 0.004 * tail,
    };
    let measured = |l: &Ledger| {
        l.endpoints[0]
            .latency
            .quantile(0.99)
            .map_or(0.0, SimDuration::as_secs_f64)
    };
    agrees(
        &model,
        20.0,
        &[(sojourn, &|l| l.mean_latency()), (tail, &measured)],
    );
}

/// The sojourn time is an exponential service, after an exponential wait with probability `wait`.
fn sojourn_exceeds(t: f64, wait: f64, service: f64, drain: f64) -> f64 {
    let (served, drained) = (exp(-service * t), exp(-drain * t));
    (1.0 - wait) * served + wait * (service * drained - drain * served) / (service - drain)
}

/// What one of a hundred exceeds, by bisection.
fn p99(exceeds: &impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, 10.0);
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if exceeds(middle) > 0.01 {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

#[test]
fn m_m_c_k_turns_away_what_does_not_fit() {
    let (servers, room, arrivals) = (2, 5, 180.0);
    let pod = PodTemplate {
        concurrency: Some(servers),
        backlog: Some(room - servers),
        ..pod()
    };
    let model = station(4_500.0, arrivals, pod, Step::Cpu(exponential(MEAN)));
    let chain = Chain::station(arrivals, room as usize, |n| {
        (n as f64).min(f64::from(servers)) / MEAN
    });
    let number = chain.time_average("M/M/2/5 number", |n| n as f64);
    agrees(
        &model,
        10.0,
        &[
            (chain.blocking("M/M/2/5 blocking"), &blocked),
            (number, &|l| l.mean_in_flight(0)),
        ],
    );
}

#[test]
fn a_station_without_backlog_blocks_as_erlang_b_says() {
    let (servers, arrivals) = (10, 800.0);
    let pod = PodTemplate {
        concurrency: Some(servers),
        backlog: Some(0),
        ..pod()
    };
    let model = station(1_200.0, arrivals, pod, Step::Wait(exponential(MEAN)));
    let loss = Chain::station(arrivals, servers as usize, |n| n as f64 / MEAN).blocking("Erlang B");
    // 8 erlang on 10 circuits, from the published tables.
    assert!((loss.mean - 0.121_66).abs() < 1e-5, "{}", loss.mean);
    agrees(&model, 10.0, &[(loss, &blocked)]);
}

/// Blocking does not depend on the distribution of the service time, only its variance does.
/// Hyperexponential customers are of two kinds, each with exponential services: a chain again.
#[test]
fn erlang_b_is_insensitive() {
    let (servers, arrivals, cv): (usize, f64, f64) = (6, 500.0, 3.0);
    let mean = SimDuration::from_secs_f64(MEAN);
    let time = ServiceTime::Hyperexponential(Hyperexponential { mean, cv });
    let pod = PodTemplate {
        concurrency: Some(servers as u32),
        backlog: Some(0),
        ..pod()
    };
    let model = station(1_800.0, arrivals, pod, Step::Wait(time));
    // Balanced means: both kinds carry half of the work.
    let short = 0.5 * (1.0 + ((cv * cv - 1.0) / (cv * cv + 1.0)).sqrt());
    let shares = [short, 1.0 - short];
    let places: Vec<_> = (0..=servers)
        .flat_map(|n| (0..=n).map(move |a| [a, n - a]))
        .collect();
    let number = |kinds: [usize; 2]| places.iter().position(|&p| p == kinds).expect("a state");
    let mut jumps = Vec::new();
    for (from, &kinds) in places.iter().enumerate() {
        for kind in 0..2 {
            let (mut more, mut fewer) = (kinds, kinds);
            let full = kinds[0] + kinds[1] == servers;
            more[kind] += usize::from(!full);
            jumps.push(Jump {
                from,
                to: number(more),
                rate: arrivals * shares[kind],
                arrival: true,
            });
            if kinds[kind] > 0 {
                fewer[kind] -= 1;
                let rate = kinds[kind] as f64 * 2.0 * shares[kind] / MEAN;
                jumps.push(Jump {
                    from,
                    to: number(fewer),
                    rate,
                    arrival: false,
                });
            }
        }
    }
    let loss = Chain::new(places.len(), jumps).blocking("M/H2/6/6 blocking");
    let erlang = Chain::station(arrivals, servers, |n| n as f64 / MEAN).blocking("Erlang B");
    assert!(
        (loss.mean - erlang.mean).abs() < 1e-9,
        "blocking is insensitive"
    );
    agrees(&model, 10.0, &[(loss, &blocked)]);
}

/// The covariance of the number in an M/G/inf station is `rate * integral of P(S > u)` from the
/// lag on; twice its integral is `rate * E[S^2]`.
#[test]
fn m_g_inf_holds_rate_times_time() {
    let (arrivals, cv2) = (1_000.0, 1.0);
    let time = ServiceTime::Lognormal(Lognormal::MeanCv {
        mean: SimDuration::from_secs_f64(MEAN),
        cv: 1.0,
    });
    let model = station(300.0, arrivals, pod(), Step::Wait(time));
    let number = Expected::new(
        "M/G/inf number",
        arrivals * MEAN,
        arrivals * MEAN * MEAN * (1.0 + cv2),
    );
    agrees(&model, 5.0, &[(number, &|l| l.mean_in_flight(0))]);
}

/// Services of exactly one second, looked at every second: independent Poisson numbers.
#[test]
fn m_d_inf_is_poisson() {
    let load = 12.0;
    let model = station(2_000.0, load, pod(), Step::Wait(constant(1.0)));
    for seed in 1..=5 {
        let world = flashcrowd_core::World::new(model.clone(), seed).expect("a legal model");
        let mut ledger = Ledger {
            keep_services: true,
            ..Ledger::after(5.0)
        };
        world.run(&mut ledger);
        let counts: Vec<_> = ledger
            .services
            .iter()
            .map(|(_, s)| s[0].in_flight as f64)
            .collect();
        let n = counts.len() as f64;
        let mean = counts.iter().sum::<f64>() / n;
        let variance = counts.iter().map(|c| pow(c - mean, 2.0)).sum::<f64>() / (n - 1.0);
        assert!(
            (mean - load).abs() <= 4.0 * (load / n).sqrt(),
            "seed {seed}: mean {mean}"
        );
        // The fourth central moment of a Poisson number is load + 3 load^2.
        let error = ((load + 2.0 * load * load) / n).sqrt();
        assert!(
            (variance - load).abs() <= 4.0 * error,
            "seed {seed}: variance {variance}"
        );
    }
}

/// Nobody waits where there is room for all: the latency is the service time, to the nanosecond.
#[test]
fn without_bounds_latency_is_service_time() {
    let model = station(20.0, 500.0, pod(), Step::Wait(constant(0.25)));
    let (ledger, _) = run(&model, 1, 0.0);
    let latency = &ledger.endpoints[0].latency;
    let exact = Some(SimDuration::from_millis(250));
    assert_eq!((latency.min(), latency.max()), (exact, exact));
}
