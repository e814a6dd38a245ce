//! Roblox game servers outside Roblox.
//!
//! Each [`GameServer`] is one Luau machine with the globals that the SDK of `roblox/sdk` finds in a live server:
//! `game`, `task`, `HttpService`, `Players`, with Roblox's limits. The SDK's files are compiled in and run as they are.
//! What lies outside a game server, time and network, is a [`World`]: [`RealWorld`] for a class on a real server, a
//! scripted one with a virtual clock in the tests.
//!
//! [`run`] plays a whole class: pupils spread over game servers, one thread a server, with [`Report`]s of what the
//! server has acknowledged.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod class;
mod game_server;
mod http_service;
mod json;
mod modules;
mod network;
mod options;
mod random;
mod report;
mod rng;
mod secret;
mod universe;
mod world;

pub use class::run;
pub use game_server::{GameServer, Identity};
pub use modules::{MODULES, Module};
pub use network::RealWorld;
pub use options::{HELP, Options, Until};
pub use report::{Report, Reported, Totals};
pub use universe::Universe;
pub use world::{Completion, HttpRequest, HttpResponse, TransportError, World};
