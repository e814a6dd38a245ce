//! `HttpService:JSONEncode` and `JSONDecode`, with their traps: an empty table is `[]`, a table with an array part loses its
//! string keys, `null` is nil, numbers are doubles, and infinity goes out as it stands though it is no JSON.

use std::fmt::Write;

use mlua::{Lua, Result, Table, Value};

/// Deep enough for everything sensible; a table that contains itself ends here.
const MAX_DEPTH: usize = 200;

fn cannot_encode(what: &str) -> mlua::Error {
    mlua::Error::runtime(format!("Can't convert to JSON: {what}"))
}

/// A Luau value as JSON.
pub fn encode(value: &Value) -> Result<String> {
    let mut out = String::new();
    write_value(&mut out, value, 0)?;
    Ok(out)
}

fn write_value(out: &mut String, value: &Value, depth: usize) -> Result<()> {
    match value {
        Value::Nil => out.push_str("null"),
        Value::Boolean(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Integer(number) => push(out, format_args!("{number}")),
        Value::Number(number) => push(out, format_args!("{number}")),
        Value::String(text) => {
            let text = text.to_str().map_err(|_| cannot_encode("a string is not UTF-8"))?;
            write_string(out, &text);
        }
        Value::Table(table) if depth < MAX_DEPTH => write_table(out, table, depth)?,
        Value::Table(_) => return Err(cannot_encode("tables cannot be cyclic")),
        other => return Err(cannot_encode(other.type_name())),
    }
    Ok(())
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = out.write_fmt(text);
}

fn write_table(out: &mut String, table: &Table, depth: usize) -> Result<()> {
    let length = table.raw_len();
    if length > 0 || table.is_empty() {
        out.push('[');
        for index in 1..=length {
            separate(out, index > 1);
            write_value(out, &table.raw_get(index)?, depth + 1)?;
        }
        out.push(']');
        return Ok(());
    }
    out.push('{');
    let mut is_first = true;
    for pair in table.pairs::<Value, Value>() {
        let (key, value) = pair?;
        let Value::String(key) = key else { return Err(cannot_encode("a key is not a string")) };
        separate(out, !is_first);
        is_first = false;
        write_string(out, &key.to_str().map_err(|_| cannot_encode("a key is not UTF-8"))?);
        out.push(':');
        write_value(out, &value, depth + 1)?;
    }
    out.push('}');
    Ok(())
}

fn separate(out: &mut String, is_needed: bool) {
    if is_needed {
        out.push(',');
    }
}

fn write_string(out: &mut String, text: &str) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

/// JSON as a Luau value.
pub fn decode(lua: &Lua, text: &[u8]) -> Result<Value> {
    let parsed: serde_json::Value =
        serde_json::from_slice(text).map_err(|_| mlua::Error::runtime("Can't parse JSON"))?;
    to_luau(lua, &parsed)
}

fn to_luau(lua: &Lua, value: &serde_json::Value) -> Result<Value> {
    Ok(match value {
        serde_json::Value::Null => Value::Nil,
        serde_json::Value::Bool(flag) => Value::Boolean(*flag),
        // What is beyond 2^53 loses its last digits here, as it does in Roblox.
        serde_json::Value::Number(number) => Value::Number(number.as_f64().unwrap_or(f64::NAN)),
        serde_json::Value::String(text) => Value::String(lua.create_string(text)?),
        serde_json::Value::Array(items) => {
            let table = lua.create_table_with_capacity(items.len(), 0)?;
            for (index, item) in items.iter().enumerate() {
                table.raw_set(index + 1, to_luau(lua, item)?)?;
            }
            Value::Table(table)
        }
        serde_json::Value::Object(fields) => {
            let table = lua.create_table_with_capacity(0, fields.len())?;
            for (key, field) in fields {
                table.raw_set(key.as_str(), to_luau(lua, field)?)?;
            }
            Value::Table(table)
        }
    })
}

#[cfg(test)]
mod tests {
    use mlua::Lua;

    use super::{decode, encode};

    fn encoded(source: &str) -> Result<String, String> {
        let lua = Lua::new();
        encode(&lua.load(source).eval().unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn an_empty_table_becomes_an_array() {
        assert_eq!(encoded("{}"), Ok("[]".to_owned()));
        assert_eq!(encoded("{ progress = {} }"), Ok(r#"{"progress":[]}"#.to_owned()));
    }

    #[test]
    fn a_mixed_table_loses_its_string_keys() {
        assert_eq!(encoded("{ 1, 2, name = 'lost' }"), Ok("[1,2]".to_owned()));
    }

    #[test]
    fn whole_numbers_have_no_fraction_and_text_is_escaped() {
        assert_eq!(encoded("{ 3, 0.1, 'a\"\\n' }"), Ok(r#"[3,0.1,"a\"\n"]"#.to_owned()));
        assert_eq!(encoded("9007199254740991"), Ok("9007199254740991".to_owned()));
    }

    #[test]
    fn infinity_goes_out_though_it_is_no_json() {
        assert_eq!(encoded("{ math.huge }"), Ok("[inf]".to_owned()));
    }

    #[test]
    fn a_function_and_a_cycle_are_refused() {
        assert!(encoded("{ print }").is_err());
        assert!(encoded("(function() local t = {} t.t = t return t end)()").is_err());
    }

    #[test]
    fn null_is_nil_and_text_that_is_no_json_is_an_error() {
        let lua = Lua::new();
        lua.globals().set("decoded", decode(&lua, br#"{"a":null,"b":[1,"x"]}"#).unwrap()).unwrap();
        let is_right: bool =
            lua.load("decoded.a == nil and decoded.b[1] == 1 and decoded.b[2] == 'x'").eval().unwrap();
        assert!(is_right);
        assert!(decode(&lua, b"<html>").is_err());
    }
}
