//! Golden decisions and measurements replayed through the code that scenarios use.

pub mod cpu_cfs;
pub mod hpa;
