//! Roblox Studio outside Roblox, as far as a plugin sees it: a place with instances that have Roblox's classes and properties,
//! terrain that notes what was filled in, a history that undoes, and settings that outlive a start.
//!
//! The machine is that of `simulator`; `luau/Place.luau` builds Studio's globals on it from what [`open`] gives.

mod reflection;

use std::rc::Rc;

use mlua::{Result, Table};
use simulator::{GameServer, Identity, Module, World};

macro_rules! modules {
    ($folder:literal, $alias:literal: $($name:literal)*) => {
        [$(Module {
            path: concat!($alias, "/", $name),
            source: include_str!(concat!($folder, "/", $name, ".luau")),
        },)*]
    };
}

/// The plugin's modules, without the script that starts them.
pub const PLUGIN: [Module; 19] = modules!("../../plugin/src", "@plugin":
    "Api" "Author" "Brief" "Content" "Insert" "Jobs" "Link" "Pairing" "Routes" "ScriptCheck" "Seen" "Stations" "Store"
    "Studio" "Terrain" "Types" "View" "Widgets" "Words");

/// Which the plugin shares with the SDK, as its Rojo project says.
pub const SHARED: [Module; 1] = modules!("../../sdk/src", "@plugin": "Backoff");

/// Studio's side.
pub const PLACE: [Module; 1] = modules!("../luau", "@studio": "Place");

/// The script that is the plugin.
pub const INIT: &str = include_str!("../../plugin/src/init.server.luau");

/// Studio with an empty place. `settings` are those of plugins on this computer: hand the same ones over to start again.
///
/// # Errors
///
/// When the globals cannot be made: a mistake in the compiled-in Luau.
pub fn open(
    world: Rc<dyn World>,
    settings: &str,
    more: &[Module],
    log: impl Fn(&str, &str) + 'static,
) -> Result<GameServer> {
    let modules = PLUGIN.iter().chain(&SHARED).chain(&PLACE).chain(more).copied().collect();
    let identity = Identity { place_id: 42, seed: 7, modules, ..Identity::default() };
    let server = GameServer::new(identity, world, log)?;
    let lua = server.lua();
    let natives = lua.create_table()?;
    reflection::install(lua, &natives)?;
    natives.set("settings", settings)?;
    natives.set("init", INIT)?;
    natives.set(
        "chunk",
        lua.create_function(|lua, (source, name): (String, String)| {
            lua.load(source).set_name(format!("={name}")).into_function()
        })?,
    )?;
    lua.globals().set("natives", natives)?;
    lua.load("require('@studio/Place')").set_name("=open").exec()?;
    Ok(server)
}

/// The settings of plugins as they are now, for another start.
///
/// # Errors
///
/// When a plugin has stored what is no JSON.
pub fn settings(server: &GameServer) -> Result<String> {
    let place: Table = server.lua().load("return require('@studio/Place')").set_name("=settings").eval()?;
    place.get::<mlua::Function>("dumpSettings")?.call(())
}
