//! Rings two and three: the router and the rooms over rusqlite with a manual clock, and the contracts. One binary, so that
//! it links once.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    reason = "a test that panics has failed, and that is what it is for"
)]

mod accounts;
mod announcements;
mod audit;
mod bursts;
mod channels;
mod classes;
mod co_teachers;
mod content;
mod contract;
mod cors;
mod game;
mod guardians;
mod invitations;
mod keys;
mod limits;
mod live_session;
mod mail;
mod notifications;
mod oidc;
mod operations;
mod people;
mod plugins;
mod problems;
mod quizzes;
mod realtime;
mod recovery;
mod results;
mod rights;
mod roblox;
mod school_channel;
mod schools;
mod second_factors;
mod security;
mod sessions;
mod sign_in;
mod signatures;
mod sockets;
mod support;
mod webauthn;
mod webhooks;
