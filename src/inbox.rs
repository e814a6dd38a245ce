//! A person's inbox, sans I/O: what waits for them in any of their classes, and the sockets that they may have there. One Durable
//! Object a user.
//!
//! Rooms report to it like to D1: late, twice and out of order. A notification has a source, and a source is told once.

mod sockets;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use utoipa::ToSchema;

pub use sockets::{SocketRef, WhichSockets};

use crate::domain::ids::{
    ClassId, ContentId, DeploymentId, GameId, NotificationId, SeatId, SignInId, UserId,
};
use crate::domain::pusher::CloseCode;
use crate::domain::roblox::{ContentStatus, DeploymentStatus};
use crate::domain::time::Timestamp;
use crate::json;
use crate::ports::{DbError, Entropy, Sql, Value, decode};
use crate::realtime::{self, App, Context, EventLog, Feed, NewEvent};
use crate::rooms::{ReportedSeat, SeatStatus};

/// Notifications that are kept; nobody scrolls further back.
const KEPT: i64 = 200;

const CREATE: &str = "
    create table if not exists notifications (
      no integer primary key autoincrement,
      id text not null unique,
      source text not null unique,
      body text not null,
      created_at integer not null,
      read_at integer
    ) strict";
const ADD: &str = "
    insert into notifications (id, source, body, created_at) values (?1, ?2, ?3, ?4) on conflict (source) do nothing";
const SETTLE: &str = "update notifications set read_at = ?2 where source = ?1 and read_at is null";
const READ: &str = "update notifications set read_at = coalesce(read_at, ?2) where id = ?1 returning id";
const READ_ALL: &str = "update notifications set read_at = ?1 where read_at is null";
const LIST: &str = "select id, body, created_at, read_at from notifications order by no desc limit ?1";
const UNREAD: &str = "select count(*) as unread from notifications where read_at is null";
const FORGET: &str = "delete from notifications where source = ?1";
const PRUNE: &str = "delete from notifications where no <= (select max(no) from notifications) - ?1";

/// What is asked of an inbox.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InboxOp {
    /// A class's seats as its room reports them: who waits is told, who no longer waits is settled.
    Seats {
        /// The class.
        class_id: ClassId,
        /// Its name.
        class_name: String,
        /// The seats that changed.
        seats: Vec<ReportedSeat>,
    },
    /// A pupil is forgotten: so is that they waited.
    ForgetSeat(SeatId),
    /// The newest ones.
    List,
    /// One was read.
    Read(NotificationId),
    /// All were read.
    ReadAll,
    /// The person is about to get a signature for a socket.
    RememberSocket {
        /// The socket.
        socket: SocketRef,
        /// For which sign-in.
        sign_in_id: SignInId,
    },
    /// A job of the person's has come further.
    Progress(JobProgress),
    /// Which sockets the person may have.
    Sockets(WhichSockets),
    /// These were closed.
    ForgetSockets(Vec<SocketRef>),
    /// Closes sockets of the inbox itself: their person may not, or must ask again.
    CloseSockets {
        /// Their ids.
        socket_ids: Vec<String>,
        /// Why.
        code: CloseCode,
    },
}

/// How a job stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "job", rename_all = "snake_case")]
pub enum JobProgress {
    /// Content is being written.
    Generation {
        /// The content.
        content_id: ContentId,
        /// Where it stands.
        status: ContentStatus,
        /// Why it failed.
        failure: Option<String>,
    },
    /// Content becomes a version of a game.
    Deployment {
        /// The deployment.
        deployment_id: DeploymentId,
        /// The game.
        game_id: GameId,
        /// Where it stands.
        status: DeploymentStatus,
        /// Why it failed.
        failure: Option<String>,
    },
}

/// What the glue does after a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Tells whoever watches the inbox: an event for [`publish`].
    Publish {
        /// The event's name.
        name: &'static str,
        /// Its data.
        data: Map<String, Json>,
    },
    /// Closes these sockets of the inbox.
    CloseSockets {
        /// Their ids.
        socket_ids: Vec<String>,
        /// Why.
        code: CloseCode,
    },
}

/// What an inbox answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InboxAnswer {
    /// Done.
    Done,
    /// What there is.
    Notifications(Notifications),
    /// Sockets to be closed.
    Sockets(Vec<SocketRef>),
    /// No such notification.
    NotFound,
}

/// The newest notifications.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Notifications {
    /// Newest first.
    pub items: Vec<Notification>,
    /// How many are unread.
    pub unread: i64,
}

/// Something that a person should know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Notification {
    /// The notification.
    pub id: NotificationId,
    /// What it is.
    #[serde(flatten)]
    pub body: NotificationBody,
    /// When.
    pub created_at: Timestamp,
    /// When it was read, or settled by itself.
    pub read_at: Option<Timestamp>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum NotificationBody {
    /// A pupil waits to be let into a class.
    SeatWaiting {
        /// The class.
        class_id: ClassId,
        /// Its name.
        class_name: String,
        /// The seat.
        seat_id: SeatId,
        /// The pupil's name.
        display_name: String,
    },
}

/// An inbox is asked about its owner only: the object's name is the user's id, and so is its key as a Pusher app.
pub fn object_name(user: &UserId) -> &str {
    user.as_str()
}

/// The channel of an inbox.
pub fn channel(user: &UserId) -> String {
    format!("private-user-{user}")
}

#[derive(Deserialize)]
struct NotificationRow {
    id: NotificationId,
    body: String,
    created_at: i64,
    read_at: Option<i64>,
}

#[derive(Deserialize)]
struct UnreadRow {
    unread: i64,
}

/// Does one thing.
pub fn call(
    sql: &dyn Sql,
    now: Timestamp,
    entropy: &dyn Entropy,
    op: InboxOp,
) -> Result<(InboxAnswer, Vec<Effect>), DbError> {
    sql.query(CREATE, &[])?;
    sql.query(sockets::CREATE, &[])?;
    if let InboxOp::CloseSockets { socket_ids, code } = op {
        return Ok((InboxAnswer::Done, vec![Effect::CloseSockets { socket_ids, code }]));
    }
    if let InboxOp::Progress(progress) = op {
        let Ok(Json::Object(data)) = serde_json::to_value(&progress) else {
            return Err(DbError::Backend("progress is no object".to_owned()));
        };
        return Ok((InboxAnswer::Done, vec![Effect::Publish { name: "job_progress", data }]));
    }
    let may_change =
        matches!(op, InboxOp::Seats { .. } | InboxOp::ForgetSeat(_) | InboxOp::Read(_) | InboxOp::ReadAll);
    let answer = answer(sql, now, entropy, op)?;
    Ok((answer, if may_change { vec![changed(sql)?] } else { Vec::new() }))
}

/// What changed is asked for anew: the number of unread ones is all that goes along.
fn changed(sql: &dyn Sql) -> Result<Effect, DbError> {
    let data = Map::from_iter([("unread".to_owned(), unread(sql)?.into())]);
    Ok(Effect::Publish { name: "notifications_changed", data })
}

/// Numbers an event, with the number in front of its data as well, keeps it, and sends it.
pub fn publish(
    app: &mut App,
    log: &mut EventLog,
    ctx: Context<'_>,
    (name, mut data): (&str, Map<String, Json>),
) -> Result<Vec<realtime::Effect>, DbError> {
    let channels = [format!("private-user-{}", ctx.key)];
    let send = || {
        let seq = log.last_seq(ctx.sql)? + 1;
        data.insert("seq".to_owned(), seq.into());
        let data = Json::Object(data).to_string();
        log.append_numbered(ctx, seq, &NewEvent { name, data: &data, channels: &channels })?;
        let mut effects = Vec::new();
        app.fan_out(ctx, (seq, name, &data), &channels, None, &mut effects)?;
        Ok(effects)
    };
    let done = send();
    if done.is_err() {
        log.forget();
    }
    done
}

fn unread(sql: &dyn Sql) -> Result<i64, DbError> {
    let rows: Vec<UnreadRow> = decode(sql.query(UNREAD, &[])?)?;
    Ok(rows.first().map_or(0, |row| row.unread))
}

fn answer(sql: &dyn Sql, now: Timestamp, entropy: &dyn Entropy, op: InboxOp) -> Result<InboxAnswer, DbError> {
    match op {
        InboxOp::CloseSockets { .. } | InboxOp::Progress(_) => Ok(InboxAnswer::Done),
        InboxOp::Seats { class_id, class_name, seats } => {
            for seat in seats {
                take_seat(sql, now, entropy, (&class_id, &class_name), seat)?;
            }
            sql.query(PRUNE, &[KEPT.into()])?;
            Ok(InboxAnswer::Done)
        }
        InboxOp::ForgetSeat(seat) => {
            sql.query(FORGET, &[format!("seat_waiting:{seat}").into()]).map(|_| InboxAnswer::Done)
        }
        InboxOp::List => list(sql).map(InboxAnswer::Notifications),
        InboxOp::Read(id) => {
            let found = sql.query(READ, &[(&id).into(), now.into()])?;
            Ok(if found.is_empty() { InboxAnswer::NotFound } else { InboxAnswer::Done })
        }
        InboxOp::ReadAll => sql.query(READ_ALL, &[now.into()]).map(|_| InboxAnswer::Done),
        InboxOp::RememberSocket { socket, sign_in_id } => {
            sockets::remember(sql, now, &socket, &sign_in_id).map(InboxAnswer::Sockets)
        }
        InboxOp::Sockets(which) => sockets::find(sql, &which).map(InboxAnswer::Sockets),
        InboxOp::ForgetSockets(closed) => sockets::forget(sql, &closed).map(|()| InboxAnswer::Done),
    }
}

fn take_seat(
    sql: &dyn Sql,
    now: Timestamp,
    entropy: &dyn Entropy,
    (class_id, class_name): (&ClassId, &str),
    seat: ReportedSeat,
) -> Result<(), DbError> {
    let source = Value::from(format!("seat_waiting:{}", seat.seat_id));
    if seat.status != SeatStatus::Pending {
        return sql.query(SETTLE, &[source, now.into()]).map(|_| ());
    }
    let body = NotificationBody::SeatWaiting {
        class_id: class_id.clone(),
        class_name: class_name.to_owned(),
        seat_id: seat.seat_id,
        display_name: seat.display_name,
    };
    let body = serde_json::to_string(&body).map_err(|error| DbError::Backend(error.to_string()))?;
    let id = NotificationId::new(now, entropy);
    sql.query(ADD, &[(&id).into(), source, body.into(), now.into()]).map(|_| ())
}

fn list(sql: &dyn Sql) -> Result<Notifications, DbError> {
    let rows: Vec<NotificationRow> = decode(sql.query(LIST, &[KEPT.into()])?)?;
    let items = rows.into_iter().map(|row| {
        let body = json::from_str(&row.body).map_err(|error| DbError::Backend(error.to_string()))?;
        Ok(Notification {
            id: row.id,
            body,
            created_at: Timestamp::from_millis(row.created_at),
            read_at: row.read_at.map(Timestamp::from_millis),
        })
    });
    Ok(Notifications { items: items.collect::<Result<_, DbError>>()?, unread: unread(sql)? })
}
