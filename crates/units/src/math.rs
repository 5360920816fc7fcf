//! Mathematics whose results are the same bits on every platform.
//!
//! The functions of the standard library call the platform's library, and those differ in the
//! last bit. Simulation code uses these instead; a lint forbids the others.

/// Natural logarithm.
#[inline]
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// Exponential function.
#[inline]
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// `x` to the power of `y`.
#[inline]
pub fn pow(x: f64, y: f64) -> f64 {
    libm::pow(x, y)
}

/// Sine of an angle in radians.
#[inline]
pub fn sin(x: f64) -> f64 {
    libm::sin(x)
}

/// Cosine of an angle in radians.
#[inline]
pub fn cos(x: f64) -> f64 {
    libm::cos(x)
}

/// Square root. Correctly rounded by IEEE 754, so the standard library's is portable.
#[inline]
pub fn sqrt(x: f64) -> f64 {
    x.sqrt()
}

/// The gamma function, which continues the factorial: `gamma(n + 1) = n!`.
#[inline]
pub fn gamma(x: f64) -> f64 {
    libm::tgamma(x)
}
