//! What chance gives to those who draw durations.

/// A random stream that hands out standard variates.
///
/// Whoever has the stream decides how they are made: one at a time, or many at once.
pub trait Variates {
    /// Exponential, mean one.
    fn exponential(&mut self) -> f64;

    /// Normal, mean zero, variance one.
    fn normal(&mut self) -> f64;
}
