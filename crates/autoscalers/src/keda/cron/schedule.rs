//! When a schedule fires next.

use super::field::{DAYS, Field, HOURS, MINUTES, MONTHS, WEEKDAYS};
use super::zone::{Local, Zone};

/// How many years ahead a schedule is searched for an occurrence.
const SEARCHED_YEARS: i16 = 5;

/// A cron schedule of five fields in a time zone.
#[derive(Debug, Clone)]
pub struct Schedule {
    minutes: Field,
    hours: Field,
    days: Field,
    months: Field,
    weekdays: Field,
    zone: Zone,
}

impl Schedule {
    /// Reads `minute hour day-of-month month day-of-week`. A prefix `TZ=` or `CRON_TZ=` goes
    /// before the given zone.
    ///
    /// # Errors
    /// If it is no such schedule.
    pub fn parse(text: &str, zone: &Zone) -> Result<Self, String> {
        let (zone, text) = own_zone(text, zone)?;
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields.as_slice() else {
            return Err(format!("is `{text}`: must have 5 fields"));
        };
        Ok(Self {
            minutes: Field::parse(minutes, MINUTES)?,
            hours: Field::parse(hours, HOURS)?,
            days: Field::parse(days, DAYS)?,
            months: Field::parse(months, MONTHS)?,
            weekdays: Field::parse(weekdays, WEEKDAYS)?,
            zone,
        })
    }

    /// The first occurrence after a time \[Unix seconds\]; `Some(None)` if there is none within
    /// five years, `None` if the time zone is not known.
    ///
    /// The search goes up month by month, day by day and so on in local time. That decides what
    /// happens where clocks change: a time that is left out does not occur, one that is repeated
    /// occurs twice.
    pub fn next(&self, after: i64) -> Option<Option<i64>> {
        let mut search = Search {
            at: self.zone.local(after + 1)?,
            rounded: false,
        };
        let last_year = search.at.year().saturating_add(SEARCHED_YEARS);
        while search.at.year() <= last_year {
            if self.advance(&mut search) {
                return Some(Some(search.at.instant()));
            }
        }
        Some(None)
    }

    /// Searches until everything matches, or a field has wrapped around.
    fn advance(&self, search: &mut Search) -> bool {
        while !self.months.matches(search.at.month()) {
            search.round(Local::start_of_month);
            search.at = search.at.next_month();
            if search.at.month() == 1 {
                return false;
            }
        }
        while !self.day_matches(&search.at) {
            search.round(Local::start_of_day);
            search.at = search.at.next_day().back_to_midnight();
            if search.at.day() == 1 {
                return false;
            }
        }
        while !self.hours.matches(search.at.hour()) {
            search.round(Local::start_of_hour);
            search.at = search.at.after(3600);
            if search.at.hour() == 0 {
                return false;
            }
        }
        while !self.minutes.matches(search.at.minute()) {
            search.round(|at| at.truncated(60));
            search.at = search.at.after(60);
            if search.at.minute() == 0 {
                return false;
            }
        }
        // Schedules of five fields fire at second 0.
        while search.at.second() != 0 {
            search.at = search.at.after(1);
            search.rounded = true;
            if search.at.second() == 0 {
                return false;
            }
        }
        true
    }

    /// Days of the month and of the week both have to match, unless both are restricted: then
    /// either is enough.
    fn day_matches(&self, at: &Local) -> bool {
        let day = self.days.matches(at.day());
        let weekday = self.weekdays.matches(at.weekday());
        if self.days.is_unrestricted || self.weekdays.is_unrestricted {
            day && weekday
        } else {
            day || weekday
        }
    }
}

/// Where a search is.
struct Search {
    at: Local,
    /// Whether the smaller fields have been set to their minimum, which happens once.
    rounded: bool,
}

impl Search {
    fn round(&mut self, to: impl FnOnce(&Local) -> Local) {
        if !self.rounded {
            self.rounded = true;
            self.at = to(&self.at);
        }
    }
}

/// Takes a prefix off that names another zone. Unlike the zone of a trigger it must exist.
fn own_zone<'a>(text: &'a str, zone: &Zone) -> Result<(Zone, &'a str), String> {
    let Some(named) = text
        .strip_prefix("TZ=")
        .or_else(|| text.strip_prefix("CRON_TZ="))
    else {
        return Ok((zone.clone(), text));
    };
    let (name, rest) = named.split_once(' ').unwrap_or((named, ""));
    let zone = Zone::of(name);
    if zone.is_known() {
        Ok((zone, rest))
    } else {
        Err(format!("names the time zone `{name}`, which is not known"))
    }
}
