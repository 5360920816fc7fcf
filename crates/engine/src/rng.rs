//! Named random streams.

use crate::batch::{Batch, Kind};
use flashcrowd_units::Variates;
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Infallible, Rng, SeedableRng, TryRng};
use serde::{Deserialize, Serialize};

/// A random stream: xoshiro256++, an algorithm that is named and will not change. Standard variates
/// come from streams of their own beside it, so that drawing them leaves the numbers as they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StreamRng {
    numbers: Xoshiro256PlusPlus,
    exponentials: Batch,
    normals: Batch,
}

impl TryRng for StreamRng {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.numbers.next_u32())
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.numbers.next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.numbers.fill_bytes(bytes);
        Ok(())
    }
}

impl Variates for StreamRng {
    #[inline(always)]
    fn exponential(&mut self) -> f64 {
        self.exponentials.next()
    }

    #[inline(always)]
    fn normal(&mut self) -> f64 {
        self.normals.next()
    }
}

/// Hands out a random stream for each name.
///
/// A stream depends on the seed and on its name alone, not on which other streams exist or in
/// which order they were made. So adding a component leaves all others as they were, and two
/// policies compared under one seed meet the same requests (common random numbers).
///
/// ```
/// use flashcrowd_engine::RngStreams;
/// let streams = RngStreams::new(7);
/// assert_eq!(streams.stream("arrivals/shop"), RngStreams::new(7).stream("arrivals/shop"));
/// assert_ne!(streams.stream("arrivals/shop"), streams.stream("arrivals/blog"));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct RngStreams {
    seed: u64,
}

impl RngStreams {
    /// The streams of a seed.
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The stream of this name, at its beginning.
    pub fn stream(&self, name: &str) -> StreamRng {
        // The 256 bits of state are the seed and the name absorbed eight bytes at a time, then
        // squeezed by the same mixer.
        let mut state = mix(self.seed ^ 0x666c_6173_6863_726f);
        for chunk in name.as_bytes().chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            state = mix(state ^ u64::from_le_bytes(word)).wrapping_add(chunk.len() as u64);
        }
        let mut seed = [0; 32];
        for word in seed.chunks_exact_mut(8) {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            word.copy_from_slice(&mix(state).to_le_bytes());
        }
        let key = mix(state.wrapping_add(0x9e37_79b9_7f4a_7c15));
        StreamRng {
            numbers: Xoshiro256PlusPlus::from_seed(seed),
            exponentials: Batch::new(Kind::Exponential, key),
            normals: Batch::new(Kind::Normal, key),
        }
    }
}

/// The finaliser of `SplitMix64` (Steele, Lea, Flood 2014).
pub(crate) fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
