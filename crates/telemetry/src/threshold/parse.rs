//! From text to a threshold.

use super::{Aggregate, Operator, Threshold, ThresholdError, ThresholdValue};
use flashcrowd_units::SimDuration;
use std::str::FromStr;

const AGGREGATE: &str = "one of avg, min, med, max, p(0) to p(100), rate or count";
const OPERATOR: &str = "one of <, <=, >, >=, ==, === or !=";
const PERCENTILE: &str = "a percentile from 0 to 100";
const LATENCY: &str = "a latency such as 500ms or 1.5s (a bare number is milliseconds)";
const SHARE: &str = "a share of failed requests from 0 to 1, such as 0.01 or 1%";
const COUNT: &str = "a number of requests such as 1000";

impl FromStr for Threshold {
    type Err = ThresholdError;

    fn from_str(text: &str) -> Result<Self, ThresholdError> {
        let symbol = |c: char| matches!(c, '<' | '>' | '=' | '!');
        let Some(start) = text.find(symbol) else {
            return Err(without_operator(text));
        };
        let length = text[start..]
            .find(|c| !symbol(c))
            .unwrap_or(text.len() - start);
        let end = start + length;
        let aggregate = aggregate(Part::new(text, 0, start))?;
        let operator = operator(Part::new(text, start, end))?;
        let value = value(aggregate, Part::new(text, end, text.len()))?;
        Ok(Self {
            aggregate,
            operator,
            value,
        })
    }
}

/// A trimmed piece of the text that knows where it stands.
#[derive(Clone, Copy)]
struct Part<'a> {
    text: &'a str,
    position: usize,
    token: &'a str,
}

impl<'a> Part<'a> {
    fn new(text: &'a str, start: usize, end: usize) -> Self {
        let untrimmed = &text[start..end];
        let token = untrimmed.trim();
        // The position of a missing part is where it should have started.
        let blank = untrimmed.len() - untrimmed.trim_start().len();
        let position = if token.is_empty() {
            start
        } else {
            start + blank
        };
        Self {
            text,
            position,
            token,
        }
    }

    fn error(&self, expected: &'static str, hint: Option<String>) -> ThresholdError {
        ThresholdError {
            text: self.text.to_owned(),
            position: self.position,
            found: self.token.to_owned(),
            expected,
            hint,
        }
    }
}

/// If what comes before the operator is wrong too, that is the better thing to report.
fn without_operator(text: &str) -> ThresholdError {
    let words = text.trim_start();
    let start = text.len() - words.len();
    let end = words
        .find(char::is_whitespace)
        .map_or(text.len(), |length| start + length);
    match aggregate(Part::new(text, start, end)) {
        Err(error) => error,
        Ok(_) => Part::new(text, end, text.len()).error(OPERATOR, None),
    }
}

fn aggregate(part: Part<'_>) -> Result<Aggregate, ThresholdError> {
    Ok(match part.token {
        "avg" => Aggregate::Avg,
        "min" => Aggregate::Min,
        "med" => Aggregate::Med,
        "max" => Aggregate::Max,
        "rate" => Aggregate::Rate,
        "count" => Aggregate::Count,
        token => {
            let inner = token
                .strip_prefix("p(")
                .and_then(|rest| rest.strip_suffix(')'));
            let Some(inner) = inner else {
                return Err(part.error(AGGREGATE, aggregate_hint(token)));
            };
            let start = part.position + "p(".len();
            let inner = Part::new(part.text, start, start + inner.len());
            let percentile =
                number(inner.token).filter(|percentile| (0.0..=100.0).contains(percentile));
            Aggregate::Percentile(percentile.ok_or_else(|| inner.error(PERCENTILE, None))?)
        }
    })
}

/// What somebody who wrote `p95`, `mean` or `medd` meant.
fn aggregate_hint(token: &str) -> Option<String> {
    const NAMES: [&str; 6] = ["avg", "min", "med", "max", "rate", "count"];
    const SYNONYMS: [(&str, &str); 9] = [
        ("mean", "avg"),
        ("average", "avg"),
        ("median", "med"),
        ("minimum", "min"),
        ("maximum", "max"),
        ("errors", "rate"),
        ("failed", "rate"),
        ("requests", "count"),
        ("total", "count"),
    ];
    let lower = token.to_ascii_lowercase();
    if lower == "value" {
        return Some("`value` is for gauges, which requests have none of".into());
    }
    let digits = lower
        .trim_start_matches("percentile")
        .trim_start_matches('p');
    let digits = digits.trim_matches(|c| matches!(c, '(' | ')' | '[' | ']' | ' '));
    if lower.starts_with('p') && number(digits).is_some_and(|n| (0.0..=100.0).contains(&n)) {
        return Some(format!("did you mean `p({digits})`?"));
    }
    let synonym = SYNONYMS
        .iter()
        .find(|(word, _)| *word == lower)
        .map(|(_, name)| *name);
    let near = || {
        NAMES
            .into_iter()
            .find(|name| strsim::damerau_levenshtein(name, &lower) <= 1)
    };
    synonym
        .or_else(near)
        .map(|name| format!("did you mean `{name}`?"))
}

fn operator(part: Part<'_>) -> Result<Operator, ThresholdError> {
    let hint = match part.token {
        "<" => return Ok(Operator::Less),
        "<=" => return Ok(Operator::LessOrEqual),
        ">" => return Ok(Operator::Greater),
        ">=" => return Ok(Operator::GreaterOrEqual),
        "==" | "===" => return Ok(Operator::Equal),
        "!=" => return Ok(Operator::NotEqual),
        "=" => "==",
        "=<" => "<=",
        "=>" => ">=",
        "!" | "!==" | "<>" => "!=",
        _ => return Err(part.error(OPERATOR, None)),
    };
    Err(part.error(OPERATOR, Some(format!("did you mean `{hint}`?"))))
}

fn value(aggregate: Aggregate, part: Part<'_>) -> Result<ThresholdValue, ThresholdError> {
    match aggregate {
        Aggregate::Rate => share(part).map(ThresholdValue::Share),
        Aggregate::Count => count(part).map(ThresholdValue::Count),
        _ => latency(part).map(ThresholdValue::Latency),
    }
}

fn latency(part: Part<'_>) -> Result<SimDuration, ThresholdError> {
    // The longest duration that has a text form, 2^63 ns.
    const LONGEST_MS: f64 = 9.223e12;
    let hint = match number(part.token) {
        Some(ms) if (0.0..LONGEST_MS).contains(&ms) => {
            return Ok(SimDuration::from_secs_f64(ms / 1e3));
        }
        Some(ms) if ms < 0.0 => Some("latencies are not negative".into()),
        Some(_) => Some("the longest duration is 292 years".into()),
        None if part.token.ends_with('%') => Some("only `rate` is a share".into()),
        None => match part.token.parse() {
            Ok(latency) => return Ok(latency),
            Err(error) => error.hint,
        },
    };
    Err(part.error(LATENCY, hint))
}

fn share(part: Part<'_>) -> Result<f64, ThresholdError> {
    let percent = part.token.strip_suffix('%');
    let share = match percent {
        Some(percent) => number(percent.trim_end()).map(|percent| percent / 100.0),
        None => number(part.token),
    };
    let hint = match share {
        Some(share) if (0.0..=1.0).contains(&share) => return Ok(share + 0.0),
        Some(number) if percent.is_none() && (1.0..=100.0).contains(&number) => {
            Some(format!("did you mean `{number}%`?"))
        }
        None if part.token.parse::<SimDuration>().is_ok() => Some("`rate` is no latency".into()),
        _ => None,
    };
    Err(part.error(SHARE, hint))
}

fn count(part: Part<'_>) -> Result<f64, ThresholdError> {
    let count = number(part.token).filter(|count| *count >= 0.0);
    let per_time = || {
        part.token
            .contains('/')
            .then(|| "requests are counted over the whole run".into())
    };
    count
        .map(|count| count + 0.0)
        .ok_or_else(|| part.error(COUNT, per_time()))
}

/// A finite decimal number, with optional sign and exponent, as Go's `ParseFloat` reads it.
fn number(text: &str) -> Option<f64> {
    let decimal = |b: u8| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-');
    let legal = text.len() <= 400 && text.bytes().all(decimal);
    legal
        .then(|| text.parse().ok())?
        .filter(|number: &f64| number.is_finite())
}
