//! The second step of a sign-in: a challenge for who gave a right password and has a second factor, and its answer.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Uri};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::context::RequestContext;
use super::cookies;
use super::extract::Json;
use super::out::Out;
use super::problem::{ApiError, Problems};
use super::proofs::{
    ExpectedPasskey, ProofIn, Proven, exactly_one, invalid_challenge, opened, prove, prove_passkey,
    relying_party,
};
use super::routing::{OpenApiRouter, routes};
use super::signed_in::{Delivery, LoginOut, StartedOut, start_session};
use super::{App, AppState};
use crate::domain::audit::{AuditAction, Subject};
use crate::domain::challenges::{CHALLENGE_S, Ceremony, CeremonyPurpose, LoginChallenge, Method, new_nonce};
use crate::domain::limits::{Action, Per};
use crate::domain::tokens::sha256_hex;
use crate::domain::webauthn::{AssertionCredential, RequestOptions};
use crate::jobs::Job;
use crate::storage::factors::{self, FactorRow, FactorType, Holder};
use crate::storage::used_challenges::{self, Once};
use crate::storage::users::UserRow;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(second_factor))
        .routes(routes!(assertion_options))
        .routes(routes!(login_with_passkey))
}

/// A right password, and what is still to come.
#[derive(Serialize, ToSchema)]
pub struct SecondFactorOut {
    /// For `/api/v1/auth/login/second-factor`.
    challenge: String,
    /// Seconds.
    expires_in: i64,
    /// What the person may go on with.
    methods: Vec<Method>,
}

impl SecondFactorOut {
    /// The page that goes on with it, in a browser that comes from elsewhere. Behind the `#`, so that no server's log sees it.
    pub(super) fn page(&self, return_to: &str) -> String {
        let methods: Vec<&str> = self.methods.iter().map(|method| method.name()).collect();
        let fields = [
            ("challenge", self.challenge.as_str()),
            ("expires_in", &self.expires_in.to_string()),
            ("methods", &methods.join(",")),
            ("return_to", return_to),
        ];
        let fields = serde_urlencoded::to_string(fields).unwrap_or_default();
        format!("/sign-in#{fields}")
    }
}

/// A fingerprint of the password's hash: with another password the challenge is void.
fn fingerprint(user: &UserRow) -> String {
    let mut hash = sha256_hex(&user.password_hash);
    hash.truncate(16);
    hash
}

fn methods(holder: &Holder) -> Vec<Method> {
    let has = |kind| holder.confirmed().any(|factor| factor.kind == kind);
    [
        has(FactorType::Totp).then_some(Method::Totp),
        has(FactorType::Passkey).then_some(Method::Passkey),
        (!holder.recovery_codes.is_empty()).then_some(Method::RecoveryCode),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Asks somebody who has a second factor for it. `how` they came so far is for the audit log.
pub(super) async fn challenge(app: &App, user: &UserRow, how: &str) -> Result<SecondFactorOut, ApiError> {
    let holder = factors::holder(app.db.as_ref(), &user.school_id, &user.id, None).await?;
    let holder = holder.ok_or_else(invalid_challenge)?;
    let claims = LoginChallenge {
        jti: new_nonce(app.entropy.as_ref()),
        user_id: user.id.clone(),
        school_id: user.school_id.clone(),
        how: how.to_owned(),
        proof: fingerprint(&holder.user),
    };
    let challenge = app.config.auth_keys.sign(&claims, app.clock.now(), CHALLENGE_S);
    let challenge = challenge.map_err(|error| ApiError::internal(error.to_string()))?;
    Ok(SecondFactorOut { challenge, expires_in: CHALLENGE_S, methods: methods(&holder) })
}

/// Ends a sign-in whose first step is done: with a session, or with a challenge for who has a second factor.
pub(super) async fn finish(
    app: &App,
    user: &UserRow,
    context: &RequestContext,
    delivery: Delivery,
    how: &str,
) -> Result<Response, ApiError> {
    if user.factors > 0 {
        let out = challenge(app, user, how).await?;
        return Ok(Out(LoginOut::SecondFactorRequired(out)).into_response());
    }
    start_session(app, user, context, delivery, how, Vec::new()).await?.respond(app)
}

/// Somebody with a challenge that still counts.
async fn challenged(app: &App, claims: LoginChallenge) -> Result<(LoginChallenge, Holder), ApiError> {
    let once = Once::Nonce(&claims.jti);
    let holder = factors::holder(app.db.as_ref(), &claims.school_id, &claims.user_id, Some(once)).await?;
    let holder = holder.filter(|holder| {
        !holder.is_used && holder.user.is_active() && fingerprint(&holder.user) == claims.proof
    });
    holder.map(|holder| (claims, holder)).ok_or_else(invalid_challenge)
}

/// The challenge, and exactly one of code, recovery code and credential.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecondFactorIn {
    /// From `/api/v1/auth/login`.
    #[schema(max_length = 4096)]
    challenge: String,
    /// Six digits of an authenticator app.
    #[schema(format = Password)]
    code: Option<String>,
    /// One of the ten.
    #[schema(format = Password)]
    recovery_code: Option<String>,
    /// May come with a credential; it is the challenge.
    #[schema(max_length = 4096)]
    ceremony: Option<String>,
    /// A passkey's answer to the options of `/api/v1/auth/passkeys/assertion-options` for this challenge.
    credential: Option<AssertionCredential>,
    /// Where the refresh token goes; `cookie` when absent.
    #[serde(default)]
    refresh_token_in: Delivery,
}

impl SecondFactorIn {
    fn proof(&self) -> Result<ProofIn<'_>, ApiError> {
        let given = [
            self.code.as_deref().map(ProofIn::Code),
            self.recovery_code.as_deref().map(ProofIn::RecoveryCode),
            self.credential.as_ref().map(ProofIn::Passkey),
        ];
        exactly_one(given, "code, recovery_code and credential")
    }
}

/// Sign in: the second factor
///
/// Each challenge and each code is good once. Five tries with codes in a quarter of an hour.
#[utoipa::path(post, path = "/api/v1/auth/login/second-factor", tag = "auth", request_body = SecondFactorIn,
    responses((status = 200, body = StartedOut), Problems))]
async fn second_factor(
    State(app): State<AppState>,
    context: RequestContext,
    headers: HeaderMap,
    uri: Uri,
    Json { value: input, .. }: Json<SecondFactorIn>,
) -> Result<Response, ApiError> {
    cookies::refuse_foreign(&app, &headers, &uri, input.refresh_token_in)?;
    let proof = input.proof()?;
    if input.ceremony.as_ref().is_some_and(|ceremony| *ceremony != input.challenge) {
        return Err(invalid_challenge());
    }
    let claims = opened::<LoginChallenge>(&app, &input.challenge);
    let account = claims.as_ref().map(|claims| Per::Account.of(claims.user_id.as_str()));
    let mut hits = vec![(Action::Login, Per::Address.of(context.address()))];
    hits.extend(account.ok().map(|account| (Action::SecondFactor, account)));
    let attempt = app.spend(&context, &hits).await?;
    let (claims, holder) = challenged(&app, claims?).await?;
    let expected = ExpectedPasskey { challenge: &claims.jti, is_user_known: true, user_verified: false };
    let proven = match prove(&app, &context, &holder, proof, &expected).await {
        Ok(proven) => proven,
        Err(error) => return Err(refused(&app, &holder.user, &context, error).await),
    };
    app.give_back(&context, attempt.only(Action::SecondFactor)).await;
    let how = format!("{}+{}", claims.how, proven.how());
    sign_in(&app, &context, &holder.user, &claims.jti, proven, &how, input.refresh_token_in).await
}

/// Writes down a proof that was none.
async fn refused(app: &App, user: &UserRow, context: &RequestContext, error: ApiError) -> ApiError {
    let actor = Subject::user(&user.id);
    let event = app.audit(&user.school_id, actor, AuditAction::SignInRefused, context);
    let event = event.with(serde_json::json!({"step": "second_factor"}));
    app.enqueue(Job::Audit { event }).await;
    error
}

async fn sign_in(
    app: &App,
    context: &RequestContext,
    user: &UserRow,
    nonce: &str,
    mut proven: Proven,
    how: &str,
    delivery: Delivery,
) -> Result<Response, ApiError> {
    let mut also = vec![used_challenges::spend(Once::Nonce(nonce), app.clock.now())];
    also.append(&mut proven.also);
    let signed_in = start_session(app, user, context, delivery, how, also).await?;
    proven.tell(app, user).await;
    signed_in.respond(app)
}

/// For whom.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssertionOptionsIn {
    /// From `/api/v1/auth/login`; absent to sign in or to step up with the passkey alone.
    #[schema(max_length = 4096)]
    challenge: Option<String>,
}

/// A ceremony.
#[derive(Serialize, ToSchema)]
pub struct AssertionOptionsOut {
    /// Goes with the answer. For a challenge it is that challenge.
    ceremony: String,
    /// For `PublicKeyCredential.parseRequestOptionsFromJSON`.
    public_key: RequestOptions,
}

/// Begin to use a passkey
#[utoipa::path(post, path = "/api/v1/auth/passkeys/assertion-options", tag = "auth", request_body = AssertionOptionsIn,
    responses((status = 200, body = AssertionOptionsOut), Problems))]
async fn assertion_options(
    State(app): State<AppState>,
    context: RequestContext,
    Json { value: input, .. }: Json<AssertionOptionsIn>,
) -> Result<Out<AssertionOptionsOut>, ApiError> {
    app.count(&context, &[(Action::Challenge, Per::Address.of(context.address()))]).await?;
    let party = relying_party(&app)?;
    if let Some(ceremony) = input.challenge {
        let (claims, holder) = challenged(&app, opened(&app, &ceremony)?).await?;
        let passkeys = holder.confirmed().filter_map(FactorRow::descriptor).collect();
        let public_key = RequestOptions::of_known(party, &claims.jti, passkeys);
        return Ok(Out(AssertionOptionsOut { ceremony, public_key }));
    }
    let ceremony = Ceremony { jti: new_nonce(app.entropy.as_ref()), purpose: CeremonyPurpose::Assertion };
    let public_key = RequestOptions::of_anybody(party, &ceremony.jti);
    let ceremony = app.config.auth_keys.sign(&ceremony, app.clock.now(), CHALLENGE_S);
    let ceremony = ceremony.map_err(|error| ApiError::internal(error.to_string()))?;
    Ok(Out(AssertionOptionsOut { ceremony, public_key }))
}

/// A passkey's answer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeyLoginIn {
    /// From `/api/v1/auth/passkeys/assertion-options`.
    #[schema(max_length = 4096)]
    ceremony: String,
    /// What the browser gave.
    credential: AssertionCredential,
    /// Where the refresh token goes; `cookie` when absent.
    #[serde(default)]
    refresh_token_in: Delivery,
}

/// The nonce of a ceremony in which somebody says who they are.
pub(super) fn assertion_ceremony(app: &App, token: &str) -> Result<Ceremony, ApiError> {
    let ceremony: Ceremony = opened(app, token)?;
    if ceremony.purpose == CeremonyPurpose::Assertion { Ok(ceremony) } else { Err(invalid_challenge()) }
}

/// Sign in with a passkey
///
/// No password, no address: the passkey says who it is, and its device has verified them.
#[utoipa::path(post, path = "/api/v1/auth/login/passkey", tag = "auth", request_body = PasskeyLoginIn,
    responses((status = 200, body = StartedOut), Problems))]
async fn login_with_passkey(
    State(app): State<AppState>,
    context: RequestContext,
    headers: HeaderMap,
    uri: Uri,
    Json { value: input, .. }: Json<PasskeyLoginIn>,
) -> Result<Response, ApiError> {
    cookies::refuse_foreign(&app, &headers, &uri, input.refresh_token_in)?;
    app.count(&context, &[(Action::Login, Per::Address.of(context.address()))]).await?;
    let ceremony = assertion_ceremony(&app, &input.ceremony)?;
    if !input.credential.has_plausible_id() {
        return Err(super::proofs::invalid_code());
    }
    let (found, is_used) =
        factors::passkey_with_owner(app.db.as_ref(), &input.credential.id, &ceremony.jti).await?;
    if is_used {
        return Err(invalid_challenge());
    }
    let (factor, user) =
        found.filter(|(_, user)| user.is_active()).ok_or_else(super::proofs::invalid_code)?;
    let expected = ExpectedPasskey::alone(&ceremony, false);
    let proven = match prove_passkey(&app, &factor, &input.credential, &expected).await {
        Ok(proven) => proven,
        Err(error) => return Err(refused(&app, &user, &context, error).await),
    };
    sign_in(&app, &context, &user, &ceremony.jti, proven, "passkey", input.refresh_token_in).await
}
