//! The serialised form: only the buckets that hold something.

use super::{LatencyHistogram, bucket};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

#[derive(Serialize, Deserialize)]
struct Sparse {
    /// Nanoseconds: high and low half, because few formats know 128 bits.
    sum: (u64, u64),
    /// Nanoseconds of the shortest and of the longest latency. Absent if nothing was recorded.
    range: Option<(u64, u64)>,
    /// Bucket number and how many it holds, in order.
    buckets: Vec<(u16, u64)>,
}

impl Serialize for LatencyHistogram {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let held = self.occupied().map(|(index, held)| (index as u16, held));
        Sparse {
            sum: ((self.sum >> 64) as u64, self.sum as u64),
            range: (self.count > 0).then_some((self.min, self.max)),
            buckets: held.collect(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for LatencyHistogram {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let sparse = Sparse::deserialize(deserializer)?;
        Self::from_sparse(&sparse)
            .ok_or_else(|| D::Error::custom("the latency histogram contradicts itself"))
    }
}

impl LatencyHistogram {
    /// `None` if the parts do not fit together, because later arithmetic relies on them.
    fn from_sparse(sparse: &Sparse) -> Option<Self> {
        let mut histogram = Self::new();
        let Some((min, max)) = sparse.range else {
            return (sparse.buckets.is_empty() && sparse.sum == (0, 0)).then_some(histogram);
        };
        let mut next = 0;
        for &(index, held) in &sparse.buckets {
            let index = usize::from(index);
            if index < next || index >= bucket::BUCKETS || held == 0 {
                return None;
            }
            histogram.buckets[index] = held;
            histogram.count = histogram.count.checked_add(held)?;
            next = index + 1;
        }
        let ends = (sparse.buckets.first()?.0, sparse.buckets.last()?.0);
        let sum = u128::from(sparse.sum.0) << 64 | u128::from(sparse.sum.1);
        let count = u128::from(histogram.count);
        let fits = min <= max
            && ends == (bucket::index(min) as u16, bucket::index(max) as u16)
            && sum >= u128::from(min) * count
            && sum <= u128::from(max) * count;
        (histogram.sum, histogram.min, histogram.max) = (sum, min, max);
        fits.then_some(histogram)
    }
}
