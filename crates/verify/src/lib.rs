//! Golden decisions and measurements replayed through the code that scenarios use.

pub mod conformance;
pub mod cpu_cfs;
pub mod hpa;
pub mod vpa;
