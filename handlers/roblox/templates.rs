//! Templates: where content and games may begin.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::limited::Limited;
use crate::domain::quiz::FieldErrorCode;
use crate::domain::roblox::{ContentKind, Document, TEMPLATES, Template, Texts};
use crate::handlers::AppState;
use crate::handlers::auth::Teacher;
use crate::handlers::extract::{List, Query};
use crate::handlers::out::Out;
use crate::handlers::problem::{ApiError, Problems};
use crate::handlers::routing::{OpenApiRouter, routes};
use crate::storage::roblox::content;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_templates))
}

/// A place to begin.
#[derive(Serialize, ToSchema)]
pub struct TemplateOut {
    /// For `template_id`.
    template_id: &'static str,
    /// Its name.
    name: &'static str,
    /// What it is.
    description: &'static str,
    /// What is made of it.
    kind: ContentKind,
    /// Subject.
    subject: &'static str,
    /// School years that it is for.
    grade_levels: Vec<i64>,
    /// How hard it is.
    difficulty: &'static str,
    /// What a content of it begins with.
    body: Document,
    /// How often your school used it, for content and for games.
    usage_count: i64,
}

/// A template that is there.
pub(super) fn check_template(texts: &mut Texts, id: Option<&str>) -> Option<&'static Template> {
    let template = id.and_then(Template::find);
    if id.is_some() && template.is_none() {
        texts.fail("/template_id", FieldErrorCode::UnknownId, "no such template");
    }
    template
}

/// Which templates.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TemplatesQuery {
    /// Those of a subject, in any case.
    subject: Option<String>,
    /// Those for a school year.
    grade_level: Option<i64>,
    /// Those of which this is made.
    #[param(value_type = Option<String>)]
    kind: Option<ContentKind>,
}

/// List templates
#[utoipa::path(get, path = "/api/v1/roblox/content/templates", tag = "roblox", security(("access_token" = [])),
    params(TemplatesQuery), responses((status = 200, body = List<TemplateOut>), Problems))]
async fn list_templates(
    State(app): State<AppState>,
    Limited(teacher): Limited<Teacher>,
    Query(query): Query<TemplatesQuery>,
) -> Result<Out<List<TemplateOut>>, ApiError> {
    let uses = content::uses(app.db.as_ref(), &teacher.0.school_id).await?;
    let is_wanted = |template: &&Template| {
        query.subject.as_ref().is_none_or(|subject| subject.eq_ignore_ascii_case(template.subject))
            && query.grade_level.is_none_or(|grade| (template.grades.0..=template.grades.1).contains(&grade))
            && query.kind.is_none_or(|kind| kind == template.kind)
    };
    let templates = TEMPLATES.iter().filter(is_wanted).map(|template| TemplateOut {
        template_id: template.id,
        name: template.name,
        description: template.description,
        kind: template.kind,
        subject: template.subject,
        grade_levels: (template.grades.0..=template.grades.1).collect(),
        difficulty: template.difficulty,
        body: template.body(),
        usage_count: uses.iter().find(|row| row.template_id == template.id).map_or(0, |row| row.uses),
    });
    Ok(Out(List::all(templates.collect())))
}
