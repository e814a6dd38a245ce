//! JSON, rows, forms and queries into types, by one `Deserializer` for all of them.
//!
//! serde makes a reader of each type for each `Deserializer` that it is read by, and `serde_json` has four of them. Here
//! everything becomes a [`Node`] first, without generic code, and one [`reader::Reader`] makes the type of it: one copy of
//! each type's reader is in the wasm (docs/decisions/0004-size-and-speed.md). A game's sync is read by `serde_json` itself,
//! which needs no tree.

mod access;
mod error;
mod node;
mod reader;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde::de::{Deserialize, DeserializeOwned};

pub use error::{Error, Kind};
use node::Node;
use reader::Reader;

/// Reads a JSON text. A member that comes twice is an error where the type knows it.
pub fn from_slice<T: DeserializeOwned>(json: &[u8]) -> Result<T, Error> {
    read(parse(json)?)
}

/// Reads a JSON text, as [`from_slice`].
pub fn from_str<T: DeserializeOwned>(json: &str) -> Result<T, Error> {
    from_slice(json.as_bytes())
}

/// Reads a JSON value.
pub fn from_value<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, Error> {
    read(value.into())
}

/// Reads `application/x-www-form-urlencoded`: a query or a form. Numbers and truth values are texts in it.
pub fn from_form<T: DeserializeOwned>(form: &[u8]) -> Result<T, Error> {
    read(parse_form(form)?)
}

fn parse(json: &[u8]) -> Result<Node<'_>, Error> {
    let mut parser = serde_json::Deserializer::from_slice(json);
    let node = Node::deserialize(&mut parser).map_err(|error| Error::syntax(&error))?;
    parser.end().map_err(|error| Error::trailing(&error))?;
    Ok(node)
}

fn parse_form(form: &[u8]) -> Result<Node<'_>, Error> {
    let pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> =
        serde_urlencoded::from_bytes(form).map_err(<Error as serde::de::Error>::custom)?;
    Ok(Node::Object(pairs.into_iter().map(|(name, text)| (name, Node::Word(text))).collect()))
}

fn read<T: DeserializeOwned>(node: Node<'_>) -> Result<T, Error> {
    let mut reader = Reader::new(node);
    T::deserialize(&mut reader).map_err(|error| error.at(reader.pointer()))
}
