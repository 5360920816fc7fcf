//! Time series that do not outgrow their bound.

use crate::Resolution;
use flashcrowd_units::{SimDuration, SimTime};
use serde::{Deserialize, Serialize};

/// One number for each bucket of a run, for one metric of one component.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    component: String,
    metric: String,
    #[serde(with = "missing_as_null")]
    values: Vec<f64>,
}

impl Series {
    /// What the metric belongs to: a service, a queue, a pool.
    pub fn component(&self) -> &str {
        &self.component
    }

    /// What is measured, with its unit as the last word.
    pub fn metric(&self) -> &str {
        &self.metric
    }

    /// One value a bucket from the start of the run, NaN where nothing is known.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// A bucket's value, if it is known.
    pub fn get(&self, bucket: u64) -> Option<f64> {
        let value = self.values.get(usize::try_from(bucket).ok()?)?;
        value.is_finite().then_some(*value)
    }
}

/// Where a series stands in its [`SeriesTable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SeriesId(u32);

/// All time series of a run, in the order in which they were added.
///
/// Each is a column of its own. None grows past the number of buckets that the run has at the
/// table's resolution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeriesTable {
    resolution: Resolution,
    buckets: u64,
    columns: Vec<Series>,
}

impl SeriesTable {
    /// A table without series, for a run of this length.
    pub fn new(resolution: Resolution, duration: SimDuration) -> Self {
        Self {
            resolution,
            buckets: resolution.buckets(duration),
            columns: Vec::new(),
        }
    }

    /// The length of a bucket.
    pub fn resolution(&self) -> Resolution {
        self.resolution
    }

    /// The number of buckets of the whole run: the length no series exceeds.
    pub fn buckets(&self) -> u64 {
        self.buckets
    }

    /// The series of this component and metric, added if it is new. Searches through the names:
    /// keep the id for writing.
    pub fn add(&mut self, component: &str, metric: &str) -> SeriesId {
        let index = self.position(component, metric).unwrap_or_else(|| {
            self.columns.push(Series {
                component: component.to_owned(),
                metric: metric.to_owned(),
                values: Vec::new(),
            });
            self.columns.len() - 1
        });
        SeriesId(index as u32)
    }

    /// Writes the value of a bucket; the last one written stays. Buckets that were skipped are
    /// missing, and so is a value that is not finite. Returns false, and keeps nothing, past the
    /// end of the run.
    #[inline]
    pub fn set(&mut self, id: SeriesId, bucket: u64, value: f64) -> bool {
        if bucket >= self.buckets {
            return false;
        }
        let value = if value.is_finite() { value } else { f64::NAN };
        let values = &mut self.columns[id.0 as usize].values;
        let bucket = bucket as usize;
        if bucket == values.len() {
            values.push(value);
        } else if let Some(earlier) = values.get_mut(bucket) {
            *earlier = value;
        } else {
            values.resize(bucket, f64::NAN);
            values.push(value);
        }
        true
    }

    /// A series by its id.
    ///
    /// # Panics
    /// If the id is from another table.
    pub fn get(&self, id: SeriesId) -> &Series {
        &self.columns[id.0 as usize]
    }

    /// A series by its names.
    pub fn find(&self, component: &str, metric: &str) -> Option<&Series> {
        self.position(component, metric)
            .map(|index| &self.columns[index])
    }

    /// All series, in the order in which they were added.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Series> {
        self.columns.iter()
    }

    /// All known values by time and then by series, each with the start of its bucket.
    pub fn rows(&self) -> impl Iterator<Item = (SimTime, &Series, f64)> {
        let longest = self
            .columns
            .iter()
            .map(|series| series.values.len())
            .max()
            .unwrap_or(0);
        (0..longest as u64).flat_map(move |bucket| {
            let time = self.resolution.start_of(bucket);
            let known = move |series: &Series| series.get(bucket);
            self.columns
                .iter()
                .filter_map(move |series| Some((time, series, known(series)?)))
        })
    }

    fn position(&self, component: &str, metric: &str) -> Option<usize> {
        self.columns
            .iter()
            .position(|series| series.component == component && series.metric == metric)
    }
}

/// JSON has no NaN: missing values are null.
mod missing_as_null {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        values: &[f64],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(
            values
                .iter()
                .map(|value| value.is_finite().then_some(*value)),
        )
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<f64>, D::Error> {
        let values = Vec::<Option<f64>>::deserialize(deserializer)?;
        Ok(values
            .into_iter()
            .map(|value| value.unwrap_or(f64::NAN))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute() -> SeriesTable {
        let resolution = Resolution::new(SimDuration::from_secs(5)).unwrap();
        SeriesTable::new(resolution, SimDuration::from_secs(58))
    }

    #[test]
    fn keeps_the_order_and_finds_by_name() {
        let mut table = minute();
        let zebra = table.add("zebra", "replicas");
        let ant = table.add("ant", "replicas");
        assert_eq!(table.add("zebra", "replicas"), zebra);
        assert_ne!(zebra, ant);
        assert_eq!(
            table.iter().map(Series::component).collect::<Vec<_>>(),
            ["zebra", "ant"]
        );
        assert!(table.find("ant", "replicas").is_some());
        assert!(table.find("ant", "cpu").is_none());
    }

    #[test]
    fn never_outgrows_the_run() {
        let mut table = minute();
        let id = table.add("shop", "replicas");
        assert_eq!(table.buckets(), 12);
        for bucket in 0..100 {
            assert_eq!(table.set(id, bucket, 1.0), bucket < 12);
        }
        assert!(!table.set(id, u64::MAX, 1.0));
        assert_eq!(table.get(id).values(), [1.0; 12]);
    }

    #[test]
    fn gaps_are_missing_and_corrections_are_kept() {
        let mut table = minute();
        let id = table.add("shop", "latency_seconds_p95");
        table.set(id, 2, 0.5);
        table.set(id, 3, f64::INFINITY);
        table.set(id, 4, 0.25);
        table.set(id, 2, 0.75);
        let series = table.get(id);
        let known: Vec<_> = (0..6).map(|bucket| series.get(bucket)).collect();
        assert_eq!(known, [None, None, Some(0.75), None, Some(0.25), None]);
    }

    #[test]
    fn rows_are_in_order_of_time() {
        let mut table = minute();
        let (a, b) = (table.add("a", "x"), table.add("b", "x"));
        table.set(b, 0, 1.0);
        table.set(b, 1, 2.0);
        table.set(a, 1, 3.0);
        let rows: Vec<_> = table
            .rows()
            .map(|(time, series, value)| (time.as_secs_f64(), series.component(), value))
            .collect();
        assert_eq!(rows, [(0.0, "b", 1.0), (5.0, "a", 3.0), (5.0, "b", 2.0)]);
    }

    #[test]
    fn survives_a_checkpoint() {
        let mut table = minute();
        let id = table.add("shop", "cpu_cores");
        table.set(id, 1, 0.1);
        let text = serde_json::to_string(&table).unwrap();
        assert!(text.contains("[null,0.1]"), "{text}");
        let back: SeriesTable = serde_json::from_str(&text).unwrap();
        assert_eq!(back.get(id).get(0), None);
        assert_eq!(back.get(id).get(1), Some(0.1));
        assert_eq!(serde_json::to_string(&back).unwrap(), text);
    }
}
