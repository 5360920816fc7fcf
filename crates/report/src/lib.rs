//! Recorders, summaries and exporters.
