//! Proving again who one is, before something dangerous.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::account::gone;
use super::auth::Account;
use super::context::RequestContext;
use super::extract::Json;
use super::login_challenge::assertion_ceremony;
use super::out::Out;
use super::passwords::check_own_password;
use super::problem::{ApiError, Problems};
use super::proofs::{ExpectedPasskey, ProofIn, Proven, exactly_one, invalid_challenge, prove, spend_try};
use super::routing::{OpenApiRouter, routes};
use super::signed_in::{access_token, is_factor_missing};
use super::{App, AppState};
use crate::domain::audit::{AuditAction, Subject, SubjectKind};
use crate::domain::challenges::Ceremony;
use crate::domain::time::Timestamp;
use crate::domain::tokens::ACCESS_TOKEN_S;
use crate::domain::user::{Identity, STEP_UP_S};
use crate::domain::webauthn::AssertionCredential;
use crate::jobs::Job;
use crate::ports::Statement;
use crate::storage::factors::{self, Holder};
use crate::storage::sessions;
use crate::storage::used_challenges::{self, Once};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(step_up))
}

/// Exactly one of password, code, recovery code and credential; a credential comes with its ceremony.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StepUpIn {
    /// The password.
    #[schema(format = Password)]
    password: Option<String>,
    /// Six digits of an authenticator app.
    #[schema(format = Password)]
    code: Option<String>,
    /// One of the ten.
    #[schema(format = Password)]
    recovery_code: Option<String>,
    /// From `/api/v1/auth/passkeys/assertion-options`.
    #[schema(max_length = 4096)]
    ceremony: Option<String>,
    /// A passkey's answer.
    credential: Option<AssertionCredential>,
}

/// An access token that opens what is dangerous.
#[derive(Serialize, ToSchema)]
pub struct SteppedUpOut {
    /// For `Authorization: Bearer`.
    access_token: String,
    /// `Bearer`.
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    /// Until when.
    stepped_up_until: Timestamp,
}

enum StepUpProof<'a> {
    Password(&'a str),
    Other(ProofIn<'a>),
}

impl StepUpIn {
    fn proof(&self) -> Result<StepUpProof<'_>, ApiError> {
        let given = [
            self.password.as_deref().map(StepUpProof::Password),
            self.code.as_deref().map(ProofIn::Code).map(StepUpProof::Other),
            self.recovery_code.as_deref().map(ProofIn::RecoveryCode).map(StepUpProof::Other),
            self.credential.as_ref().map(ProofIn::Passkey).map(StepUpProof::Other),
        ];
        exactly_one(given, "password, code, recovery_code and credential")
    }

    /// The ceremony, which comes with a credential and with nothing else.
    fn ceremony(&self, app: &App) -> Result<Option<Ceremony>, ApiError> {
        match (&self.ceremony, &self.credential) {
            (Some(ceremony), Some(_)) => assertion_ceremony(app, ceremony).map(Some),
            (None, None) => Ok(None),
            _ => exactly_one([None], "password, code, recovery_code, and ceremony with credential"),
        }
    }
}

/// Step up
///
/// For ten minutes the new access token opens what is dangerous. Tokens that are refreshed from this session keep that time.
#[utoipa::path(post, path = "/api/v1/auth/step-up", tag = "auth", security(("access_token" = [])),
    request_body = StepUpIn, responses((status = 200, body = SteppedUpOut), Problems))]
async fn step_up(
    State(app): State<AppState>,
    context: RequestContext,
    Account(caller): Account,
    Json { value: input, .. }: Json<StepUpIn>,
) -> Result<Out<SteppedUpOut>, ApiError> {
    let proof = input.proof()?;
    let ceremony = input.ceremony(&app)?;
    let once = ceremony.as_ref().map(|ceremony| Once::Nonce(&ceremony.jti));
    let holder = factors::holder(app.db.as_ref(), &caller.school_id, &caller.user_id, once).await?;
    let holder = holder.filter(|holder| holder.user.is_active()).ok_or_else(gone)?;
    if holder.is_used {
        return Err(invalid_challenge());
    }
    let proven = match check(&app, &context, &holder, proof, ceremony.as_ref()).await {
        Ok(proven) => proven,
        Err(error) => {
            let actor = Subject::user(&caller.user_id);
            let event = app.audit(&caller.school_id, actor, AuditAction::StepUpRefused, &context);
            app.enqueue(Job::Audit { event }).await;
            return Err(error);
        }
    };
    proved(&app, &context, caller, &holder, proven, ceremony.as_ref()).await.map(Out)
}

/// With what the person showed that it is them; nothing stands for the password.
async fn check(
    app: &App,
    context: &RequestContext,
    holder: &Holder,
    proof: StepUpProof<'_>,
    ceremony: Option<&Ceremony>,
) -> Result<Option<Proven>, ApiError> {
    match proof {
        StepUpProof::Password(password) => {
            check_own_password(app, context, &holder.user, password).await.map(|()| None)
        }
        StepUpProof::Other(proof) => {
            let expected = ExpectedPasskey {
                challenge: ceremony.map_or("", |ceremony| ceremony.jti.as_str()),
                is_user_known: true,
                user_verified: true,
            };
            let attempt = spend_try(app, context, &holder.user.id).await?;
            let proven = prove(app, context, holder, proof, &expected).await?;
            app.give_back(context, attempt).await;
            Ok(Some(proven))
        }
    }
}

async fn proved(
    app: &App,
    context: &RequestContext,
    caller: Identity,
    holder: &Holder,
    mut proven: Option<Proven>,
    ceremony: Option<&Ceremony>,
) -> Result<SteppedUpOut, ApiError> {
    let (user, now) = (&holder.user, app.clock.now());
    let how = proven.as_ref().map_or("password", Proven::how);
    let event = app.audit(&user.school_id, Subject::user(&user.id), AuditAction::StepUpSucceeded, context);
    let event = event.on(Subject::new(SubjectKind::SignIn, caller.sign_in_id.as_str()));
    let event = event.with(serde_json::json!({"how": how}));
    let mut also: Vec<Statement> = ceremony
        .map(|ceremony| used_challenges::spend(Once::Nonce(&ceremony.jti), now))
        .into_iter()
        .collect();
    if let Some(proven) = &mut proven {
        also.append(&mut proven.also);
    }
    sessions::proved(app.db.as_ref(), &caller, &event, now, also).await?;
    if let Some(proven) = proven {
        proven.tell(app, user).await;
    }
    let identity = Identity {
        role: user.role,
        display_name: user.display_name.clone(),
        authenticated_at: now.as_secs(),
        factor_missing: is_factor_missing(user.role, user.require_second_factor != 0, user.factors),
        ..caller
    };
    Ok(SteppedUpOut {
        access_token: access_token(app, &identity)?,
        token_type: "Bearer",
        expires_in: ACCESS_TOKEN_S,
        stepped_up_until: now.plus_millis(STEP_UP_S * 1000),
    })
}
