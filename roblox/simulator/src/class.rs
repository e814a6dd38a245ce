//! A whole class: pupils spread over game servers, one thread a server, all reports in one place.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use mlua::{Lua, Table, Value};

use crate::game_server::{GameServer, Identity};
use crate::json;
use crate::network::RealWorld;
use crate::options::Options;
use crate::report::{Report, Reported, Totals};
use crate::rng::Rng;
use crate::universe::Universe;
use crate::world::World;

/// First names of many languages. With more pupils than names, a number follows.
const NAMES: [&str; 40] = [
    "Ada", "Amir", "Anouk", "Bao", "Björn", "Carla", "Chidi", "Dana", "Diego", "Elif", "Emeka", "Farah",
    "Finn", "Greta", "Hana", "Hugo", "Ines", "Ivan", "Jana", "Jun", "Kaia", "Kofi", "Lena", "Luca", "Mei",
    "Milo", "Nia", "Noor", "Omar", "Oona", "Pia", "Quinn", "Ravi", "Rosa", "Sami", "Sofia", "Tariq", "Uma",
    "Wren", "Yuki",
];

/// How often `tick` is called while nothing is reported.
const TICK: Duration = Duration::from_secs(1);

/// Plays a class to its end. `observe` gets every report, the last of which is [`Report::Done`]; `tick` the sums, at least
/// every second.
pub fn run(
    options: &Options,
    mut observe: impl FnMut(&Reported),
    mut tick: impl FnMut(&Totals, Duration),
) -> Totals {
    let started = Instant::now();
    let (sender, receiver) = channel();
    let mut rng = Rng::new(options.seed);
    let universe = Universe::default();
    for server in 0..options.servers {
        let identity = Identity {
            place_id: 920_587_237,
            job_id: job_id(&mut rng),
            secrets: HashMap::from([("toolboxai_game_key".to_owned(), options.game_key.clone())]),
            seed: rng.next_u64(),
            universe: universe.clone(),
            modules: Vec::new(),
        };
        let share = Share::new(options, server);
        let sender = sender.clone();
        thread::spawn(move || play(server, identity, &share, &sender));
    }
    drop(sender);
    let mut totals = collect(&receiver, started, &mut observe, &mut tick);
    totals.flushed &= totals.closed == options.servers as u64;
    totals.seconds = started.elapsed().as_secs_f64();
    observe(&Reported { report: Report::Done(totals.clone()), server: None });
    totals
}

fn collect(
    receiver: &Receiver<Reported>,
    started: Instant,
    observe: &mut impl FnMut(&Reported),
    tick: &mut impl FnMut(&Totals, Duration),
) -> Totals {
    let mut totals = Totals::new();
    let mut last_tick = started;
    loop {
        match receiver.recv_timeout(TICK.saturating_sub(last_tick.elapsed())) {
            Ok(reported) => {
                totals.count(&reported.report);
                observe(&reported);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return totals,
        }
        if last_tick.elapsed() >= TICK {
            last_tick = Instant::now();
            tick(&totals, started.elapsed());
        }
    }
}

/// Unlike any earlier run's, even with the same seed: event ids come from it, and a class remembers those for ever.
fn job_id(rng: &mut Rng) -> String {
    let now = RealWorld::new().unix_millis().unsigned_abs();
    let process = u64::from(std::process::id());
    let mut unique = Rng::new(rng.next_u64() ^ now.rotate_left(20) ^ process.rotate_left(48));
    let (high, low) = (unique.next_u64(), unique.next_u64());
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

/// What one game server plays.
#[derive(Clone)]
struct Share {
    options: Options,
    pupils: Vec<Pupil>,
}

#[derive(Clone)]
struct Pupil {
    user_id: u64,
    name: String,
    skill: f64,
    seed: u64,
}

impl Share {
    fn new(options: &Options, server: usize) -> Self {
        let pupils = (0..options.students).skip(server).step_by(options.servers);
        Self {
            options: options.clone(),
            pupils: pupils.map(|number| Pupil::new(options.seed, number)).collect(),
        }
    }

    fn to_luau(&self, lua: &Lua) -> mlua::Result<Table> {
        let share = lua.create_table()?;
        share.set("base_url", self.options.url.as_str())?;
        share.set("class_code", self.options.class_code.as_str())?;
        share.set("stay", self.options.until.name())?;
        share.set("speed", self.options.speed)?;
        share.set("max_seconds", self.options.max_duration.map(|duration| duration.as_secs_f64()))?;
        let answers = serde_json::to_vec(&self.options.answers).map_err(mlua::Error::external)?;
        share.set("answers", json::decode(lua, &answers)?)?;
        let pupils = self.pupils.iter().map(|pupil| pupil.to_luau(lua)).collect::<mlua::Result<Vec<_>>>()?;
        share.set("pupils", pupils)?;
        share.set("sessions", self.options.sessions)?;
        share.set("first_stop", self.options.stops.0)?;
        share.set("last_stop", self.options.stops.1)?;
        share.set("crash_at", self.options.crash_at)?;
        Ok(share)
    }
}

impl Pupil {
    /// The pupil with this number, the same for the same seed: who comes again finds the seat taken before.
    fn new(seed: u64, number: usize) -> Self {
        let place = number as u64;
        let mut rng = Rng::new(seed.wrapping_mul(1_000_003).wrapping_add(place));
        let name = NAMES[number % NAMES.len()];
        let round = number / NAMES.len();
        Self {
            // Beyond 32 bits, as real ones are, and far below 2^53.
            user_id: 7_000_000_000 + (seed % 10_000) * 100_000 + place,
            name: if round == 0 { name.to_owned() } else { format!("{name} {}", round + 1) },
            skill: 0.35 + 0.6 * rng.next_f64(),
            // A Luau number: no more than 53 bits.
            seed: rng.next_u64() >> 11,
        }
    }

    fn to_luau(&self, lua: &Lua) -> mlua::Result<Table> {
        let person = lua.create_table()?;
        person.set("UserId", self.user_id)?;
        person.set("Name", self.name.replace(' ', "_"))?;
        person.set("DisplayName", self.name.as_str())?;
        person.set("skill", self.skill)?;
        person.set("seed", self.seed)?;
        Ok(person)
    }
}

/// Runs a game server to its end, in a thread of its own.
fn play(server: usize, identity: Identity, share: &Share, sender: &Sender<Reported>) {
    let tell = {
        let sender = sender.clone();
        move |report| {
            // Only fails when the receiver is gone, and with it everybody who could care.
            let _ = sender.send(Reported { report, server: Some(server) });
        }
    };
    if let Err(error) = lives(identity, share, &tell) {
        tell(Report::ScriptError { message: error.to_string() });
    }
}

/// A game server and, where it is to crash, the one that takes its place. Only one of its pupils comes back: what the
/// others had answered is there or lost.
fn lives(identity: Identity, share: &Share, tell: &(impl Fn(Report) + Clone + 'static)) -> mlua::Result<()> {
    if share.options.crash_at.is_none() {
        return host(identity, share, tell.clone());
    }
    let next = Identity { job_id: job_id(&mut Rng::new(!identity.seed)), ..identity.clone() };
    host(identity, share, tell.clone())?;
    let mut rest = share.clone();
    rest.options.crash_at = None;
    rest.pupils.truncate(1);
    host(next, &rest, tell.clone())
}

fn host(identity: Identity, share: &Share, tell: impl Fn(Report) + Clone + 'static) -> mlua::Result<()> {
    let told = tell.clone();
    let game = Rc::new(GameServer::new(identity, Rc::new(RealWorld::new()), move |level, words| {
        if level != "print" {
            told(Report::ScriptError { message: words.to_owned() });
        }
    })?);
    let counted = Rc::downgrade(&game);
    let report = game.lua().create_function(move |_, report: Value| {
        let text = json::encode(&report)?;
        let mut report: Report = serde_json::from_str(&text).map_err(mlua::Error::external)?;
        if let (Report::Closed { requests, .. }, Some(game)) = (&mut report, counted.upgrade()) {
            *requests = game.request_count();
        }
        tell(report);
        Ok(())
    })?;
    let is_place = share.options.place;
    let share = share.to_luau(game.lua())?;
    if is_place {
        game.start("place", include_str!("../luau/place.luau"), (share, report))?;
    } else {
        game.start("main", include_str!("../luau/main.luau"), (share, report))?;
    }
    game.run();
    Ok(())
}
