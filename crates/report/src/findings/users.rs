//! What users felt while a condition held.

use super::Wording;
use crate::format;
use flashcrowd_core::record::{Failure, FailureCounts, Interval};
use flashcrowd_units::SimTime;

/// Requests of each endpoint during some intervals.
#[derive(Debug, Clone, Default)]
pub(super) struct Users {
    /// By endpoint: offered, failed by reason.
    endpoints: Vec<(u64, FailureCounts)>,
    /// The first interval in which requests failed, and those of all endpoints together.
    first: Option<(SimTime, FailureCounts)>,
}

impl Users {
    pub(super) fn add(&mut self, interval: &Interval<'_>) {
        self.grow(interval.endpoints.len());
        for ((offered, failed), part) in self.endpoints.iter_mut().zip(interval.endpoints) {
            *offered += part.offered;
            add_counts(failed, &part.failed);
        }
        if self.first.is_none() {
            let mut failed = FailureCounts::default();
            for part in interval.endpoints {
                add_counts(&mut failed, &part.failed);
            }
            if failed.iter().any(|count| *count > 0) {
                self.first = Some((interval.start, failed));
            }
        }
    }

    /// Adds what users felt later.
    pub(super) fn merge(&mut self, other: &Self) {
        self.grow(other.endpoints.len());
        for ((offered, failed), (more, more_failed)) in
            self.endpoints.iter_mut().zip(&other.endpoints)
        {
            *offered += more;
            add_counts(failed, more_failed);
        }
        self.first = self.first.or(other.first);
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

    /// Since when requests failed: `requests failed from 09:17 on`, or `no request failed`.
    pub(super) fn since(&self, wording: &Wording<'_>) -> String {
        match self.first {
            Some((at, _)) => format!("requests failed from {} on", wording.clock.short(at)),
            None => "no request failed".to_owned(),
        }
    }

    /// The endpoint that fared worst: `4.1 % of checkout requests timed out`, or
    /// `no request failed`. Of several reasons the one that came first is named: what follows from
    /// it may well be more frequent.
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
        let (Some(worst), Some((at, first))) = (worst, &self.first) else {
            return "no request failed".to_owned();
        };
        let name = &wording.context.endpoints[worst].name;
        let how = match only_reason(&self.endpoints[worst].1) {
            Some(only) => only,
            None => format!(
                "failed, from {} on and at first with {}",
                wording.clock.short(*at),
                most_frequent(first)
            ),
        };
        format!("{} of {name} requests {how}", format::share(share(worst)))
    }
}

fn add_counts(sum: &mut FailureCounts, part: &FailureCounts) {
    for (sum, part) in sum.iter_mut().zip(part) {
        *sum += part;
    }
}

/// `timed out` where nine in ten did, `failed (backlog_full)` where all did so for one reason.
fn only_reason(failed: &FailureCounts) -> Option<String> {
    let total: u64 = failed.iter().sum();
    let timed_out =
        failed[Failure::ClientTimeout as usize] + failed[Failure::UpstreamTimeout as usize];
    if timed_out * 10 >= total * 9 {
        return Some("timed out".to_owned());
    }
    let reason = most_frequent(failed);
    (failed[reason as usize] == total).then(|| format!("failed ({reason})"))
}

/// The first among equals.
fn most_frequent(failed: &FailureCounts) -> Failure {
    let reasons = Failure::ALL.into_iter().rev();
    let most = reasons.max_by_key(|reason| failed[*reason as usize]);
    most.expect("there are reasons")
}
