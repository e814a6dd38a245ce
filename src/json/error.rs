//! What is wrong with a text, and where.

use std::fmt::{self, Display};

use serde::de::{self, Expected, Unexpected};

use super::node::Node;

/// What is wrong with a text. One pointer wide: every reader passes it on.
#[derive(Debug)]
pub struct Error(Box<Fault>);

#[derive(Debug)]
struct Fault {
    kind: Kind,
    pointer: String,
    message: String,
}

/// What kind of fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It is not JSON.
    Syntax,
    /// It is JSON, and something comes behind it.
    Trailing,
    /// It is JSON, but not what is asked for.
    Data,
}

impl Error {
    fn new(kind: Kind, message: String) -> Self {
        Self(Box::new(Fault { kind, pointer: String::new(), message }))
    }

    pub(super) fn syntax(error: &serde_json::Error) -> Self {
        Self::new(Kind::Syntax, error.to_string())
    }

    pub(super) fn trailing(error: &serde_json::Error) -> Self {
        Self::new(Kind::Trailing, error.to_string())
    }

    #[cold]
    pub(super) fn unexpected(node: &Node<'_>, expected: &dyn Expected) -> Self {
        de::Error::invalid_type(node.unexpected(), expected)
    }

    /// The same, found there.
    pub(super) fn at(mut self, pointer: String) -> Self {
        self.0.pointer = pointer;
        self
    }

    /// What kind of fault it is.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Where it is (RFC 6901): the innermost value at fault, or the object that misses a member.
    pub fn pointer(&self) -> &str {
        &self.0.pointer
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(Kind::Data, message.to_string())
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        // JSON has no unit.
        let unexpected = if unexpected == Unexpected::Unit { Unexpected::Other("null") } else { unexpected };
        Self::custom(format_args!("invalid type: {unexpected}, expected {expected}"))
    }
}
