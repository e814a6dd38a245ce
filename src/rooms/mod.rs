//! Live-room rules, sans I/O: a call comes in with the object's SQL, the time and entropy, and effects go out. The glue in
//! `platform/class_room.rs` performs them and knows nothing of classes; the tests run the same rules over rusqlite.
//!
//! The truth is in SQL. [`Memory`] is a projection of it that spares the hot path its reads: it is loaded at the first call
//! after the object woke, changed together with SQL, and thrown away when a write fails.

mod announcements;
mod apply;
mod board;
mod calls;
mod channels;
mod erase;
mod event;
mod feed;
mod games;
mod live;
mod log;
mod memory;
mod outbox;
mod presence;
mod schema;
mod seats;
mod sessions;
mod sheet;
mod sync;
mod tail;
mod webhooks;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use announcements::{Announcement, NewAnnouncement};
pub use channels::{Channel, channels_of};
pub use games::{Achievement, GameEvent, GameNews, Student};
pub use log::{EventPage, LoggedEvent};
use memory::Memory;
pub use outbox::{Report, ReportedSeat, ReportedSession, ReportedSheet};
pub use sessions::NewSession;
pub use sync::{MAX_EVENTS, SyncCaller, SyncOut, SyncRefusal, SyncReply};
use webhooks::Webhooks;
pub use webhooks::{DueNews, WebhookDelivery};

use crate::domain::class::JoinPolicy;
use crate::domain::ids::{ClassId, SchoolId, SeatId, SessionId, UserId};
use crate::domain::leaderboard::{LeaderboardItem, Window};
use crate::domain::live_session::{LiveSession, Move};
use crate::domain::pusher::CloseCode;
use crate::domain::results::Sheet;
use crate::domain::time::Timestamp;
use crate::domain::webhook::Webhook;
use crate::ports::{DbError, Entropy, Sql};

/// What a room is given for one call.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The object's own SQLite.
    pub sql: &'a dyn Sql,
    /// Now.
    pub now: Timestamp,
    /// Randomness for ids.
    pub entropy: &'a dyn Entropy,
    /// Whether anybody holds a socket: without one, nothing is built for the channels.
    pub watched: bool,
}

/// What the glue does after a call, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Sends a frame to every socket that is subscribed to the channel.
    Publish {
        /// The channel.
        channel: Channel,
        /// The whole frame.
        frame: String,
    },
    /// Closes these sockets, for good or to come back: from now on they hear nothing, and the others see them leave.
    CloseSockets {
        /// Their ids; those that are gone are no error.
        socket_ids: Vec<String>,
        /// Why.
        code: CloseCode,
    },
    /// Wakes the room at this time (an alarm), or earlier.
    Wake(Timestamp),
}

/// What a room must know of its class. It goes along with every call, so that a room that missed a change learns of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassFacts {
    /// The class.
    pub class_id: ClassId,
    /// Its school.
    pub school_id: SchoolId,
    /// Who teaches it.
    pub teacher_id: UserId,
    /// The room's name.
    pub room_key: String,
    /// The class's name.
    pub name: String,
    /// The most seats.
    pub capacity: i64,
    /// How pupils come in.
    pub join_policy: JoinPolicy,
    /// Where its webhooks go.
    #[serde(default)]
    pub webhooks: Vec<Webhook>,
    /// Counts the changes: an older one never overwrites a newer one.
    pub revision: i64,
}

/// Whether a pupil is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SeatStatus {
    /// In.
    Active,
    /// Waits for the teacher.
    Pending,
    /// Out.
    Removed,
}

/// A seat as a teacher sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Seat {
    /// The seat.
    pub id: SeatId,
    /// The pupil's name in the game.
    pub display_name: String,
    /// Whether the pupil is in.
    pub status: SeatStatus,
    /// All XP.
    pub xp: u64,
    /// From the XP.
    pub level: u64,
    /// In a game server right now.
    pub online: bool,
    /// Where the pupil is in the game, when the game says so.
    pub progress: Option<Progress>,
}

/// Where a pupil is in the game.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// At most 100 characters.
    #[serde(default)]
    pub label: Option<String>,
    /// 0 to 100.
    #[serde(default)]
    pub percent: Option<u8>,
}

/// What a teacher does to a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeatMove {
    /// Lets a waiting pupil in, or a removed one back.
    Approve,
    /// Takes the seat away. What was earned stays in the results.
    Remove,
}

/// What a teacher does or asks.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomOp {
    /// Nothing but the facts that go along.
    Configure,
    /// All seats.
    Seats,
    /// Approve or remove.
    MoveSeat(SeatId, SeatMove),
    /// A new session.
    CreateSession(Box<NewSession>),
    /// Start, next, pause …
    MoveSession(SessionId, Move),
    /// One session.
    Session(SessionId),
    /// All sessions that the room still holds, newest first.
    Sessions,
    /// The board.
    Leaderboard(Window),
    /// A session's results; the newest one's when absent.
    Results(Option<SessionId>),
    /// The numbered log behind this number.
    Events {
        /// The last one known.
        after: i64,
        /// The most to give.
        limit: i64,
        /// What went out on these channels.
        channels: Vec<String>,
    },
    /// One seat, by its id or by the user of Roblox who sits there.
    SeatOf(Student),
    /// Something happened to a game of the class.
    GameNews(GameNews),
    /// A pupil unlocked an achievement in a game.
    Unlocked(Achievement),
    /// Say something to all pupils.
    Announce(NewAnnouncement),
    /// Forgets a user of Roblox for good. Nobody of that id is no error.
    EraseUser(String),
    /// Closes sockets of people who may not, or must ask again.
    CloseSockets {
        /// Their ids.
        socket_ids: Vec<String>,
        /// Why.
        code: CloseCode,
    },
}

/// What a room answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoomAnswer {
    /// Done.
    Done,
    /// Seats.
    Seats(Vec<Seat>),
    /// One seat.
    Seat(Seat),
    /// One session.
    Session(LiveSession),
    /// Sessions.
    Sessions(Vec<LiveSession>),
    /// The board, and the number of the newest event in it.
    Leaderboard(Vec<LeaderboardItem>, i64),
    /// Results.
    Results(Box<Sheet>),
    /// A part of the log.
    Events(EventPage),
    /// What was said.
    Announced(Announcement),
    /// It cannot be done.
    Refused(Refusal),
}

/// Why a room does not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// The room has no such seat, or no longer such a session.
    NotFound,
    /// The session's state does not allow the move.
    MoveNotAllowed,
    /// The last question is open already.
    NoMoreQuestions,
    /// Another session of the class has not ended.
    SessionExists,
    /// The same idempotency key with another body.
    IdempotencyMismatch,
    /// All seats are taken.
    ClassFull,
    /// The log no longer reaches back so far.
    EventsGone,
}

/// A class room. Cheap to make; everything is read at the first call.
#[derive(Default)]
pub struct Room {
    memory: Option<Memory>,
    /// Apart from the memory: news come without any other need for it.
    webhooks: Option<Webhooks>,
}

impl Room {
    /// A teacher's call.
    pub fn call(
        &mut self,
        ctx: Context<'_>,
        facts: &ClassFacts,
        op: RoomOp,
    ) -> Result<(RoomAnswer, Vec<Effect>), DbError> {
        schema::migrate(ctx.sql)?;
        self.guarded(|room| {
            let mut effects = room.configure(ctx, facts)?;
            let memory = room.memory(ctx)?.ok_or_else(|| DbError::Backend("no facts".to_owned()))?;
            let answer = match op {
                RoomOp::EraseUser(user_id) => {
                    if erase::erase(memory, ctx, &user_id, &mut effects)? {
                        room.memory = None;
                    }
                    RoomAnswer::Done
                }
                op => calls::answer(memory, ctx, op, &mut effects)?,
            };
            if let Some(memory) = room.memory(ctx)? {
                memory.finish(ctx, &mut effects);
            }
            Ok((answer, effects))
        })
    }

    /// A game server's batch.
    pub fn sync(
        &mut self,
        ctx: Context<'_>,
        caller: &SyncCaller,
        body: &[u8],
    ) -> Result<(SyncReply, Vec<Effect>), DbError> {
        self.guarded(|room| {
            let Some(memory) =
                room.memory(ctx)?.filter(|memory| memory.facts.class_id == caller.claims.class_id)
            else {
                return Ok((SyncReply::Refused(SyncRefusal::NotReady), Vec::new()));
            };
            let mut effects = Vec::new();
            let reply = sync::sync(memory, ctx, caller, body, &mut effects)?;
            memory.finish(ctx, &mut effects);
            Ok((reply, effects))
        })
    }

    /// The alarm rang. Gives what is to be reported to D1, if anything; [`Room::reported`] follows.
    pub fn due(&mut self, ctx: Context<'_>) -> Result<(Option<Report>, Vec<Effect>), DbError> {
        self.guarded(|room| {
            let Some(memory) = room.memory(ctx)? else { return Ok((None, Vec::new())) };
            let mut effects = Vec::new();
            memory.alarm_at = None;
            sessions::close_if_over(memory, ctx, &mut effects)?;
            presence::sweep(memory, ctx, &mut effects)?;
            if let Some(at) = memory.tail.settle(ctx)? {
                memory.wake(at);
            }
            board::publish_if_due(memory, ctx, &mut effects);
            let report = outbox::due(memory, ctx)?;
            memory.finish(ctx, &mut effects);
            Ok((report, effects))
        })
    }

    /// Whether D1 has the report.
    pub fn reported(
        &mut self,
        ctx: Context<'_>,
        report: &Report,
        done: bool,
    ) -> Result<Vec<Effect>, DbError> {
        self.guarded(|room| {
            let Some(memory) = room.memory(ctx)? else { return Ok(Vec::new()) };
            let mut effects = Vec::new();
            outbox::reported(memory, ctx, report, done)?;
            memory.finish(ctx, &mut effects);
            Ok(effects)
        })
    }

    /// Whether it is remembered that there is a class behind the room.
    pub const fn is_loaded(&self) -> bool {
        self.memory.is_some()
    }

    /// Whether there is a class behind the room.
    pub fn is_known(&mut self, ctx: Context<'_>) -> Result<bool, DbError> {
        Ok(self.memory(ctx)?.is_some())
    }

    /// A failed write leaves SQL behind the memory: forget the memory, and the next call reads it anew.
    fn guarded<T>(&mut self, run: impl FnOnce(&mut Self) -> Result<T, DbError>) -> Result<T, DbError> {
        let result = run(self);
        if result.is_err() {
            *self = Self::default();
        }
        result
    }

    fn memory(&mut self, ctx: Context<'_>) -> Result<Option<&mut Memory>, DbError> {
        if self.memory.is_none() && schema::exists(ctx.sql)? {
            schema::migrate(ctx.sql)?;
            self.memory = Memory::load(ctx)?;
            if let Some(memory) = self.memory.as_mut().filter(|memory| !memory.facts.webhooks.is_empty())
                && let Some(at) = webhooks::next_at(ctx.sql)?
            {
                memory.wake(at);
            }
        }
        Ok(self.memory.as_mut())
    }

    /// Takes newer facts; tells the games when the class has another name.
    fn configure(&mut self, ctx: Context<'_>, facts: &ClassFacts) -> Result<Vec<Effect>, DbError> {
        let mut effects = Vec::new();
        let known = self.memory(ctx)?.map(|memory| (memory.facts.revision, memory.facts.name.clone()));
        match known {
            Some((revision, _)) if revision >= facts.revision => {}
            known => {
                memory::store_facts(ctx.sql, facts)?;
                self.configure_webhooks(ctx.sql, facts)?;
                if let Some(memory) = self.memory.as_mut() {
                    memory.facts = facts.clone();
                    if known.is_some_and(|(_, name)| name != facts.name) {
                        calls::announce_class(memory, ctx, &mut effects)?;
                    }
                } else {
                    self.memory = Memory::load(ctx)?;
                }
            }
        }
        Ok(effects)
    }
}
