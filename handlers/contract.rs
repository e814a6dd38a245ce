//! The contract, made of the handlers' own documentation. On the host only: Cloudflare serves the committed file.

use std::collections::BTreeMap;

use utoipa::OpenApi;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};

use super::all;
use super::problem::Problem;
use crate::domain::leaderboard::Window;
use crate::domain::live_session::Move;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "ToolboxAI Edge",
        description = "Classes taught inside Roblox experiences: accounts, classes, quizzes, live rooms and the game's own API."
    ),
    components(schemas(Problem, Move, Window)),
    tags(
        (name = "auth", description = "Sign-in."),
        (name = "classes", description = "Classes, join codes, seats."),
        (name = "quizzes", description = "Quizzes and their published versions."),
        (name = "content", description = "Content that is generated: lessons, quizzes, terrain, scripts."),
        (name = "live", description = "Live sessions, boards and results."),
        (name = "game", description = "What Roblox game servers call."),
        (name = "people", description = "Schools, their people, invitations, parents."),
        (name = "keys", description = "Keys of experiences and integrations."),
        (name = "realtime", description = "Signatures and webhooks for the Pusher channels of a class room."),
        (name = "notifications", description = "What waits for a person in any of their classes."),
        (name = "roblox", description = "Games in Roblox: their content, pupils' progress, Open Cloud and webhooks."),
        (name = "audit", description = "Who did what, on whom, why and from where."),
        (name = "plugins", description = "Studio plugins: registration, pairing, messages, sessions."),
        (name = "health", description = "For who watches it.")
    )
)]
struct Document;

/// Names of schemas that types of different content share: the document has one of them and lies about the others.
pub fn shared_schema_names() -> Vec<String> {
    shared(&all().described().1)
}

fn shared(schemas: &[(String, RefOr<Schema>)]) -> Vec<String> {
    let mut first: BTreeMap<&str, &RefOr<Schema>> = BTreeMap::new();
    let mut names: Vec<String> = schemas
        .iter()
        .filter(|(name, schema)| *first.entry(name).or_insert(schema) != schema)
        .map(|(name, _)| name.clone())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The API's contract. `openapi.json` holds it, and a test compares.
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi().merge_from(all().described().0);
    let components = document.components.get_or_insert_default();
    for (name, description) in [
        ("access_token", "The access token of a person, from `/api/v1/auth/login`."),
        ("game_key", "The key of an experience; stored in Roblox as a Secret."),
        ("integration_key", "The key of an integration, with the scope of the route."),
        ("operator_key", "The key of an operator of the service, from `OPERATOR_KEYS`."),
        ("game_token", "The short-lived token of a game server, from `/api/v1/game/sessions`."),
        ("plugin_token", "The token of a Studio plugin, from its registration or its pairing."),
    ] {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.description = Some(description.to_owned());
        components.add_security_scheme(name, SecurityScheme::Http(scheme));
    }
    document
}

#[cfg(test)]
mod tests {
    use utoipa::ToSchema;

    use super::*;

    #[derive(ToSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct One {
        name: String,
    }

    #[derive(ToSchema)]
    #[schema(as = One)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Other {
        name: i64,
    }

    #[test]
    fn two_types_of_one_name_are_found() {
        let of = |schema| ("One".to_owned(), schema);
        let (one, other) =
            (<One as utoipa::PartialSchema>::schema(), <Other as utoipa::PartialSchema>::schema());
        assert_eq!(<Other as ToSchema>::name(), "One");
        assert_eq!(shared(&[of(one.clone()), of(one.clone())]), Vec::<String>::new());
        assert_eq!(shared(&[of(one.clone()), of(other), of(one)]), ["One"]);
    }
}
