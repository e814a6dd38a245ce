//! The Pusher protocol, rule by rule, on the host. What official clients say of it is in `tests/realtime/`.

mod api;
mod caches;
mod client_events;
mod connections;
mod presence;
mod properties;
mod replay;
mod users;
