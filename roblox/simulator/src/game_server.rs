//! One game server: a Luau machine, the scheduler of its threads, and the bridge to what `luau/bootstrap.luau` builds
//! Roblox's globals from.

use std::cell::{Cell, RefCell};
use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, HashMap};
use std::rc::Rc;
use std::time::Duration;

use mlua::{Function, IntoLuaMulti, Lua, MultiValue, Result, Table, Thread, Value};

use crate::rng::Rng;
use crate::secret::Secret;
use crate::universe::Universe;
use crate::world::{Completion, World};
use crate::{http_service, json, modules, random};

/// Roblox resumes waiting threads once a frame, 60 times a second.
const FRAME: Duration = Duration::from_nanos(1_000_000_000 / 60);

/// What makes a game server this one.
#[derive(Debug, Clone, Default)]
pub struct Identity {
    /// `game.PlaceId`.
    pub place_id: u64,
    /// `game.JobId`; empty in Studio.
    pub job_id: String,
    /// The experience's secrets by name, for `HttpService:GetSecret`.
    pub secrets: HashMap<String, String>,
    /// For `Random`, `math.random` and `GenerateGUID`, so that a run repeats.
    pub seed: u64,
    /// The experience's data stores, shared by its servers.
    pub universe: Universe,
    /// What scripts can `require` besides [`crate::MODULES`].
    pub modules: Vec<crate::Module>,
}

/// A thread that is to go on at a time; those of the same time go on in the order in which they were put there.
struct Timer {
    due: Duration,
    sequence: u64,
    thread: Thread,
    arguments: MultiValue,
}

impl PartialEq for Timer {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Timer {}

impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timer {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.due, self.sequence).cmp(&(other.due, other.sequence))
    }
}

/// Where scripts' words go: how urgent (`print`, `warn`, `error`), and the words.
type Log = Box<dyn Fn(&str, &str)>;

struct Host {
    identity: Identity,
    world: Rc<dyn World>,
    log: Log,
    timers: RefCell<BinaryHeap<Reverse<Timer>>>,
    sequence: Cell<u64>,
    requests: RefCell<HashMap<u64, Thread>>,
    request_count: Cell<u64>,
    allowance: RefCell<http_service::Allowance>,
    guids: RefCell<Rng>,
    is_closed: Cell<bool>,
}

/// A Roblox game server that runs scripts until nothing remains to be done or a script closes it.
pub struct GameServer {
    lua: Lua,
    host: Rc<Host>,
}

impl GameServer {
    /// A server with all globals and no script yet.
    ///
    /// # Errors
    ///
    /// When the globals cannot be made: a mistake in the compiled-in Luau.
    pub fn new(
        mut identity: Identity,
        world: Rc<dyn World>,
        log: impl Fn(&str, &str) + 'static,
    ) -> Result<Self> {
        let seed = identity.seed;
        let more = std::mem::take(&mut identity.modules);
        let host = Rc::new(Host {
            identity,
            world,
            log: Box::new(log),
            timers: RefCell::default(),
            sequence: Cell::new(0),
            requests: RefCell::default(),
            request_count: Cell::new(0),
            allowance: RefCell::default(),
            guids: RefCell::new(Rng::new(seed ^ 0x6775_6964)),
            is_closed: Cell::new(false),
        });
        let lua = Lua::new();
        modules::install(&lua, more)?;
        lua.globals().set("Random", random::library(&lua, seed)?)?;
        lua.load("math.randomseed(...)").call::<()>(seed & 0x7fff_ffff)?;
        let bootstrap: Function =
            lua.load(include_str!("../luau/bootstrap.luau")).set_name("=bootstrap").eval()?;
        bootstrap.call::<()>(natives(&lua, &host)?)?;
        Ok(Self { lua, host })
    }

    /// The machine, to set globals that a script needs.
    #[must_use]
    pub fn lua(&self) -> &Lua {
        &self.lua
    }

    /// How many requests have gone out.
    #[must_use]
    pub fn request_count(&self) -> u64 {
        self.host.request_count.get()
    }

    /// Starts a script: a chunk that gets `arguments`. It runs until it first waits.
    ///
    /// # Errors
    ///
    /// When the chunk does not compile. What fails while it runs goes to the log, as in Roblox.
    pub fn start(&self, name: &str, source: &str, arguments: impl IntoLuaMulti) -> Result<()> {
        let chunk = self.lua.load(source).set_name(format!("={name}")).into_function()?;
        let arguments = arguments.into_lua_multi(&self.lua)?;
        self.resume(&self.lua.create_thread(chunk)?, arguments);
        Ok(())
    }

    /// Lets the scripts go on until nothing is left to wait for, or one of them has closed the server.
    pub fn run(&self) {
        while !self.host.is_closed.get() {
            self.run_due();
            if self.host.is_closed.get() {
                return;
            }
            let next = self.host.timers.borrow().peek().map(|Reverse(timer)| timer.due);
            if next.is_none() && self.host.requests.borrow().is_empty() {
                return;
            }
            if let Some(completion) = self.host.world.wait(next) {
                self.complete(completion);
            }
        }
    }

    fn run_due(&self) {
        let now = self.host.world.now();
        while let Some(timer) = self.take_due(now) {
            self.resume(&timer.thread, timer.arguments);
            if self.host.is_closed.get() {
                return;
            }
        }
    }

    fn take_due(&self, now: Duration) -> Option<Timer> {
        let mut timers = self.host.timers.borrow_mut();
        if timers.peek()?.0.due > now {
            return None;
        }
        timers.pop().map(|Reverse(timer)| timer)
    }

    fn complete(&self, completion: Completion) {
        let Some(thread) = self.host.requests.borrow_mut().remove(&completion.id) else { return };
        let outcome = match completion.outcome {
            Ok(response) => http_service::response_table(&self.lua, &response)
                .and_then(|table| (true, table).into_lua_multi(&self.lua)),
            Err(error) => (false, http_service::error_message(error)).into_lua_multi(&self.lua),
        };
        match outcome {
            Ok(arguments) => self.resume(&thread, arguments),
            Err(error) => (self.host.log)("error", &error.to_string()),
        }
    }

    fn resume(&self, thread: &Thread, arguments: MultiValue) {
        // A thread that was cancelled meanwhile has nothing to go on with.
        if !thread.is_resumable() {
            return;
        }
        if let Err(error) = thread.resume::<MultiValue>(arguments) {
            (self.host.log)("error", &error.to_string());
        }
    }
}

impl Host {
    fn schedule(&self, seconds: f64, thread: Thread, arguments: MultiValue) {
        let asked = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::from_hours(24 * 365));
        let sequence = self.sequence.get();
        self.sequence.set(sequence + 1);
        let due = self.world.now() + asked.max(FRAME);
        self.timers.borrow_mut().push(Reverse(Timer { due, sequence, thread, arguments }));
    }

    /// Starts a request on behalf of a thread, which is resumed with its outcome.
    fn request(&self, thread: Thread, options: &Table) -> std::result::Result<(), String> {
        let request = http_service::prepare(options, &self.identity.place_id.to_string())?;
        self.allowance.borrow_mut().take(self.world.now())?;
        let id = self.request_count.get();
        self.request_count.set(id + 1);
        self.requests.borrow_mut().insert(id, thread);
        self.world.send(id, request);
        Ok(())
    }

    fn guid(&self) -> String {
        let mut rng = self.guids.borrow_mut();
        let (high, low) = (rng.next_u64(), rng.next_u64());
        format!(
            "{:08X}-{:04X}-4{:03X}-{:04X}-{:012X}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            0x8000 | (low >> 48) & 0x3fff,
            low & 0xffff_ffff_ffff
        )
    }
}

/// What the bootstrap builds on. Whatever can fail returns `(false, message)`, and the bootstrap raises it as Roblox
/// would: with a string.
fn natives(lua: &Lua, host: &Rc<Host>) -> Result<Table> {
    let table = lua.create_table()?;
    table.set("placeId", host.identity.place_id)?;
    table.set("jobId", host.identity.job_id.as_str())?;
    let this = host.clone();
    table.set("clock", lua.create_function(move |_, ()| Ok(this.world.now().as_secs_f64()))?)?;
    let this = host.clone();
    table.set("unixMillis", lua.create_function(move |_, ()| Ok(this.world.unix_millis()))?)?;
    let this = host.clone();
    let after = move |_: &Lua, (seconds, thread, arguments): (f64, Thread, MultiValue)| {
        this.schedule(seconds, thread, arguments);
        Ok(())
    };
    table.set("after", lua.create_function(after)?)?;
    let this = host.clone();
    let log = move |_: &Lua, (level, words): (String, String)| {
        (this.log)(&level, &words);
        Ok(())
    };
    table.set("log", lua.create_function(log)?)?;
    let this = host.clone();
    let close = move |_: &Lua, ()| {
        this.is_closed.set(true);
        Ok(())
    };
    table.set("close", lua.create_function(close)?)?;
    http_natives(lua, host, &table)?;
    store_natives(lua, &host.identity.universe, &table)?;
    table.set("scripts", lua.create_function(|lua, ()| modules::scripts(lua))?)?;
    Ok(table)
}

fn http_natives(lua: &Lua, host: &Rc<Host>, table: &Table) -> Result<()> {
    let this = host.clone();
    let request = move |_: &Lua, (thread, options): (Thread, Table)| match this.request(thread, &options) {
        Ok(()) => Ok((true, None)),
        Err(message) => Ok((false, Some(message))),
    };
    table.set("request", lua.create_function(request)?)?;
    let this = host.clone();
    table.set("guid", lua.create_function(move |_, ()| Ok(this.guid()))?)?;
    let this = host.clone();
    let secret = move |lua: &Lua, name: String| match this.identity.secrets.get(&name) {
        Some(text) => Ok(Some(lua.create_userdata(Secret::new(text))?)),
        None => Ok(None),
    };
    table.set("secret", lua.create_function(secret)?)?;
    let encode = |lua: &Lua, value: Value| match json::encode(&value) {
        Ok(text) => (true, text).into_lua_multi(lua),
        Err(mlua::Error::RuntimeError(message)) => (false, message).into_lua_multi(lua),
        Err(error) => Err(error),
    };
    table.set("encode", lua.create_function(encode)?)?;
    let decode = |lua: &Lua, text: mlua::LuaString| match json::decode(lua, &text.as_bytes()) {
        Ok(value) => (true, value).into_lua_multi(lua),
        Err(mlua::Error::RuntimeError(message)) => (false, message).into_lua_multi(lua),
        Err(error) => Err(error),
    };
    table.set("decode", lua.create_function(decode)?)
}

/// The data stores, with values as JSON.
fn store_natives(lua: &Lua, universe: &Universe, table: &Table) -> Result<()> {
    let stores = universe.clone();
    let get = move |_: &Lua, (store, key): (String, String)| Ok(stores.get(&store, &key));
    table.set("storeGet", lua.create_function(get)?)?;
    let stores = universe.clone();
    let set = move |_: &Lua, (store, key, json): (String, String, String)| {
        stores.set(&store, &key, json);
        Ok(())
    };
    table.set("storeSet", lua.create_function(set)?)?;
    let stores = universe.clone();
    let remove = move |_: &Lua, (store, key): (String, String)| {
        stores.remove(&store, &key);
        Ok(())
    };
    table.set("storeRemove", lua.create_function(remove)?)?;
    let stores = universe.clone();
    let keys = move |_: &Lua, (store, prefix): (String, String)| Ok(stores.keys(&store, &prefix));
    table.set("storeKeys", lua.create_function(keys)?)
}
