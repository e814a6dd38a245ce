//! The plugin's own tests: the Luau files of `roblox/plugin/tests`. Each function is a test, in a Studio of its own, against a
//! scripted server and on a clock that jumps.

#![allow(clippy::unwrap_used, reason = "what cannot be set up is a failed test")]

#[path = "../../simulator/tests/support/mod.rs"]
mod support;

use std::cell::RefCell;
use std::process::ExitCode;
use std::rc::Rc;

use libtest_mimic::{Arguments, Failed, Trial};
use mlua::{Function, Table};
use simulator::{GameServer, Module};
use support::{ScriptedWorld, respond_in_luau_with};

const SERVER: Module =
    Module { path: "@tests/Server", source: include_str!("../../plugin/tests/Server.luau") };

macro_rules! specs {
    ($($name:literal)*) => {
        [$(($name, include_str!(concat!("../../plugin/tests/", $name, ".spec.luau"))),)*]
    };
}

const SPECS: [(&str, &str); 5] = specs!("pairing" "line" "content" "insert" "window");

type Log = Rc<RefCell<Vec<String>>>;

fn open() -> (GameServer, Log) {
    let world = ScriptedWorld::new();
    let log: Log = Rc::default();
    let heard = log.clone();
    let studio = studio::open(world.clone(), "{}", &[SERVER], move |level, words| {
        heard.borrow_mut().push(format!("{level}: {words}"));
    });
    let studio = studio.unwrap();
    respond_in_luau_with(studio.lua(), &world);
    (studio, log)
}

fn load(studio: &GameServer, source: &str) -> Table {
    studio.lua().load(source).set_name("=@tests/spec").eval().unwrap()
}

/// Has passed when it came to its end, and nothing failed on the way.
fn run(source: &str, name: &str) -> Result<(), Failed> {
    let (studio, log) = open();
    let test: Function = load(&studio, source).get(name).unwrap();
    let script = "local test = ...
        local ok, why = xpcall(test, debug.traceback)
        print(if ok then 'passed' else why)
        simulation.shutdown()";
    studio.start("test", script, test).unwrap();
    studio.run();
    let log = log.take();
    if log == ["print: passed"] { Ok(()) } else { Err(log.join("\n").into()) }
}

fn trials() -> Vec<Trial> {
    let names = |source| {
        let (studio, _) = open();
        let tests = load(&studio, source);
        let mut names: Vec<String> = tests.pairs::<String, Function>().map(|test| test.unwrap().0).collect();
        names.sort_unstable();
        names
    };
    SPECS
        .iter()
        .flat_map(|&(file, source)| {
            names(source)
                .into_iter()
                .map(move |name| Trial::test(format!("{file}::{name}"), move || run(source, &name)))
        })
        .collect()
}

fn main() -> ExitCode {
    libtest_mimic::run(&Arguments::from_args(), trials()).exit_code()
}
