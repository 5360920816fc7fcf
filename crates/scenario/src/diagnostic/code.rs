//! Kinds of diagnostics.

use std::fmt;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// What kind of thing a diagnostic is. The names are stable: scripts may rely on them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Code {
            /// The name in messages: `unknown-field`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

codes! {
    /// A file that does not exist, is a folder, or cannot be read.
    Unreadable = "unreadable",
    /// A file beyond the size limit; it was not read.
    TooLarge = "too-large",
    /// A file that is not UTF-8 text.
    NotText = "not-text",
    /// A file without any content.
    Empty = "empty",
    /// Not YAML, or YAML that is not supported here.
    Syntax = "syntax",
    /// More values, deeper nesting or more alias expansion than any real file has.
    TooComplex = "too-complex",
    /// The same key twice in one map.
    DuplicateKey = "duplicate-key",
    /// A key that means nothing there.
    UnknownField = "unknown-field",
    /// A name that is none of the alternatives.
    UnknownChoice = "unknown-choice",
    /// Something that has no default and is not there.
    MissingField = "missing-field",
    /// A list where a number is expected, and so on.
    WrongType = "wrong-type",
    /// A value of the right type that is not allowed there.
    InvalidValue = "invalid-value",
    /// A name that nothing has.
    UnknownReference = "unknown-reference",
    /// A name that more than one thing has.
    AmbiguousReference = "ambiguous-reference",
    /// A name that is given twice.
    DuplicateName = "duplicate-name",
    /// A call that leads back to its caller.
    CyclicCall = "cyclic-call",
    /// Shares that do not add up.
    Shares = "shares",
    /// A `--set` whose path leads nowhere.
    BadOverride = "bad-override",
    /// An assertion that does not follow the grammar.
    BadAssertion = "bad-assertion",
    /// A manifest that no service can be made of.
    Manifest = "manifest",
    /// A manifest that the API server would refuse.
    Refused = "refused",
    /// A kind in a manifest file that plays no part in the simulation.
    SkippedKind = "skipped-kind",
    /// A setting of a real component that the simulation does not know.
    NotModelled = "not-modelled",
    /// A Deployment without a readiness probe.
    NoReadinessProbe = "no-readiness-probe",
    /// An autoscaler that cannot do what it seems to.
    Ineffective = "ineffective",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
