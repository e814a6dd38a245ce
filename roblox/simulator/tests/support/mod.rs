//! A world without a network and without waiting: the clock jumps to the next thing that happens, and requests are
//! answered by a function of the test.

#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a scene that cannot be set up is a failed test")]

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use mlua::{Function, Lua, Table, Value};
use simulator::{
    Completion, GameServer, HttpRequest, HttpResponse, Identity, Module, TransportError, Universe, World,
};

/// The text of the secret that every test's experience has.
pub const KEY: &str = "key-that-no-script-may-see";

/// A scene that lasts longer in its own time has gone astray.
const LONGEST: Duration = Duration::from_hours(2);

type Outcome = Result<HttpResponse, TransportError>;
type Respond = Box<dyn Fn(HttpRequest) -> (Duration, Outcome)>;

/// Virtual time, and whatever the test answers.
pub struct ScriptedWorld {
    now: Cell<Duration>,
    under_way: RefCell<Vec<(Duration, Completion)>>,
    respond: RefCell<Respond>,
}

impl ScriptedWorld {
    /// Answers every request after a tenth of a second with 200 and an empty object.
    pub fn new() -> Rc<Self> {
        let respond = |_| (Duration::from_millis(100), Ok(answer(200, "{}")));
        Rc::new(Self {
            now: Cell::default(),
            under_way: RefCell::default(),
            respond: RefCell::new(Box::new(respond)),
        })
    }

    /// From now on requests are answered by this, each after a time.
    pub fn respond(&self, respond: impl Fn(HttpRequest) -> (Duration, Outcome) + 'static) {
        *self.respond.borrow_mut() = Box::new(respond);
    }
}

impl World for ScriptedWorld {
    fn now(&self) -> Duration {
        self.now.get()
    }

    fn unix_millis(&self) -> i64 {
        1_795_000_000_000 + i64::try_from(self.now.get().as_millis()).unwrap()
    }

    fn send(&self, id: u64, request: HttpRequest) {
        let patience = request.timeout;
        let (after, outcome) = self.respond.borrow()(request);
        let (after, outcome) =
            if after > patience { (patience, Err(TransportError::TimedOut)) } else { (after, outcome) };
        let due = self.now.get() + after;
        let mut under_way = self.under_way.borrow_mut();
        let place = under_way.partition_point(|(other, _)| *other <= due);
        under_way.insert(place, (due, Completion { id, outcome }));
    }

    fn wait(&self, until: Option<Duration>) -> Option<Completion> {
        assert!(self.now.get() < LONGEST, "the scene does not end");
        let mut under_way = self.under_way.borrow_mut();
        let next = under_way.first().map(|(due, _)| *due);
        match (next, until) {
            (Some(due), until) if until.is_none_or(|until| due <= until) => {
                self.now.set(due.max(self.now.get()));
                Some(under_way.remove(0).1)
            }
            (_, Some(until)) => {
                self.now.set(until.max(self.now.get()));
                None
            }
            (_, None) => panic!("waits for nothing"),
        }
    }
}

/// An answer with a body.
pub fn answer(status: u16, body: &str) -> HttpResponse {
    HttpResponse { status, reason: "Reason".to_owned(), headers: Vec::new(), body: body.as_bytes().to_vec() }
}

/// A game server in a scripted world, with what its scripts said.
pub struct Scene {
    pub world: Rc<ScriptedWorld>,
    pub server: GameServer,
    log: Rc<RefCell<Vec<String>>>,
}

impl Scene {
    pub fn new(modules: Vec<Module>) -> Self {
        let world = ScriptedWorld::new();
        let log: Rc<RefCell<Vec<String>>> = Rc::default();
        let heard = log.clone();
        let identity = Identity {
            place_id: 42,
            job_id: "0a1b2c3d-0000-4000-8000-00000000beef".to_owned(),
            secrets: HashMap::from([("toolboxai_game_key".to_owned(), KEY.to_owned())]),
            seed: 7,
            universe: Universe::default(),
            modules,
        };
        let server = GameServer::new(identity, world.clone(), move |level, words| {
            heard.borrow_mut().push(format!("{level}: {words}"));
        })
        .unwrap();
        Self { world, server, log }
    }

    /// Runs a script to its end and returns what was printed.
    pub fn play(&self, source: &str) -> Vec<String> {
        self.server.start("test", source, ()).unwrap();
        self.server.run();
        self.log.take()
    }

    /// What scripts have said since the last time.
    pub fn log(&self) -> Vec<String> {
        self.log.take()
    }
}

/// Plays a script in a fresh scene.
pub fn play(source: &str) -> Vec<String> {
    Scene::new(Vec::new()).play(source)
}

/// Lets a Luau function answer the requests: it gets `{url, method, headers, body, at}` and returns `{status, headers, body,
/// after}` or `{error, after}`.
pub fn respond_in_luau(scene: &Scene) {
    respond_in_luau_with(scene.server.lua(), &scene.world);
}

/// The same for a machine that is no scene.
pub fn respond_in_luau_with(lua: &Lua, world: &Rc<ScriptedWorld>) {
    let weak = Rc::downgrade(world);
    let listen = lua
        .create_function(move |lua, handler: Function| {
            let world = weak.upgrade().unwrap();
            let lua = lua.clone();
            let clock = Rc::downgrade(&world);
            world.respond(move |request| {
                let now = clock.upgrade().unwrap().now();
                let reply: Table = handler.call(request_table(&lua, &request, now)).unwrap();
                reply_of(&reply)
            });
            Ok(())
        })
        .unwrap();
    lua.globals().set("listen", listen).unwrap();
}

fn request_table(lua: &Lua, request: &HttpRequest, now: Duration) -> Table {
    let table = lua.create_table().unwrap();
    table.set("url", request.url.as_str()).unwrap();
    table.set("method", request.method.as_str()).unwrap();
    let headers = lua.create_table().unwrap();
    for (name, value) in &request.headers {
        headers.set(name.to_ascii_lowercase(), value.as_str()).unwrap();
    }
    table.set("headers", headers).unwrap();
    table.set("body", lua.create_string(request.body.as_deref().unwrap_or_default()).unwrap()).unwrap();
    table.set("at", now.as_secs_f64()).unwrap();
    table
}

fn reply_of(reply: &Table) -> (Duration, Outcome) {
    let after = reply.get::<Option<f64>>("after").unwrap().unwrap_or(0.1);
    let after = Duration::from_secs_f64(after);
    if reply.get::<Option<String>>("error").unwrap().is_some() {
        return (after, Err(TransportError::ConnectFail));
    }
    let mut response = answer(reply.get("status").unwrap(), &reply.get::<String>("body").unwrap());
    if let Value::Table(headers) = reply.get("headers").unwrap() {
        response.headers = headers.pairs::<String, String>().map(Result::unwrap).collect();
    }
    (after, Ok(response))
}

/// Loads a file of tests under its name, so that it can require its neighbours.
pub fn load(scene: &Scene, source: &str) -> Table {
    scene.server.lua().load(source).set_name("=@tests/spec").eval().unwrap()
}

/// Runs one test: it has passed when it came to its end, and nothing failed on the way but what said so.
pub fn run(modules: &[Module], source: &str, name: &str) {
    let scene = Scene::new(modules.to_vec());
    respond_in_luau(&scene);
    let test: Function = load(&scene, source).get(name).unwrap();
    let script = "local test = ...
        local ok, why = xpcall(test, debug.traceback)
        print(if ok then 'passed' else why)
        simulation.shutdown()";
    scene.server.start("test", script, test).unwrap();
    scene.server.run();
    let mut log = scene.log();
    log.retain(|line| !line.contains("on purpose"));
    assert_eq!(log, ["print: passed"]);
}

/// Every test that a file holds has its line below.
pub fn names(modules: &[Module], source: &str) -> Vec<String> {
    let scene = Scene::new(modules.to_vec());
    respond_in_luau(&scene);
    let tests = load(&scene, source);
    let mut names: Vec<String> = tests.pairs::<String, Function>().map(|test| test.unwrap().0).collect();
    names.sort_unstable();
    names
}

/// A module of tests out of a Luau file: each function of the table that it returns, by its name.
#[allow(unused_macros, reason = "each test binary uses a part of it")]
macro_rules! tests_of {
    ($file:ident, $modules:path, $source:literal, $($name:ident,)*) => {
        mod $file {
            const SOURCE: &str = include_str!($source);

            $(
                #[test]
                fn $name() {
                    crate::support::run($modules, SOURCE, stringify!($name));
                }
            )*

            #[test]
            fn every_test_of_the_file_is_run() {
                let mut listed = vec![$(stringify!($name)),*];
                listed.sort_unstable();
                assert_eq!(listed, crate::support::names($modules, SOURCE));
            }
        }
    };
}

#[allow(unused_imports, reason = "each test binary uses a part of it")]
pub(crate) use tests_of;
