//! Rate shapes as they are written in a scenario.

mod statistics;

use flashcrowd_units::SimDuration;
use flashcrowd_workload::{EventRamp, FlashCrowd, RateShape};
use statistics::{per_second, secs};

fn read(json: &str) -> RateShape {
    serde_json::from_str(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

#[test]
fn reads_what_people_write() {
    let shapes = [
        r#""100/s""#,
        r#"{"stages":[{"for":"1h","to":"120/s"},{"for":"10m","to":"900/s","from":"10/s"}]}"#,
        r#"{"steps":[{"at":"10m","rate":"50/s"}]}"#,
        r#"{"sinusoid":{"mean":"100/s","amplitude":"50/s","period":"1h","phase":"10m"}}"#,
        r#"{"diurnal":{"peak":"100/s","trough":"20/s","peak_at":"20h","period":"1d"}}"#,
        r#"{"spike":{"base":"10/s","times":5.0,"at":"1m","rise":"10s","hold":"1m","decay":{"exponential":"5m"}}}"#,
        r#"{"repeat":{"every":"1d","shape":{"sum":["1/s","2/s"]}}}"#,
        r#"{"product":{"shape":"1/s","factors":["150%",{"steps":[{"at":"0s","rate":"20%"}]}]}}"#,
        r#"{"trace":{"file":"a.csv","column":"requests","interval":"1m","scale":2.0}}"#,
        r#"{"counts":{"interval":"1m","counts":[1.0,2.5]}}"#,
    ];
    for json in shapes {
        let shape = read(json);
        assert_eq!(
            read(&serde_json::to_string(&shape).unwrap()),
            shape,
            "{json}"
        );
        assert!(shape.validate().is_empty(), "{json}");
    }
    assert_eq!(
        read(r#"{"constant":"90/m"}"#),
        RateShape::Constant(per_second(1.5))
    );
    let short = read(r#"{"flash_crowd":{"base":"60/s","at":"10m"}}"#);
    assert_eq!(
        short,
        RateShape::FlashCrowd(FlashCrowd::new(per_second(60.0), secs(600)))
    );
    let short = read(r#"{"event_ramp":{"base":"60/s"}}"#);
    assert_eq!(
        short,
        RateShape::EventRamp(EventRamp::new(per_second(60.0), SimDuration::ZERO))
    );
}

#[test]
fn names_every_wrong_field() {
    let cases = [
        (r#"{"stages":[]}"#, vec!["stages"]),
        (
            r#"{"steps":[{"at":"2m","rate":"1/s"},{"at":"1m","rate":"1/s"}]}"#,
            vec!["steps[1].at"],
        ),
        (
            r#"{"sinusoid":{"mean":"1/s","amplitude":"2/s","period":"0s"}}"#,
            vec!["sinusoid.period", "sinusoid.amplitude"],
        ),
        (
            r#"{"diurnal":{"peak":"1/s","trough":"2/s","peak_at":"0s"}}"#,
            vec!["diurnal.trough"],
        ),
        (
            r#"{"diurnal":{"peak":"100/s","trough":"20/s","mean":"80/s","peak_at":"0s"}}"#,
            vec!["diurnal.mean"],
        ),
        (
            r#"{"spike":{"base":"1/s","times":-1,"at":"0s","decay":{"exponential":"0s"}}}"#,
            vec!["spike.times", "spike.decay.exponential"],
        ),
        (
            r#"{"sum":["1/s",{"repeat":{"every":"0s","shape":{"sum":[]}}}]}"#,
            vec!["sum[1].repeat.every", "sum[1].repeat.shape.sum"],
        ),
        (
            r#"{"product":{"shape":"1/s","factors":[]}}"#,
            vec!["product.factors"],
        ),
        (
            r#"{"product":{"shape":"1/s","factors":[1,{"counts":{"interval":"1m","counts":[0]}}]}}"#,
            vec!["product.factors[1].counts.counts"],
        ),
        (
            r#"{"counts":{"interval":"0s","counts":[1,-1]}}"#,
            vec!["counts.interval", "counts.counts[1]"],
        ),
        (
            r#"{"trace":{"file":"","scale":0}}"#,
            vec!["trace.file", "trace.scale"],
        ),
    ];
    for (json, expected) in cases {
        let fields: Vec<_> = read(json)
            .validate()
            .into_iter()
            .map(|problem| problem.field)
            .collect();
        assert_eq!(fields, expected, "{json}");
        assert!(read(json).compile().is_err(), "{json}");
    }
    for json in [
        "100",
        r#""-1/s""#,
        r#"{"stages":[{"for":"1h","too":"1/s"}]}"#,
        r#"{"constant":"1/s","sum":[]}"#,
    ] {
        assert!(serde_json::from_str::<RateShape>(json).is_err(), "{json}");
    }
}
