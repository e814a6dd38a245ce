//! The Luau files that a game server can `require`, compiled in, and `require` itself as Roblox resolves it.

use mlua::{Lua, Result, Table, Value};

/// One Luau file.
#[derive(Debug, Clone, Copy)]
pub struct Module {
    /// Such as `@sdk/Client`; `init` stands for the folder.
    pub path: &'static str,
    /// What the file holds.
    pub source: &'static str,
}

macro_rules! modules {
    ($($path:literal => $file:literal,)*) => {
        /// The SDK, and what plays the class in the simulator.
        pub const MODULES: &[Module] = &[$(Module { path: $path, source: include_str!($file) },)*];
    };
}

modules! {
    "@sdk/init" => "../../sdk/src/init.luau",
    "@sdk/Backoff" => "../../sdk/src/Backoff.luau",
    "@sdk/Classroom" => "../../sdk/src/Classroom.luau",
    "@sdk/Client" => "../../sdk/src/Client.luau",
    "@sdk/Pending" => "../../sdk/src/Pending.luau",
    "@sdk/Queue" => "../../sdk/src/Queue.luau",
    "@sdk/Services" => "../../sdk/src/Services.luau",
    "@sdk/Session" => "../../sdk/src/Session.luau",
    "@sdk/Signal" => "../../sdk/src/Signal.luau",
    "@sdk/SyncLoop" => "../../sdk/src/SyncLoop.luau",
    "@sdk/Types" => "../../sdk/src/Types.luau",
    "@sdk/Wire" => "../../sdk/src/Wire.luau",
    "@play/experience" => "../luau/experience.luau",
    "@play/knowledge" => "../luau/knowledge.luau",
    "@play/observer" => "../luau/observer.luau",
    "@play/pupil" => "../luau/pupil.luau",
}

/// What `path` means in the module `from`: `./X` is a neighbour, `@self/X` a child of an `init`.
fn resolve(from: &str, path: &str) -> Option<String> {
    let folder = from.rsplit_once('/').map(|(folder, _)| folder);
    let is_init = from.ends_with("/init");
    if let Some(name) = path.strip_prefix("./") {
        // A neighbour of an `init` is outside its folder.
        return folder.filter(|_| !is_init).map(|folder| format!("{folder}/{name}"));
    }
    if let Some(name) = path.strip_prefix("@self/") {
        return folder.filter(|_| is_init).map(|folder| format!("{folder}/{name}"));
    }
    if path.contains('/') { Some(path.to_owned()) } else { Some(format!("{path}/init")) }
}

/// Makes `require` a global that knows [`MODULES`] and `more`. Each module runs once in a machine.
pub fn install(lua: &Lua, more: Vec<Module>) -> Result<()> {
    let loaded = lua.create_table()?;
    let require = lua.create_function(move |lua, path: String| {
        let from = lua.inspect_stack(1, |caller| caller.source().short_src.map(|name| name.to_string()));
        let from = from.flatten().unwrap_or_default();
        let full = resolve(&from, &path);
        let module =
            full.as_ref().and_then(|full| MODULES.iter().chain(&more).find(|module| module.path == full));
        let Some(module) = module else {
            return Err(mlua::Error::runtime(format!("{from}: there is no module {path}")));
        };
        once(lua, &loaded, module)
    })?;
    lua.globals().set("require", require)
}

fn once(lua: &Lua, loaded: &Table, module: &Module) -> Result<Value> {
    let known: Value = loaded.raw_get(module.path)?;
    if !known.is_nil() {
        return Ok(known);
    }
    let value: Value = lua.load(module.source).set_name(format!("={}", module.path)).eval()?;
    // A module of types alone returns nil; a second run of it does no harm.
    loaded.raw_set(module.path, &value)?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::{MODULES, resolve};

    #[test]
    fn paths_are_resolved_as_roblox_does() {
        assert_eq!(resolve("@sdk/Client", "./Queue").as_deref(), Some("@sdk/Queue"));
        assert_eq!(resolve("@sdk/init", "@self/Client").as_deref(), Some("@sdk/Client"));
        assert_eq!(resolve("@sdk/init", "./Client"), None);
        assert_eq!(resolve("@play/pupil", "@sdk").as_deref(), Some("@sdk/init"));
    }

    #[test]
    fn every_file_of_the_sdk_is_compiled_in() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sdk/src");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .map(|name| format!("@sdk/{}", name.trim_end_matches(".luau")))
            .collect();
        let listed: BTreeSet<String> = MODULES
            .iter()
            .filter(|module| module.path.starts_with("@sdk/"))
            .map(|module| module.path.to_owned())
            .collect();
        assert_eq!(listed, files);
    }
}
