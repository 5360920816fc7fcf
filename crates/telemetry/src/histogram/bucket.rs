//! Which bucket a number of nanoseconds falls into.
//!
//! Log-linear, as in HdrHistogram: every octave (factor of two) is cut into 128 equal parts. Below
//! 256 ns a bucket is one nanosecond, so those values are exact; above, a bucket is at most
//! 1/128 = 0.78 % of its lower bound wide, and its midpoint at most 0.4 % off.

/// Binary logarithm of the number of buckets an octave.
const SUB_BITS: u32 = 7;

/// The number of buckets that all of `u64` needs.
pub(super) const BUCKETS: usize = (64 - SUB_BITS as usize + 1) << SUB_BITS;

/// [`BUCKETS`] rounded up to a power of two, so that a mask proves every index to be in bounds.
pub(super) const SLOTS: usize = BUCKETS.next_power_of_two();

/// The bucket of `nanos`, below [`BUCKETS`].
#[inline(always)]
pub(super) fn index(nanos: u64) -> usize {
    // Setting the lowest bit of the first octave makes the values below it share its bucket width.
    let exponent = (nanos | (1 << SUB_BITS)).ilog2();
    let shift = exponent - SUB_BITS;
    // The mask never changes the sum. It is there for the compiler, which cannot see that.
    (((shift as usize) << SUB_BITS) + (nanos >> shift) as usize) & (SLOTS - 1)
}

/// The smallest number of nanoseconds in a bucket.
pub(super) fn lower_bound(index: usize) -> u64 {
    ((index - (shift(index) << SUB_BITS)) as u64) << shift(index)
}

/// The middle of a bucket, rounded down.
pub(super) fn midpoint(index: usize) -> u64 {
    lower_bound(index) + ((1 << shift(index)) - 1) / 2
}

/// Binary logarithm of a bucket's width.
fn shift(index: usize) -> usize {
    (index >> SUB_BITS).saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_last_bucket_holds_the_last_number() {
        assert_eq!(BUCKETS, 7424);
        assert_eq!(SLOTS, 8192);
        assert_eq!(index(u64::MAX), BUCKETS - 1);
        assert_eq!(index(0), 0);
    }

    #[test]
    fn buckets_follow_one_another_without_gaps() {
        for bucket in 0..BUCKETS {
            assert_eq!(index(lower_bound(bucket)), bucket);
            assert_eq!(index(midpoint(bucket)), bucket);
            if bucket > 0 {
                assert_eq!(index(lower_bound(bucket) - 1), bucket - 1);
            }
        }
    }

    proptest! {
        #[test]
        fn midpoints_are_within_two_fifths_of_a_percent(nanos in any::<u64>(), shift in 0u32..64) {
            let nanos = nanos >> shift;
            let error = midpoint(index(nanos)).abs_diff(nanos);
            prop_assert!(u128::from(error) * 256 <= u128::from(nanos), "{error} of {nanos}");
        }
    }
}
