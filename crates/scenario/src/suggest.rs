//! "Did you mean": the legal name that is nearest to what was typed.

/// The nearest of `legal` to `typed`, if one is near enough to be a slip of the hand: the same
/// letters in another convention (`minReplicas` for `min_replicas`), or about a third of them wrong.
pub fn nearest<'a>(typed: &str, legal: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // The distance costs the product of the lengths; nobody mistypes a name of 64 letters.
    if typed.len() > 64 {
        return None;
    }
    let wanted = folded(typed);
    let limit = (wanted.chars().count() / 3).max(1);
    legal
        .into_iter()
        .filter(|name| name.len() <= 64 && *name != typed)
        .map(|name| (strsim::damerau_levenshtein(&wanted, &folded(name)), name))
        .filter(|(distance, name)| {
            *distance <= limit || (wanted.len() >= 3 && folded(name).starts_with(&wanted))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// A value as it would be right, for a text of which the message says that it is none: units as
/// other tools and people write them.
pub(crate) fn respelt(text: &str, message: &str) -> Option<String> {
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if compact.len() > 40 {
        return None;
    }
    let units: &[(&str, &str)] = if message.contains("is not a duration") {
        &DURATIONS
    } else if message.contains("is not a rate") {
        &RATES
    } else if message.contains("is not a size")
        || message.contains("is not a quantity")
        || message.contains("is not CPU")
    {
        &SIZES
    } else {
        return None;
    };
    let split = compact
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(compact.len());
    let (number, unit) = compact.split_at(split);
    let unit = units
        .iter()
        .find(|(wrong, _)| unit.eq_ignore_ascii_case(wrong))
        .map(|(_, right)| *right);
    let corrected = format!("{number}{}", unit?);
    (!number.is_empty() && corrected != text).then_some(corrected)
}

const DURATIONS: [(&str, &str); 24] = [
    ("second", "s"),
    ("seconds", "s"),
    ("sec", "s"),
    ("secs", "s"),
    ("s", "s"),
    ("minute", "m"),
    ("minutes", "m"),
    ("min", "m"),
    ("mins", "m"),
    ("m", "m"),
    ("hour", "h"),
    ("hours", "h"),
    ("hr", "h"),
    ("hrs", "h"),
    ("h", "h"),
    ("day", "d"),
    ("days", "d"),
    ("week", "w"),
    ("weeks", "w"),
    ("millis", "ms"),
    ("msec", "ms"),
    ("ms", "ms"),
    ("µs", "us"),
    ("us", "us"),
];

const RATES: [(&str, &str); 13] = [
    ("", "/s"),
    ("rps", "/s"),
    ("qps", "/s"),
    ("tps", "/s"),
    ("req/s", "/s"),
    ("/sec", "/s"),
    ("/second", "/s"),
    ("ps", "/s"),
    ("rpm", "/m"),
    ("/minute", "/m"),
    ("rph", "/h"),
    ("/hr", "/h"),
    ("/hour", "/h"),
];

const SIZES: [(&str, &str); 12] = [
    ("kb", "k"),
    ("mb", "M"),
    ("gb", "G"),
    ("tb", "T"),
    ("kib", "Ki"),
    ("mib", "Mi"),
    ("gib", "Gi"),
    ("tib", "Ti"),
    ("mi", "Mi"),
    ("gi", "Gi"),
    ("m", "m"),
    ("mc", "m"),
];

/// Letters and digits in lower case: case and separators are conventions, not meaning.
fn folded(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{nearest, respelt};

    #[test]
    fn respells_the_units_of_other_tools() {
        let duration = "`x` is not a duration such as 30s";
        assert_eq!(respelt("10 minutes", duration).as_deref(), Some("10m"));
        assert_eq!(respelt("1 ms", duration).as_deref(), Some("1ms"));
        assert_eq!(respelt("1.5 Hours", duration).as_deref(), Some("1.5h"));
        assert_eq!(respelt("5s", duration), None);
        assert_eq!(
            respelt("10 rps", "`x` is not a rate such as 5/s").as_deref(),
            Some("10/s")
        );
        assert_eq!(
            respelt("128MiB", "`x` is not a size such as 1Gi").as_deref(),
            Some("128Mi")
        );
        assert_eq!(respelt("10 parsecs", duration), None);
    }

    #[test]
    fn finds_slips_and_conventions_but_no_strangers() {
        let legal = ["replicas", "startup", "min_ready", "maxReplicas", "cpu"];
        assert_eq!(nearest("replcas", legal), Some("replicas"));
        assert_eq!(nearest("start_up", legal), Some("startup"));
        assert_eq!(nearest("minReady", legal), Some("min_ready"));
        assert_eq!(nearest("max_replicas", legal), Some("maxReplicas"));
        assert_eq!(nearest("cup", legal), Some("cpu"));
        assert_eq!(nearest("weather", legal), None);
        assert_eq!(nearest("", legal), None);
    }
}
