//! Which ended Jobs go.

use super::{JobId, JobState, JobView};

/// Completed and failed Jobs beyond their limits: completed ones by their time, the oldest first.
pub(super) fn surplus(
    jobs: &[JobView<'_>],
    completed_limit: usize,
    failed_limit: usize,
) -> (Vec<JobId>, Vec<JobId>) {
    let mut completed: Vec<_> = jobs
        .iter()
        .filter_map(|job| match job.state {
            JobState::Complete(at) => Some((at, job.id)),
            _ => None,
        })
        .collect();
    completed.sort_by_key(|&(at, _)| at);
    let failed: Vec<_> = jobs
        .iter()
        .filter(|job| job.state == JobState::Failed)
        .map(|job| job.id)
        .collect();
    let completed: Vec<_> = completed.into_iter().map(|(_, id)| id).collect();
    (
        beyond(completed, completed_limit),
        beyond(failed, failed_limit),
    )
}

fn beyond(mut oldest_first: Vec<JobId>, limit: usize) -> Vec<JobId> {
    oldest_first.truncate(oldest_first.len().saturating_sub(limit));
    oldest_first
}
