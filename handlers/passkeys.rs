//! The caller's new passkeys.

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::{Account, Recent};
use super::context::RequestContext;
use super::extract::Json;
use super::out::Out;
use super::problem::{ApiError, ProblemCode, Problems};
use super::proofs::{factor_event, invalid_challenge, opened, passkey_error, relying_party, tell};
use super::routing::{OpenApiRouter, routes};
use super::second_factors::{FactorOut, factor_name, holder, new_codes, owned, too_many};
use super::{App, AppState};
use crate::domain::audit::AuditAction;
use crate::domain::challenges::{CHALLENGE_S, Ceremony, CeremonyPurpose, new_nonce};
use crate::domain::ids::FactorId;
use crate::domain::webauthn::{
    CreationOptions, Expected, NewPasskey, RegistrationCredential, verify_registration,
};
use crate::mail::Letter;
use crate::ports::DbError;
use crate::storage::factors::{self, FactorRow, FactorType, MAX_FACTORS};
use crate::storage::used_challenges::{self, Once};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(registration_options)).routes(routes!(add_passkey))
}

/// A ceremony.
#[derive(Serialize, ToSchema)]
pub struct RegistrationOptionsOut {
    /// Goes with the answer.
    ceremony: String,
    /// For `PublicKeyCredential.parseCreationOptionsFromJSON`.
    public_key: CreationOptions,
}

/// Begin to add a passkey
#[utoipa::path(post, path = "/api/v1/auth/passkeys/registration-options", tag = "auth",
    security(("access_token" = [])),
    responses((status = 200, body = RegistrationOptionsOut), Problems))]
async fn registration_options(
    State(app): State<AppState>,
    Recent(Account(caller)): Recent<Account>,
) -> Result<Out<RegistrationOptionsOut>, ApiError> {
    let party = relying_party(&app)?;
    let holder = holder(&app, &caller, None).await?;
    let known = holder.confirmed().filter_map(FactorRow::descriptor).collect();
    let jti = new_nonce(app.entropy.as_ref());
    let user = &holder.user;
    let public_key =
        CreationOptions::new(party, &jti, (&user.id, user.email.as_str(), user.display_name.as_str()), known);
    let ceremony =
        Ceremony { jti, purpose: CeremonyPurpose::Registration { user_id: caller.user_id.clone() } };
    let ceremony = app.config.auth_keys.sign(&ceremony, app.clock.now(), CHALLENGE_S);
    let ceremony = ceremony.map_err(|error| ApiError::internal(error.to_string()))?;
    Ok(Out(RegistrationOptionsOut { ceremony, public_key }))
}

/// A new passkey.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeyIn {
    /// From `/api/v1/auth/passkeys/registration-options`.
    #[schema(max_length = 4096)]
    ceremony: String,
    /// What its owner calls it.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// What the browser gave.
    credential: RegistrationCredential,
}

/// A passkey that was added.
#[derive(Serialize, ToSchema)]
pub struct PasskeyOut {
    /// The passkey.
    factor: FactorOut,
    /// Ten codes, shown once; null for who had codes before.
    recovery_codes: Option<Vec<String>>,
}

/// Verifies a new passkey.
async fn verified(
    app: &App,
    credential: &RegistrationCredential,
    challenge: &str,
) -> Result<NewPasskey, ApiError> {
    let expected = Expected { relying_party: relying_party(app)?, challenge, user_verified: true };
    let unproven = verify_registration(credential, &expected).map_err(passkey_error)?;
    unproven.prove(app.signatures.as_ref()).await.map_err(passkey_error)
}

/// Add a passkey
///
/// It counts at once. The first factor of a person brings ten recovery codes.
#[utoipa::path(post, path = "/api/v1/auth/passkeys", tag = "auth", security(("access_token" = [])),
    request_body = PasskeyIn, responses((status = 201, body = PasskeyOut), Problems))]
async fn add_passkey(
    State(app): State<AppState>,
    context: RequestContext,
    Account(caller): Account,
    Json { value: input, .. }: Json<PasskeyIn>,
) -> Result<(StatusCode, Out<PasskeyOut>), ApiError> {
    let name = factor_name(input.name.as_deref(), "Passkey")?;
    let Ceremony { jti, purpose } = opened(&app, &input.ceremony)?;
    if purpose != (CeremonyPurpose::Registration { user_id: caller.user_id.clone() }) {
        return Err(invalid_challenge());
    }
    let holder = holder(&app, &caller, Some(Once::Nonce(&jti))).await?;
    if holder.is_used {
        return Err(invalid_challenge());
    }
    let passkey = verified(&app, &input.credential, &jti).await?;
    let now = app.clock.now();
    let id = FactorId::new(now, app.entropy.as_ref());
    let (codes, hashed) = new_codes(&app, &caller.user_id);
    let kind = FactorType::Passkey;
    let also = vec![
        used_challenges::spend(Once::Nonce(&jti), now),
        factor_event(&app, &context, &holder.user, AuditAction::FactorAdded, (&id, kind.name())),
    ];
    if i64::try_from(holder.confirmed().count()).is_ok_and(|count| count >= MAX_FACTORS) {
        return Err(too_many());
    }
    let owned = owned(&app, &caller, &id);
    let kept = factors::add_passkey(app.db.as_ref(), &owned, &name, &passkey, &hashed, also).await;
    let kept = kept.map_err(|error| match error {
        DbError::Unique(column) if column == "factors.credential_id" => {
            ApiError::new(ProblemCode::Conflict, "This passkey is known already.")
        }
        error => error.into(),
    })?;
    if !kept.is_new {
        return Err(too_many());
    }
    tell(&app, &holder.user, Letter::FactorAdded { name: name.clone() }).await;
    let factor = FactorOut { id, kind, name, created_at: now, last_used_at: None };
    Ok((StatusCode::CREATED, Out(PasskeyOut { factor, recovery_codes: kept.has_new_codes.then_some(codes) })))
}
