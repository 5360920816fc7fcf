//! Traffic traces as they come from monitoring systems.

mod statistics;

use flashcrowd_workload::{TraceCounts, TraceError, TraceSpec};
use statistics::secs;

fn spec() -> TraceSpec {
    TraceSpec::new("trace.csv")
}

fn read(csv: &str, spec: &TraceSpec) -> Result<TraceCounts, TraceError> {
    TraceCounts::read_csv(csv.as_bytes(), spec)
}

fn counts(csv: &str, spec: &TraceSpec) -> (u64, Vec<f64>) {
    let trace = read(csv, spec).unwrap();
    (trace.interval.as_nanos() / 1_000_000_000, trace.counts)
}

#[test]
fn reads_the_usual_forms() {
    let minute = TraceSpec {
        interval: Some(secs(60)),
        ..spec()
    };
    let cases = [
        ("10\n20\n0\n", &minute, (60, vec![10.0, 20.0, 0.0])),
        ("requests\n10\n20\n", &minute, (60, vec![10.0, 20.0])),
        (
            "timestamp,value\n2014-04-10 00:04:00,94.0\n2014-04-10 00:09:00,56.0\n",
            &spec(),
            (300, vec![94.0, 56.0]),
        ),
        (
            "2014-04-10T00:04:00Z,1\n2014-04-10T00:05:00Z,2\n",
            &spec(),
            (60, vec![1.0, 2.0]),
        ),
        (
            "1397088240, 1\r\n1397088250, 2\r\n",
            &spec(),
            (10, vec![1.0, 2.0]),
        ),
        (
            "# exported by hand\ntime,requests\n0,1\n60,2\n",
            &spec(),
            (60, vec![1.0, 2.0]),
        ),
        // Intervals that a metric store left out, and clocks that jitter.
        (
            "0,5\n60,6\n241,7\n299,8\n",
            &spec(),
            (60, vec![5.0, 6.0, 0.0, 0.0, 7.0, 8.0]),
        ),
    ];
    for (csv, spec, expected) in cases {
        assert_eq!(counts(csv, spec), expected, "{csv}");
    }
}

#[test]
fn picks_columns_and_scales() {
    let csv = "time,errors,requests\n0,1,100\n60,2,200\n";
    let column = |name: &str| TraceSpec {
        column: Some(name.into()),
        scale: 0.5,
        ..spec()
    };
    assert_eq!(counts(csv, &column("requests")), (60, vec![50.0, 100.0]));
    assert_eq!(counts(csv, &column("2")), (60, vec![0.5, 1.0]));
    let message = read(csv, &column("request")).unwrap_err().to_string();
    assert_eq!(
        message,
        "no column `request`; there are time, errors, requests"
    );
    assert!(
        matches!(read(csv, &spec()), Err(TraceError::ColumnMissing { available }) if available.len() == 3)
    );
}

#[test]
fn says_which_line_is_wrong() {
    let head = "time,requests\n0,1\n60,2\n";
    let cases = [
        ("x,3\n", "line 4: `x` is not a time"),
        ("120,many\n", "line 4: `many` is not a number of events"),
        ("120,-3\n", "line 4: `-3` is not a number of events"),
        ("120,NaN\n", "line 4: `NaN` is not a number of events"),
        ("120,\n", "line 4: `` is not a number of events"),
        (
            "60,3\n",
            "line 4: not in a later interval of 1m than the row before",
        ),
        (
            "150,3\n",
            "line 4: not at a multiple of 1m from the first row",
        ),
        (
            "6000000000,3\n",
            "line 4: more than 10000000 intervals of 1m",
        ),
    ];
    for (row, expected) in cases {
        let message = read(&format!("{head}{row}"), &spec())
            .unwrap_err()
            .to_string();
        assert!(message.starts_with(expected), "{row}: {message}");
    }
    assert!(matches!(
        read("a,b\n0,1\n60,2,3\n", &spec()),
        Err(TraceError::Csv(_))
    ));
    assert!(matches!(read("", &spec()), Err(TraceError::Empty)));
    assert!(matches!(
        read("time,requests\n", &spec()),
        Err(TraceError::Empty)
    ));
    assert!(matches!(
        read("1\n2\n", &spec()),
        Err(TraceError::IntervalMissing)
    ));
    assert!(matches!(
        read("0,1\n", &spec()),
        Err(TraceError::IntervalMissing)
    ));
}

/// Published totals and peaks of public traces, where the optional folder of traces is present.
#[test]
fn reads_public_traces() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/traces");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        return;
    };
    drop(entries);
    let cases = [
        // NAB, AMZN: 15,831 rows of 5 minutes, maximum 1,673.
        ("nab_twitter_volume_AMZN.csv", 15_831, 300, 1673.0),
        // NAB, taxis: 10,320 rows of 30 minutes, maximum 39,197.
        ("nab_nyc_taxi.csv", 10_320, 1800, 39_197.0),
        // NAB, ELB: 4,032 rows of 5 minutes, eight of them missing, maximum 656.
        ("nab_elb_request_count_8c0756.csv", 4032 + 8, 300, 656.0),
        // World Cup: 51,840 minutes, maximum 229,426.
        (
            "worldcup98_requests_per_minute_1998-06-08_07-13.csv",
            51_840,
            60,
            229_426.0,
        ),
    ];
    for (name, rows, seconds, highest) in cases {
        let file = std::fs::File::open(folder.join(name)).unwrap();
        let trace = TraceCounts::read_csv(file, &spec()).unwrap();
        assert_eq!(
            (trace.counts.len(), trace.interval),
            (rows, secs(seconds)),
            "{name}"
        );
        assert_eq!(
            trace.counts.iter().copied().fold(0.0, f64::max),
            highest,
            "{name}"
        );
    }
}
