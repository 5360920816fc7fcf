//! The simulated world: services, pods, metrics pipeline, controllers, event loop.
