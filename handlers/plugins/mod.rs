//! What Studio plugins call, at the root as they always did and under `/api/v1/plugins/`, and what their teachers see of them.

pub(super) mod body;
pub mod caller;
mod confirming;
mod messages;
mod pairing;
mod querying;
mod registering;
mod settings;
mod tokens;
mod viewing;
mod work;

use super::AppState;
use super::routing::OpenApiRouter;

/// One handler of a plugin at one more path: what comes in, what goes out, and what does it.
macro_rules! plugin_post {
    ($(#[$doc:meta])* $name:ident at $path:literal: $caller:ident($in:ident) -> $out:ident by $does:ident) => {
        $(#[$doc])*
        #[utoipa::path(post, path = $path, tag = "plugins", security(("plugin_token" = [])), request_body = $in,
            responses((status = 200, body = $out), Problems))]
        async fn $name(
            axum::extract::State(app): axum::extract::State<AppState>,
            caller: $caller,
            context: RequestContext,
            PluginBody(input): PluginBody<$in>,
        ) -> Result<Out<$out>, ApiError> {
            $does(&app, caller.into(), &context, input).await.map(Out)
        }
    };
}
use plugin_post;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(registering::routes())
        .merge(viewing::routes())
        .merge(messages::routes())
        .merge(work::routes())
        .merge(querying::routes())
        .merge(pairing::routes())
        .merge(confirming::routes())
}
