//! Whatever happens to a scenario on its way, reading it gives a scenario or diagnostics.

use flashcrowd_scenario::{Options, Severity, check_manifest, load_from};
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const SCENARIO: &str = "black-friday.yaml";
const MANIFEST: &str = "manifests/bharatmart/backend.yaml";

fn files() -> BTreeMap<PathBuf, Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    [SCENARIO, MANIFEST, "prices/guide.yaml"]
        .map(|name| {
            (
                PathBuf::from(name),
                std::fs::read(folder.join(name)).unwrap(),
            )
        })
        .into()
}

/// Something that an editor, a merge or a cat on the keyboard does.
#[derive(Debug, Clone)]
enum Mutation {
    Delete(Index, usize),
    Insert(Index, String),
    Repeat(Index, Index),
    Swap(Index, Index),
    Indent(Index, String),
    Value(Index, String),
}

const VALUES: [&str; 24] = [
    "0",
    "-1",
    ".nan",
    ".inf",
    "1e999",
    "99999999999999999999",
    "~",
    "null",
    "true",
    "\"",
    "'",
    "[",
    "]",
    "{",
    "}",
    "{}",
    "[]",
    "*a",
    "&a x",
    "!!str 5",
    "|",
    "100%",
    "300y",
    "a: b",
];

fn mutation() -> impl Strategy<Value = Mutation> {
    let junk = || {
        prop_oneof![
            any::<String>(),
            prop::sample::select(VALUES.to_vec()).prop_map(str::to_owned)
        ]
    };
    prop_oneof![
        (any::<Index>(), 1usize..60).prop_map(|(at, length)| Mutation::Delete(at, length)),
        (any::<Index>(), junk()).prop_map(|(at, text)| Mutation::Insert(at, text)),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Mutation::Repeat(from, to)),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Mutation::Swap(from, to)),
        (any::<Index>(), "[ \t]{0,5}").prop_map(|(at, text)| Mutation::Indent(at, text)),
        (any::<Index>(), junk()).prop_map(|(at, text)| Mutation::Value(at, text)),
    ]
}

fn apply(text: &str, mutation: &Mutation) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    if chars.is_empty() || lines.is_empty() {
        return text.to_owned();
    }
    match mutation {
        Mutation::Delete(at, length) => {
            let at = at.index(chars.len());
            chars.drain(at..(at + length).min(chars.len()));
            return chars.into_iter().collect();
        }
        Mutation::Insert(at, junk) => {
            let at = at.index(chars.len());
            chars.splice(at..at, junk.chars());
            return chars.into_iter().collect();
        }
        Mutation::Repeat(from, to) => {
            let line = lines[from.index(lines.len())].clone();
            lines.insert(to.index(lines.len()), line);
        }
        Mutation::Swap(from, to) => {
            let count = lines.len();
            lines.swap(from.index(count), to.index(count));
        }
        Mutation::Indent(at, blanks) => {
            let at = at.index(lines.len());
            lines[at] = format!("{blanks}{}", lines[at].trim_start());
        }
        Mutation::Value(at, junk) => {
            let at = at.index(lines.len());
            if let Some((key, _)) = lines[at].split_once(':') {
                lines[at] = format!("{key}: {junk}");
            }
        }
    }
    lines.join("\n")
}

fn mutate(file: &str, mutations: &[Mutation]) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = files();
    let bytes = files.get_mut(Path::new(file)).unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    *bytes = mutations
        .iter()
        .fold(text, |text, mutation| apply(&text, mutation))
        .into_bytes();
    files
}

/// Loads, and looks at everything that there is to say.
fn survives(files: &BTreeMap<PathBuf, Vec<u8>>, options: &Options) {
    let diagnostics = match load_from(files, SCENARIO, options) {
        Ok(loaded) => {
            assert!(!loaded.diagnostics.has_errors());
            assert_eq!(loaded.scenario.sha256().len(), 64);
            // What is accepted here can be simulated.
            flashcrowd_core::World::new(loaded.scenario.model, loaded.scenario.seed).unwrap();
            loaded.diagnostics
        }
        Err(diagnostics) => {
            assert!(diagnostics.has_errors(), "refused without a reason");
            diagnostics
        }
    };
    let text = diagnostics.to_string();
    assert_eq!(text.is_empty(), diagnostics.is_empty());
    for diagnostic in diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
    {
        assert!(!diagnostic.message.is_empty() && !diagnostic.file.is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn of_the_scenario(mutations in prop::collection::vec(mutation(), 1..8)) {
        survives(&mutate(SCENARIO, &mutations), &Options::default());
    }

    #[test]
    fn of_its_manifest(mutations in prop::collection::vec(mutation(), 1..8)) {
        let files = mutate(MANIFEST, &mutations);
        survives(&files, &Options::default());
        check_manifest(MANIFEST, &files).to_string();
    }

    #[test]
    fn of_arguments(
        path in prop_oneof![any::<String>(), "[a-z.0-9\\[\\]]{0,40}", Just("services.backend.replicas".to_owned())],
        value in prop_oneof![any::<String>(), prop::sample::select(VALUES.to_vec()).prop_map(str::to_owned)],
        assertion in any::<String>(),
    ) {
        let options = Options { overrides: vec![(path, value)], assertions: vec![assertion], ..Options::default() };
        survives(&files(), &options);
    }
}
