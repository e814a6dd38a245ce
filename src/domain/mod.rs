//! Pure rules and types: facts + now + command -> decision. No I/O, no clock and no randomness of their own.

pub mod class;
pub mod cursor;
pub mod ids;
pub mod leaderboard;
pub mod live_session;
pub mod password;
pub mod pusher;
pub mod quiz;
pub mod rate_limit;
pub mod results;
pub mod time;
pub mod tokens;
pub mod user;
pub mod xp;
