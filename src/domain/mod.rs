//! Pure rules and types: facts + now + command -> decision. No I/O, no clock and no randomness of their own.

pub mod account;
pub mod audit;
pub mod class;
pub mod cursor;
pub mod device;
pub mod ids;
pub mod leaderboard;
pub mod live_session;
pub mod oidc;
pub mod pacer;
pub mod password;
pub mod password_policy;
pub mod pusher;
pub mod quiz;
pub mod rate_limit;
pub mod refresh;
pub mod results;
pub mod revocation;
pub mod signature;
pub mod time;
pub mod tokens;
pub mod user;
pub mod xp;
