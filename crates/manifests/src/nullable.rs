//! `null` is the same as leaving a field out.

use serde::{Deserialize, Deserializer};

/// Reads a value or `null`, which gives the default: `labels:` with nothing after it is no label.
pub(crate) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}
