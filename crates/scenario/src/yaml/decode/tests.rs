use super::decode;
use crate::diagnostic::Problems;
use crate::path::FieldPath;
use crate::source::Sources;
use crate::yaml::{emit, parse};
use flashcrowd_units::{Rate, SimDuration};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Plan {
    name: String,
    wait: SimDuration,
    #[serde(default)]
    count: Option<u32>,
    #[serde(default)]
    parts: BTreeMap<String, Part>,
    #[serde(default)]
    list: Vec<Part>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Part {
    Nothing,
    Steady(Rate),
    Burst { rate: Rate, length: SimDuration },
}

#[derive(Debug, Deserialize)]
struct Tolerant {
    #[serde(rename = "minReplicas")]
    _min_replicas: u32,
}

/// The value, and `line:column code message` of every problem.
fn read<T: DeserializeOwned>(text: &str) -> (Option<T>, Vec<String>) {
    let mut sources = Sources::default();
    let mut problems = Problems::default();
    let id = sources.add("t.yaml", text);
    let mut roots = parse(text, id, &mut problems).unwrap_or_default();
    let value = roots
        .first_mut()
        .and_then(|root| decode(root, &FieldPath::default(), &|_| true, &mut problems));
    let found = problems.finish(sources);
    (
        value,
        found
            .iter()
            .map(|d| format!("{}:{} {} {}", d.line, d.column, d.code, d.message))
            .collect(),
    )
}

#[test]
fn reads_what_is_right() {
    let (plan, problems) = read::<Plan>(
        "name: a\nwait: 2m30s\nparts: { x: nothing, y: { steady: 5/s } }\nlist:\n- burst: { rate: 1/s, length: 1s }\n",
    );
    assert!(problems.is_empty(), "{problems:?}");
    let plan = plan.unwrap();
    assert_eq!(plan.wait, SimDuration::from_secs(150));
    assert_eq!(
        plan.parts["y"],
        Part::Steady(Rate::per_second(5.0).unwrap())
    );
    assert_eq!(plan.list.len(), 1);
}

#[test]
fn mistakes_in_six_places_give_six_diagnostics_in_source_order() {
    let text = "nam: a\nwait: 5x\ncount: -1\nparts:\n  x: { steady: 5 }\n  y: { brust: 1 }\nlist:\n- nothing\n- burst: { rate: 1/s }\n";
    let (_, problems) = read::<Plan>(text);
    let places: Vec<&str> = problems
        .iter()
        .map(|p| p.split(' ').next().unwrap())
        .collect();
    // That `name` is missing follows from `nam` and is not said.
    assert_eq!(
        places,
        ["1:1", "2:7", "3:8", "5:16", "6:8", "9:3"],
        "{problems:#?}"
    );
    assert!(problems[5].contains("`length` is missing"), "{problems:#?}");
}

#[test]
fn every_missing_field_is_named() {
    let (_, problems) = read::<Plan>("count: 3\nlist: [ { burst: {} } ]\n");
    assert_eq!(problems.len(), 4, "{problems:#?}");
}

#[test]
fn what_a_type_passes_over_is_a_warning() {
    let (value, problems) = read::<Tolerant>("minReplicas: 1\nminReplica: 2\n");
    assert!(value.is_some());
    assert_eq!(
        problems,
        ["2:1 unknown-field unknown field `minReplica` is passed over"]
    );
}

#[test]
fn merge_keys_and_aliases_are_resolved() {
    let (plan, problems) = read::<Plan>(
        "name: a\nwait: 1s\nparts:\n  x: &x\n    burst: &b { rate: 1/s, length: 1s }\n  y: { burst: { <<: *b, length: 2s } }\n  z: *x\n",
    );
    assert!(problems.is_empty(), "{problems:?}");
    let plan = plan.unwrap();
    assert_eq!(plan.parts["x"], plan.parts["z"]);
    let Part::Burst { length, .. } = plan.parts["y"] else {
        panic!("{plan:?}")
    };
    assert_eq!(length, SimDuration::from_secs(2));
}

#[test]
fn what_is_emitted_reads_back_the_same() {
    let text = "name: 'it''s: # 1'\nwait: 1s\n\"x y\": [1, [2, {a: null, b: '3'}], {}, []]\nmulti: |\n  a\n  b\n";
    let mut sources = Sources::default();
    let mut problems = Problems::default();
    let id = sources.add("t.yaml", text);
    let first = emit(&parse(text, id, &mut problems).unwrap()[0]);
    let second = emit(&parse(&first, id, &mut problems).unwrap()[0]);
    assert_eq!(first, second);
    assert!(first.contains("b: \"3\""), "{first}");
    let known: serde_json::Value = serde_json::json!({
        "name": "it's: # 1", "wait": "1s", "x y": [1, [2, {"a": null, "b": "3"}], {}, []], "multi": "a\nb\n"
    });
    let (value, _) = read::<serde_json::Value>(&first);
    assert_eq!(value.unwrap(), known);
}
