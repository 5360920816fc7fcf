//! Durations as Azure and OCI write them.

use flashcrowd_units::SimDuration;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A duration in the form of ISO 8601 with days, hours, minutes and seconds: `PT5M`, `P1DT12H`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct IsoDuration(pub SimDuration);

impl IsoDuration {
    /// From whole minutes.
    pub const fn from_mins(mins: u64) -> Self {
        Self(SimDuration::from_secs(60 * mins))
    }

    fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix('P')?;
        let (days, time) = match rest.split_once('T') {
            Some((days, time)) if !time.is_empty() => (days, time),
            None if !rest.is_empty() => (rest, ""),
            Some(_) | None => return None,
        };
        let seconds = amounts(days, &[('D', 86_400)])?
            .checked_add(amounts(time, &[('H', 3600), ('M', 60), ('S', 1)])?)?;
        // The longest duration that a simulation can have.
        (seconds < 1 << 33).then(|| Self(SimDuration::from_secs(seconds)))
    }
}

/// Adds up numbers with their units, which come in this order and at most once.
fn amounts(text: &str, units: &[(char, u64)]) -> Option<u64> {
    let mut rest = text;
    let mut total: u64 = 0;
    for &(unit, seconds) in units {
        if let Some((number, tail)) = rest.split_once(unit) {
            let number: u64 = number.parse().ok()?;
            total = total.checked_add(number.checked_mul(seconds)?)?;
            rest = tail;
        }
    }
    rest.is_empty().then_some(total)
}

impl std::fmt::Display for IsoDuration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = self.0.as_millis() / 1000;
        match (seconds % 3600, seconds % 60) {
            (0, _) if seconds > 0 => write!(f, "PT{}H", seconds / 3600),
            (_, 0) => write!(f, "PT{}M", seconds / 60),
            _ => write!(f, "PT{seconds}S"),
        }
    }
}

impl Serialize for IsoDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for IsoDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            de::Error::custom(format!("`{text}` is not an ISO 8601 duration such as PT5M"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes() {
        for (text, seconds, written) in [
            ("PT3M", 180, "PT3M"),
            ("PT1H", 3600, "PT1H"),
            ("PT1H30M", 5400, "PT90M"),
            ("P1D", 86_400, "PT24H"),
            ("PT45S", 45, "PT45S"),
            ("PT0S", 0, "PT0M"),
        ] {
            let duration = IsoDuration::parse(text).expect(text);
            assert_eq!(duration.0, SimDuration::from_secs(seconds), "{text}");
            assert_eq!(duration.to_string(), written);
        }
        for text in [
            "",
            "P",
            "PT",
            "5M",
            "PT5",
            "PTM",
            "PT5M3H",
            "PT-5M",
            "P5M",
            "PT99999999999999999999S",
        ] {
            assert_eq!(IsoDuration::parse(text), None, "{text}");
        }
    }
}
