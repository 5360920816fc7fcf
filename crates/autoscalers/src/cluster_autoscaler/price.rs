//! The price expander.
//!
//! An option costs `(nodes + s) / (pods + s)`, the price of its nodes against what its pods would
//! pay for their requests, both made steadier by the price `s` of a pod of 500m and 500 MiB. Nodes
//! of a size that does not suit the size of the cluster are made dearer, the less so the more
//! nodes are added.
//!
//! Source: `expander/price` and its proposal `pricing.md`.

use super::estimator::Estimate;
use super::expander::Surroundings;
use crate::scheduling::PodShape;
use flashcrowd_units::{Bytes, Millicores, math};

/// Price of one core of requests \[USD/h\].
const USD_PER_CORE: f64 = 0.03;
/// Price of one GiB of requests \[USD/h\].
const USD_PER_GIBIBYTE: f64 = 0.004;
/// Cores that nodes should have, for clusters of up to so many nodes.
const PREFERRED: [(usize, f64); 5] = [(2, 1.0), (6, 2.0), (20, 4.0), (60, 8.0), (200, 16.0)];
const PREFERRED_BEYOND: f64 = 32.0;

/// The lower, the better.
pub(super) fn score(option: &Estimate, around: &Surroundings<'_>) -> f64 {
    let (_, node_price) = around.groups[option.group];
    let nodes = node_price * f64::from(option.nodes);
    let mut pods = 0.0;
    for pod in &option.pods {
        pods += pod_price(around.fit.pod(pod.workload));
    }
    let stabilization = pod_price(&PodShape {
        cpu: Millicores::new(500),
        memory: Bytes::from_mebibytes(500),
        ..PodShape::default()
    });
    let ratio = (nodes + stabilization) / (pods + stabilization);
    let cores = around.fit.shape(option.shape).capacity.cpu.as_cores();
    let preferred = preferred_cores(around.nodes);
    let unfitness = (preferred / cores).max(cores / preferred);
    let damping = tanh(f64::from(option.nodes.saturating_sub(1)) / 15.0);
    ((unfitness - 1.0) * (1.0 - damping) + 1.0) * ratio
}

fn pod_price(pod: &PodShape) -> f64 {
    let gibibytes = pod.memory.get() as f64 / f64::from(1 << 30);
    pod.cpu.as_cores() * USD_PER_CORE + gibibytes * USD_PER_GIBIBYTE
}

fn preferred_cores(nodes: usize) -> f64 {
    let suits = |&&(up_to, _): &&(usize, f64)| nodes <= up_to;
    PREFERRED
        .iter()
        .find(suits)
        .map_or(PREFERRED_BEYOND, |&(_, cores)| cores)
}

/// tanh of a number that is not negative, as in the Cephes library that Go uses.
fn tanh(x: f64) -> f64 {
    const P: [f64; 3] = [
        -9.643_991_794_250_523e-1,
        -9.928_772_310_019_186e1,
        -1.614_687_684_417_084_5e3,
    ];
    const Q: [f64; 3] = [
        1.128_116_784_916_329_3e2,
        2.235_488_390_601_004_5e3,
        4.844_063_053_251_255e3,
    ];
    if x > 44.0 {
        1.0
    } else if x >= 0.625 {
        1.0 - 2.0 / (math::exp(2.0 * x) + 1.0)
    } else {
        let s = x * x;
        let numerator = (P[0] * s + P[1]) * s + P[2];
        let denominator = ((s + Q[0]) * s + Q[1]) * s + Q[2];
        x + x * s * (numerator / denominator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values from tables, to the last bit but one.
    #[test]
    fn tanh_agrees_with_tables() {
        let table = [
            (0.0, 0.0),
            (0.1, 0.099_667_994_624_955_82),
            (0.5, 0.462_117_157_260_009_74),
            (1.0, 0.761_594_155_955_764_9),
            (2.0, 0.964_027_580_075_816_9),
            (50.0, 1.0),
        ];
        for (x, expected) in table {
            assert!((tanh(x) - expected).abs() <= f64::EPSILON, "tanh({x})");
        }
    }

    #[test]
    fn larger_clusters_prefer_larger_nodes() {
        let preferred: Vec<f64> = [1, 2, 3, 6, 7, 20, 21, 60, 61, 200, 201]
            .map(preferred_cores)
            .to_vec();
        assert_eq!(
            preferred,
            [1.0, 1.0, 2.0, 2.0, 4.0, 4.0, 8.0, 8.0, 16.0, 16.0, 32.0]
        );
    }
}
