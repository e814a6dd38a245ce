//! Who may report what pupils do: the game server that they play on, or a teacher of their class.

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::limited::Limited;
use crate::domain::ids::{ClassId, GameId, SeatId};
use crate::domain::quiz::{FieldError, FieldErrorCode};
use crate::domain::roblox::{GameStatus, is_roblox_id};
use crate::domain::tokens::{GameClaims, TokenError};
use crate::domain::user::Scope;
use crate::handlers::auth::{GameServer, Teacher, bearer};
use crate::handlers::problem::{ApiError, ProblemCode};
use crate::handlers::seats::unexpected;
use crate::handlers::{App, AppState};
use crate::rooms::{Refusal, RoomAnswer, RoomOp, Seat, SeatStatus, Student};
use crate::storage::classes::{self, ClassRow};
use crate::storage::roblox::games::{self, GameRow};

/// A teacher or an admin, or a game server of one class.
pub enum Runner {
    /// A person.
    Teacher(Teacher),
    /// A game server.
    Server(GameClaims),
}

impl FromRequestParts<AppState> for Runner {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        let is_games = match app.config.game_keys.verify::<GameClaims>(bearer(parts)?, app.clock.now()) {
            Ok(_) | Err(TokenError::Expired) => true,
            Err(TokenError::Invalid) => false,
        };
        if is_games {
            let Limited(GameServer(claims)) = Limited::<GameServer>::from_request_parts(parts, app).await?;
            return Ok(Self::Server(claims));
        }
        let Limited(teacher) = Limited::<Teacher>::from_request_parts(parts, app).await?;
        Ok(Self::Teacher(teacher))
    }
}

impl Runner {
    /// The part of the school that it sees, and the one class that a server is of.
    pub fn scope(&self) -> (Scope, Option<ClassId>) {
        match self {
            Self::Teacher(teacher) => (teacher.scope(), None),
            Self::Server(claims) => {
                (Scope { school_id: claims.school_id.clone(), owner_id: None }, Some(claims.class_id.clone()))
            }
        }
    }

    /// The class, if the caller runs it.
    pub async fn class(&self, app: &App, id: &ClassId) -> Result<ClassRow, ApiError> {
        let (scope, only) = self.scope();
        if only.is_some_and(|only| only != *id) {
            return Err(ApiError::not_found("class"));
        }
        let class = classes::by_id(app.db.as_ref(), &scope, id).await?;
        class.ok_or_else(|| ApiError::not_found("class"))
    }

    /// The game and its class, if the caller runs the class.
    pub async fn game(&self, app: &App, id: &GameId) -> Result<(GameRow, ClassRow), ApiError> {
        let (scope, only) = self.scope();
        let game = games::by_id(app.db.as_ref(), &scope, id).await?;
        let game = game.filter(|game| only.is_none() || game.class_id == only);
        let game = game.ok_or_else(|| ApiError::not_found("game"))?;
        let Some(class_id) = &game.class_id else {
            return Err(ApiError::new(ProblemCode::Conflict, "The game has no class: bind it to one first."));
        };
        let class = classes::by_id(app.db.as_ref(), &scope, class_id).await?;
        Ok((game, class.ok_or_else(|| ApiError::not_found("game"))?))
    }

    /// The same, if the game takes what pupils do.
    pub async fn open_game(&self, app: &App, id: &GameId) -> Result<(GameRow, ClassRow), ApiError> {
        let (game, class) = self.game(app, id).await?;
        if game.status != GameStatus::Active {
            let detail = format!("The game is {}.", game.status.name());
            return Err(ApiError::new(ProblemCode::Conflict, detail));
        }
        Ok((game, class))
    }
}

/// Reads which pupil is meant: a seat, or a user of Roblox as text.
pub fn student(text: &str) -> Option<Student> {
    match SeatId::parse(text) {
        Some(id) => Some(Student::Seat(id)),
        None => is_roblox_id(text).then(|| Student::User(text.to_owned())),
    }
}

/// The same from a body.
pub fn student_field(text: &str) -> Result<Student, ApiError> {
    student(text).ok_or_else(|| {
        let detail = "an id `seat_…`, or the id of a user of Roblox as a string, is expected";
        ApiError::invalid(vec![FieldError::new("/student_id", FieldErrorCode::Malformed, detail)])
    })
}

/// The pupil's seat in the class.
pub async fn seat_of(app: &App, class: &ClassRow, student: Student) -> Result<Seat, ApiError> {
    match app.rooms.call(class.facts(), RoomOp::SeatOf(student)).await? {
        RoomAnswer::Seat(seat) => Ok(seat),
        RoomAnswer::Refused(Refusal::NotFound) => Err(ApiError::not_found("student in this class")),
        other => Err(unexpected(&other)),
    }
}

/// The same, if the pupil is in.
pub async fn active_seat(app: &App, class: &ClassRow, student: Student) -> Result<Seat, ApiError> {
    let seat = seat_of(app, class, student).await?;
    let detail = match seat.status {
        SeatStatus::Active => return Ok(seat),
        SeatStatus::Pending => "The teacher has not let this pupil in yet.",
        SeatStatus::Removed => "The teacher removed this pupil.",
    };
    Err(ApiError::new(ProblemCode::Conflict, detail))
}
