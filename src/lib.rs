//! The API, live rooms and grading behind classes that are taught inside Roblox experiences.
//!
//! `domain` decides, `storage` and `rooms` keep, `handlers` speak HTTP, `jobs` do what waits, and `platform`, which exists
//! on wasm only, joins them to Cloudflare.

pub mod config;
pub mod content_cache;
pub mod domain;
#[path = "../handlers/mod.rs"]
pub mod handlers;
pub mod hashing;
pub mod inbox;
pub mod jobs;
pub mod json;
pub mod mail;
pub mod model;
pub mod open_cloud;
pub mod outbound;
#[cfg(all(target_arch = "wasm32", not(test)))]
mod platform;
pub mod plugins;
pub mod ports;
pub mod realtime;
pub mod request_ids;
pub mod rooms;
pub mod runtime_config;
pub mod school_channel;
pub mod storage;
pub mod telemetry;
#[cfg(all(target_arch = "wasm32", test))]
mod wasm_tests;
