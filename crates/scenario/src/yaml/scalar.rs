//! Scalars, resolved by the YAML 1.2 core schema.

/// A scalar as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scalar {
    /// The text after folding and unescaping.
    pub(crate) text: String,
    /// Without quotes and without a tag that makes it text: it may be a number, a boolean or nothing.
    pub(crate) plain: bool,
}

/// What a scalar means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Resolved<'a> {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(&'a str),
}

impl Scalar {
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            plain: true,
        }
    }

    pub(crate) fn quoted(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            plain: false,
        }
    }

    pub(crate) fn resolve(&self) -> Resolved<'_> {
        if !self.plain {
            return Resolved::Text(&self.text);
        }
        match self.text.as_str() {
            "" | "~" | "null" | "Null" | "NULL" => Resolved::Null,
            "true" | "True" | "TRUE" => Resolved::Bool(true),
            "false" | "False" | "FALSE" => Resolved::Bool(false),
            text => number(text).unwrap_or(Resolved::Text(text)),
        }
    }
}

fn number(text: &str) -> Option<Resolved<'static>> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if let Some(float) = special(text, negative, digits) {
        return Some(Resolved::Float(float));
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            return u64::from_str_radix(digits, radix)
                .ok()
                .map(Resolved::Unsigned);
        }
    }
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        // `-0` and what does not fit become floats, as in the core schema's own arithmetic.
        return Some(if negative {
            text.parse()
                .map_or_else(
                    |_| text.parse().map(Resolved::Float),
                    |n| Ok(Resolved::Signed(n)),
                )
                .ok()?
        } else {
            digits
                .parse()
                .map_or_else(
                    |_| digits.parse().map(Resolved::Float),
                    |n| Ok(Resolved::Unsigned(n)),
                )
                .ok()?
        });
    }
    let is_float = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits.bytes().any(|byte| byte.is_ascii_digit())
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    is_float.then(|| text.parse().ok().map(Resolved::Float))?
}

fn special(text: &str, negative: bool, digits: &str) -> Option<f64> {
    match digits {
        ".inf" | ".Inf" | ".INF" if negative => Some(f64::NEG_INFINITY),
        ".inf" | ".Inf" | ".INF" => Some(f64::INFINITY),
        _ => matches!(text, ".nan" | ".NaN" | ".NAN").then_some(f64::NAN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_examples_of_the_specification() {
        // YAML 1.2.2, examples 10.8 and 10.9.
        let resolve = |text| Scalar::plain(text);
        assert_eq!(resolve("null").resolve(), Resolved::Null);
        assert_eq!(resolve("").resolve(), Resolved::Null);
        assert_eq!(resolve("true").resolve(), Resolved::Bool(true));
        assert_eq!(resolve("FALSE").resolve(), Resolved::Bool(false));
        assert_eq!(resolve("0o7").resolve(), Resolved::Unsigned(7));
        assert_eq!(resolve("0x3A").resolve(), Resolved::Unsigned(58));
        assert_eq!(resolve("-19").resolve(), Resolved::Signed(-19));
        assert_eq!(resolve("0.").resolve(), Resolved::Float(0.0));
        assert_eq!(resolve(".5").resolve(), Resolved::Float(0.5));
        assert_eq!(resolve("+12e03").resolve(), Resolved::Float(12000.0));
        assert_eq!(resolve("-2E+05").resolve(), Resolved::Float(-200_000.0));
        assert_eq!(
            resolve("-.Inf").resolve(),
            Resolved::Float(f64::NEG_INFINITY)
        );
        assert!(matches!(resolve(".NAN").resolve(), Resolved::Float(nan) if nan.is_nan()));
        for text in [
            "250m", "1.2.3", "e5", "yes", "1_000", "+", "-", ".", "0x", "1200/s", "nan", "inf",
        ] {
            assert_eq!(resolve(text).resolve(), Resolved::Text(text), "{text}");
        }
        assert_eq!(Scalar::quoted("12").resolve(), Resolved::Text("12"));
    }
}
