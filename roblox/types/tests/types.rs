//! Every Luau file that runs in Roblox is strict, and Luau's type checker has nothing to say against it. `roblox.d.luau` holds
//! what Roblox gives.

#![allow(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use luau_analysis::diagnostics::TypeError;
use luau_analysis::frontend::resolver::ModuleInfo;
use luau_analysis::{
    DefinitionEnvironment, FileResolver, Frontend, FrontendOptions, LoadDefinitionFileResult, ModuleName,
    NullConfigResolver, SourceCode, SourceCodeType, TypeCheckLimits,
};
use luau_common::BString;
use luau_syntax::ast::{Expression, ExpressionKind};

/// Where the sources are, in `roblox/`.
const FOLDERS: [&str; 5] =
    ["sdk/src", "experience/src/server", "experience/src/shared", "experience/src/client", "plugin/src"];

/// What the project files put elsewhere.
const MOVED: [(&str, &str); 3] = [
    ("@game/ServerScriptService/ToolboxAI", "sdk/src/init"),
    ("@game/ReplicatedStorage/Classroom/Protocol", "experience/src/shared/Protocol"),
    ("plugin/src/Backoff", "sdk/src/Backoff"),
];

fn roblox() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn moved(name: String) -> String {
    let found = MOVED.iter().find(|(from, _)| *from == name);
    found.map_or(name, |(_, to)| (*to).to_owned())
}

/// The module that `path` names in the module `from`: `./X` is a neighbour, `@self/X` a child of an `init`.
fn resolve(from: &str, path: &str) -> Option<String> {
    if path.starts_with("@game/") {
        return Some(moved(path.to_owned()));
    }
    let (folder, _) = from.rsplit_once('/')?;
    let name = path.strip_prefix("./").or_else(|| path.strip_prefix("@self/"))?;
    Some(moved(format!("{folder}/{name}")))
}

/// The files of `roblox/`, and a text of a test's own as the module `given`.
struct Files {
    given: Option<&'static str>,
}

impl FileResolver for Files {
    fn read_source(&mut self, name: &ModuleName) -> Option<SourceCode> {
        let source = match self.given {
            Some(given) if name == "sdk/src/given" => given.to_owned(),
            _ => {
                let file = format!("{}.luau", String::from_utf8_lossy(name));
                fs::read_to_string(roblox().join(file)).ok()?
            }
        };
        Some(SourceCode { source: BString::from(source), kind: SourceCodeType::Module })
    }

    fn resolve_module(
        &mut self,
        context: Option<&ModuleInfo>,
        expression: Expression<'_>,
        _limits: &TypeCheckLimits,
    ) -> Option<ModuleInfo> {
        let ExpressionKind::String { value, .. } = expression.kind() else { return None };
        let from = String::from_utf8_lossy(&context?.name).into_owned();
        let name = resolve(&from, &String::from_utf8_lossy(value.as_bytes()))?;
        Some(ModuleInfo { name: BString::from(name), optional: false })
    }
}

type Checker = Frontend<Files, NullConfigResolver>;

/// What the type checker has to say against these modules, a line each.
fn complaints(names: &[String], given: Option<&'static str>) -> Vec<String> {
    let mut frontend: Checker =
        Frontend::new(Files { given }, NullConfigResolver::default(), FrontendOptions::default());
    frontend.register_builtin_globals(DefinitionEnvironment::Globals).unwrap();
    let scope = frontend.global_scope(DefinitionEnvironment::Globals);
    let definitions = fs::read(roblox().join("types/roblox.d.luau")).unwrap();
    let loaded = frontend.load_definition_file(scope, definitions, "roblox.d", false).unwrap();
    if !loaded.success {
        return faults_of(&loaded, &frontend);
    }
    let mut lines = Vec::new();
    for name in names {
        // What it said against the modules that this one requires, it says of those.
        let result = frontend.check(&BString::from(name.as_str()), None).unwrap();
        let own = result.errors.iter().filter(|error| error.module_name == name.as_str());
        let model =
            |error: &TypeError| frontend.semantic_model(&error.module_name).unwrap().error_message(error);
        lines.extend(own.map(|error| line(error, &model(error))));
    }
    lines
}

fn line(error: &TypeError, message: &BString) -> String {
    format!("{}.luau:{}: {message}", error.module_name, error.location.begin.line + 1)
}

/// What is wrong with `roblox.d.luau` itself.
fn faults_of(loaded: &LoadDefinitionFileResult, frontend: &Checker) -> Vec<String> {
    let parsed = loaded.source_module.parse_errors.iter().map(|error| format!("roblox.d.luau: {error:?}"));
    let checked = loaded.semantic_model(frontend).into_iter().flat_map(|model| {
        let errors = model.module().errors().to_vec();
        errors.into_iter().map(move |error| line(&error, &model.error_message(&error)))
    });
    parsed.chain(checked).collect()
}

fn files(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(roblox().join(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter_map(|name| name.strip_suffix(".luau").map(|stem| format!("{folder}/{stem}"))).collect()
}

/// Every file is strict.
fn strict(names: &[String]) -> Result<(), Failed> {
    let is_strict = |name: &&String| {
        fs::read_to_string(roblox().join(format!("{name}.luau"))).unwrap().starts_with("--!strict\n")
    };
    let lax: Vec<&str> = names.iter().filter(|name| !is_strict(name)).map(String::as_str).collect();
    if lax.is_empty() { Ok(()) } else { Err(lax.join("\n").into()) }
}

/// Nothing is said against any of them.
fn right(names: &[String]) -> Result<(), Failed> {
    let complaints = complaints(names, None);
    if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n").into()) }
}

/// The checker sees what it is there for: types across modules, and what Roblox gives.
fn finds() -> Result<(), Failed> {
    for (source, expected) in [
        ("local text: string = 5", "string"),
        ("local Wire = require('./Wire')\nlocal id: number = Wire.userId(5)", "string"),
        ("local Wire = require('./Wire')\nWire.user(5)", "user"),
        ("local function f(part: Part)\n\tpart.Ancored = true\nend\nreturn f", "Ancored"),
        ("local function f(player: Player): string\n\treturn player.UserId\nend\nreturn f", "number"),
        ("return colour", "colour"),
    ] {
        let source: &'static str = Box::leak(format!("--!strict\n{source}\n").into_boxed_str());
        let found = complaints(&["sdk/src/given".to_owned()], Some(source)).join("\n");
        if !found.contains(expected) {
            return Err(format!("{source}\nwas answered by: {found}").into());
        }
    }
    Ok(())
}

fn main() -> ExitCode {
    let mut names: Vec<String> = FOLDERS.iter().flat_map(|folder| files(folder)).collect();
    names.sort_unstable();
    let again = names.clone();
    let trials = vec![
        Trial::test("every_file_is_strict", move || strict(&again)),
        Trial::test("every_file_is_right", move || right(&names)),
        Trial::test("mistakes_are_found", finds),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
