//! Numbers as people read them in findings and in the terminal.

use flashcrowd_units::SimDuration;

/// `1,234,567`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A share of something: `4.1 %`. Never rounds a remainder away: what is not nothing shows as at
/// least `<0.01 %`, what is not all as at most `>99.99 %`.
pub(crate) fn share(fraction: f64) -> String {
    let percent = fraction * 100.0;
    if fraction > 0.0 && percent < 0.01 {
        "<0.01 %".to_owned()
    } else if fraction < 1.0 && percent > 99.99 {
        ">99.99 %".to_owned()
    } else if percent < 1.0 && fraction > 0.0 || (fraction < 1.0 && percent > 99.0) {
        format!("{percent:.2} %")
    } else if percent < 10.0 && fraction > 0.0 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.0} %")
    }
}

/// `part / whole`, zero of nothing.
pub(crate) fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

/// A latency in seconds with three significant digits: `850 us`, `41.2 ms`, `1.24 s`.
pub(crate) fn latency(seconds: f64) -> String {
    if seconds.is_infinite() {
        return "infinite".to_owned();
    }
    // The unit is chosen after rounding, so that 999.7 ms is 1.00 s and not 1000 ms.
    let (value, unit) = if seconds >= 0.9995 {
        (seconds, "s")
    } else if seconds >= 0.000_999_5 {
        (seconds * 1e3, "ms")
    } else {
        (seconds * 1e6, "us")
    };
    let decimals = if value >= 99.95 {
        0
    } else if value >= 9.995 {
        1
    } else {
        2
    };
    if value == 0.0 {
        "0 s".to_owned()
    } else {
        format!("{value:.decimals$} {unit}")
    }
}

/// A length of time in at most two units: `45 s`, `38 min`, `1 h 12 min`, `3 d 4 h`.
pub(crate) fn span(duration: SimDuration) -> String {
    let seconds = (duration.as_nanos() + 500_000_000) / 1_000_000_000;
    let minutes = (seconds + 30) / 60;
    let pair = |large: u64, large_unit: &str, small: u64, small_unit: &str| {
        if small == 0 {
            format!("{large} {large_unit}")
        } else {
            format!("{large} {large_unit} {small} {small_unit}")
        }
    };
    if seconds < 100 {
        format!("{seconds} s")
    } else if seconds < 600 {
        pair(seconds / 60, "min", seconds % 60, "s")
    } else if minutes < 60 {
        format!("{minutes} min")
    } else if minutes < 48 * 60 {
        pair(minutes / 60, "h", minutes % 60, "min")
    } else {
        let hours = (minutes + 30) / 60;
        pair(hours / 24, "d", hours % 24, "h")
    }
}

/// A rate per second, or a multiple: `0`, `3.2`, `47`, `1,240`.
pub(crate) fn rate(per_second: f64) -> String {
    if per_second == 0.0 {
        "0".to_owned()
    } else if per_second < 9.95 {
        format!("{per_second:.1}")
    } else {
        count((per_second + 0.5) as u64)
    }
}

/// Money: `0.84 USD`, `1,204 USD`; a small amount keeps two significant digits.
pub(crate) fn usd(amount: f64) -> String {
    if amount >= 999.5 {
        format!("{} USD", count((amount + 0.5) as u64))
    } else if amount >= 0.095 || amount == 0.0 {
        format!("{amount:.2} USD")
    } else {
        format!("{amount:.4} USD")
    }
}

/// `times(1, "pod")` is `1 pod`, `times(3, "pod")` is `3 pods`.
pub(crate) fn times(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_keep_what_is_there() {
        let cases = [
            (0.0, "0 %"),
            (0.000_01, "<0.01 %"),
            (0.0004, "0.04 %"),
            (0.041_2, "4.1 %"),
            (0.6, "60 %"),
            (0.9987, "99.87 %"),
            (0.999_999, ">99.99 %"),
            (1.0, "100 %"),
            (1.96, "196 %"),
        ];
        for (fraction, text) in cases {
            assert_eq!(share(fraction), text);
        }
    }

    #[test]
    fn latencies_have_three_digits() {
        let cases = [
            (0.0, "0 s"),
            (0.000_85, "850 us"),
            (0.041_23, "41.2 ms"),
            (0.999_7, "1.00 s"),
            (1.239, "1.24 s"),
            (30.0, "30.0 s"),
            (123.4, "123 s"),
            (f64::INFINITY, "infinite"),
        ];
        for (seconds, text) in cases {
            assert_eq!(latency(seconds), text);
        }
    }

    #[test]
    fn spans_have_two_units() {
        let cases = [
            (15, "15 s"),
            (90, "90 s"),
            (150, "2 min 30 s"),
            (2280, "38 min"),
            (3599, "1 h"),
            (4320, "1 h 12 min"),
            (273_600, "3 d 4 h"),
        ];
        for (seconds, text) in cases {
            assert_eq!(span(SimDuration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn counts_and_money_are_grouped() {
        assert_eq!(count(7), "7");
        assert_eq!(count(11_034_221), "11,034,221");
        assert_eq!(usd(0.84), "0.84 USD");
        assert_eq!(usd(0.0042), "0.0042 USD");
        assert_eq!(usd(1204.4), "1,204 USD");
        assert_eq!(times(1, "pod"), "1 pod");
    }
}
