//! Stations one behind the other: Jackson's product form.

use super::agrees;
use super::chain::{Chain, Jump};
use crate::systems::{NEVER, endpoint, exponential, pod, service, system, workload};
use flashcrowd_core::model::{EndpointId, PodTemplate, Step};

/// A front service without bounds asks station A, then station B: two M/M/1 queues in tandem,
/// independent in their numbers.
#[test]
fn a_tandem_has_product_form() {
    let (arrivals, first, second) = (50.0, 100.0, 80.0);
    let call = |index| Step::Call {
        endpoint: EndpointId(index),
        timeout: NEVER,
    };
    let mut model = system(9_000.0, service("front", pod()), vec![call(1), call(2)]);
    for (index, (name, speed)) in [("a", first), ("b", second)].into_iter().enumerate() {
        model.services.push(service(
            name,
            PodTemplate {
                concurrency: Some(1),
                ..pod()
            },
        ));
        model.endpoints.push(endpoint(
            name,
            index as u32 + 1,
            vec![Step::Cpu(exponential(1.0 / speed))],
        ));
    }
    model.workloads.push(workload("clients", arrivals, 0));

    // The probabilities of more than 31 at A or 47 at B are below 1e-9.
    let (most_a, most_b) = (31, 47);
    let number = |a: usize, b: usize| b * (most_a + 1) + a;
    let mut jumps = Vec::new();
    for b in 0..=most_b {
        for a in 0..=most_a {
            let from = number(a, b);
            if a < most_a {
                jumps.push(Jump {
                    from,
                    to: number(a + 1, b),
                    rate: arrivals,
                    arrival: true,
                });
            }
            if a > 0 && b < most_b {
                jumps.push(Jump {
                    from,
                    to: number(a - 1, b + 1),
                    rate: first,
                    arrival: false,
                });
            }
            if b > 0 {
                jumps.push(Jump {
                    from,
                    to: number(a, b - 1),
                    rate: second,
                    arrival: false,
                });
            }
        }
    }
    let chain = Chain::new((most_a + 1) * (most_b + 1), jumps);
    let at_a = |state: usize| (state % (most_a + 1)) as f64;
    let at_b = |state: usize| (state / (most_a + 1)) as f64;
    let sojourn = chain.sojourn("tandem sojourn", |state| at_a(state) + at_b(state));
    let product_form = 1.0 / (first - arrivals) + 1.0 / (second - arrivals);
    assert!(
        (sojourn.mean - product_form).abs() < 1e-6,
        "{}",
        sojourn.mean
    );
    let number_a = chain.time_average("number at A", at_a);
    let number_b = chain.time_average("number at B", at_b);
    agrees(
        &model,
        20.0,
        &[
            (sojourn, &|l| l.mean_latency()),
            (number_a, &|l| l.mean_in_flight(1)),
            (number_b, &|l| l.mean_in_flight(2)),
        ],
    );
}
