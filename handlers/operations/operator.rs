//! Who may watch and set the service: an operator, by a key of `OPERATOR_KEYS`.

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::domain::audit::{AuditAction, AuditEvent, Subject, SubjectKind};
use crate::domain::ids::SchoolId;
use crate::handlers::auth::bearer;
use crate::handlers::context::RequestContext;
use crate::handlers::problem::{ApiError, ProblemCode};
use crate::handlers::{App, AppState};
use crate::runtime_config::Author;

/// An operator.
pub struct Operator {
    /// As in `OPERATOR_KEYS`.
    name: String,
    context: RequestContext,
}

impl FromRequestParts<AppState> for Operator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        let name = app.config.operators.who(bearer(parts)?).map(str::to_owned);
        let name = name
            .ok_or_else(|| ApiError::new(ProblemCode::InvalidToken, "This is not the key of an operator."))?;
        let Ok(context) = RequestContext::from_request_parts(parts, &()).await;
        Ok(Self { name, context })
    }
}

impl Operator {
    /// Whoever makes a version of the settings.
    pub fn author(&self) -> Author {
        Author { operator: self.name.clone(), request_id: self.context.origin.request_id.clone() }
    }

    /// Writes down what was done, in the log of the platform: operators belong to no school.
    pub async fn audit(&self, app: &App, action: AuditAction, detail: serde_json::Value) {
        let actor = Subject::new(SubjectKind::Operator, &self.name);
        let event: AuditEvent = app.audit(&SchoolId::platform(), actor, action, &self.context).with(detail);
        app.write_down(event).await;
    }
}
