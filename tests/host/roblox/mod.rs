//! Games in Roblox: `/api/v1/roblox/`.

mod analytics;
mod cloud;
mod connections;
mod content;
mod games;
mod generation;
mod progress;
mod support;
mod webhook;
