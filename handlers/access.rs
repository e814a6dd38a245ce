//! The end of somebody's access, everywhere: tokens by the revocation list, sockets by their rooms.
//!
//! First the database says that access has ended; then this. A signature for a socket goes out in the other order: the inbox
//! remembers the socket, then the database is asked whether its owner may still have it. So of an end and a signature that
//! race, either the signature is refused or the socket is found here. Whoever ends access repeats the request when it failed.

use std::collections::BTreeMap;

use super::App;
use super::problem::ApiError;
use super::signed_in::revoke;
use crate::domain::ids::{SchoolId, SignInId, UserId};
use crate::domain::plugin::MAX_TOKEN_HOURS;
use crate::domain::pusher::{CloseCode, Shard};
use crate::domain::revocation::Revocation;
use crate::domain::tokens::ACCESS_TOKEN_S;
use crate::inbox::{self, InboxAnswer, InboxOp, SocketRef, WhichSockets};
use crate::rooms::RoomOp;
use crate::school_channel::SchoolOp;
use crate::storage::{classes, plugins};

/// What has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Some sign-ins.
    SignIns(Vec<SignInId>),
    /// The person may not come in at all any more; the sign-ins that were ended.
    Everything(Vec<SignInId>),
    /// The role is another one: tokens that are out say the old one, so they end, and sockets ask again. Sign-ins go on.
    Role,
    /// The person no longer runs the class of this room.
    Room(String),
}

/// Makes it felt: tokens die within 10 s, sockets are closed now. Again is the same as once.
pub(super) async fn end_access(
    app: &App,
    school: &SchoolId,
    user: &UserId,
    ended: Ended,
) -> Result<(), ApiError> {
    let (sign_ins, is_person, which, code) = match ended {
        Ended::SignIns(ids) if ids.is_empty() => return Ok(()),
        Ended::SignIns(ids) => (ids.clone(), false, WhichSockets::OfSignIns(ids), CloseCode::NotAuthorized),
        Ended::Everything(ids) => (ids, true, WhichSockets::All, CloseCode::NotAuthorized),
        Ended::Role => (Vec::new(), true, WhichSockets::All, CloseCode::Reconnect),
        Ended::Room(room_key) => {
            (Vec::new(), false, WhichSockets::InRoom(room_key), CloseCode::NotAuthorized)
        }
    };
    let tokens = async {
        revoke(app, &sign_ins).await?;
        if is_person { revoke_person(app, school, user).await } else { Ok(()) }
    };
    // Neither waits for the other, nor for its success.
    let (tokens, sockets) = futures::future::join(tokens, end_sockets(app, school, user, which, code)).await;
    tokens.and(sockets)
}

/// All tokens of a person that are out until now, and those of the Studio plugins that the person paired, which live longer.
async fn revoke_person(app: &App, school: &SchoolId, user: &UserId) -> Result<(), ApiError> {
    let now = app.clock.now();
    let entry = |subject: &str, token_s| Revocation::of(subject, token_s, now).issued_until_now(now);
    app.revocations.end(vec![entry(user.as_str(), ACCESS_TOKEN_S)]).await?;
    let plugins = plugins::of_person(app.db.as_ref(), school, user).await?;
    if plugins.is_empty() {
        return Ok(());
    }
    let entries = plugins.iter().map(|id| entry(id.as_str(), MAX_TOKEN_HOURS * 3600));
    Ok(app.revocations.end(entries.collect()).await?)
}

async fn end_sockets(
    app: &App,
    school: &SchoolId,
    user: &UserId,
    which: WhichSockets,
    code: CloseCode,
) -> Result<(), ApiError> {
    match app.inboxes.call(user.clone(), InboxOp::Sockets(which)).await? {
        InboxAnswer::Sockets(sockets) => close_sockets(app, school, user, sockets, code).await,
        _ => Err(ApiError::internal("the inbox gave an answer of another kind")),
    }
}

/// Closes sockets in their rooms; only then the inbox forgets them.
pub(super) async fn close_sockets(
    app: &App,
    school: &SchoolId,
    user: &UserId,
    sockets: Vec<SocketRef>,
    code: CloseCode,
) -> Result<(), ApiError> {
    if sockets.is_empty() {
        return Ok(());
    }
    let mut by_room: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for socket in &sockets {
        by_room.entry(&socket.room_key).or_default().push(socket.socket_id.clone());
    }
    if let Some(socket_ids) = by_room.remove(inbox::object_name(user)) {
        app.inboxes.call(user.clone(), InboxOp::CloseSockets { socket_ids, code }).await?;
    }
    if let Some(socket_ids) = by_room.remove(school.as_str()) {
        close_listeners(app, school, socket_ids, code).await?;
    }
    // A room without a class in this school never let the person in.
    let rooms: Vec<&str> = by_room.keys().copied().collect();
    for class in classes::by_room_keys(app.db.as_ref(), school, &rooms).await? {
        let socket_ids = by_room.remove(class.room_key.as_str()).unwrap_or_default();
        app.rooms.call(class.facts(), RoomOp::CloseSockets { socket_ids, code }).await?;
    }
    app.inboxes.call(user.clone(), InboxOp::ForgetSockets(sockets)).await?;
    Ok(())
}

/// Closes sockets of the school's channel, each in its shard.
async fn close_listeners(
    app: &App,
    school: &SchoolId,
    socket_ids: Vec<String>,
    code: CloseCode,
) -> Result<(), ApiError> {
    let mut by_shard: BTreeMap<Shard, Vec<String>> = BTreeMap::new();
    for id in socket_ids {
        if let Some(shard) = Shard::of_socket(&id) {
            by_shard.entry(shard).or_default().push(id);
        }
    }
    for (shard, socket_ids) in by_shard {
        let op = SchoolOp::CloseSockets { socket_ids, code };
        app.school_channels.call(school.clone(), shard, op).await?;
    }
    Ok(())
}
