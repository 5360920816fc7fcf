//! Against the table of scalers of the reference page.

use super::*;
use crate::MetricAnswer;
use crate::keda::Fetch;
use serde_json::json;

fn source(trigger_type: &str, metadata: &serde_json::Value) -> Result<Source, String> {
    let trigger = json!({ "type": trigger_type, "metadata": metadata });
    let trigger: ScaleTrigger = serde_json::from_value(trigger).expect("the trigger reads");
    Source::new(&trigger, 0).map_err(|problem| problem.to_string())
}

fn fetched(source: &Source, answers: &[&[i64]]) -> Option<(i64, bool)> {
    let values: Vec<Vec<MilliValue>> = answers
        .iter()
        .map(|series| {
            series
                .iter()
                .map(|value| MilliValue::new(value * 1000))
                .collect()
        })
        .collect();
    let answers: Vec<_> = values.iter().map(|it| MetricAnswer::External(it)).collect();
    let fetch = source.fetch(&answers, 0, &mut ScalerMemory::default());
    let reading = match fetch {
        Fetch::Answered(reading) => Some(reading),
        _ => None,
    };
    reading.map(|reading| (reading.value.get() / 1000, reading.active))
}

#[test]
fn one_more_than_the_activation_length_activates() {
    let metadata = json!({ "listName": "orders", "activationListLength": "10" });
    let list = source("redis", &metadata).expect("it reads");
    assert_eq!(
        (list.target.get(), list.metric.as_str()),
        (5000, "s0-redis-orders")
    );
    assert_eq!(fetched(&list, &[&[10]]), Some((10, false)));
    assert_eq!(fetched(&list, &[&[11]]), Some((11, true)));
    assert_eq!(fetched(&list, &[]), None);
}

#[test]
fn a_stream_is_measured_by_what_is_configured() {
    let field = |metadata: serde_json::Value| {
        let source = source("redis-streams", &metadata).expect("it reads");
        let MetricQuery::External { selector, .. } = &source.queries[0] else {
            panic!("it asks for an external metric")
        };
        let labels = &selector.as_ref().expect("it has labels").match_labels;
        (labels[FIELD_LABEL].clone(), source.target.get())
    };
    let group = json!({ "stream": "s", "consumerGroup": "g" });
    assert_eq!(field(group), ("pending".to_owned(), 5000));
    let lag = json!({ "stream": "s", "consumerGroup": "g", "lagCount": "7" });
    assert_eq!(field(lag), ("lag".to_owned(), 7000));
    assert_eq!(field(json!({ "stream": "s" })), ("length".to_owned(), 5000));
}

#[test]
fn an_empty_query_is_zero_unless_that_is_an_error() {
    let query = |ignore: &str| {
        let metadata =
            json!({ "query": "rate(x)", "threshold": "2.5", "ignoreNullValues": ignore });
        source("prometheus", &metadata).expect("it reads")
    };
    assert_eq!(query("true").target.get(), 2500);
    assert_eq!(fetched(&query("true"), &[&[]]), Some((0, false)));
    assert_eq!(fetched(&query("false"), &[&[]]), None);
    assert_eq!(
        fetched(&query("true"), &[&[1, 2]]),
        None,
        "two series are an error"
    );
}

#[test]
fn messages_activate_a_rate() {
    let metadata = json!({ "queueName": "q", "mode": "MessageRate", "value": "100" });
    let rate = source("rabbitmq", &metadata).expect("it reads");
    assert_eq!(fetched(&rate, &[&[0], &[3]]), Some((0, true)));
    assert_eq!(fetched(&rate, &[&[0], &[0]]), Some((0, false)));
    let old = source("rabbitmq", &json!({ "queueName": "q" })).expect("it reads");
    assert_eq!(old.target.get(), 20_000);
}

#[test]
fn a_group_that_never_committed_is_one_behind() {
    let kafka = source("kafka", &json!({ "topic": "t" })).expect("it reads");
    assert_eq!(fetched(&kafka, &[&[-1, 5], &[100, 8]]), Some((4, true)));
    assert_eq!(fetched(&kafka, &[&[5, 5], &[5, -1]]), Some((0, false)));
}

#[test]
fn mistakes_have_their_place() {
    let message = |trigger_type, metadata: serde_json::Value| {
        source(trigger_type, &metadata).expect_err("a mistake")
    };
    assert_eq!(
        message("redis", json!({})),
        "spec.triggers[0].metadata.listName: must be set"
    );
    assert_eq!(
        message("prometheus", json!({ "query": "x", "threshold": "0" })),
        "spec.triggers[0].metadata.threshold: is 0: must be greater than 0"
    );
    assert!(message("soothsayer", json!({})).starts_with("spec.triggers[0].type: is `soothsayer`"));
    let both = json!({ "allowIdleConsumers": "true", "limitToPartitionsWithLag": "true" });
    assert!(message("kafka", both).contains("cannot be set together"));
}
