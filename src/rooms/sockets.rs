//! Sockets of a room that speak Pusher's protocol. What a socket is subscribed to lives in its attachment, so that a room
//! which slept or died knows it again.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::memory::Memory;
use super::{Context, Effect, board};
use crate::domain::pusher::{self, Channel, ClientFrame, CloseCode};

/// The most sockets of a room: a class is watched by a few teachers on a few screens each.
pub const MAX_SOCKETS: usize = 100;
/// Longest `channel_data`: with it an attachment stays below the platform's 2 KB.
const MAX_CHANNEL_DATA: usize = 1024;

/// What a socket is, kept by the platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Two numbers, `123.456`.
    pub socket_id: String,
    /// What it is subscribed to.
    pub channels: Vec<Channel>,
    /// Who it is on the presence channel.
    pub member: Option<Member>,
}

/// Somebody on the presence channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The user.
    pub user_id: String,
    /// What the others see, as JSON.
    pub user_info: serde_json::Value,
}

#[derive(Deserialize)]
struct ChannelData {
    user_id: serde_json::Value,
    #[serde(default)]
    user_info: serde_json::Value,
}

/// A socket opened.
pub(super) fn opened(known: bool, ctx: Context<'_>, sockets: usize) -> Vec<Effect> {
    if !known {
        return unknown_app();
    }
    if sockets >= MAX_SOCKETS {
        return refused(CloseCode::OverCapacity);
    }
    let mut random = [0; 8];
    ctx.entropy.fill(&mut random);
    let socket_id = pusher::socket_id(random);
    let data = json!({"socket_id": socket_id, "activity_timeout": pusher::ACTIVITY_TIMEOUT_S}).to_string();
    vec![
        Effect::Attach(Attachment { socket_id, channels: Vec::new(), member: None }),
        Effect::Reply(pusher::frame("pusher:connection_established", None, &data)),
    ]
}

/// There is no class behind this key.
pub(super) fn unknown_app() -> Vec<Effect> {
    refused(CloseCode::AppNotFound)
}

fn refused(code: CloseCode) -> Vec<Effect> {
    let (code, reason) = (code as u16, code.reason());
    vec![Effect::Reply(pusher::error_frame(code, reason)), Effect::Close { code, reason }]
}

/// A socket spoke.
pub(super) fn message(
    memory: &Memory,
    secret: &str,
    speaker: Attachment,
    peers: &[Attachment],
    text: &str,
) -> Vec<Effect> {
    match pusher::parse_frame(text) {
        None => vec![Effect::Reply(pusher::error_frame(4300, "The frame is not of the Pusher protocol"))],
        Some(ClientFrame::Ping) => vec![Effect::Reply(pusher::PONG.to_owned())],
        Some(ClientFrame::Unknown) => Vec::new(),
        Some(ClientFrame::Unsubscribe { channel }) => match Channel::parse(&channel) {
            Some(channel) => unsubscribe(speaker, peers, channel),
            None => Vec::new(),
        },
        Some(ClientFrame::Subscribe { channel, auth, channel_data }) => {
            let Some(known) = Channel::parse(&channel) else {
                return subscription_error(&channel, 404, "no such channel");
            };
            let data = channel_data.as_deref();
            let text = pusher::subscription_text(&speaker.socket_id, &channel, data);
            let signed = auth
                .is_some_and(|auth| pusher::verify(&memory.facts.room_key, secret.as_bytes(), &text, &auth));
            if !signed {
                return subscription_error(&channel, 401, "the signature does not fit");
            }
            subscribe(memory, speaker, peers, known, data)
        }
    }
}

fn subscription_error(channel: &str, status: u16, error: &str) -> Vec<Effect> {
    let data = json!({"type": "AuthError", "error": error, "status": status}).to_string();
    vec![Effect::Reply(pusher::named_frame("pusher:subscription_error", Some(channel), &data))]
}

fn succeeded(channel: Channel, data: &str) -> Effect {
    Effect::Reply(pusher::frame("pusher_internal:subscription_succeeded", Some(channel), data))
}

fn subscribe(
    memory: &Memory,
    mut speaker: Attachment,
    peers: &[Attachment],
    channel: Channel,
    channel_data: Option<&str>,
) -> Vec<Effect> {
    if channel == Channel::Presence {
        return match channel_data.filter(|data| data.len() <= MAX_CHANNEL_DATA).and_then(member) {
            Some(member) => join_presence(speaker, peers, member),
            None => subscription_error(channel.name(), 400, "channel_data must hold a user_id"),
        };
    }
    if !speaker.channels.contains(&channel) {
        speaker.channels.push(channel);
    }
    let mut effects = vec![Effect::Attach(speaker), succeeded(channel, "{}")];
    match channel {
        Channel::Leaderboard => effects.extend(board::frame(memory).ok().map(Effect::Reply)),
        Channel::Session => effects.push(session_or_miss(memory)),
        Channel::Class | Channel::Presence => {}
    }
    effects
}

/// What the cache channel holds: the session as it stands, or Pusher's `cache_miss`.
fn session_or_miss(memory: &Memory) -> Effect {
    let channel = Some(Channel::Session);
    match &memory.live {
        Some(live) => {
            let data = json!({"seq": memory.last_seq, "session": live.session}).to_string();
            Effect::Reply(pusher::frame("quiz_update", channel, &data))
        }
        None => Effect::Reply(pusher::frame("pusher:cache_miss", channel, "{}")),
    }
}

/// Pusher's libraries send a number or a string as the user's id.
fn member(channel_data: &str) -> Option<Member> {
    let data: ChannelData = serde_json::from_str(channel_data).ok()?;
    let user_id = match data.user_id {
        serde_json::Value::String(id) => id,
        serde_json::Value::Number(id) => id.to_string(),
        _ => return None,
    };
    (1..=128).contains(&user_id.len()).then_some(Member { user_id, user_info: data.user_info })
}

/// Presence counts users, not sockets: the others hear of the first socket only.
fn join_presence(mut speaker: Attachment, peers: &[Attachment], member: Member) -> Vec<Effect> {
    let others: Vec<&Member> =
        peers.iter().filter(|peer| peer.socket_id != speaker.socket_id).filter_map(present).collect();
    let is_new = others.iter().all(|other| other.user_id != member.user_id);
    let mut hash = serde_json::Map::new();
    for present in others.into_iter().chain([&member]) {
        hash.insert(present.user_id.clone(), present.user_info.clone());
    }
    let ids: Vec<&String> = hash.keys().collect();
    let roster = json!({"presence": {"count": ids.len(), "ids": ids, "hash": hash}}).to_string();
    let added = json!({"user_id": member.user_id, "user_info": member.user_info}).to_string();
    let socket_id = speaker.socket_id.clone();
    if !speaker.channels.contains(&Channel::Presence) {
        speaker.channels.push(Channel::Presence);
    }
    speaker.member = Some(member);
    let mut effects = vec![Effect::Attach(speaker), succeeded(Channel::Presence, &roster)];
    if is_new {
        let frame = pusher::frame("pusher_internal:member_added", Some(Channel::Presence), &added);
        effects.push(Effect::Publish { channel: Channel::Presence, frame, except: Some(socket_id) });
    }
    effects
}

fn present(attachment: &Attachment) -> Option<&Member> {
    attachment.member.as_ref().filter(|_| attachment.channels.contains(&Channel::Presence))
}

fn unsubscribe(mut speaker: Attachment, peers: &[Attachment], channel: Channel) -> Vec<Effect> {
    let mut effects = Vec::new();
    if channel == Channel::Presence {
        let others: Vec<Attachment> =
            peers.iter().filter(|peer| peer.socket_id != speaker.socket_id).cloned().collect();
        effects = closed(&speaker, &others);
        speaker.member = None;
    }
    speaker.channels.retain(|subscribed| *subscribed != channel);
    effects.push(Effect::Attach(speaker));
    effects
}

/// A socket is gone: the others hear of it when it was the user's last one.
pub(super) fn closed(gone: &Attachment, peers: &[Attachment]) -> Vec<Effect> {
    let Some(member) = present(gone) else { return Vec::new() };
    if peers.iter().filter_map(present).any(|other| other.user_id == member.user_id) {
        return Vec::new();
    }
    let data = json!({"user_id": member.user_id}).to_string();
    let frame = pusher::frame("pusher_internal:member_removed", Some(Channel::Presence), &data);
    vec![Effect::Publish { channel: Channel::Presence, frame, except: Some(gone.socket_id.clone()) }]
}
