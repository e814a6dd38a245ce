//! Who is on a presence channel. Presence counts users, not sockets: the others hear of a user's first socket and of the last.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::app::App;
use super::{Effect, News, SocketNo};
use crate::domain::pusher::{MAX_USER_ID, MAX_USER_INFO_BYTES, ServerFrame};

/// A user as a socket brought it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub user_id: String,
    /// JSON; absent when the socket brought none.
    pub info: Option<String>,
}

#[derive(Deserialize)]
struct ChannelData<'a> {
    user_id: serde_json::Value,
    #[serde(borrow)]
    user_info: Option<&'a RawValue>,
}

/// Pusher's libraries send a number or a string as the user's id.
pub(super) fn parse_member(channel_data: &str) -> Result<Member, &'static str> {
    let data: ChannelData<'_> =
        serde_json::from_str(channel_data).map_err(|_| "channel_data must be JSON with a user_id")?;
    let user_id = match data.user_id {
        serde_json::Value::String(id) => id,
        serde_json::Value::Number(id) => id.to_string(),
        _ => return Err("channel_data must hold a user_id"),
    };
    if !(1..=MAX_USER_ID).contains(&user_id.len()) {
        return Err("user_id must have 1 to 128 bytes");
    }
    let info = data.user_info.map(RawValue::get).filter(|info| *info != "null");
    if info.is_some_and(|info| info.len() > MAX_USER_INFO_BYTES) {
        return Err("user_info must have at most 1024 bytes");
    }
    Ok(Member { user_id, info: info.map(str::to_owned) })
}

/// The members of a channel by their ids: the order in which they came is not known after waking.
#[derive(Default)]
pub(super) struct Members(BTreeMap<String, Present>);

struct Present {
    info: Option<String>,
    sockets: Vec<SocketNo>,
}

impl Members {
    /// Adds a socket of a user; whether the user is new.
    pub fn add(&mut self, no: SocketNo, member: Member) -> bool {
        let is_new = !self.contains(&member.user_id);
        let new = || Present { info: member.info, sockets: Vec::new() };
        self.0.entry(member.user_id).or_insert_with(new).sockets.push(no);
        is_new
    }

    /// Takes a socket out; the user, if that was the last one.
    pub fn remove(&mut self, no: SocketNo) -> Option<String> {
        let user_id = self.user_of(no)?.to_owned();
        let present = self.0.get_mut(&user_id)?;
        present.sockets.retain(|socket| *socket != no);
        let is_gone = present.sockets.is_empty();
        is_gone.then(|| {
            self.0.remove(&user_id);
            user_id
        })
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn contains(&self, user_id: &str) -> bool {
        self.0.contains_key(user_id)
    }

    /// The user of a socket.
    pub fn user_of(&self, no: SocketNo) -> Option<&str> {
        let (user_id, _) = self.0.iter().find(|(_, present)| present.sockets.contains(&no))?;
        Some(user_id)
    }

    pub fn ids(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    /// What who joins is told.
    pub fn roster(&self) -> String {
        let ids: Vec<&String> = self.ids().collect();
        let infos = self.0.iter().map(|(id, present)| (id.clone(), info(present.info.as_deref())));
        let hash: serde_json::Map<String, serde_json::Value> = infos.collect();
        json!({"presence": {"count": ids.len(), "ids": ids, "hash": hash}}).to_string()
    }
}

fn info(text: Option<&str>) -> serde_json::Value {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

impl App {
    pub(super) fn member_came(
        &mut self,
        channel: &str,
        no: SocketNo,
        member: &Member,
        effects: &mut Vec<Effect>,
    ) {
        let mut data = json!({"user_id": member.user_id});
        if let (Some(text), Some(data)) = (member.info.as_deref(), data.as_object_mut()) {
            data.insert("user_info".to_owned(), info(Some(text)));
        }
        let data = data.to_string();
        let frame = ServerFrame {
            event: "pusher_internal:member_added",
            channel: Some(channel),
            data: &data,
            seq: None,
        };
        self.send_to_channel(channel, frame.text(), Some(no), effects);
        let (channel, user_id) = (channel.to_owned(), member.user_id.clone());
        effects.push(Effect::Tell(News::MemberAdded { channel, user_id }));
    }

    pub(super) fn member_left(&mut self, channel: &str, user_id: &str, effects: &mut Vec<Effect>) {
        let data = json!({"user_id": user_id}).to_string();
        let frame = ServerFrame {
            event: "pusher_internal:member_removed",
            channel: Some(channel),
            data: &data,
            seq: None,
        };
        self.send_to_channel(channel, frame.text(), None, effects);
        let (channel, user_id) = (channel.to_owned(), user_id.to_owned());
        effects.push(Effect::Tell(News::MemberRemoved { channel, user_id }));
    }
}
