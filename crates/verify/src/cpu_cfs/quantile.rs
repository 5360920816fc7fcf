//! Percentiles as the measurements define them.

/// The `p`-quantile of sorted values, `p` from 0 to 1, by linear interpolation between the two
/// nearest ranks (Hyndman and Fan 1996, definition 7). The values are not empty.
pub(super) fn quantile(sorted: &[f64], p: f64) -> f64 {
    let rank = p * (sorted.len() - 1) as f64;
    let below = rank as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * (rank - below as f64)
}
