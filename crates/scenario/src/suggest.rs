//! "Did you mean": the legal name that is nearest to what was typed.

/// The nearest of `legal` to `typed`, if one is near enough to be a slip of the hand: the same
/// letters in another convention (`minReplicas` for `min_replicas`), or about a third of them wrong.
pub(crate) fn nearest<'a>(typed: &str, legal: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
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

/// Letters and digits in lower case: case and separators are conventions, not meaning.
fn folded(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::nearest;

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
