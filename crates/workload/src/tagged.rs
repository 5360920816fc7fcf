//! Serde for enums that are written either as a bare value or as one tagged alternative.
//!
//! `cpu: 9ms` and `cpu: { lognormal: { mean: 9ms, cv: 0.8 } }` are both natural. Serde's
//! `untagged` buffers its input and thereby loses the position of every error, so the visitor is
//! written out here: it decides by the kind of the token and then reads straight from the input.

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// A second key where only one may be. Fails while it is read, so that the error points at it.
pub(crate) enum SecondKey {}

impl<'de> Deserialize<'de> for SecondKey {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom("only one alternative may be given here"))
    }
}

/// Writes `{ key: payload }`.
pub(crate) fn write_tagged<S: Serializer, T: Serialize>(
    serializer: S,
    key: &str,
    payload: &T,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(key, payload)?;
    map.end()
}

/// The schema of `{ key: payload }`.
#[cfg(feature = "schema")]
pub(crate) fn tagged_schema(key: &str, payload: &schemars::Schema) -> schemars::Schema {
    schemars::json_schema!({
        "type": "object",
        "properties": { key: payload },
        "required": [key],
        "additionalProperties": false
    })
}

/// Implements `Serialize`, `Deserialize` and, with the `schema` feature, `JsonSchema`.
///
/// Alternatives are `"key" => Variant(Payload)`; the one after `bare` may also be written
/// without its key.
macro_rules! tagged_or_bare {
    (
        impl[$($generics:tt)*] $enum:ident as $type:ty,
        name: $name:expr,
        description: $description:literal,
        bare: $bare_key:literal => $bare:ident($bare_type:ty),
        $($key:literal => $variant:ident($payload:ty),)*
    ) => {
        impl<$($generics)*> serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $enum::$bare(value) => value.serialize(serializer),
                    $($enum::$variant(payload) => crate::tagged::write_tagged(serializer, $key, payload),)*
                }
            }
        }

        impl<'de, $($generics)*> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use serde::de::{Error, IntoDeserializer, MapAccess, Visitor};

                #[derive(serde::Deserialize)]
                #[serde(variant_identifier)]
                enum Key {
                    #[serde(rename = $bare_key)]
                    $bare,
                    $(#[serde(rename = $key)] $variant,)*
                }

                struct TaggedVisitor<T>(std::marker::PhantomData<T>);

                impl<'de, $($generics)*> Visitor<'de> for TaggedVisitor<$type> {
                    type Value = $type;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($description)
                    }

                    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                        <$bare_type>::deserialize(text.into_deserializer()).map($enum::$bare)
                    }

                    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
                        <$bare_type>::deserialize(number.into_deserializer()).map($enum::$bare)
                    }

                    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
                        <$bare_type>::deserialize(number.into_deserializer()).map($enum::$bare)
                    }

                    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
                        <$bare_type>::deserialize(number.into_deserializer()).map($enum::$bare)
                    }

                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        let Some(key) = map.next_key()? else {
                            return Err(Error::invalid_length(0, &self));
                        };
                        let value = match key {
                            Key::$bare => $enum::$bare(map.next_value()?),
                            $(Key::$variant => $enum::$variant(map.next_value()?),)*
                        };
                        match map.next_key::<crate::tagged::SecondKey>()? {
                            None => Ok(value),
                            Some(never) => match never {},
                        }
                    }
                }

                deserializer.deserialize_any(TaggedVisitor(std::marker::PhantomData))
            }
        }

        #[cfg(feature = "schema")]
        impl<$($generics)*> schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let bare = generator.subschema_for::<$bare_type>();
                let tagged_bare = crate::tagged::tagged_schema($bare_key, &bare);
                let alternatives = vec![
                    bare,
                    tagged_bare,
                    $(crate::tagged::tagged_schema($key, &generator.subschema_for::<$payload>()),)*
                ];
                schemars::json_schema!({ "description": $description, "oneOf": alternatives })
            }
        }
    };
}
pub(crate) use tagged_or_bare;
