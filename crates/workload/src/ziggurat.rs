//! Standard variates from any generator.

use flashcrowd_units::Variates;
use rand::rand_core::{Infallible, TryRng};
use rand::{Rng, RngExt};
use rand_distr::{Exp1, StandardNormal};

/// Makes the variates that samplers need from any random generator, one at a time, by the ziggurat
/// method (Marsaglia and Tsang, *The Ziggurat Method for Generating Random Variables*, 2000).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ziggurat<R>(pub R);

impl<R: Rng> TryRng for Ziggurat<R> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.0.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill_bytes(bytes);
        Ok(())
    }
}

impl<R: Rng> Variates for Ziggurat<R> {
    fn exponential(&mut self) -> f64 {
        self.0.sample(Exp1)
    }

    fn normal(&mut self) -> f64 {
        self.0.sample(StandardNormal)
    }
}
