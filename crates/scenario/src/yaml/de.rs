//! Serde's view of a tree.

use super::fault::{Fault, Kind};
use super::node::{Entry, Life, Node, Value};
use super::scalar::Resolved;
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use std::cell::RefCell;
use std::fmt;

/// A field that a type does not know and passes over.
#[derive(Debug, Clone)]
pub(super) struct Ignored {
    /// Number of its key.
    pub(super) key: u32,
    /// What the type knows.
    pub(super) legal: &'static [&'static str],
}

/// A node as serde's input.
#[derive(Clone, Copy)]
pub(super) struct De<'de, 'a> {
    pub(super) node: &'de Node,
    pub(super) ignored: &'a RefCell<Vec<Ignored>>,
    /// The key above the node and the fields that are known beside it.
    field: Option<(&'de Entry, &'static [&'static str])>,
}

impl<'de, 'a> De<'de, 'a> {
    pub(super) fn new(node: &'de Node, ignored: &'a RefCell<Vec<Ignored>>) -> Self {
        Self {
            node,
            ignored,
            field: None,
        }
    }

    fn child(self, node: &'de Node) -> Self {
        Self {
            node,
            field: None,
            ..self
        }
    }

    fn map<V: Visitor<'de>>(
        self,
        entries: &'de [Entry],
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor.visit_map(Map {
            de: self,
            entries: entries.iter(),
            fields,
            value: None,
        })
    }

    fn visit<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match &self.node.value {
            Value::Seq(elements) => visitor.visit_seq(Seq {
                de: self,
                elements: elements.iter(),
            }),
            Value::Map(entries) => self.map(entries, fields, visitor),
            Value::Scalar(scalar) => match scalar.resolve() {
                Resolved::Null => visitor.visit_unit(),
                Resolved::Bool(value) => visitor.visit_bool(value),
                Resolved::Unsigned(value) => visitor.visit_u64(value),
                Resolved::Signed(value) => visitor.visit_i64(value),
                Resolved::Float(value) => visitor.visit_f64(value),
                Resolved::Text(text) => visitor.visit_borrowed_str(text),
            },
        }
    }
}

impl<'de> Deserializer<'de> for De<'de, '_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.visit(&[], visitor)
            .map_err(|fault| fault.at(self.node.id))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.node.is_null() {
            visitor.visit_none()
        } else {
            visitor
                .visit_some(self)
                .map_err(|fault| fault.at(self.node.id))
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if let Value::Seq(_) = self.node.value {
            // A list is not a struct without names, whatever serde thinks.
            return Err(Fault::invalid_type(Unexpected::Seq, &visitor).at(self.node.id));
        }
        self.visit(fields, visitor)
            .map_err(|fault| fault.at(self.node.id))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        visitor
            .visit_newtype_struct(self)
            .map_err(|fault| fault.at(self.node.id))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let access = match &self.node.value {
            Value::Scalar(scalar) => Variant {
                de: self,
                name: &scalar.text,
                id: self.node.id,
                value: None,
            },
            Value::Map(entries) => {
                let mut live = entries
                    .iter()
                    .filter(|entry| entry.value.life != Life::Removed);
                let first = live.next();
                let (Some(entry), 0) = (first, live.count()) else {
                    let count = entries.len();
                    return Err(Fault::new(Kind::NotOneVariant {
                        legal: variants,
                        count,
                    })
                    .at(self.node.id));
                };
                Variant {
                    de: self,
                    name: &entry.key.text,
                    id: entry.key.id,
                    value: Some(&entry.value),
                }
            }
            Value::Seq(_) => {
                let expected = OneOf(variants);
                return Err(Fault::invalid_type(Unexpected::Seq, &expected).at(self.node.id));
            }
        };
        visitor
            .visit_enum(access)
            .map_err(|fault| fault.at(self.node.id))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if let Some((entry, legal)) = self.field
            && !legal.contains(&entry.key.text.as_str())
        {
            self.ignored.borrow_mut().push(Ignored {
                key: entry.key.id,
                legal,
            });
        }
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier
    }
}

struct OneOf(&'static [&'static str]);

impl de::Expected for OneOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "one of {}", self.0.join(", "))
    }
}

struct Seq<'de, 'a> {
    de: De<'de, 'a>,
    elements: std::slice::Iter<'de, Node>,
}

impl<'de> SeqAccess<'de> for Seq<'de, '_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        match self.elements.find(|element| element.life != Life::Removed) {
            None => Ok(None),
            Some(node) => seed
                .deserialize(self.de.child(node))
                .map(Some)
                .map_err(|fault| fault.at(node.id)),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.elements.len())
    }
}

struct Map<'de, 'a> {
    de: De<'de, 'a>,
    entries: std::slice::Iter<'de, Entry>,
    fields: &'static [&'static str],
    value: Option<&'de Entry>,
}

impl<'de> MapAccess<'de> for Map<'de, '_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        self.value = self.entries.find(|entry| entry.value.life != Life::Removed);
        match self.value {
            None => Ok(None),
            Some(entry) => seed
                .deserialize(de::value::BorrowedStrDeserializer::new(&entry.key.text))
                .map(Some)
                .map_err(|fault: Fault| fault.at(entry.key.id)),
        }
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Fault> {
        let entry = self
            .value
            .take()
            .ok_or_else(|| Fault::custom("a value without its key"))?;
        let field = (!self.fields.is_empty()).then_some((entry, self.fields));
        let de = De {
            node: &entry.value,
            field,
            ..self.de
        };
        seed.deserialize(de)
            .map_err(|fault| fault.at(entry.value.id))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

/// An externally tagged alternative: `name` or `name: content`.
struct Variant<'de, 'a> {
    de: De<'de, 'a>,
    name: &'de str,
    id: u32,
    value: Option<&'de Node>,
}

impl<'de> EnumAccess<'de> for Variant<'de, '_> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Fault> {
        let name = seed
            .deserialize(de::value::BorrowedStrDeserializer::new(self.name))
            .map_err(|fault: Fault| fault.at(self.id))?;
        Ok((name, self))
    }
}

impl<'de, 'a> Variant<'de, 'a> {
    fn content(&self) -> Result<De<'de, 'a>, Fault> {
        self.value.map(|node| self.de.child(node)).ok_or_else(|| {
            Fault::custom(format!(
                "`{0}` needs its settings: write `{0}: {{ ... }}`",
                self.name
            ))
            .at(self.id)
        })
    }
}

impl<'de> VariantAccess<'de> for Variant<'de, '_> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        match self.value {
            Some(node) if !node.is_null() => {
                let message = format!("`{0}` has no settings: write just `{0}`", self.name);
                Err(Fault::custom(message).at(node.id))
            }
            _ => Ok(()),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        let content = self.content()?;
        seed.deserialize(content)
            .map_err(|fault| fault.at(content.node.id))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        self.content()?.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.content()?.deserialize_struct("", fields, visitor)
    }
}
