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
        /// The SDK, the sample experience, and what plays the class in the simulator.
        pub const MODULES: &[Module] = &[$(Module { path: $path, source: include_str!($file) },)*];
    };
}

modules! {
    "@sdk/init" => "../../sdk/src/init.luau",
    "@sdk/Backoff" => "../../sdk/src/Backoff.luau",
    "@sdk/Classroom" => "../../sdk/src/Classroom.luau",
    "@sdk/Client" => "../../sdk/src/Client.luau",
    "@sdk/DataStores" => "../../sdk/src/DataStores.luau",
    "@sdk/Journal" => "../../sdk/src/Journal.luau",
    "@sdk/Leaderboard" => "../../sdk/src/Leaderboard.luau",
    "@sdk/Nudges" => "../../sdk/src/Nudges.luau",
    "@sdk/Outbox" => "../../sdk/src/Outbox.luau",
    "@sdk/Pending" => "../../sdk/src/Pending.luau",
    "@sdk/PlayerStore" => "../../sdk/src/PlayerStore.luau",
    "@sdk/Queue" => "../../sdk/src/Queue.luau",
    "@sdk/Quiz" => "../../sdk/src/Quiz.luau",
    "@sdk/Records" => "../../sdk/src/Records.luau",
    "@sdk/Services" => "../../sdk/src/Services.luau",
    "@sdk/Session" => "../../sdk/src/Session.luau",
    "@sdk/Settings" => "../../sdk/src/Settings.luau",
    "@sdk/Signal" => "../../sdk/src/Signal.luau",
    "@sdk/SyncLoop" => "../../sdk/src/SyncLoop.luau",
    "@sdk/Text" => "../../sdk/src/Text.luau",
    "@sdk/Types" => "../../sdk/src/Types.luau",
    "@sdk/Wire" => "../../sdk/src/Wire.luau",
    "@game/ServerScriptService/Classroom/Accommodations" => "../../experience/src/server/Accommodations.luau",
    "@game/ServerScriptService/Classroom/Arena" => "../../experience/src/server/Arena.luau",
    "@game/ServerScriptService/Classroom/Badges" => "../../experience/src/server/Badges.luau",
    "@game/ServerScriptService/Classroom/Board" => "../../experience/src/server/Board.luau",
    "@game/ServerScriptService/Classroom/Config" => "../../experience/src/server/Config.luau",
    "@game/ServerScriptService/Classroom/Lobby" => "../../experience/src/server/Lobby.luau",
    "@game/ServerScriptService/Classroom/Rate" => "../../experience/src/server/Rate.luau",
    "@game/ServerScriptService/Classroom/Remotes" => "../../experience/src/server/Remotes.luau",
    "@game/ServerScriptService/Classroom/Responses" => "../../experience/src/server/Responses.luau",
    "@game/ServerScriptService/Classroom/Trail" => "../../experience/src/server/Trail.luau",
    "@game/ServerScriptService/Classroom/World" => "../../experience/src/server/World.luau",
    "@game/ReplicatedStorage/Classroom/Protocol" => "../../experience/src/shared/Protocol.luau",
    "@roblox/Cloud" => "../luau/roblox/Cloud.luau",
    "@roblox/Datatypes" => "../luau/roblox/Datatypes.luau",
    "@roblox/Event" => "../luau/roblox/Event.luau",
    "@roblox/Instances" => "../luau/roblox/Instances.luau",
    "@play/experience" => "../luau/experience.luau",
    "@play/knowledge" => "../luau/knowledge.luau",
    "@play/observer" => "../luau/observer.luau",
    "@play/pupil" => "../luau/pupil.luau",
}

/// The scripts that Roblox would run in the sample experience's server.
const SCRIPTS: &[Module] = &[Module {
    path: "@game/ServerScriptService/Classroom/Main",
    source: include_str!("../../experience/src/server/Main.server.luau"),
}];

/// Where the sample experience's project file puts the SDK.
const SDK_IN_PLACE: &str = "@game/ServerScriptService/ToolboxAI";

/// What `path` means in the module `from`: `./X` is a neighbour, `@self/X` a child of an `init`.
fn resolve(from: &str, path: &str) -> Option<String> {
    if path == SDK_IN_PLACE {
        return Some("@sdk/init".to_owned());
    }
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

/// The scripts of the sample experience, ready to run.
pub fn scripts(lua: &Lua) -> Result<Vec<mlua::Function>> {
    SCRIPTS
        .iter()
        .map(|script| lua.load(script.source).set_name(format!("={}", script.path)).into_function())
        .collect()
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

    use super::{MODULES, SCRIPTS, SDK_IN_PLACE, resolve};

    #[test]
    fn paths_are_resolved_as_roblox_does() {
        assert_eq!(resolve("@sdk/Client", "./Queue").as_deref(), Some("@sdk/Queue"));
        assert_eq!(resolve("@sdk/init", "@self/Client").as_deref(), Some("@sdk/Client"));
        assert_eq!(resolve("@sdk/init", "./Client"), None);
        assert_eq!(resolve("@play/pupil", "@sdk").as_deref(), Some("@sdk/init"));
    }

    /// The Luau files of a folder beside the simulator, without their ending.
    fn files(folder: &str) -> Vec<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let names = names.map(|name| name.into_string().unwrap());
        names.filter_map(|name| name.strip_suffix(".luau").map(ToOwned::to_owned)).collect()
    }

    #[test]
    fn every_file_of_the_sdk_and_of_the_experiences_server_is_compiled_in() {
        let place = "@game/ServerScriptService/Classroom";
        let mut wanted: BTreeSet<String> =
            files("../sdk/src").iter().map(|name| format!("@sdk/{name}")).collect();
        for name in files("../experience/src/server") {
            wanted.insert(format!("{place}/{}", name.trim_end_matches(".server")));
        }
        for name in files("../experience/src/shared") {
            wanted.insert(format!("@game/ReplicatedStorage/Classroom/{name}"));
        }
        let listed: BTreeSet<String> = MODULES
            .iter()
            .chain(SCRIPTS)
            .filter(|module| module.path.starts_with("@sdk/") || module.path.starts_with("@game/"))
            .map(|module| module.path.to_owned())
            .collect();
        assert_eq!(listed, wanted);
    }

    #[test]
    fn the_project_file_puts_things_where_scripts_look_for_them() {
        let project: serde_json::Value =
            serde_json::from_str(include_str!("../../experience/default.project.json")).unwrap();
        let path =
            |pointer: &str| project.pointer(pointer).and_then(|path| path.as_str()).unwrap_or_default();
        assert_eq!(path("/tree/ServerScriptService/ToolboxAI/$path"), "../sdk");
        assert_eq!(path("/tree/ServerScriptService/Classroom/$path"), "src/server");
        assert_eq!(path("/tree/ReplicatedStorage/Classroom/$path"), "src/shared");
        assert_eq!(path("/tree/StarterPlayer/StarterPlayerScripts/Classroom/$path"), "src/client");
        assert_eq!(project.pointer("/tree/Workspace/$properties/StreamingEnabled"), Some(&true.into()));
        assert_eq!(resolve("@game/x", SDK_IN_PLACE).as_deref(), Some("@sdk/init"));
    }

    #[test]
    fn the_screens_scripts_compile() {
        let lua = mlua::Lua::new();
        for name in files("../experience/src/client") {
            let path = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("../experience/src/client")
                .join(format!("{name}.luau"));
            let source = std::fs::read_to_string(path).unwrap();
            assert!(source.starts_with("--!strict\n"), "{name}");
            lua.load(source).set_name(&name).into_function().unwrap();
        }
    }
}
