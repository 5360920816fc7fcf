//! Golden decisions and measurements replayed through the code that scenarios use.

pub mod ca;
pub mod conformance;
pub mod cpu_cfs;
pub mod hpa;
pub mod keda;
pub mod kpa;
pub mod vpa;
