//! One field of a schedule.

/// The values that a field may have, and their names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) min: u32,
    pub(super) max: u32,
    /// Names of the values from `min` on.
    names: &'static [&'static str],
}

pub(super) const MINUTES: Bounds = Bounds {
    min: 0,
    max: 59,
    names: &[],
};
pub(super) const HOURS: Bounds = Bounds {
    min: 0,
    max: 23,
    names: &[],
};
pub(super) const DAYS: Bounds = Bounds {
    min: 1,
    max: 31,
    names: &[],
};
pub(super) const MONTHS: Bounds = Bounds {
    min: 1,
    max: 12,
    names: &[
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ],
};
pub(super) const WEEKDAYS: Bounds = Bounds {
    min: 0,
    max: 6,
    names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

/// The values that match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    bits: u64,
    /// `*` or `?`, without a step above 1, is among its parts.
    pub(super) is_unrestricted: bool,
}

impl Field {
    pub(super) fn matches(self, value: u32) -> bool {
        self.bits & (1 << value) != 0
    }

    /// A list of ranges. Empty parts are passed over.
    pub(super) fn parse(text: &str, bounds: Bounds) -> Result<Self, String> {
        let mut field = Self {
            bits: 0,
            is_unrestricted: false,
        };
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let part = range(part, bounds).map_err(|message| format!("`{part}` {message}"))?;
            field.bits |= part.bits;
            field.is_unrestricted |= part.is_unrestricted;
        }
        Ok(field)
    }
}

/// `*`, `N`, `N-M`, each with `/step`; `N/step` goes on to the largest value.
fn range(text: &str, bounds: Bounds) -> Result<Field, String> {
    let mut parts = text.split('/');
    let range = parts.next().unwrap_or_default();
    let step = parts.next();
    if parts.next().is_some() {
        return Err("has too many slashes".to_owned());
    }
    let mut ends = range.split('-');
    let low = ends.next().unwrap_or_default();
    let high = ends.next();
    let is_star = matches!(low, "*" | "?");
    let too_many = ends.next().is_some();
    let (start, mut end) = match (is_star, high) {
        (true, _) => (bounds.min, bounds.max),
        (false, _) if too_many => return Err("has too many hyphens".to_owned()),
        (false, None) => {
            let start = value(low, bounds)?;
            (start, start)
        }
        (false, Some(high)) => (value(low, bounds)?, value(high, bounds)?),
    };
    let step = match step {
        None => 1,
        Some(step) => {
            if high.is_none() {
                end = bounds.max;
            }
            number(step)?
        }
    };
    if start < bounds.min || end > bounds.max {
        return Err(format!("is not within {} to {}", bounds.min, bounds.max));
    }
    if start > end {
        return Err("ends before it starts".to_owned());
    }
    if step == 0 {
        return Err("has a step of 0".to_owned());
    }
    let bits = (start..=end)
        .step_by(step as usize)
        .fold(0, |bits, value| bits | 1 << value);
    Ok(Field {
        bits,
        is_unrestricted: is_star && step == 1,
    })
}

fn value(text: &str, bounds: Bounds) -> Result<u32, String> {
    let name = text.to_lowercase();
    let position = (bounds.min..)
        .zip(bounds.names)
        .find(|(_, it)| **it == name);
    match position {
        Some((value, _)) => Ok(value),
        None => number(text),
    }
}

fn number(text: &str) -> Result<u32, String> {
    text.parse()
        .map_err(|_| "is not a number that can be used here".to_owned())
}
