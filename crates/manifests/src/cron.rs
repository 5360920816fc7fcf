//! Cron expressions, as the schedules of instance pools write them.
//!
//! Two dialects: five fields (`minute hour day-of-month month day-of-week`; EC2 Auto Scaling,
//! Google Cloud) and Quartz (`second minute hour day-of-month month day-of-week [year]`; OCI).
//! An expression only says which days, hours and minutes match; time zones are the business of
//! whoever evaluates it.

mod field;

use field::{Field, field, number};

/// Which language a [`CronExpression`] is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CronDialect {
    /// Five fields, Sunday is 0 or 7. If day of month and day of week are both restricted, a day
    /// that matches either is enough.
    Standard,
    /// Seconds first and an optional year last, Sunday is 1, one of the two days is `?`. The
    /// seconds have to be 0, which OCI demands.
    Quartz,
}

/// A cron expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CronExpression {
    minutes: u64,
    hours: u64,
    months: u64,
    days: u64,
    weekdays: u64,
    /// Days that only a calendar can tell: `L`, `15W`, `6#3`.
    special: Option<SpecialDay>,
    /// The years that match; `None` is every year.
    years: Option<(i16, i16)>,
    /// Whether a day that matches one of the two day fields is enough.
    either_day: bool,
}

/// A day that depends on the month it is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SpecialDay {
    /// `L` in the days of the month.
    LastDay,
    /// `LW`: the last Monday to Friday of the month.
    LastWeekday,
    /// `15W`: the Monday to Friday nearest to that day, within the month.
    NearestWeekday(u8),
    /// `6L` in the days of the week: the last of its kind in the month.
    Last(u8),
    /// `6#3`: the third of its kind in the month.
    Nth(u8, u8),
}

/// A day of the calendar, as much as an expression asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CalendarDay {
    /// Year.
    pub year: i16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, from 1.
    pub day: u8,
    /// Day of the week; 0 is Sunday.
    pub weekday: u8,
    /// How many days the month has.
    pub days_in_month: u8,
}

const MINUTE: Field = Field::numbers("minute", 0, 59);
const HOUR: Field = Field::numbers("hour", 0, 23);
const DAY: Field = Field::numbers("day of month", 1, 31);
const MONTH: Field = Field {
    names: &[
        "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
    ],
    ..Field::numbers("month", 1, 12)
};
const WEEKDAY_NAMES: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const WEEKDAY: Field = Field {
    names: WEEKDAY_NAMES,
    ..Field::numbers("day of week", 0, 7)
};
const QUARTZ_WEEKDAY: Field = Field {
    names: WEEKDAY_NAMES,
    ..Field::numbers("day of week", 1, 7)
};

impl CronExpression {
    /// Reads an expression.
    ///
    /// # Errors
    /// What is wrong with it, with the number of fields or the legal range.
    pub fn parse(text: &str, dialect: CronDialect) -> Result<Self, String> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        match dialect {
            CronDialect::Standard => Self::standard(&fields),
            CronDialect::Quartz => Self::quartz(&fields),
        }
        .map_err(|message| format!("is `{text}`: {message}"))
    }

    fn standard(fields: &[&str]) -> Result<Self, String> {
        let [minutes, hours, days, months, weekdays] = fields else {
            return Err(format!("has {} fields, must have 5", fields.len()));
        };
        let mut weekday_bits = field(weekdays, WEEKDAY, false)?;
        if weekday_bits & (1 << 7) != 0 {
            weekday_bits |= 1;
        }
        Ok(Self {
            minutes: field(minutes, MINUTE, false)?,
            hours: field(hours, HOUR, false)?,
            months: field(months, MONTH, false)?,
            days: field(days, DAY, false)?,
            weekdays: weekday_bits & 0x7f,
            special: None,
            years: None,
            either_day: !days.starts_with('*') && !weekdays.starts_with('*'),
        })
    }

    fn quartz(fields: &[&str]) -> Result<Self, String> {
        let (seconds, minutes, hours, days, months, weekdays, years) = match *fields {
            [s, m, h, d, mo, w] => (s, m, h, d, mo, w, None),
            [s, m, h, d, mo, w, y] => (s, m, h, d, mo, w, Some(y)),
            [m, h, d, mo, w] => {
                let (d, w) = if w == "*" { (d, "?") } else { ("?", w) };
                return Err(format!(
                    "has 5 fields, Quartz starts with the seconds; did you mean `0 {m} {h} {d} {mo} {w}`?"
                ));
            }
            _ => {
                return Err(format!("has {} fields, must have 6 or 7", fields.len()));
            }
        };
        if seconds != "0" {
            return Err(format!("has seconds {seconds}, must be 0"));
        }
        if (days == "?") == (weekdays == "?") {
            return Err("one of day of month and day of week must be `?`".to_owned());
        }
        let special = special_day(days, weekdays)?;
        let plain = |text: &str, kind| match text {
            "?" => Ok(u64::MAX),
            _ if special.is_some() => Ok(u64::MAX),
            _ => field(text, kind, true),
        };
        let weekday_bits = plain(weekdays, QUARTZ_WEEKDAY)?;
        Ok(Self {
            minutes: field(minutes, MINUTE, true)?,
            hours: field(hours, HOUR, true)?,
            months: field(months, MONTH, true)?,
            days: plain(days, DAY)?,
            weekdays: weekday_bits >> 1,
            special,
            years: years.map(year_range).transpose()?.flatten(),
            either_day: false,
        })
    }

    /// Whether anything happens on a day.
    pub fn matches_day(&self, day: CalendarDay) -> bool {
        let has = |bits: u64, number: u8| bits & (1 << number) != 0;
        let in_years = |(first, last): (i16, i16)| (first..=last).contains(&day.year);
        if !has(self.months, day.month) || !self.years.is_none_or(in_years) {
            return false;
        }
        if let Some(special) = self.special {
            return special.matches(day);
        }
        let of_month = has(self.days, day.day);
        let of_week = has(self.weekdays, day.weekday);
        if self.either_day {
            of_month || of_week
        } else {
            of_month && of_week
        }
    }

    /// The times of a day that match, as hour and minute, latest first.
    pub fn times_descending(&self) -> impl Iterator<Item = (u8, u8)> {
        let members = |bits: u64, last: u8| (0..=last).rev().filter(move |&n| bits & (1 << n) != 0);
        let minutes = self.minutes;
        members(self.hours, 23)
            .flat_map(move |hour| members(minutes, 59).map(move |minute| (hour, minute)))
    }
}

impl SpecialDay {
    fn matches(self, day: CalendarDay) -> bool {
        let is_weekend = |weekday: u8| weekday == 0 || weekday == 6;
        // The day of the week of another day of this month.
        let weekday_of = |other: u8| {
            let shift = i16::from(other) - i16::from(day.day);
            (i16::from(day.weekday) + shift).rem_euclid(7) as u8
        };
        match self {
            Self::LastDay => day.day == day.days_in_month,
            Self::LastWeekday => {
                let mut last = day.days_in_month;
                while is_weekend(weekday_of(last)) {
                    last -= 1;
                }
                day.day == last
            }
            Self::NearestWeekday(wanted) if wanted > day.days_in_month => false,
            Self::NearestWeekday(wanted) => {
                let nearest = match weekday_of(wanted) {
                    6 if wanted == 1 => 3,
                    6 => wanted - 1,
                    0 if wanted == day.days_in_month => wanted - 2,
                    0 => wanted + 1,
                    _ => wanted,
                };
                day.day == nearest
            }
            Self::Last(weekday) => day.weekday == weekday && day.day + 7 > day.days_in_month,
            Self::Nth(weekday, nth) => day.weekday == weekday && day.day.div_ceil(7) == nth,
        }
    }
}

/// The forms of Quartz that only a calendar can tell.
fn special_day(days: &str, weekdays: &str) -> Result<Option<SpecialDay>, String> {
    let day = |text: &str| number(text, DAY);
    let weekday = |text: &str| number(text, QUARTZ_WEEKDAY).map(|number| number - 1);
    Ok(Some(match (days, weekdays) {
        ("L", _) => SpecialDay::LastDay,
        ("LW" | "WL", _) => SpecialDay::LastWeekday,
        // `L` alone is Saturday, the last day of the week.
        (_, "L") => SpecialDay::Last(6),
        _ => {
            if let Some(number) = days.strip_suffix('W') {
                SpecialDay::NearestWeekday(day(number)?)
            } else if let Some(number) = weekdays.strip_suffix('L') {
                SpecialDay::Last(weekday(number)?)
            } else if let Some((number, nth)) = weekdays.split_once('#') {
                let nth = nth.parse().ok().filter(|nth| (1..=5).contains(nth));
                let nth = nth.ok_or("`#` must be followed by 1 to 5")?;
                SpecialDay::Nth(weekday(number)?, nth)
            } else {
                return Ok(None);
            }
        }
    }))
}

/// The years of an expression: `*`, one year or a range.
fn year_range(text: &str) -> Result<Option<(i16, i16)>, String> {
    if text == "*" || text == "?" {
        return Ok(None);
    }
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let year = |text: &str| {
        let number = text.parse().ok();
        number
            .filter(|year| (1970..=2199).contains(year))
            .ok_or_else(|| format!("year is `{text}`: must be 1970 to 2199"))
    };
    Ok(Some((year(first)?, year(last)?)))
}

#[cfg(test)]
mod tests;
