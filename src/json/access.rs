//! What a list, an object and a variant hold, one after the other.

use std::borrow::Cow;
use std::mem;
use std::vec::IntoIter;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, Expected, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};

use super::error::Error;
use super::node::{Member, Node};
use super::reader::{Reader, Step};

/// The items of a list, one after the other.
pub(super) struct Items<'r, 'de> {
    reader: &'r mut Reader<'de>,
    index: usize,
    rest: IntoIter<Node<'de>>,
}

impl<'r, 'de> Items<'r, 'de> {
    /// From the first.
    pub(super) fn new(reader: &'r mut Reader<'de>, items: Vec<Node<'de>>) -> Self {
        Self { reader, index: 0, rest: items.into_iter() }
    }

    fn advance(&mut self) -> bool {
        let Some(node) = self.rest.next() else { return false };
        self.reader.enter(Step::Item(self.index), node);
        self.index += 1;
        true
    }

    /// Fails where the type takes fewer of them.
    pub(super) fn end(&self) -> Result<(), Error> {
        match self.rest.len() {
            0 => Ok(()),
            more => Err(Error::invalid_length(self.index + more, &"fewer elements in array")),
        }
    }
}

impl<'de> SeqAccess<'de> for &mut Items<'_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        if !self.advance() {
            return Ok(None);
        }
        let value = seed.deserialize(&mut *self.reader)?;
        self.reader.leave();
        Ok(Some(value))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// The members of an object, one after the other.
pub(super) struct Members<'r, 'de> {
    reader: &'r mut Reader<'de>,
    name: Cow<'de, str>,
    value: Node<'de>,
    rest: IntoIter<Member<'de>>,
}

impl<'r, 'de> Members<'r, 'de> {
    /// From the first.
    pub(super) fn new(reader: &'r mut Reader<'de>, members: Vec<Member<'de>>) -> Self {
        Self { reader, name: Cow::Borrowed(""), value: Node::Null, rest: members.into_iter() }
    }

    /// To the next name.
    fn advance(&mut self) -> bool {
        let Some((name, value)) = self.rest.next() else { return false };
        self.value = value;
        self.reader.enter(Step::Member(name.clone()), Node::Word(name));
        true
    }

    /// From the name, which was good.
    fn keep_name(&mut self) {
        if let Some(Step::Member(name)) = self.reader.leave() {
            self.name = name;
        }
    }

    /// To the value of that name.
    fn enter_value(&mut self) {
        let name = mem::take(&mut self.name);
        self.reader.enter(Step::Member(name), mem::replace(&mut self.value, Node::Null));
    }
}

impl<'de> MapAccess<'de> for Members<'_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        if !self.advance() {
            return Ok(None);
        }
        let key = seed.deserialize(&mut *self.reader)?;
        self.keep_name();
        Ok(Some(key))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        self.enter_value();
        let value = seed.deserialize(&mut *self.reader)?;
        self.reader.leave();
        Ok(value)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// A variant of an enum: its name, and what it holds if it holds something.
pub(super) struct Variant<'r, 'de> {
    reader: &'r mut Reader<'de>,
    name: Cow<'de, str>,
    content: Option<Node<'de>>,
}

impl<'r, 'de> Variant<'r, 'de> {
    /// Of that name.
    pub(super) fn new(reader: &'r mut Reader<'de>, name: Cow<'de, str>, content: Option<Node<'de>>) -> Self {
        Self { reader, name, content }
    }

    /// The reader, at what the variant holds.
    fn content(self, expected: &dyn Expected) -> Result<&'r mut Reader<'de>, Error> {
        let content = self.content.ok_or_else(|| Error::invalid_type(Unexpected::UnitVariant, expected))?;
        self.reader.put(content);
        Ok(self.reader)
    }
}

impl<'de> EnumAccess<'de> for Variant<'_, 'de> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let name: StrDeserializer<'_, Error> = self.name.as_ref().into_deserializer();
        let variant = seed.deserialize(name)?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        match self.content {
            None | Some(Node::Null) => Ok(()),
            Some(other) => Err(Error::unexpected(&other, &"unit")),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self.content(&"newtype variant")?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.content(&"tuple variant")?.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.content(&"struct variant")?.deserialize_map(visitor)
    }
}
