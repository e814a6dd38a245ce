//! Webhooks of a class: who may have them, what they are told and when, and how it gets there.

mod api;
mod delivery;
mod news;
mod properties;
