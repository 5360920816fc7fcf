//! Metrics as the JSON of a Prometheus range query (`/api/v1/query_range`).

use super::csv_file::{unix, value};
use super::{MetricHistory, MetricsError};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Answer {
    status: String,
    #[serde(default)]
    error: Option<String>,
    data: Option<Data>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    result_type: String,
    result: serde_json::Value,
}

#[derive(Deserialize)]
struct Series {
    metric: BTreeMap<String, String>,
    values: Vec<(f64, String)>,
}

/// Reads an answer. Series are named by `name`, or by their label `__name__`.
pub(super) fn read(text: &str, name: Option<&str>) -> Result<MetricHistory, MetricsError> {
    let wrong = |message: String| MetricsError::of_file(message);
    let answer: Answer = serde_json::from_str(text).map_err(|error| {
        wrong(format!(
            "it is not the answer to a Prometheus query: {error}"
        ))
    })?;
    let data = match answer.data {
        Some(data) if answer.status == "success" => data,
        _ => {
            let error = answer.error.unwrap_or_default();
            return Err(wrong(format!(
                "the query failed: {} {error}",
                answer.status
            )));
        }
    };
    if data.result_type != "matrix" {
        return Err(wrong(format!(
            "it is a {}, not a matrix: ask for a range (/api/v1/query_range)",
            data.result_type
        )));
    }
    let series: Vec<Series> =
        serde_json::from_value(data.result).map_err(|error| wrong(error.to_string()))?;
    let mut columns = Vec::with_capacity(series.len());
    let mut start = None;
    for series in series {
        let own = series.metric.get("__name__").map(String::as_str);
        let Some(name) = name.or(own) else {
            return Err(wrong(
                "a series has no name, as those of expressions: say which metric it is with \
                 `--metrics NAME=FILE`"
                    .to_owned(),
            ));
        };
        let mut samples = Vec::with_capacity(series.values.len());
        for (seconds, text) in series.values {
            let at = unix(seconds)
                .ok_or_else(|| wrong(format!("{name}: {seconds} is not a time in Unix seconds")))?;
            let value = value(&text).map_err(|message| wrong(format!("{name}: {message}")))?;
            let is_first = start.as_ref().is_none_or(|start| at < *start);
            samples.push((at.timestamp(), value));
            if is_first {
                start = Some(at);
            }
        }
        samples.sort_by_key(|(at, _)| *at);
        columns.push((name.to_owned(), samples));
    }
    let start = start.ok_or_else(|| wrong("the answer has no samples".to_owned()))?;
    Ok(MetricHistory::new(start, columns))
}
