use super::*;
use crate::PolicySpec;

#[test]
fn every_policy_has_an_entry_in_alphabetical_order() {
    let names: Vec<&str> = ENTRIES.iter().map(PolicyDoc::name).collect();
    assert!(names.is_sorted(), "{names:?}");
    // Serde names all tags when it finds one that it does not know.
    let error = serde_json::from_str::<PolicySpec>(r#"{ "?": {} }"#).unwrap_err();
    let message = error.to_string();
    let (_, expected) = message.split_once("expected one of ").unwrap();
    let mut tags: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    tags.retain(|&tag| tag != "custom");
    tags.sort_unstable();
    let whole: Vec<&str> = names
        .into_iter()
        .filter(|name| !name.contains('.'))
        .collect();
    assert_eq!(whole, tags);
}

#[test]
fn every_entry_says_what_has_to_be_said() {
    for doc in ENTRIES.iter().chain(SIBLINGS) {
        let summary = doc.summary();
        assert!(summary.ends_with('.'), "{}: {summary}", doc.name());
        for heading in ["What it does", "When it hurts", "Parameters", "Source"] {
            let text = doc.section(heading);
            let is_there = text.is_some_and(|text| !text.is_empty());
            assert!(is_there, "{} has nothing under `{heading}`", doc.name());
        }
    }
}

#[test]
fn the_page_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/policies.md");
    let page = crate::Catalog::page();
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(path, &page).expect("the page can be written");
    }
    let checked_in = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        checked_in == page,
        "docs/policies.md is not what the comments say: UPDATE_SNAPSHOTS=1 cargo test -p flashcrowd-autoscalers page"
    );
}
