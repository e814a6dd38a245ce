//! The sockets that a person may have opened in class rooms: for each, the room, and the sign-in it was signed for. Remembered
//! before the signature goes out, so that whoever ends the person's access finds every one of them.

use serde::{Deserialize, Serialize};

use crate::domain::ids::SignInId;
use crate::domain::time::{DAY_MS, Timestamp};
use crate::ports::{DbError, Sql, Value, decode};

/// The most sockets of a person: pages that come back every minute of a long day of school.
const MAX_SOCKETS: i64 = 500;
/// No access token and no page lives longer.
const KEPT_MS: i64 = DAY_MS;

/// A socket of a class room.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SocketRef {
    /// The room's name.
    pub room_key: String,
    /// Two numbers, `123.456`.
    pub socket_id: String,
}

/// Which sockets of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhichSockets {
    /// All.
    All,
    /// Those of some sign-ins.
    OfSignIns(Vec<SignInId>),
    /// Those in one room.
    InRoom(String),
}

pub(super) const CREATE: &str = "
    create table if not exists sockets (
      room_key text not null,
      socket_id text not null,
      sign_in_id text not null,
      signed_at integer not null,
      primary key (room_key, socket_id)
    ) strict, without rowid";
/// A socket that joins its second channel writes nothing.
const REMEMBER: &str = "
    insert into sockets (room_key, socket_id, sign_in_id, signed_at) values (?1, ?2, ?3, ?4)
    on conflict (room_key, socket_id) do update set sign_in_id = excluded.sign_in_id, signed_at = excluded.signed_at
      where sockets.sign_in_id <> excluded.sign_in_id";
const IN_EXCESS: &str = "
    select room_key, socket_id from sockets
    where signed_at < ?1 or (room_key, socket_id) not in (
      select room_key, socket_id from sockets order by signed_at desc, room_key, socket_id limit ?2)";
const ALL: &str = "select room_key, socket_id from sockets";
const OF_SIGN_INS: &str = "
    select room_key, socket_id from sockets where sign_in_id in (select value from json_each(?1))";
const IN_ROOM: &str = "select room_key, socket_id from sockets where room_key = ?1";
const FORGET: &str = "
    delete from sockets where (room_key, socket_id) in (
      select value ->> 'room_key', value ->> 'socket_id' from json_each(?1))";

fn json(value: &impl Serialize) -> Result<Value, DbError> {
    serde_json::to_string(value).map(Value::from).map_err(|error| DbError::Backend(error.to_string()))
}

/// Remembers a socket. Gives those that are too many or too old: they are to be closed, and then forgotten.
pub(super) fn remember(
    sql: &dyn Sql,
    now: Timestamp,
    socket: &SocketRef,
    sign_in: &SignInId,
) -> Result<Vec<SocketRef>, DbError> {
    let params =
        [socket.room_key.as_str().into(), socket.socket_id.as_str().into(), sign_in.into(), now.into()];
    sql.query(REMEMBER, &params)?;
    decode(sql.query(IN_EXCESS, &[now.plus_millis(-KEPT_MS).into(), MAX_SOCKETS.into()])?)
}

/// Which sockets there may be.
pub(super) fn find(sql: &dyn Sql, which: &WhichSockets) -> Result<Vec<SocketRef>, DbError> {
    let rows = match which {
        WhichSockets::All => sql.query(ALL, &[])?,
        WhichSockets::OfSignIns(ids) => sql.query(OF_SIGN_INS, &[json(ids)?])?,
        WhichSockets::InRoom(room_key) => sql.query(IN_ROOM, &[room_key.as_str().into()])?,
    };
    decode(rows)
}

/// Forgets sockets that were closed.
pub(super) fn forget(sql: &dyn Sql, sockets: &[SocketRef]) -> Result<(), DbError> {
    sql.query(FORGET, &[json(&sockets)?]).map(|_| ())
}
