//! What a shape can be a shape of.

use flashcrowd_units::{Rate, Ratio};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;

mod sealed {
    pub trait Sealed {}
    impl Sealed for flashcrowd_units::Rate {}
    impl Sealed for flashcrowd_units::Ratio {}

    /// A JSON Schema where the `schema` feature asks for one, nothing otherwise.
    #[cfg(feature = "schema")]
    pub trait MaybeSchema: schemars::JsonSchema {}
    #[cfg(feature = "schema")]
    impl<T: schemars::JsonSchema> MaybeSchema for T {}
    #[cfg(not(feature = "schema"))]
    pub trait MaybeSchema {}
    #[cfg(not(feature = "schema"))]
    impl<T> MaybeSchema for T {}
}

/// The level of a [`Shape`](crate::Shape): [`Rate`] or [`Ratio`]. Finite and not negative.
pub trait Level:
    Copy
    + fmt::Debug
    + fmt::Display
    + PartialEq
    + PartialOrd
    + Serialize
    + DeserializeOwned
    + sealed::Sealed
    + sealed::MaybeSchema
    + 'static
{
    /// The name of the shape type in JSON Schema.
    const SHAPE_NAME: &'static str;
    /// Whether counts of a trace are taken relative to their mean.
    const RELATIVE: bool;
    /// The number behind the level: events per second, or the factor.
    fn value(self) -> f64;
}

impl Level for Rate {
    const SHAPE_NAME: &'static str = "RateShape";
    const RELATIVE: bool = false;
    fn value(self) -> f64 {
        self.get()
    }
}

impl Level for Ratio {
    const SHAPE_NAME: &'static str = "FactorShape";
    const RELATIVE: bool = true;
    fn value(self) -> f64 {
        self.get()
    }
}
