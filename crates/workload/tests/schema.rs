//! The JSON Schema names the alternatives that the reader accepts.
#![cfg(feature = "schema")]

use flashcrowd_workload::{ArrivalProcess, RateShape, ServiceTime};
use serde_json::Value;

/// The keys of all tagged alternatives of a schema, and the number of bare ones.
fn alternatives(schema: &schemars::Schema) -> (Vec<String>, usize) {
    let alternatives = schema.get("oneOf").and_then(Value::as_array).unwrap();
    let keys = |alternative: &Value| {
        Some(
            alternative
                .get("properties")?
                .as_object()?
                .keys()
                .next()?
                .clone(),
        )
    };
    let tagged: Vec<String> = alternatives.iter().filter_map(keys).collect();
    let bare = alternatives.len() - tagged.len();
    (tagged, bare)
}

#[test]
fn every_alternative_is_named() {
    let (keys, bare) = alternatives(&schemars::schema_for!(ServiceTime));
    let expected = [
        "constant",
        "exponential",
        "lognormal",
        "gamma",
        "erlang",
        "hyperexponential",
        "uniform",
        "pareto",
        "weibull",
    ];
    assert_eq!((keys, bare), (expected.map(String::from).to_vec(), 1));

    let schema = schemars::schema_for!(RateShape);
    let (keys, bare) = alternatives(&schema);
    let expected = [
        "constant",
        "stages",
        "steps",
        "sinusoid",
        "diurnal",
        "spike",
        "event_ramp",
        "flash_crowd",
        "sum",
        "product",
        "repeat",
        "trace",
        "counts",
    ];
    assert_eq!((keys, bare), (expected.map(String::from).to_vec(), 1));
    let definitions = schema.get("$defs").and_then(Value::as_object).unwrap();
    assert!(
        definitions.contains_key("FactorShape"),
        "factors have a schema of their own"
    );

    let (keys, bare) = alternatives(&schemars::schema_for!(ArrivalProcess));
    assert_eq!(
        (keys, bare),
        (["gamma", "mmpp"].map(String::from).to_vec(), 2)
    );
}
