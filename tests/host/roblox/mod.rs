//! Games in Roblox: `/api/v1/roblox/`.

mod games;
mod progress;
mod support;
