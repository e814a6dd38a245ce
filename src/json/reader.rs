//! Makes types of a tree. What is generic here is as thin as can be: it is compiled once for each type.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::mem;

use serde::de::{Deserializer, Error as _, Expected, Unexpected, Visitor};

use super::access::{Items, Members, Variant};
use super::error::Error;
use super::node::Node;

/// Reads the node that it stands at, and remembers the way there. After an error it still stands where the fault is.
pub(super) struct Reader<'de> {
    node: Node<'de>,
    way: Vec<Step<'de>>,
}

/// A step of the way to a value.
pub(super) enum Step<'de> {
    Item(usize),
    Member(Cow<'de, str>),
}

enum Number {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
}

impl<'de> Reader<'de> {
    /// At the root.
    pub(super) fn new(node: Node<'de>) -> Self {
        Self { node, way: Vec::new() }
    }

    /// Where it stands (RFC 6901).
    pub(super) fn pointer(&self) -> String {
        let mut pointer = String::new();
        for step in &self.way {
            pointer.push('/');
            match step {
                // Writing into a String never fails.
                Step::Item(index) => _ = write!(pointer, "{index}"),
                Step::Member(name) => pointer.push_str(&name.replace('~', "~0").replace('/', "~1")),
            }
        }
        pointer
    }

    fn take(&mut self) -> Node<'de> {
        mem::replace(&mut self.node, Node::Null)
    }

    /// One step down.
    pub(super) fn enter(&mut self, step: Step<'de>, node: Node<'de>) {
        self.way.push(step);
        self.node = node;
    }

    /// One step back.
    pub(super) fn leave(&mut self) -> Option<Step<'de>> {
        self.way.pop()
    }

    /// To another value at the same place.
    pub(super) fn put(&mut self, node: Node<'de>) {
        self.node = node;
    }

    fn bool(&mut self, expected: &dyn Expected) -> Result<bool, Error> {
        match self.take() {
            Node::Bool(value) => Ok(value),
            Node::Word(text) => {
                text.parse().map_err(|_| Error::custom("provided string was not `true` or `false`"))
            }
            other => Err(Error::unexpected(&other, expected)),
        }
    }

    fn number(&mut self, expected: &dyn Expected) -> Result<Number, Error> {
        match self.take() {
            Node::Unsigned(value) => Ok(Number::Unsigned(value)),
            Node::Signed(value) => Ok(Number::Signed(value)),
            Node::Float(value) => Ok(Number::Float(value)),
            Node::Word(text) if text.starts_with('-') => {
                text.parse().map(Number::Signed).map_err(Error::custom)
            }
            Node::Word(text) => text.parse().map(Number::Unsigned).map_err(Error::custom),
            other => Err(Error::unexpected(&other, expected)),
        }
    }

    fn text(&mut self, expected: &dyn Expected) -> Result<Cow<'de, str>, Error> {
        match self.take() {
            Node::String(text) | Node::Word(text) => Ok(text),
            other => Err(Error::unexpected(&other, expected)),
        }
    }

    fn null(&mut self, expected: &dyn Expected) -> Result<(), Error> {
        match self.take() {
            Node::Null => Ok(()),
            other => Err(Error::unexpected(&other, expected)),
        }
    }

    fn items(&mut self, expected: &dyn Expected) -> Result<Items<'_, 'de>, Error> {
        match self.take() {
            Node::List(items) => Ok(Items::new(self, items)),
            other => Err(Error::unexpected(&other, expected)),
        }
    }

    fn members(&mut self, expected: &dyn Expected) -> Result<Members<'_, 'de>, Error> {
        match self.take() {
            Node::Object(members) => Ok(Members::new(self, members)),
            other => Err(Error::unexpected(&other, expected)),
        }
    }

    fn variant(&mut self) -> Result<Variant<'_, 'de>, Error> {
        match self.take() {
            Node::String(name) | Node::Word(name) => Ok(Variant::new(self, name, None)),
            Node::Object(members) => {
                let mut members = members.into_iter();
                match (members.next(), members.next()) {
                    (Some((name, content)), None) => Ok(Variant::new(self, name, Some(content))),
                    _ => Err(Error::invalid_value(Unexpected::Map, &"map with a single key")),
                }
            }
            other => Err(Error::unexpected(&other, &"string or map")),
        }
    }
}

macro_rules! numbers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.number(&visitor)? {
                Number::Unsigned(value) => visitor.visit_u64(value),
                Number::Signed(value) => visitor.visit_i64(value),
                Number::Float(value) => visitor.visit_f64(value),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node {
            Node::Null => self.deserialize_unit(visitor),
            Node::Bool(_) => self.deserialize_bool(visitor),
            Node::Unsigned(_) | Node::Signed(_) | Node::Float(_) => self.deserialize_f64(visitor),
            Node::String(_) | Node::Word(_) => self.deserialize_string(visitor),
            Node::List(_) => self.deserialize_seq(visitor),
            Node::Object(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let value = self.bool(&visitor)?;
        visitor.visit_bool(value)
    }

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_f32 deserialize_f64
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let text = self.text(&visitor)?;
        visitor.visit_string(text.into_owned())
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_string(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let text = self.text(&visitor)?;
        visitor.visit_str(&text)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.node {
            Node::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.null(&visitor)?;
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let mut items = self.items(&visitor)?;
        let value = visitor.visit_seq(&mut items)?;
        items.end()?;
        Ok(value)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let members = self.members(&visitor)?;
        visitor.visit_map(members)
    }

    /// An object and never a list: a second reader of each struct is left out by this.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let variant = self.variant()?;
        visitor.visit_enum(variant)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.take();
        visitor.visit_unit()
    }
}
