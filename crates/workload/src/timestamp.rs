//! Timestamps as they stand in traffic logs.

/// Nanoseconds since 1970-01-01 of `2014-04-10 00:04:00`, `2014-04-10T00:04:00.5Z`,
/// `2014-04-10T02:04:00+02:00`, or of a number of seconds. Without an offset UTC is assumed, which
/// is as good as any for differences.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return (seconds.abs() < 9e9).then(|| (seconds * 1e9).round() as i64);
    }
    let (date, rest) = text.split_at_checked(10)?;
    let days = days_since_epoch(date)?;
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (clock, offset) = match rest.find(['Z', 'z', '+', '-']) {
        Some(position) => (
            rest[..position].trim_end(),
            parse_offset(&rest[position..])?,
        ),
        None => (rest, 0),
    };
    let mut parts = clock.split(':');
    let hour = number(parts.next()?, 23)?;
    let minute = number(parts.next()?, 59)?;
    // A leap second is counted as the first second of the next minute.
    let nanos = seconds_to_nanos(parts.next().unwrap_or("0"))?;
    if parts.next().is_some() {
        return None;
    }
    let seconds = days * 86_400 + hour * 3600 + minute * 60 - offset;
    seconds.checked_mul(1_000_000_000)?.checked_add(nanos)
}

fn number(text: &str, most: i64) -> Option<i64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|&value| value <= most)
}

fn seconds_to_nanos(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let whole = number(whole, 60)?;
    let digits = fraction.get(..fraction.len().min(9))?;
    let fraction = number(digits, i64::MAX)? * 10_i64.pow(9 - digits.len() as u32);
    Some(whole * 1_000_000_000 + fraction)
}

/// Seconds of `Z`, `+02:00`, `-0530`, `+02`.
fn parse_offset(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits = text.get(1..)?.replace(':', "");
    let minutes = match digits.len() {
        2 => number(&digits, 23)? * 60,
        4 => number(digits.get(..2)?, 23)? * 60 + number(digits.get(2..)?, 59)?,
        _ => return None,
    };
    Some(sign * minutes * 60)
}

/// Days of `2014-04-10` in the proleptic Gregorian calendar, by the algorithm of
/// H. Hinnant, *chrono-Compatible Low-Level Date Algorithms*, `days_from_civil`.
fn days_since_epoch(date: &str) -> Option<i64> {
    let mut parts = date.split(['-', '/']);
    let year = number(parts.next()?, 9999)?;
    let month = number(parts.next()?, 12).filter(|&month| month >= 1)?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let month_length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let day = number(parts.next()?, month_length).filter(|&day| day >= 1)?;
    // Years that begin in March put the leap day last.
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(year * 365 + leap_days + day_of_year - 719_468)
}

#[cfg(test)]
mod tests {
    use super::parse;

    /// Reference values from `date -u -d ... +%s`.
    #[test]
    fn known_instants() {
        let cases = [
            ("1970-01-01 00:00:00", 0),
            ("2014-04-10 00:04:00", 1_397_088_240),
            ("1998-07-07T21:41:00Z", 899_847_660),
            ("2000-02-29 12:00", 951_825_600),
            ("2024-02-29T23:59:59+01:00", 1_709_247_599),
            ("2024-12-31T23:59:59-0530", 1_735_709_399),
            ("1397088240", 1_397_088_240),
        ];
        for (text, seconds) in cases {
            assert_eq!(parse(text), Some(seconds * 1_000_000_000), "{text}");
        }
        assert_eq!(
            parse("2023-11-16 18:15:46.6805900"),
            Some(1_700_158_546_680_590_000)
        );
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "",
            "timestamp",
            "2014-02-30 00:00:00",
            "2014-04-10",
            "2014-04-10 25:00:00",
            "10:00:00",
            "NaN",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
