//! Games: made, listed, changed, archived.

use axum::extract::State;
use axum::response::IntoResponse;
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::limited::Limited;
use super::templates::check_template;
use crate::domain::class::{MAX_GRADE_LEVEL, MAX_SUBJECT};
use crate::domain::ids::{ClassId, GameId, UserId};
use crate::domain::roblox::{
    DEFAULT_MAX_PLAYERS, Document, GameStatus, MAX_DESCRIPTION, MAX_GAMES, MAX_PLAYERS, MAX_SETTINGS_BYTES,
    MAX_TITLE, MIN_TITLE, Texts,
};
use crate::domain::time::Timestamp;
use crate::handlers::auth::{GameServer, Teacher};
use crate::handlers::extract::{Json, List, PageQuery, Path, Query, etag};
use crate::handlers::idempotency::{IdempotencyKey, lost_the_race, made_before};
use crate::handlers::out::Out;
use crate::handlers::problem::{ApiError, ProblemCode, Problems, key_reused};
use crate::handlers::routing::{OpenApiRouter, routes};
use crate::handlers::{App, AppState};
use crate::rooms::{GameEvent, GameNews, RoomAnswer, RoomOp};
use crate::storage::IdempotencyRecord;
use crate::storage::classes;
use crate::storage::roblox::games::{self, GameFilter, GameRow, Inserted};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create_game, list_games))
        .routes(routes!(show_game, archive_game))
        .routes(routes!(list_server_games))
}

/// A new game.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GameIn {
    /// 3 to 100 characters.
    #[schema(min_length = 3, max_length = 100)]
    title: String,
    /// At most 500 characters.
    #[serde(default)]
    description: String,
    /// 1 to 50 characters.
    subject: String,
    /// 0 (kindergarten) to 13.
    grade_level: i64,
    /// 1 to 50, 30 when left out.
    max_players: Option<i64>,
    /// A template of `/api/v1/roblox/content/templates`.
    template_id: Option<String>,
    /// The class that plays it; one that the caller runs.
    class_id: Option<ClassId>,
    /// Roblox's id of the experience, as text, once there is one.
    universe_id: Option<String>,
    /// Roblox's id of the start place, as text, once there is one.
    place_id: Option<String>,
    /// What the game's own code wants to know; at most 8 KB.
    #[serde(default)]
    settings: Document,
}

/// A game.
#[derive(Serialize, ToSchema)]
pub struct GameOut {
    /// The game.
    id: GameId,
    /// Whose it is.
    owner_id: UserId,
    /// The class that plays it.
    class_id: Option<ClassId>,
    /// Title. Text that people wrote: filter it before you show it.
    title: String,
    /// Description. Text that people wrote: filter it before you show it.
    description: String,
    /// Subject.
    subject: String,
    /// School year.
    grade_level: i64,
    /// The most players of one server.
    max_players: i64,
    /// Roblox's id of the experience; null until somebody gave it.
    universe_id: Option<String>,
    /// Roblox's id of the start place; null until somebody gave it.
    place_id: Option<String>,
    /// Where a browser joins the game; null without a place.
    join_url: Option<String>,
    /// The template that it was made of.
    template_id: Option<String>,
    /// What the game's own code wants to know.
    settings: Document,
    /// What became of it.
    status: GameStatus,
    /// The version of the content that its servers get; null while there is none.
    content_version: Option<i64>,
    /// Counts the changes; the ETag.
    revision: i64,
    /// Made.
    created_at: Timestamp,
    /// Changed last.
    updated_at: Timestamp,
    /// Archived.
    archived_at: Option<Timestamp>,
}

/// A game, and who plays.
#[derive(Serialize, ToSchema)]
pub struct GameDetail {
    /// The game.
    #[serde(flatten)]
    game: GameOut,
    /// Pupils of its class who are in a game server now; null without a class, and while its room does not answer.
    current_players: Option<usize>,
}

impl From<GameRow> for GameOut {
    fn from(row: GameRow) -> Self {
        let join_url =
            row.place_id.as_ref().map(|id| format!("https://www.roblox.com/games/start?placeId={id}"));
        Self {
            id: row.id,
            owner_id: row.owner_id,
            class_id: row.class_id,
            title: row.title,
            description: row.description,
            subject: row.subject,
            grade_level: row.grade_level,
            max_players: row.max_players,
            universe_id: row.universe_id,
            place_id: row.place_id,
            join_url,
            template_id: row.template_id,
            settings: Document::stored(&row.settings),
            status: row.status,
            content_version: row.live_version,
            revision: row.revision,
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
            archived_at: row.archived_at.map(Timestamp::from_millis),
        }
    }
}

/// Which games.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct GamesQuery {
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 100, 50 when left out.
    limit: Option<i64>,
    /// Those of a class.
    class_id: Option<String>,
    /// Those that are `active`, `paused` or `archived`.
    #[param(value_type = Option<String>)]
    status: Option<GameStatus>,
}

/// The game, if the caller runs it.
pub(super) async fn game_of(app: &App, teacher: &Teacher, id: &GameId) -> Result<GameRow, ApiError> {
    let game = games::by_id(app.db.as_ref(), &teacher.scope(), id).await?;
    game.ok_or_else(|| ApiError::not_found("game"))
}

fn new_game(app: &App, teacher: &Teacher, input: GameIn) -> Result<GameRow, ApiError> {
    let mut texts = Texts::default();
    let title = texts.text("/title", &input.title, MIN_TITLE, MAX_TITLE);
    let description = texts.text("/description", &input.description, 0, MAX_DESCRIPTION);
    let subject = texts.text("/subject", &input.subject, 1, MAX_SUBJECT);
    let max_players = input.max_players.unwrap_or(DEFAULT_MAX_PLAYERS);
    texts.number("/grade_level", input.grade_level, 0, MAX_GRADE_LEVEL);
    texts.number("/max_players", max_players, 1, MAX_PLAYERS);
    check_template(&mut texts, input.template_id.as_deref());
    texts.roblox_id("/universe_id", input.universe_id.as_deref());
    texts.roblox_id("/place_id", input.place_id.as_deref());
    texts.document("/settings", &input.settings, MAX_SETTINGS_BYTES);
    if !texts.0.is_empty() {
        return Err(ApiError::invalid(texts.0));
    }
    let now = app.clock.now();
    Ok(GameRow {
        id: GameId::new(now, app.entropy.as_ref()),
        school_id: teacher.0.school_id.clone(),
        owner_id: teacher.0.user_id.clone(),
        class_id: input.class_id,
        title,
        description,
        subject,
        grade_level: input.grade_level,
        max_players,
        universe_id: input.universe_id,
        place_id: input.place_id,
        template_id: input.template_id,
        settings: input.settings.text(),
        status: GameStatus::Active,
        live_version: None,
        revision: 1,
        created_at: now.as_millis(),
        updated_at: now.as_millis(),
        archived_at: None,
    })
}

/// Make a game
///
/// It is active at once. Ids of Roblox are what the caller says, and absent until then.
#[utoipa::path(post, path = "/api/v1/roblox/games", tag = "roblox", security(("access_token" = [])), request_body = GameIn,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body again give the same game.")),
    responses((status = 201, body = GameOut), Problems))]
async fn create_game(
    State(app): State<AppState>,
    Limited(teacher): Limited<Teacher>,
    key: IdempotencyKey,
    Json { value, fingerprint }: Json<GameIn>,
) -> Result<impl IntoResponse, ApiError> {
    let game = new_game(&app, &teacher, value)?;
    let record = key.record(&fingerprint);
    let game = match made_before(&app, &teacher.0, record.as_ref()).await? {
        Some(id) => made_game(&app, &teacher, &id).await?,
        None => insert_game(&app, &teacher, game, record.as_ref()).await?,
    };
    let location = format!("/api/v1/roblox/games/{}", game.id);
    let headers = [(header::LOCATION, location), etag(game.revision)];
    Ok((StatusCode::CREATED, headers, Out(GameOut::from(game))))
}

async fn made_game(app: &App, teacher: &Teacher, id: &str) -> Result<GameRow, ApiError> {
    let id = GameId::parse(id).ok_or_else(key_reused)?;
    game_of(app, teacher, &id).await
}

async fn insert_game(
    app: &App,
    teacher: &Teacher,
    game: GameRow,
    record: Option<&IdempotencyRecord>,
) -> Result<GameRow, ApiError> {
    match games::insert(app.db.as_ref(), &teacher.scope(), &game, &teacher.0, record).await {
        Ok(Inserted::Done) => Ok(game),
        Ok(Inserted::NoClass) => Err(ApiError::not_found("class")),
        Ok(Inserted::TooMany) => {
            let detail = format!("A school has {MAX_GAMES} games at most. Archive those that nobody plays.");
            Err(ApiError::new(ProblemCode::Conflict, detail))
        }
        Err(error) if lost_the_race(&error) => {
            let id = made_before(app, &teacher.0, record).await?.ok_or(error)?;
            made_game(app, teacher, &id).await
        }
        Err(error) => Err(error.into()),
    }
}

/// List games
///
/// Newest first. A teacher gets those that they own or whose class they run, an admin the school's.
#[utoipa::path(get, path = "/api/v1/roblox/games", tag = "roblox", security(("access_token" = [])), params(GamesQuery),
    responses((status = 200, body = List<GameOut>), Problems))]
async fn list_games(
    State(app): State<AppState>,
    Limited(teacher): Limited<Teacher>,
    Query(query): Query<GamesQuery>,
) -> Result<Out<List<GameOut>>, ApiError> {
    let page = PageQuery { cursor: query.cursor, limit: query.limit }.page()?;
    let class_id = match query.class_id.as_deref().map(ClassId::parse) {
        Some(None) => return Err(ApiError::not_found("class")),
        known => known.flatten(),
    };
    let filter = GameFilter { class_id: class_id.as_ref(), status: query.status };
    let rows = games::list(app.db.as_ref(), &teacher.scope(), &page, filter).await?;
    Ok(Out(List::of(rows, &page, |row| row.id.to_string(), GameOut::from)))
}

/// Show a game
#[utoipa::path(get, path = "/api/v1/roblox/games/{game_id}", tag = "roblox", security(("access_token" = [])),
    params(("game_id" = String, Path)), responses((status = 200, body = GameDetail), Problems))]
async fn show_game(
    State(app): State<AppState>,
    Limited(teacher): Limited<Teacher>,
    Path(id): Path<GameId>,
) -> Result<impl IntoResponse, ApiError> {
    let game = game_of(&app, &teacher, &id).await?;
    let current_players = players(&app, &game).await?;
    Ok(([etag(game.revision)], Out(GameDetail { game: game.into(), current_players })))
}

async fn players(app: &App, game: &GameRow) -> Result<Option<usize>, ApiError> {
    let Some(class) = class_row(app, game).await? else { return Ok(None) };
    Ok(match app.rooms.call(class.facts(), RoomOp::Seats).await {
        Ok(RoomAnswer::Seats(seats)) => Some(seats.iter().filter(|seat| seat.online).count()),
        _ => None,
    })
}

/// The class of a game.
async fn class_row(app: &App, game: &GameRow) -> Result<Option<classes::ClassRow>, ApiError> {
    let Some(class_id) = &game.class_id else { return Ok(None) };
    let scope = crate::domain::user::Scope { school_id: game.school_id.clone(), owner_id: None };
    Ok(classes::by_id(app.db.as_ref(), &scope, class_id).await?)
}

/// Tells the room of the game's class. Not being told now is no error: servers read the game again by themselves.
pub(super) async fn tell_room(app: &App, game: &GameRow, what: GameEvent) {
    let news = GameNews { game_id: game.id.clone(), what, version: game.live_version };
    let told = match class_row(app, game).await {
        Ok(None) => return,
        Ok(Some(class)) => {
            app.rooms.call(class.facts(), RoomOp::GameNews(news)).await.map_err(ApiError::from)
        }
        Err(error) => Err(error),
    };
    if let Err(error) = told {
        let line = serde_json::json!({"message": "room not told", "level": "warn", "cause": error.cause()});
        app.log.line(&line.to_string());
    }
}

/// Nothing is done with an archived game.
pub(super) fn archived() -> ApiError {
    ApiError::new(ProblemCode::Conflict, "The game is archived.")
}

/// Archive a game
///
/// For good: its servers get nothing any more. What pupils reached stays readable. Again is no error.
#[utoipa::path(delete, path = "/api/v1/roblox/games/{game_id}", tag = "roblox", security(("access_token" = [])),
    params(("game_id" = String, Path)), responses((status = 204, description = "Archived"), Problems))]
async fn archive_game(
    State(app): State<AppState>,
    Limited(teacher): Limited<Teacher>,
    Path(id): Path<GameId>,
) -> Result<StatusCode, ApiError> {
    let archived = games::archive(app.db.as_ref(), &teacher.scope(), &id, app.clock.now()).await?;
    let (game, was_archived) = archived.ok_or_else(|| ApiError::not_found("game"))?;
    if !was_archived {
        tell_room(&app, &game, GameEvent::Archived).await;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// List the games of a server's class
///
/// With their settings; the newest hundred that are not archived.
#[utoipa::path(get, path = "/api/v1/roblox/server/games", tag = "roblox", security(("game_token" = [])),
    responses((status = 200, body = List<GameOut>), Problems))]
async fn list_server_games(
    State(app): State<AppState>,
    Limited(GameServer(claims)): Limited<GameServer>,
) -> Result<Out<List<GameOut>>, ApiError> {
    let rows = games::of_class(app.db.as_ref(), &claims.school_id, &claims.class_id).await?;
    Ok(Out(List::all(rows.into_iter().map(GameOut::from).collect())))
}
