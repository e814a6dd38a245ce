//! Games in Roblox: `/api/v1/roblox/`.

mod cloud;
mod connections;
mod games;
mod progress;
mod support;
mod webhook;
