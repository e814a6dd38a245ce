//! Luau literals. Everything that comes from a request goes into a script through here and nowhere else, as data in one table.

use std::fmt::Write;

/// A value as Luau writes it.
#[derive(Clone, Debug, PartialEq)]
pub enum Luau {
    /// A whole number.
    Number(i64),
    /// A number with a fraction, from its decimal text.
    Decimal(f64),
    /// Bytes of UTF-8.
    Text(String),
    /// A list.
    List(Vec<Luau>),
    /// A record; the names are ours.
    Record(Vec<(&'static str, Luau)>),
}

impl From<&str> for Luau {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Luau {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

/// A string literal that evaluates to this text: letters, digits, spaces and harmless marks as they are, every other byte as
/// `\ddd` (always three digits, so that no digit that follows belongs to it). Quotes, back-slashes, line ends, brackets and what is not
/// ASCII are never written as themselves.
pub fn quote(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'0'..=b'9'
            | b' '
            | b'.'
            | b','
            | b':'
            | b';'
            | b'!'
            | b'?'
            | b'+'
            | b'='
            | b'/'
            | b'('
            | b')'
            | b'_'
            | b'%'
            | b'*'
            | b'#'
            | b'@'
            | b'\'' => literal.push(char::from(byte)),
            _ => {
                // Writing into a String does not fail.
                if write!(literal, "\\{byte:03}").is_err() {
                    return String::from("\"\"");
                }
            }
        }
    }
    literal.push('"');
    literal
}

impl Luau {
    /// Its literal, indented by tabs.
    pub fn literal(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0);
        out
    }

    fn write(&self, out: &mut String, depth: usize) {
        match self {
            Self::Number(number) => out.push_str(&number.to_string()),
            Self::Decimal(number) if number.is_finite() => out.push_str(&number.to_string()),
            Self::Decimal(_) => out.push('0'),
            Self::Text(text) => out.push_str(&quote(text)),
            Self::List(items) => {
                let simple = items.iter().all(|item| matches!(item, Self::Number(_)));
                if items.is_empty() || simple {
                    let items: Vec<String> = items.iter().map(Self::literal).collect();
                    out.push_str(&format!("{{ {} }}", items.join(", ")).replace("{  }", "{}"));
                } else {
                    block(out, depth, items.iter().map(|item| ("", item)));
                }
            }
            Self::Record(fields) => block(out, depth, fields.iter().map(|(name, value)| (*name, value))),
        }
    }
}

fn block<'l>(out: &mut String, depth: usize, fields: impl Iterator<Item = (&'l str, &'l Luau)>) {
    out.push_str("{\n");
    for (name, value) in fields {
        out.extend(std::iter::repeat_n('\t', depth + 1));
        if !name.is_empty() {
            out.push_str(name);
            out.push_str(" = ");
        }
        value.write(out, depth + 1);
        out.push_str(",\n");
    }
    out.extend(std::iter::repeat_n('\t', depth));
    out.push('}');
}

#[cfg(test)]
mod tests {
    use super::{Luau, quote};

    #[test]
    fn what_could_end_a_string_is_never_written_as_itself() {
        assert_eq!(quote("a\"]]\\\n--é1"), r#""a\034\093\093\092\010\045\045\195\1691""#);
        assert_eq!(quote("`{x}`"), r#""\096\123x\125\096""#);
    }

    #[test]
    fn tables_are_indented() {
        let list = Luau::List(vec![Luau::Number(1), Luau::Number(-2)]);
        let table =
            Luau::Record(vec![("list", list), ("none", Luau::List(Vec::new())), ("text", "x".into())]);
        assert_eq!(table.literal(), "{\n\tlist = { 1, -2 },\n\tnone = {},\n\ttext = \"x\",\n}");
    }
}
