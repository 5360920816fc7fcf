//! Arrival processes, rate shapes and service-time distributions.
