//! One field of a cron expression as a set of numbers.

/// What a field may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) lowest: u8,
    pub(super) highest: u8,
    /// Names of the numbers from the lowest on.
    pub(super) names: &'static [&'static str],
}

impl Field {
    pub(super) const fn numbers(name: &'static str, lowest: u8, highest: u8) -> Self {
        Self {
            name,
            lowest,
            highest,
            names: &[],
        }
    }
}

/// The numbers of a field as bits. `wraps` allows ranges such as `FRI-MON`.
pub(super) fn field(text: &str, kind: Field, wraps: bool) -> Result<u64, String> {
    let mut bits = 0;
    for item in text.split(',') {
        bits |= range(item, kind, wraps)?;
    }
    Ok(bits)
}

fn range(item: &str, kind: Field, wraps: bool) -> Result<u64, String> {
    let (range, step) = match item.split_once('/') {
        None => (item, None),
        Some((range, step)) => {
            let number: Option<u8> = step.parse().ok().filter(|&step| step > 0);
            let number = number.ok_or_else(|| {
                format!(
                    "{} has the step `{step}`: must be a number from 1",
                    kind.name
                )
            })?;
            (range, Some(number))
        }
    };
    let (first, last) = if range == "*" || range == "?" {
        (kind.lowest, kind.highest)
    } else if let Some((first, last)) = range.split_once('-') {
        (number(first, kind)?, number(last, kind)?)
    } else {
        let first = number(range, kind)?;
        // `5/10` goes on to the end, `5` does not.
        (first, if step.is_some() { kind.highest } else { first })
    };
    let step = usize::from(step.unwrap_or(1));
    if first <= last {
        return Ok((first..=last)
            .step_by(step)
            .fold(0, |bits, n| bits | 1 << n));
    }
    if !wraps {
        return Err(format!(
            "{} goes from {first} to {last}: must not go backwards",
            kind.name
        ));
    }
    let members = (first..=kind.highest).chain(kind.lowest..=last);
    Ok(members.step_by(step).fold(0, |bits, n| bits | 1 << n))
}

/// One number, which may be written as a name.
pub(super) fn number(text: &str, kind: Field) -> Result<u8, String> {
    let named = kind
        .names
        .iter()
        .position(|name| text.eq_ignore_ascii_case(name));
    let number = match named {
        Some(index) => Some(kind.lowest + index as u8),
        None => text.parse().ok(),
    };
    number
        .filter(|number| (kind.lowest..=kind.highest).contains(number))
        .ok_or_else(|| {
            let Field {
                name,
                lowest,
                highest,
                ..
            } = kind;
            format!("{name} is `{text}`: must be {lowest} to {highest}")
        })
}
