//! Times as they are typed: `09:14`, `2025-11-28T09:14:30`, `3h14m`.

use flashcrowd_units::{SimDuration, SimTime};
use jiff::Zoned;
use jiff::civil::{DateTime, Time};

/// A stretch of a run that somebody has named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Its beginning.
    pub at: SimTime,
    /// Its last instant: a minute named without seconds lasts until the next one.
    pub until: SimTime,
}

/// A time that is not one of the run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MomentError {
    /// It cannot be read.
    #[error(
        "`{0}` is not a time: write the local time, as 09:14, 09:14:30 or 2025-11-28T09:14, or the \
         time since the start, as 3h14m"
    )]
    Unreadable(String),
    /// It is not in the run.
    #[error("{text} is not in the run, which lasts from {from} to {to}")]
    Outside {
        /// What was asked for.
        text: String,
        /// When the run begins.
        from: String,
        /// When it ends.
        to: String,
    },
    /// It is on several of its days.
    #[error("{text} is on {days} days of the run: write the date too, as {example}")]
    Ambiguous {
        /// What was asked for.
        text: String,
        /// On how many.
        days: usize,
        /// The first of them.
        example: String,
    },
}

/// How times are shown with their date.
const WITH_DATE: &str = "%Y-%m-%dT%H:%M:%S";

impl Moment {
    /// Reads a time of a run that begins at `start` and lasts `duration`. Times of day are those
    /// of the zone of `start`.
    ///
    /// # Errors
    /// If it is no time, not in the run, or on several of its days.
    pub fn parse(text: &str, start: &Zoned, duration: SimDuration) -> Result<Self, MomentError> {
        let text = text.trim();
        if let Ok(since) = text.parse::<SimDuration>() {
            if since > duration {
                return Err(outside(text, start, duration));
            }
            let at = SimTime::ZERO + since;
            return Ok(Self { at, until: at });
        }
        let unreadable = || MomentError::Unreadable(text.to_owned());
        let has_date = text.contains(['T', ' ', '-']);
        // What comes after a `+`, `Z` or `[` is the zone, which is that of the scenario anyway.
        let clock = text.rsplit(['T', ' ']).next().unwrap_or(text);
        let is_minute = clock.matches(':').count() == 1;
        let instants: Vec<Zoned> = if has_date {
            let date: DateTime = text.parse().map_err(|_| unreadable())?;
            let zoned = date.to_zoned(start.time_zone().clone());
            vec![zoned.map_err(|_| unreadable())?]
        } else {
            let time: Time = text.parse().map_err(|_| unreadable())?;
            days(start, duration)
                .filter_map(|date| {
                    date.to_datetime(time)
                        .to_zoned(start.time_zone().clone())
                        .ok()
                })
                .collect()
        };
        let moments: Vec<(Self, Zoned)> = instants
            .into_iter()
            .filter_map(|instant| Some((of(&instant, is_minute, start, duration)?, instant)))
            .collect();
        match moments.as_slice() {
            [] => Err(outside(text, start, duration)),
            [(moment, _)] => Ok(*moment),
            [(_, first), ..] => Err(MomentError::Ambiguous {
                text: text.to_owned(),
                days: moments.len(),
                example: first.strftime("%Y-%m-%dT%H:%M").to_string(),
            }),
        }
    }
}

fn days(start: &Zoned, duration: SimDuration) -> impl Iterator<Item = jiff::civil::Date> {
    let last = end(start, duration).date();
    let mut next = Some(start.date());
    std::iter::from_fn(move || {
        let day = next.filter(|day| *day <= last)?;
        next = day.tomorrow().ok();
        Some(day)
    })
}

fn end(start: &Zoned, duration: SimDuration) -> Zoned {
    let nanos = i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
    start.saturating_add(jiff::SignedDuration::from_nanos(nanos))
}

fn of(instant: &Zoned, is_minute: bool, start: &Zoned, duration: SimDuration) -> Option<Moment> {
    let since = instant
        .timestamp()
        .duration_since(start.timestamp())
        .as_nanos();
    let length = if is_minute { 59_999_999_999 } else { 0 };
    let end = i128::from(duration.as_nanos());
    if since + length < 0 || since > end {
        return None;
    }
    let at =
        |nanos: i128| SimTime::from_nanos(u64::try_from(nanos.clamp(0, end)).unwrap_or(u64::MAX));
    Some(Moment {
        at: at(since),
        until: at(since + length),
    })
}

fn outside(text: &str, start: &Zoned, duration: SimDuration) -> MomentError {
    let zone = start.time_zone().iana_name().unwrap_or("local time");
    MomentError::Outside {
        text: text.to_owned(),
        from: start.strftime(WITH_DATE).to_string(),
        to: format!("{} ({zone})", end(start, duration).strftime(WITH_DATE)),
    }
}
