//! What clients tell each other (`client-…`): on private and presence channels, for those who are on it, never echoed, never
//! kept.

use super::app::App;
use super::{Context, Effect, News, SocketNo};
use crate::domain::pusher::{ChannelKind, MAX_DATA_BYTES, MAX_EVENT_NAME, client_event_frame};

/// Pusher's code for what a client event may not.
pub(super) const REFUSED: u16 = 4301;

impl App {
    pub(super) fn client_event(
        &mut self,
        ctx: Context<'_>,
        no: SocketNo,
        (event, channel, data): (&str, &str, &str),
        effects: &mut Vec<Effect>,
    ) {
        let Some(socket) = self.sockets.get_mut(no) else { return };
        let refusal = match () {
            () if !socket.is_on(channel) => Some("The client is not a member of the channel"),
            () if !ChannelKind::of(channel).is_some_and(ChannelKind::takes_client_events) => {
                Some("Client events are for private and presence channels")
            }
            () if event.len() > MAX_EVENT_NAME => Some("The event's name is too long"),
            () if data.len() > MAX_DATA_BYTES => Some("The event's data is too long"),
            () if !socket.may_send(ctx.now) => Some("The rate limit of 10 client events a second is reached"),
            () => None,
        };
        if let Some(message) = refusal {
            return self.error(no, REFUSED, message, effects);
        }
        let members = self.channels.get(channel).map(|channel| &channel.members);
        let user_id = members.and_then(|members| members.user_of(no)).map(str::to_owned);
        let Some(frame) = client_event_frame(event, channel, data, user_id.as_deref()) else { return };
        self.send_to_channel(channel, frame, Some(no), effects);
        let socket_id = self.sockets.get(no).map(|socket| socket.id.to_string()).unwrap_or_default();
        let (channel, event, data) = (channel.to_owned(), event.to_owned(), data.to_owned());
        effects.push(Effect::Tell(News::ClientEvent { channel, event, data, socket_id, user_id }));
    }
}
