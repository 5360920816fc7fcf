//! Scenario files and manifests to a validated model, with diagnostics.
