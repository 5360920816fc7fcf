//! Queries of the Monitoring service, as far as a rule needs them.

use super::{Operator, Threshold};

/// A query that ends in a comparison: `CpuUtilization[1m]{pool = "a"}.mean() > 70`.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomQuery {
    /// What stands before the comparison.
    pub expression: String,
    /// Name of the first metric in it. Whoever answers the query goes by this name.
    pub metric: String,
    /// The comparison.
    pub threshold: Threshold,
}

impl CustomQuery {
    /// Takes a query apart. Only the comparison at its end is understood; what stands before it
    /// is the business of whoever answers the query.
    ///
    /// # Errors
    /// If it does not start with the name of a metric or does not end in a comparison.
    pub fn parse(text: &str) -> Result<Self, String> {
        let unfit = |what: &str| format!("is `{text}`: must {what}");
        // Comparisons of dimensions are inside braces, which end before the last operator.
        let at = text
            .rfind(['<', '>'])
            .ok_or_else(|| unfit("end in a comparison such as `> 70`"))?;
        let (expression, comparison) = text.split_at(at);
        let (operator, number) = match (comparison.as_bytes()[0], &comparison[1..]) {
            (b'>', rest) if rest.starts_with('=') => (Operator::Gte, &rest[1..]),
            (b'>', rest) => (Operator::Gt, rest),
            (_, rest) if rest.starts_with('=') => (Operator::Lte, &rest[1..]),
            (_, rest) => (Operator::Lt, rest),
        };
        let value: f64 = number
            .trim()
            .parse()
            .ok()
            .filter(|value: &f64| value.is_finite())
            .ok_or_else(|| unfit("end in a comparison with a number"))?;
        let expression = expression.trim();
        let is_name = |c: char| c.is_ascii_alphanumeric() || "_.-$".contains(c);
        let start = expression.trim_start_matches('(');
        let metric: String = start.chars().take_while(|&c| is_name(c)).collect();
        if metric.is_empty() {
            return Err(unfit("start with the name of a metric"));
        }
        Ok(Self {
            expression: expression.to_owned(),
            metric,
            threshold: Threshold { operator, value },
        })
    }
}
