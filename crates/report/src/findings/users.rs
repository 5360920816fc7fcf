//! What users felt while a condition held.

use super::Wording;
use crate::format;
use flashcrowd_core::record::{Failure, FailureCounts, Interval};

/// Requests of each endpoint during some intervals.
#[derive(Debug, Clone, Default)]
pub(super) struct Users {
    /// By endpoint: offered, failed by reason.
    endpoints: Vec<(u64, FailureCounts)>,
}

impl Users {
    pub(super) fn add(&mut self, interval: &Interval<'_>) {
        self.grow(interval.endpoints.len());
        for ((offered, failed), part) in self.endpoints.iter_mut().zip(interval.endpoints) {
            *offered += part.offered;
            add_counts(failed, &part.failed);
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.grow(other.endpoints.len());
        for ((offered, failed), (more, more_failed)) in
            self.endpoints.iter_mut().zip(&other.endpoints)
        {
            *offered += more;
            add_counts(failed, more_failed);
        }
    }

    fn grow(&mut self, endpoints: usize) {
        if self.endpoints.len() < endpoints {
            self.endpoints.resize(endpoints, Default::default());
        }
    }

    /// All failed requests.
    pub(super) fn failed(&self) -> u64 {
        self.endpoints.iter().flat_map(|(_, failed)| failed).sum()
    }

    /// The endpoint that fared worst: `4.1 % of checkout requests timed out`, or
    /// `no request failed`.
    pub(super) fn worst(&self, wording: &Wording<'_>) -> String {
        let share = |index: usize| {
            let (offered, failed) = &self.endpoints[index];
            // Requests that failed now may have been offered before.
            format::ratio(failed.iter().sum(), *offered).min(1.0)
        };
        // The first among equals.
        let worst = (0..self.endpoints.len())
            .rev()
            .max_by(|a, b| share(*a).total_cmp(&share(*b)));
        let Some(worst) = worst.filter(|_| self.failed() > 0) else {
            return "no request failed".to_owned();
        };
        let name = &wording.context.endpoints[worst].name;
        let how = how_they_failed(&self.endpoints[worst].1);
        format!("{} of {name} requests {how}", format::share(share(worst)))
    }
}

fn add_counts(sum: &mut FailureCounts, part: &FailureCounts) {
    for (sum, part) in sum.iter_mut().zip(part) {
        *sum += part;
    }
}

/// `timed out` where nine in ten did, otherwise `failed, most of them with backlog_full`.
fn how_they_failed(failed: &FailureCounts) -> String {
    let total: u64 = failed.iter().sum();
    let timed_out =
        failed[Failure::ClientTimeout as usize] + failed[Failure::UpstreamTimeout as usize];
    if timed_out * 10 >= total * 9 {
        return "timed out".to_owned();
    }
    let most = Failure::ALL
        .into_iter()
        .rev()
        .max_by_key(|reason| failed[*reason as usize]);
    match most {
        Some(reason) if failed[reason as usize] == total => format!("failed ({reason})"),
        Some(reason) => format!("failed (most often {reason})"),
        None => "failed".to_owned(),
    }
}
