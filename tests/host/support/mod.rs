//! The host's adapters: rusqlite for D1 and for the rooms, a manual clock, seeded randomness. They run the very statements
//! and rules of production.

mod app;
mod authenticator;
mod channels;
mod content_cache;
mod database;
mod game;
mod keys;
mod mail;
mod model;
mod newsroom;
mod outside;
mod playing;
mod plugins;
mod provider;
mod quiz;
mod rooms;
mod school_channels;
mod settings;
mod signatures;
mod system;
mod telemetry;

pub use app::{
    Actor, GAME_KEY, OPERATOR_KEY, OTHER_GAME_KEY, PASSWORD, PUBLIC_URL, Reply, TestApp, hash_with,
};
pub use authenticator::VirtualAuthenticator;
pub use channels::{Channels, Heard, KEY};
pub use content_cache::HostCacheShards;
pub use database::{HostDatabase, migrations};
pub use game::Game;
pub use mail::{MemoryMailer, token_in};
pub use model::SwitchModel;
pub use newsroom::{Death, Newsroom, webhook};
pub use outside::Outside;
pub use playing::{Playing, playing};
pub use plugins::HostPlugins;
pub use provider::{PROVIDERS, ScriptedProvider, requests_to};
pub use quiz::{fractions, right_response, wrong_response};
pub use rooms::HostRooms;
pub use school_channels::HostSchoolChannels;
pub use settings::HostSettings;
pub use signatures::HostSignatures;
use system::{
    ManualClock, MemoryCache, MemoryJobs, MemoryLimits, MemoryLog, MemoryRevocations, NoPause, SeededEntropy,
};
pub use telemetry::{Fault, HostMetrics, HostProbes};
