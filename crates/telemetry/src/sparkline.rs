//! A series in one line of text.

/// What a cell of a sparkline shows of the values that share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resample {
    /// The greatest, so that no peak is lost.
    Max,
    /// Their mean.
    Mean,
}

const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Draws values as blocks, at most `width` of them. Fewer values make a shorter line.
///
/// Heights are relative to the greatest cell, from zero (or from the smallest cell if that is
/// negative), so that 9, 10, 9 looks as flat as it is. Values that are not finite are missing; a
/// cell without any other is blank.
///
/// ```
/// use flashcrowd_telemetry::{Resample, sparkline};
/// assert_eq!(sparkline(&[0.0, 1.0, 7.0, 3.5], 4, Resample::Max), "▁▂█▅");
/// assert_eq!(sparkline(&[0.0, 1.0, 7.0, 3.0], 2, Resample::Mean), "▂█");
/// ```
pub fn sparkline(values: &[f64], width: usize, resample: Resample) -> String {
    let cells = resampled(values, width, resample);
    let finite = cells.iter().flatten().copied();
    let (floor, ceiling) = finite.fold((0.0f64, 0.0f64), |(low, high), cell| {
        (low.min(cell), high.max(cell))
    });
    let level = |cell: f64| {
        // Halved, because the distance of two finite numbers need not be finite.
        let height = (cell / 2.0 - floor / 2.0) / (ceiling / 2.0 - floor / 2.0);
        let steps = (LEVELS.len() - 1) as f64;
        // With all values zero, 0/0 is NaN, and that casts to level 0.
        LEVELS[(height * steps + 0.5) as usize]
    };
    cells
        .into_iter()
        .map(|cell| cell.map_or(' ', level))
        .collect()
}

/// One number a cell; `None` where all of a cell's values are missing.
fn resampled(values: &[f64], width: usize, resample: Resample) -> Vec<Option<f64>> {
    let cells = width.min(values.len());
    let start = |cell: usize| cell * values.len() / cells;
    let cell = |cell: usize| {
        let values = values[start(cell)..start(cell + 1)].iter().copied();
        let finite = values.filter(|value| value.is_finite());
        match resample {
            Resample::Max => finite.reduce(f64::max),
            Resample::Mean => {
                let (sum, count) =
                    finite.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
                (count > 0).then(|| sum / f64::from(count))
            }
        }
    };
    (0..cells).map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn eight_levels() {
        let ramp: Vec<f64> = (0..8).map(f64::from).collect();
        assert_eq!(sparkline(&ramp, 8, Resample::Max), "▁▂▃▄▅▆▇█");
    }

    #[test]
    fn constants_and_nothing() {
        assert_eq!(sparkline(&[], 10, Resample::Max), "");
        assert_eq!(sparkline(&[1.0, 2.0], 0, Resample::Max), "");
        assert_eq!(sparkline(&[0.0; 3], 3, Resample::Mean), "▁▁▁");
        assert_eq!(sparkline(&[5.0; 3], 9, Resample::Mean), "███");
        assert_eq!(
            sparkline(&[f64::NAN, 1.0, f64::INFINITY], 3, Resample::Max),
            " █ "
        );
        assert_eq!(sparkline(&[-7.0, 0.0, -3.5], 3, Resample::Max), "▁█▅");
        assert_eq!(sparkline(&[f64::MIN, f64::MAX], 2, Resample::Max), "▁█");
    }

    #[test]
    fn the_maximum_survives_where_the_mean_hides_it() {
        let mut spike = vec![0.0; 100];
        spike[55] = 100.0;
        spike[0] = 50.0;
        assert_eq!(sparkline(&spike, 10, Resample::Max), "▅▁▁▁▁█▁▁▁▁");
        spike[56..60].fill(100.0);
        assert_eq!(sparkline(&spike, 10, Resample::Mean), "▂▁▁▁▁█▁▁▁▁");
    }

    proptest! {
        #[test]
        fn is_as_wide_as_asked(values in prop::collection::vec(any::<f64>(), 0..300), width in 0usize..200) {
            for resample in [Resample::Max, Resample::Mean] {
                let line = sparkline(&values, width, resample);
                prop_assert_eq!(line.chars().count(), width.min(values.len()));
            }
        }
    }
}
