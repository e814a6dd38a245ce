//! Users: who signed in on a socket (`pusher:signin`), and what only they get.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;

use super::app::App;
use super::socket::User;
use super::{Context, Effect, SocketNo};
use crate::domain::pusher::{self, CloseCode, MAX_USER_ID, MAX_WATCHLIST};
use crate::ports::{DbError, Value};

const ADD: &str = "
    insert into signed_in (socket_id, user_id, watchlist) values (?1, ?2, ?3)
    on conflict (socket_id) do update set user_id = excluded.user_id, watchlist = excluded.watchlist";

#[derive(Deserialize)]
struct UserData {
    id: String,
    #[serde(default)]
    watchlist: Vec<String>,
}

impl App {
    /// Who does not prove it is closed for good, as Pusher does.
    pub(super) fn sign_in(
        &mut self,
        ctx: Context<'_>,
        no: SocketNo,
        auth: &str,
        user_data: &str,
        effects: &mut Vec<Effect>,
    ) -> Result<(), DbError> {
        let Some(socket) = self.sockets.get(no) else { return Ok(()) };
        let id = socket.id.clone();
        let text = pusher::user_text(&id, user_data);
        let is_signed = pusher::verify(ctx.key, ctx.secret.as_bytes(), &text, auth);
        let user = serde_json::from_str::<UserData>(user_data)
            .ok()
            .filter(|user| is_signed && (1..=MAX_USER_ID).contains(&user.id.len()));
        let Some(mut user) = user else {
            return self.close(ctx, no, CloseCode::NotAuthorized, effects);
        };
        let watches_too_many = user.watchlist.len() > MAX_WATCHLIST;
        if watches_too_many {
            user.watchlist.clear();
        }
        self.ensure_tables(ctx.sql)?;
        let watchlist = serde_json::to_string(&user.watchlist).unwrap_or_default();
        ctx.sql.query(ADD, &[(&*id).into(), Value::from(user.id.as_str()), watchlist.into()])?;
        let is_new = self.sockets.of_user(&user.id).is_empty();
        let signed_in = User { id: Arc::from(user.id.as_str()), watchlist: user.watchlist };
        let before = self.sockets.get_mut(no).and_then(|socket| socket.user.replace(signed_in));
        if let Some(before) = before.filter(|before| *before.id != *user.id) {
            self.user_left(&before.id, effects);
        }
        let data = json!({"user_data": user_data}).to_string();
        self.reply(no, "pusher:signin_success", None, &data, effects);
        if watches_too_many {
            self.error(no, 4302, "A watchlist holds at most 100 users", effects);
        }
        self.user_came(no, &user.id, is_new, effects);
        Ok(())
    }

    /// Closes all sockets on which the user signed in.
    pub(super) fn terminate(
        &mut self,
        ctx: Context<'_>,
        user_id: &str,
        effects: &mut Vec<Effect>,
    ) -> Result<(), DbError> {
        for no in self.sockets.of_user(user_id) {
            self.close(ctx, no, CloseCode::NotAuthorized, effects)?;
        }
        self.drop_slow(ctx, effects)
    }
}
