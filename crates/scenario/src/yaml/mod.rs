//! YAML into trees that remember where each value stood, and trees into typed values.
//!
//! The events of the parser become a [`Node`] tree (bounded in size, depth and alias expansion);
//! [`decode`](decode::decode) turns a tree into any `Deserialize` type and goes on after the first
//! mistake; [`emit`](emit::emit) writes a tree.

mod de;
mod decode;
mod emit;
mod fault;
mod node;
mod parse;
mod scalar;

pub(crate) use decode::decode;
pub(crate) use emit::emit;
pub(crate) use node::{Entry, Key, Life, Node, Place, Value};
pub(crate) use parse::{MAX_BYTES, parse};
pub(crate) use scalar::Scalar;
