//! Values with their places.

use super::scalar::{Resolved, Scalar};
use crate::path::{FieldPath, Segment};
use crate::source::Span;

/// A value and where it stood.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Number within its tree, given before decoding: parents before children, in source order.
    pub(crate) id: u32,
    pub(crate) span: Span,
    pub(crate) life: Life,
    pub(crate) value: Value,
}

/// What became of a node while mistakes were collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Life {
    /// As it was written.
    #[default]
    Sound,
    /// Something was wrong with it; it is passed over.
    Removed,
    /// Stands for a value that is missing or wrong, so that the rest can be read. The number says
    /// which of the stand-ins is being tried.
    Placeholder(u8),
}

#[derive(Debug, Clone)]
pub(crate) enum Value {
    Scalar(Scalar),
    Seq(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: Key,
    pub(crate) value: Node,
}

#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) id: u32,
    pub(crate) text: String,
    pub(crate) span: Span,
}

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The value, or the nearest thing above it that was written.
    Found(Span),
    /// Something that was wrong already; what follows from it is not worth saying.
    Damaged,
}

impl Node {
    pub(crate) fn new(span: Span, value: Value) -> Self {
        Self {
            id: 0,
            span,
            life: Life::Sound,
            value,
        }
    }

    pub(crate) fn is_sound(&self) -> bool {
        self.life == Life::Sound
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(scalar) if scalar.resolve() == Resolved::Null)
    }

    /// The entries of a map, none for other values.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The elements of a list, none for other values.
    pub(crate) fn elements(&self) -> &[Self] {
        match &self.value {
            Value::Seq(elements) => elements,
            _ => &[],
        }
    }

    /// The value of a key, if this is a map that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry of a key, if this is a map that has it.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key.text == key)
    }

    /// As [`get`](Self::get), to be changed.
    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        match &mut self.value {
            Value::Map(entries) => entries
                .iter_mut()
                .find(|entry| entry.key.text == key)
                .map(|entry| &mut entry.value),
            _ => None,
        }
    }

    /// The text of a scalar that means text.
    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(scalar) => match scalar.resolve() {
                Resolved::Text(text) => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    /// Numbers all nodes and keys: parents before children, in source order.
    pub(crate) fn number(&mut self) {
        fn visit(node: &mut Node, next: &mut u32) {
            node.id = *next;
            *next += 1;
            match &mut node.value {
                Value::Scalar(_) => {}
                Value::Seq(elements) => {
                    for element in elements {
                        visit(element, next);
                    }
                }
                Value::Map(entries) => {
                    for entry in entries {
                        entry.key.id = *next;
                        *next += 1;
                        visit(&mut entry.value, next);
                    }
                }
            }
        }
        visit(self, &mut 0);
    }

    /// How many values this is, itself included.
    pub(crate) fn count(&self) -> usize {
        1 + match &self.value {
            Value::Scalar(_) => 0,
            Value::Seq(elements) => elements.iter().map(Self::count).sum(),
            Value::Map(entries) => entries.iter().map(|entry| entry.value.count()).sum(),
        }
    }

    /// Whether anything in it was removed or stands for something else.
    pub(crate) fn is_damaged(&self) -> bool {
        !self.is_sound()
            || match &self.value {
                Value::Scalar(_) => false,
                Value::Seq(elements) => elements.iter().any(Self::is_damaged),
                Value::Map(entries) => entries.iter().any(|entry| entry.value.is_damaged()),
            }
    }

    /// Lays `top` over this: maps are merged key by key, anything else is replaced.
    pub(crate) fn overlay(&mut self, top: &Self) {
        let (Value::Map(entries), Value::Map(over)) = (&mut self.value, &top.value) else {
            *self = top.clone();
            return;
        };
        for entry in over {
            match entries
                .iter_mut()
                .find(|own| own.key.text == entry.key.text)
            {
                Some(own) => {
                    own.key = entry.key.clone();
                    own.value.overlay(&entry.value);
                }
                None => entries.push(entry.clone()),
            }
        }
    }

    /// A stretch of one line that shows this value: containers are shown by the key above them
    /// or by their own first key.
    pub(crate) fn shown(&self, key: Option<&Key>) -> Span {
        match (&self.value, key) {
            (Value::Scalar(scalar), Some(key)) if scalar.text.is_empty() && scalar.plain => {
                key.span
            }
            (Value::Scalar(_), _) => self.span,
            (_, Some(key)) => key.span,
            (Value::Map(entries), None) => {
                entries.first().map_or(self.span, |entry| entry.key.span)
            }
            (Value::Seq(elements), None) => elements
                .first()
                .map_or(self.span, |first| first.shown(None)),
        }
    }

    /// Where a field stands that was decoded from this tree. Indices count only what was decoded.
    pub(crate) fn locate(&self, path: &FieldPath) -> Place {
        let mut node = self;
        let mut key = None;
        for segment in &path.0 {
            let next = match segment {
                Segment::Key(name) => node
                    .entry(name)
                    .map(|entry| (&entry.value, Some(&entry.key))),
                Segment::Index(index) => node
                    .elements()
                    .iter()
                    .filter(|element| element.life != Life::Removed)
                    .nth(*index)
                    .map(|element| (element, None)),
            };
            let Some((child, of)) = next else { break };
            if !child.is_sound() {
                return Place::Damaged;
            }
            (node, key) = (child, of);
        }
        if node.is_sound() {
            Place::Found(node.shown(key))
        } else {
            Place::Damaged
        }
    }

    /// As [`locate`](Self::locate), but where the last key stands.
    pub(crate) fn locate_key(&self, path: &FieldPath) -> Place {
        let above = path.0.split_last().map_or(&[][..], |(_, above)| above);
        let found = self.locate(path);
        let (Place::Found(_), Some(Segment::Key(name))) = (found, path.0.last()) else {
            return found;
        };
        let key = self.at(above).and_then(|node| node.entry(name));
        key.map_or(found, |entry| Place::Found(entry.key.span))
    }

    /// A path with indices that count all elements that were written, and not only those that
    /// could be read.
    pub(crate) fn written(&self, path: &FieldPath) -> FieldPath {
        let mut segments = path.0.clone();
        let mut node = Some(self);
        for segment in &mut segments {
            let Some(current) = node else { break };
            node = match segment {
                Segment::Key(name) => current.get(name),
                Segment::Index(index) => {
                    let mut live = current
                        .elements()
                        .iter()
                        .enumerate()
                        .filter(|(_, element)| element.life != Life::Removed);
                    live.nth(*index).map(|(raw, element)| {
                        *index = raw;
                        element
                    })
                }
            };
        }
        FieldPath(segments)
    }

    /// The node that segments lead to, if they do.
    pub(crate) fn at(&self, segments: &[Segment]) -> Option<&Self> {
        segments
            .iter()
            .try_fold(self, |node, segment| match segment {
                Segment::Key(name) => node.get(name),
                Segment::Index(index) => node
                    .elements()
                    .iter()
                    .filter(|element| element.life != Life::Removed)
                    .nth(*index),
            })
    }
}
