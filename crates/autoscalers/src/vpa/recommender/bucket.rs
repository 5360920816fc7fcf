//! Buckets that grow exponentially.

use crate::ResourceName;
use flashcrowd_units::math::ln;
use std::sync::LazyLock;

/// Each bucket is larger than the one before it by this factor.
const GROWTH: f64 = 1.05;
/// Number of buckets: the start of the last one is the first past the largest value, which is 10^5
/// times the size of the first bucket for both resources.
pub(super) const BUCKETS: usize = 176;
/// A bucket that weighs less counts as empty: a thousandth of the weight of a CPU sample.
pub(super) const EPSILON: f64 = 0.001 * 0.1;

/// The buckets of one resource. Bucket 0 begins at 0 and ends at the size of the first bucket,
/// bucket n begins at `first * (1.05^n - 1) / 0.05`.
#[derive(Debug)]
pub(super) struct Buckets {
    /// Size of the first bucket \[cores or bytes\].
    first: f64,
    starts: [f64; BUCKETS],
}

static CPU: LazyLock<Buckets> = LazyLock::new(|| Buckets::new(0.01));
static MEMORY: LazyLock<Buckets> = LazyLock::new(|| Buckets::new(1e7));

impl Buckets {
    /// Those of a resource: from 0.01 to 1000 cores, from 10^7 to 10^12 bytes.
    pub(super) fn of(resource: ResourceName) -> &'static Self {
        match resource {
            ResourceName::Cpu => &CPU,
            ResourceName::Memory => &MEMORY,
        }
    }

    fn new(first: f64) -> Self {
        let start = |bucket: usize| match bucket {
            0 => 0.0,
            _ => first * (power(GROWTH, bucket) - 1.0) / (GROWTH - 1.0),
        };
        Self {
            first,
            starts: std::array::from_fn(start),
        }
    }

    /// The bucket of a value; the last one for all that is past it.
    pub(super) fn find(&self, value: f64) -> usize {
        if value < self.first {
            return 0;
        }
        let position = ln(value * (GROWTH - 1.0) / self.first + 1.0) / ln(GROWTH);
        (position as usize).min(BUCKETS - 1)
    }

    /// Where a bucket ends, which is where the next one begins. The last one has no end: its
    /// start stands for it.
    pub(super) fn end(&self, bucket: usize) -> f64 {
        self.starts[(bucket + 1).min(BUCKETS - 1)]
    }
}

/// A whole power by repeated squaring, from the low bits of the exponent up: the order in which
/// upstream multiplies, so that the starts are its starts to the last bit.
fn power(base: f64, exponent: usize) -> f64 {
    let (mut result, mut square, mut rest) = (1.0, base, exponent);
    while rest > 0 {
        if rest & 1 == 1 {
            result *= square;
        }
        square *= square;
        rest >>= 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Starts of all buckets as the real recommender computes them.
    const RECORDED: &str = include_str!("../../../../../tests/golden/vpa/bucket-starts.json");

    /// Parsed here, because JSON readers may be off by the last bit.
    fn recorded(name: &str) -> Vec<f64> {
        let (_, list) = RECORDED.split_once(name).expect("the list is there");
        let list = list.split(['[', ']']).nth(1).expect("it is a list");
        let numbers = list.split(',').map(|number| number.trim().parse());
        numbers.map(|number| number.expect("a number")).collect()
    }

    #[test]
    fn starts_are_the_recorded_ones_to_the_last_bit() {
        assert_eq!(recorded("cpu_cores"), Buckets::of(ResourceName::Cpu).starts);
        let memory = Buckets::of(ResourceName::Memory);
        assert_eq!(recorded("memory_bytes"), memory.starts);
    }

    #[test]
    fn the_largest_value_is_in_the_last_bucket_but_one() {
        for (resource, largest) in [(ResourceName::Cpu, 1000.0), (ResourceName::Memory, 1e12)] {
            let buckets = Buckets::of(resource);
            assert!(buckets.starts[BUCKETS - 1] >= largest);
            assert_eq!(buckets.find(largest), BUCKETS - 2);
            assert_eq!(buckets.find(1e300), BUCKETS - 1);
        }
    }

    /// The worked examples of the reference page.
    #[test]
    fn a_percentile_is_the_upper_edge_of_a_bucket() {
        let cpu = Buckets::of(ResourceName::Cpu);
        for (value, edge) in [
            (0.005, 0.01),
            (0.01, 0.0205),
            (0.02, 0.0205),
            (0.1, 0.110_266),
            (0.25, 0.258_404),
            (0.5, 0.511_135),
            (1.0, 1.016_281),
            (2.0, 2.093_480),
        ] {
            let end = cpu.end(cpu.find(value));
            assert!((end - edge).abs() < 5e-7, "{value}: {end}");
        }
        let memory = Buckets::of(ResourceName::Memory);
        for (mebibytes, edge) in [
            (100.0, 110_265_643.0),
            (250.0, 281_323_847.0),
            (512.0, 546_691_264.0),
            (1024.0, 1_077_095_458.0),
        ] {
            let end = memory.end(memory.find(mebibytes * 1_048_576.0));
            assert!((end - edge).abs() < 0.5, "{mebibytes}: {end}");
        }
    }
}
