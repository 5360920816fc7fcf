//! Ctrl-C: a run stops in order and leaves no half-written result.

use std::sync::atomic::{AtomicBool, Ordering};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// From now on Ctrl-C sets a flag; the second one kills.
pub(crate) fn listen() {
    // Without the handler Ctrl-C kills at once, and leaves at worst a folder `DIR.partial-PID`.
    let _ = ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
    });
}

/// Whether it was pressed.
pub(crate) fn was_interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}
