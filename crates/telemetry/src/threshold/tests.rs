use super::*;
use crate::LatencyHistogram;
use proptest::prelude::*;

fn threshold(text: &str) -> Threshold {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn millis(millis: impl IntoIterator<Item = u64>) -> LatencyHistogram {
    let mut histogram = LatencyHistogram::new();
    for ms in millis {
        histogram.record(SimDuration::from_millis(ms));
    }
    histogram
}

fn measured(latency: &LatencyHistogram, failed: u64, population: Population) -> Measured<'_> {
    Measured {
        latency,
        failed,
        offered: latency.count() + failed,
        population,
    }
}

#[test]
fn reads_what_k6_reads() {
    use ThresholdValue::{Count, Latency, Share};
    let ms = |ms| Latency(SimDuration::from_millis(ms));
    let cases = [
        (
            "p(95)<500ms",
            Aggregate::Percentile(95.0),
            Operator::Less,
            ms(500),
        ),
        (
            "p(99.9) <= 1.5s",
            Aggregate::Percentile(99.9),
            Operator::LessOrEqual,
            ms(1500),
        ),
        (
            "p(0)>0",
            Aggregate::Percentile(0.0),
            Operator::Greater,
            ms(0),
        ),
        (
            "  p(100)  >=\t1000  ",
            Aggregate::Percentile(100.0),
            Operator::GreaterOrEqual,
            ms(1000),
        ),
        ("avg<200", Aggregate::Avg, Operator::Less, ms(200)),
        ("med!=2e2", Aggregate::Med, Operator::NotEqual, ms(200)),
        ("min===1m30s", Aggregate::Min, Operator::Equal, ms(90_000)),
        (
            "max==0.5",
            Aggregate::Max,
            Operator::Equal,
            Latency(SimDuration::from_nanos(500_000)),
        ),
        ("rate<0.01", Aggregate::Rate, Operator::Less, Share(0.01)),
        ("rate < 1 %", Aggregate::Rate, Operator::Less, Share(0.01)),
        ("rate<1e-3", Aggregate::Rate, Operator::Less, Share(0.001)),
        ("rate==0", Aggregate::Rate, Operator::Equal, Share(0.0)),
        ("count>20", Aggregate::Count, Operator::Greater, Count(20.0)),
    ];
    for (text, aggregate, operator, value) in cases {
        let threshold = threshold(text);
        assert_eq!(
            threshold,
            Threshold::new(aggregate, operator, value).unwrap(),
            "{text}"
        );
    }
}

#[test]
fn says_where_and_what_is_wrong() {
    let cases = [
        ("count!20", 6, "did you mean `!=`?"),
        (
            "foo>20",
            1,
            "one of avg, min, med, max, p(0) to p(100), rate or count",
        ),
        ("count>abc", 7, "a number of requests"),
        ("p()<5", 3, "missing a percentile from 0 to 100"),
        ("p(99<5", 1, "did you mean `p(99)`?"),
        ("p(foo)<5", 3, "`foo` is not a percentile"),
        ("p(-1)<5", 3, "`-1` is not a percentile"),
        ("p(101)<5", 3, "`101` is not a percentile"),
        ("p(NaN)<5", 3, "`NaN` is not a percentile"),
        ("p(+Inf)<5", 3, "`+Inf` is not a percentile"),
        ("p95<500ms", 1, "did you mean `p(95)`?"),
        ("P(99.9)<500ms", 1, "did you mean `p(99.9)`?"),
        ("mean<500ms", 1, "did you mean `avg`?"),
        ("Rate<1%", 1, "did you mean `rate`?"),
        ("cuont<1", 1, "did you mean `count`?"),
        ("value<1", 1, "gauges"),
        ("p(95)=<500ms", 6, "did you mean `<=`?"),
        ("p(95)=500ms", 6, "did you mean `==`?"),
        ("p(95) 500ms", 7, "`500ms` is not one of <, <="),
        ("p(95)", 6, "missing one of <, <="),
        ("p(95)<", 7, "missing a latency"),
        ("<5", 1, "missing one of avg"),
        ("", 1, "missing one of avg"),
        ("p(95)<500mss", 7, "`mss` is none of ns, us, ms"),
        ("p(95)<5%", 7, "only `rate` is a share"),
        ("avg<-5", 5, "latencies are not negative"),
        ("avg<1e300", 5, "292 years"),
        ("rate<5", 6, "did you mean `5%`?"),
        ("rate<500ms", 6, "`rate` is no latency"),
        ("rate<200%", 6, "from 0 to 1"),
        ("rate<inf", 6, "from 0 to 1"),
        ("count>100/s", 7, "over the whole run"),
        ("count>-1", 7, "a number of requests"),
        ("é p(95)<5", 1, "one of avg"),
    ];
    for (text, column, message) in cases {
        let error = text.parse::<Threshold>().expect_err(text);
        assert_eq!(error.column(), column, "{error}");
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[test]
fn columns_count_characters() {
    let error = "p(9\u{e9}\u{e9})<x".parse::<Threshold>().unwrap_err();
    assert_eq!(error.column(), 3);
    let error = "count \u{a0} < \u{e9}".parse::<Threshold>().unwrap_err();
    assert_eq!((error.column(), error.position), (11, 11));
}

#[test]
fn parts_must_fit() {
    let latency = ThresholdValue::Latency(SimDuration::ZERO);
    assert!(Threshold::new(Aggregate::Rate, Operator::Less, latency).is_none());
    assert!(Threshold::new(Aggregate::Avg, Operator::Less, ThresholdValue::Share(0.1)).is_none());
    assert!(Threshold::new(Aggregate::Percentile(100.1), Operator::Less, latency).is_none());
    assert!(Threshold::new(Aggregate::Percentile(f64::NAN), Operator::Less, latency).is_none());
    assert!(Threshold::new(Aggregate::Rate, Operator::Less, ThresholdValue::Share(1.1)).is_none());
    assert!(
        Threshold::new(
            Aggregate::Count,
            Operator::Less,
            ThresholdValue::Count(f64::INFINITY)
        )
        .is_none()
    );
}

#[test]
fn each_operator_compares() {
    let two = millis([2]);
    let met = |text: &str| {
        threshold(text)
            .evaluate(&measured(&two, 0, Population::All))
            .met
    };
    let limits = [
        ("<", [false, false, true]),
        ("<=", [false, true, true]),
        (">", [true, false, false]),
    ];
    let more = [
        (">=", [true, true, false]),
        ("==", [false, true, false]),
        ("!=", [true, false, true]),
    ];
    for (operator, expected) in limits.into_iter().chain(more) {
        for (limit, expected) in [1, 2, 3].into_iter().zip(expected) {
            let text = format!("max{operator}{limit}");
            assert_eq!(met(&text), expected, "{text}");
        }
    }
}

#[test]
fn failed_requests_are_infinitely_slow_unless_completed_ones_are_meant() {
    let latency = millis(1..=94);
    let all = measured(&latency, 6, Population::All);
    let completed = measured(&latency, 6, Population::Completed);
    let slow = threshold("p(95)<100ms");
    assert_eq!(slow.evaluate(&all).measured, Measurement::Infinite);
    assert!(!slow.evaluate(&all).met);
    assert!(slow.evaluate(&completed).met);
    assert!(!threshold("max<1h").evaluate(&all).met);
    assert!(threshold("max<1h").evaluate(&completed).met);
    assert!(threshold("med<51ms").evaluate(&all).met);
    // The mean of 1 to 94, whoever failed.
    for population in [all, completed] {
        let mean = Measurement::Latency(SimDuration::from_nanos(47_500_000));
        assert_eq!(threshold("avg<48ms").evaluate(&population).measured, mean);
    }
    let rate = threshold("rate<=6%").evaluate(&all);
    assert_eq!((rate.measured, rate.met), (Measurement::Share(0.06), true));
}

#[test]
fn error_budgets_by_hand() {
    // 90 fast, 6 slow, 4 failed.
    let mut latency = millis(std::iter::repeat_n(100, 90));
    latency.record_n(SimDuration::from_millis(900), 6);
    let all = measured(&latency, 4, Population::All);
    let completed = measured(&latency, 4, Population::Completed);
    let used = |text: &str, measured| threshold(text).evaluate(measured).error_budget_used;
    let close = |used: Option<f64>, expected: f64| (used.unwrap() - expected).abs() < 1e-12;
    assert!(close(used("p(95)<500ms", &all), 0.10 / 0.05));
    assert!(close(used("p(95)<500ms", &completed), 6.0 / 96.0 / 0.05));
    assert!(close(used("p(80)<=1s", &all), 0.04 / 0.20));
    assert!(close(used("p(80)<800ms", &all), 0.10 / 0.20));
    assert!(close(used("med<500ms", &all), 0.10 / 0.50));
    assert!(close(used("rate<5%", &all), 0.04 / 0.05));
    assert!(close(used("rate<=0.02", &completed), 0.04 / 0.02));
    for text in [
        "p(100)<500ms",
        "max<500ms",
        "rate<0",
        "avg<500ms",
        "count>5",
        "p(5)>5ms",
        "rate>0.5",
    ] {
        assert_eq!(used(text, &all), None, "{text}");
    }
}

#[test]
fn nothing_measured_is_met_only_if_nothing_was_asked() {
    let empty = LatencyHistogram::new();
    let idle = Measured {
        latency: &empty,
        failed: 0,
        offered: 0,
        population: Population::All,
    };
    let stuck = Measured {
        offered: 100,
        ..idle
    };
    for text in ["p(95)<500ms", "avg<1s", "rate<1%"] {
        let idle = threshold(text).evaluate(&idle);
        assert_eq!(
            (idle.measured, idle.met, idle.error_budget_used),
            (Measurement::Nothing, true, None)
        );
        assert!(!threshold(text).evaluate(&stuck).met);
    }
    assert!(!threshold("count>0").evaluate(&idle).met);
    assert!(threshold("count==100").evaluate(&stuck).met);
    // All failed: there is a percentile, and it is infinite.
    let down = Measured {
        failed: 100,
        ..stuck
    };
    assert_eq!(
        threshold("p(1)<1h").evaluate(&down).measured,
        Measurement::Infinite
    );
    assert_eq!(
        threshold("p(99)<1h")
            .evaluate(&down)
            .error_budget_used
            .map(f64::round),
        Some(100.0)
    );
}

#[test]
fn is_text_to_serde() {
    let threshold: Threshold = serde_json::from_str(r#""p(95) < 1500""#).unwrap();
    assert_eq!(
        serde_json::to_string(&threshold).unwrap(),
        r#""p(95)<1s500ms""#
    );
    let error = serde_json::from_str::<Threshold>(r#""p95<5""#)
        .unwrap_err()
        .to_string();
    assert!(error.contains("did you mean `p(95)`?"), "{error}");
    assert!(serde_json::from_str::<Threshold>("5").is_err());
}

#[cfg(feature = "schema")]
#[test]
fn the_examples_of_the_schema_are_legal() {
    let schema = schemars::schema_for!(Threshold);
    assert_eq!(schema.get("type"), Some(&"string".into()));
    for example in schema.get("examples").unwrap().as_array().unwrap() {
        threshold(example.as_str().unwrap());
    }
}

fn thresholds() -> impl Strategy<Value = Threshold> {
    let latency = prop_oneof![
        Just(Aggregate::Avg),
        Just(Aggregate::Min),
        Just(Aggregate::Med),
        Just(Aggregate::Max),
        (0.0..=100.0f64).prop_map(Aggregate::Percentile)
    ];
    let parts = prop_oneof![
        (
            latency,
            (0..1u64 << 53)
                .prop_map(|nanos| ThresholdValue::Latency(SimDuration::from_nanos(nanos)))
        ),
        (
            Just(Aggregate::Rate),
            (0.0..=1.0f64).prop_map(ThresholdValue::Share)
        ),
        (
            Just(Aggregate::Count),
            (0.0..1e18f64).prop_map(ThresholdValue::Count)
        ),
    ];
    let operator = prop::sample::select(vec![
        Operator::Less,
        Operator::LessOrEqual,
        Operator::Greater,
        Operator::GreaterOrEqual,
        Operator::Equal,
        Operator::NotEqual,
    ]);
    (parts, operator).prop_map(|((aggregate, value), operator)| {
        Threshold::new(aggregate, operator, value).unwrap()
    })
}

proptest! {
    #[test]
    fn prints_what_it_parses(threshold in thresholds()) {
        prop_assert_eq!(threshold.to_string().parse::<Threshold>().unwrap(), threshold);
    }

    #[test]
    fn never_panics(text in "[a-z0-9 ().<>=!%é-]{0,12}") {
        if let Err(error) = text.parse::<Threshold>() {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}
