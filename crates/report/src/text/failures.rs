//! Failed requests by reason, with what each reason means.

use super::page::Page;
use super::table::{self, Align};
use crate::format;
use crate::results::Results;
use flashcrowd_core::record::Failure;

pub(super) fn render(page: &mut Page, results: &Results) {
    let requests = &results.report().requests;
    if requests.failed == 0 {
        return;
    }
    page.heading(&format!(
        "Failures: {}, {} of all",
        format::times(requests.failed, "request"),
        format::share(format::ratio(requests.failed, requests.offered)),
    ));
    let columns = [
        ("", Align::Left),
        ("", Align::Right),
        ("", Align::Right),
        ("", Align::Left),
        ("", Align::Left),
    ];
    // Columns of the longest bar.
    let longest = page.width() as f64 / 5.0 - 4.0;
    let most = requests.failures.values().copied().max().unwrap_or(1);
    let mut failures: Vec<_> = requests.failures.iter().collect();
    failures.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let unit = results.recorder().context().unit();
    let rows = failures.into_iter().map(|(reason, count)| {
        let bar = (format::ratio(*count, most) * longest).ceil() as usize;
        let meaning = Failure::ALL
            .into_iter()
            .find(|failure| failure.name() == *reason)
            .map_or("", meaning);
        vec![
            (*reason).to_owned(),
            format::count(*count),
            format::share(format::ratio(*count, requests.offered)),
            "█".repeat(bar),
            meaning.replace("pod", unit),
        ]
    });
    table::print(page, &columns, rows.collect());
}

fn meaning(failure: Failure) -> &'static str {
    match failure {
        Failure::ClientTimeout => "the client gave up waiting",
        Failure::UpstreamTimeout => "a proxy or caller gave up waiting",
        Failure::BacklogFull => "the pod's queue was full",
        Failure::LimitReached => "too many requests in flight",
        Failure::NoReadyEndpoint => "no pod was ready",
        Failure::ConnectionRefused => "the pod did not listen",
        Failure::PodTerminated => "the pod was stopped meanwhile",
        Failure::OomKilled => "the pod ran out of memory",
        Failure::ProbeKilled => "a probe had the pod restarted",
        Failure::NodeLost => "the node under the pod was taken away",
        _ => "",
    }
}
