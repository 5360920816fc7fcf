//! The replica series as CSV.

use super::DryRun;
use jiff::SignedDuration;
use std::io::{self, Write};

impl DryRun {
    /// Writes `time,replicas,recorded_replicas,certain`, one row for each sync: the replicas after
    /// it, and whether the decision is certain.
    ///
    /// # Errors
    /// If writing fails.
    pub fn write_series(&self, out: impl Write) -> io::Result<()> {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(["time", "replicas", "recorded_replicas", "certain"])?;
        for sync in &self.syncs {
            let nanos = i64::try_from(sync.at.as_nanos()).unwrap_or(i64::MAX);
            let local = self.start.saturating_add(SignedDuration::from_nanos(nanos));
            writer.write_record([
                local.strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string(),
                sync.decision.desired().to_string(),
                sync.recorded.map_or(String::new(), |it| it.to_string()),
                sync.is_certain.to_string(),
            ])?;
        }
        writer.flush()
    }
}
