//! What a room keeps in memory: a projection of its SQL, loaded once and changed together with it.

use std::collections::{BTreeSet, HashMap};

use serde::Deserialize;

use super::live::{Live, SessionRow};
use super::outbox::Outbox;
use super::schema::{self, SET_META};
use super::tail::Tail;
use super::{ClassFacts, Context, Effect, Progress, Seat, SeatStatus};
use crate::domain::ids::SeatId;
use crate::domain::time::Timestamp;
use crate::domain::xp;
use crate::json;
use crate::ports::{DbError, Sql, decode, decode_first};

/// See the module.
pub(super) struct Memory {
    pub facts: ClassFacts,
    /// The version of the service's settings that games were told last.
    pub settings_version: i64,
    /// In order of `no`, which counts from 1.
    pub seats: Vec<SeatState>,
    pub seat_by_user: HashMap<String, usize>,
    /// When each game server synced last.
    pub servers: HashMap<String, Server>,
    /// The newest session, ended or not.
    pub live: Option<Live>,
    pub tail: Tail,
    /// The newest log row that carries a message to the games.
    pub last_game_seq: i64,
    pub outbox: Outbox,
    /// When the board went out last, and whether it has changed since.
    pub board_sent_at: Option<Timestamp>,
    pub board_changed: bool,
    /// Seats with XP that was not told since.
    pub xp_changed: BTreeSet<i64>,
    /// The alarm as far as known; unknown after waking, and then set again.
    pub alarm_at: Option<Timestamp>,
    /// The earliest moment at which something is to be done.
    wants_alarm_at: Option<Timestamp>,
}

/// A game server.
#[derive(Clone, Copy)]
pub(super) struct Server {
    pub last_sync_at: Timestamp,
    pub stored_at: Timestamp,
}

/// A seat.
#[derive(Clone)]
pub(super) struct SeatState {
    pub no: i64,
    pub id: SeatId,
    pub user_id: String,
    pub display_name: String,
    pub status: SeatStatus,
    pub xp: u64,
    pub server: Option<String>,
    pub progress: Option<Progress>,
    pub joined_at: Timestamp,
}

impl SeatState {
    pub fn online(&self) -> bool {
        self.server.is_some()
    }

    pub fn view(&self) -> Seat {
        Seat {
            id: self.id.clone(),
            display_name: self.display_name.clone(),
            status: self.status,
            xp: self.xp,
            level: xp::level(self.xp),
            online: self.online(),
            progress: self.progress.clone(),
        }
    }
}

const SEATS: &str = "
    select s.no, s.seat_id, s.user_id, s.display_name, s.status, coalesce(x.xp, 0) as xp, s.server, s.progress, s.joined_at
    from seats s left join seat_xp x on x.no = s.no order by s.no";
const SERVERS: &str = "select job_id, last_sync_at from servers";
const NEWEST_SESSION: &str = "
    select no, body, quiz from sessions where quiz is not null order by no desc limit 1";
const LAST_SEQ: &str = "
    select coalesce(max(seq), 0) as last_seq,
      coalesce((select max(seq) from log where game_type is not null), 0) as last_game_seq
    from log";

#[derive(Deserialize)]
struct SeatRow {
    no: i64,
    seat_id: SeatId,
    user_id: String,
    display_name: String,
    status: SeatStatus,
    xp: u64,
    server: Option<String>,
    progress: Option<String>,
    joined_at: i64,
}

#[derive(Deserialize)]
struct ServerRow {
    job_id: String,
    last_sync_at: i64,
}

#[derive(Deserialize)]
struct SeqRow {
    last_seq: i64,
    last_game_seq: i64,
}

/// Keeps the facts.
pub(super) fn store_facts(sql: &dyn Sql, facts: &ClassFacts) -> Result<(), DbError> {
    sql.query(SET_META, &["facts".into(), to_json(facts)?.into()])?;
    Ok(())
}

/// JSON for a column.
pub(super) fn to_json<T: serde::Serialize>(value: &T) -> Result<String, DbError> {
    serde_json::to_string(value).map_err(|error| DbError::Backend(format!("does not serialise: {error}")))
}

/// JSON from a column.
pub(super) fn from_json<T: serde::de::DeserializeOwned>(json: &str) -> Result<T, DbError> {
    json::from_str(json)
        .map_err(|error| DbError::Backend(format!("a stored document does not decode: {error}")))
}

impl Memory {
    /// Reads everything; nothing when the room has no class yet.
    pub fn load(ctx: Context<'_>) -> Result<Option<Self>, DbError> {
        let Some(facts) = schema::meta(ctx.sql, "facts")? else { return Ok(None) };
        let version = schema::meta(ctx.sql, "settings_version")?;
        let seats: Vec<SeatRow> = decode(ctx.sql.query(SEATS, &[])?)?;
        let seats: Vec<SeatState> = seats.into_iter().map(SeatRow::into_state).collect::<Result<_, _>>()?;
        let servers: Vec<ServerRow> = decode(ctx.sql.query(SERVERS, &[])?)?;
        let session: Option<SessionRow> = decode_first(ctx.sql.query(NEWEST_SESSION, &[])?)?;
        let seq: Option<SeqRow> = decode_first(ctx.sql.query(LAST_SEQ, &[])?)?;
        let seq = seq.unwrap_or(SeqRow { last_seq: 0, last_game_seq: 0 });
        let server = |row: ServerRow| {
            let at = Timestamp::from_millis(row.last_sync_at);
            (row.job_id, Server { last_sync_at: at, stored_at: at })
        };
        Ok(Some(Self {
            facts: from_json(&facts)?,
            settings_version: version.and_then(|text| text.parse().ok()).unwrap_or(0),
            seat_by_user: (0..).zip(&seats).map(|(index, seat)| (seat.user_id.clone(), index)).collect(),
            seats,
            servers: servers.into_iter().map(server).collect(),
            live: session.map(|row| Live::load(ctx, &row)).transpose()?,
            tail: Tail::behind(seq.last_seq),
            last_game_seq: seq.last_game_seq,
            outbox: Outbox::load(ctx)?,
            board_sent_at: None,
            board_changed: false,
            xp_changed: BTreeSet::new(),
            alarm_at: None,
            wants_alarm_at: None,
        }))
    }

    /// Remembers which version of the service's settings games were told.
    pub fn store_settings_version(&mut self, sql: &dyn Sql, version: i64) -> Result<(), DbError> {
        sql.query(SET_META, &["settings_version".into(), version.to_string().into()])?;
        self.settings_version = version;
        Ok(())
    }

    pub fn seat(&self, user_id: &str) -> Option<&SeatState> {
        self.seats.get(*self.seat_by_user.get(user_id)?)
    }

    pub fn seat_mut(&mut self, user_id: &str) -> Option<&mut SeatState> {
        self.seats.get_mut(*self.seat_by_user.get(user_id)?)
    }

    /// Asks to be woken no later than this.
    pub fn wake(&mut self, at: Timestamp) {
        self.wants_alarm_at = Some(self.wants_alarm_at.map_or(at, |wanted| wanted.min(at)));
    }

    /// The end of every call: an alarm that must ring earlier than the one that is set becomes an effect.
    pub fn finish(&mut self, ctx: Context<'_>, effects: &mut Vec<Effect>) {
        let session_end = self.live.as_ref().and_then(|live| live.session.ends_at);
        let sweep = super::presence::next_sweep(self);
        let wanted = [self.wants_alarm_at.take(), session_end, sweep, self.outbox.next_at()];
        let Some(earliest) = wanted.into_iter().flatten().min() else { return };
        let earliest = earliest.max(ctx.now.plus_millis(1));
        if self.alarm_at.is_none_or(|set| set <= ctx.now || earliest < set) {
            self.alarm_at = Some(earliest);
            effects.push(Effect::Wake(earliest));
        }
    }
}

impl SeatRow {
    fn into_state(self) -> Result<SeatState, DbError> {
        Ok(SeatState {
            no: self.no,
            id: self.seat_id,
            user_id: self.user_id,
            display_name: self.display_name,
            status: self.status,
            xp: self.xp,
            server: self.server,
            progress: self.progress.as_deref().map(from_json).transpose()?,
            joined_at: Timestamp::from_millis(self.joined_at),
        })
    }
}
