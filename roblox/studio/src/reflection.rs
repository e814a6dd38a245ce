//! What Roblox's classes have, for the instances of `luau/Place.luau`.

use mlua::{Lua, Result, Table};
use rbx_reflection::{DataType, ReflectionDatabase, Scriptability};

/// The type of a property that a plugin may write: `Vector3`, or `Enum.Material`.
fn property_type(database: &ReflectionDatabase<'_>, class: &str, property: &str) -> Option<String> {
    let start = database.classes.get(class)?;
    let found = database.superclasses_iter(start).find_map(|class| class.properties.get(property))?;
    // Not for scripts in a game, but for plugins.
    let is_source = property == "Source";
    if !is_source && !matches!(found.scriptability, Scriptability::ReadWrite | Scriptability::Write) {
        return None;
    }
    Some(match &found.data_type {
        DataType::Enum(name) => format!("Enum.{name}"),
        DataType::Value(kind) => format!("{kind:?}"),
        other => format!("{other:?}"),
    })
}

/// Puts `natives.propertyType`, `natives.isClass` and `natives.enumItem` into the table.
pub fn install(lua: &Lua, natives: &Table) -> Result<()> {
    let database = rbx_reflection_database::get_bundled();
    let property = move |_: &Lua, (class, name): (String, String)| Ok(property_type(database, &class, &name));
    natives.set("propertyType", lua.create_function(property)?)?;
    let is_class = move |_: &Lua, class: String| Ok(database.classes.contains_key(class.as_str()));
    natives.set("isClass", lua.create_function(is_class)?)?;
    let item = move |_: &Lua, (kind, name): (String, String)| {
        Ok(database.enums.get(kind.as_str()).and_then(|kind| kind.items.get(name.as_str()).copied()))
    };
    natives.set("enumItem", lua.create_function(item)?)
}
