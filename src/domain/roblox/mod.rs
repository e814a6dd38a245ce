//! Games in Roblox: what makes one acceptable, and what its servers and Roblox itself tell.

mod content;
mod document;
mod game;
mod nudge;
mod progress;
mod sealed;
mod webhook;

pub use content::{
    ContentKind, ContentStatus, DeploymentStatus, MAX_BODY_BYTES, MAX_CONTENTS, TEMPLATES, Template,
    key_field,
};
pub use document::{Document, Texts};
pub use game::{
    DEFAULT_MAX_PLAYERS, GameStatus, MAX_DESCRIPTION, MAX_GAMES, MAX_PLAYERS, MAX_SETTINGS_BYTES, MAX_TITLE,
    MIN_TITLE, is_roblox_id,
};
pub use nudge::{NUDGE_EVERY_MS, nudge_message, nudge_topic};
pub use progress::{
    BoardType, EVENT_IDS_KEPT_MS, KEPT_CHECKPOINTS, MAX_CHECKPOINT_BYTES, MAX_MINUTES, MAX_OBJECTIVE,
    MAX_OBJECTIVES, MAX_PROGRESS_BYTES, happened_at, seconds,
};
pub use sealed::{Purpose, open, seal};
pub use webhook::{BadSignature, ERASURE, ErasureRequest, MAX_NOTIFICATION_BYTES, Notification, Signature};
