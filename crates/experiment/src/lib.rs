//! What is done with a scenario or a controller beyond one run.
//!
//! | To | Use |
//! |---|---|
//! | drive a controller with a recorded metric history | [`dryrun`] |
//! | have a run's decisions again that its files left out | [`repeat`] |

pub mod dryrun;
pub mod repeat;
