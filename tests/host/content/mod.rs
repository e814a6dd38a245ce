//! Content: what teachers get on the dashboard, and what Studio plugins get.

mod plugins;
mod teachers;
