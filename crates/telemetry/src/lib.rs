//! Histograms, series and the threshold grammar.
