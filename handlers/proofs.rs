//! How somebody shows that it is them, beside a password or without one: a code of an app, a recovery code, a passkey.
//!
//! Each proof brings statements for the batch of what it allows. One of them spends what works once, so that the batch fails
//! for whoever comes second.

use super::App;
use super::context::RequestContext;
use super::limits::Spent;
use super::problem::{ApiError, ProblemCode};
use crate::domain::audit::{AuditAction, Subject, SubjectKind};
use crate::domain::challenges::{Ceremony, Method};
use crate::domain::ids::{MailId, UserId};
use crate::domain::limits::{Action, Per};
use crate::domain::quiz::{FieldError, FieldErrorCode};
use crate::domain::recovery_codes;
use crate::domain::tokens::TokenKind;
use crate::domain::totp::{TotpSecret, parse_code};
use crate::domain::webauthn::{AssertionCredential, Expected, RelyingParty, WebAuthnError, verify_assertion};
use crate::jobs::Job;
use crate::mail::{Letter, Locale, MailJob};
use crate::ports::Statement;
use crate::storage::factors::{self, FactorRow, Holder, Owned};
use crate::storage::used_challenges::{self, Once};
use crate::storage::users::UserRow;
use crate::storage::{audit, recovery_codes as stored_codes};

/// One of the ways.
pub(super) enum ProofIn<'a> {
    /// Of an app.
    Code(&'a str),
    /// One of the ten.
    RecoveryCode(&'a str),
    /// A passkey's answer.
    Passkey(&'a AssertionCredential),
}

/// Somebody showed that it is them.
pub(super) struct Proven {
    /// With what.
    pub method: Method,
    /// For the batch of what it allows.
    pub also: Vec<Statement>,
    /// What to say to the owner afterwards.
    letter: Option<Letter>,
}

impl Proven {
    /// For the audit log.
    pub const fn how(&self) -> &'static str {
        self.method.name()
    }

    /// Tells the owner, once what it allowed was done.
    pub async fn tell(self, app: &App, user: &UserRow) {
        if let Some(letter) = self.letter {
            tell(app, user, letter).await;
        }
    }
}

/// Sends a letter about somebody's account to them.
pub(super) async fn tell(app: &App, user: &UserRow, letter: Letter) {
    let job = MailJob {
        id: MailId::new(app.clock.now(), app.entropy.as_ref()),
        to: user.email.clone(),
        display_name: user.display_name.clone(),
        locale: Locale::default(),
        letter,
    };
    app.enqueue(Job::Mail(job)).await;
}

pub(super) fn invalid_challenge() -> ApiError {
    ApiError::new(ProblemCode::InvalidChallenge, "The challenge is not ours, used or too old; start again.")
}

pub(super) fn invalid_code() -> ApiError {
    ApiError::new(ProblemCode::InvalidCode, "The code is wrong, used or too old.")
}

/// What a challenge or ceremony says.
pub(super) fn opened<T: TokenKind>(app: &App, token: &str) -> Result<T, ApiError> {
    let opened = app.config.auth_keys.verify::<T>(token, app.clock.now());
    opened.map(|token| token.claims).map_err(|_| invalid_challenge())
}

/// Who passkeys are for.
pub(super) fn relying_party(app: &App) -> Result<&RelyingParty, ApiError> {
    app.config.relying_party.as_ref().ok_or_else(|| {
        ApiError::new(ProblemCode::Conflict, "There are no passkeys at this address: browsers want https.")
    })
}

/// The one that is there, of those that may be.
pub(super) fn exactly_one<T>(given: impl IntoIterator<Item = Option<T>>, names: &str) -> Result<T, ApiError> {
    let mut given = given.into_iter().flatten();
    if let (Some(only), None) = (given.next(), given.next()) {
        return Ok(only);
    }
    let detail = format!("send exactly one of {names}");
    Err(ApiError::invalid(vec![FieldError::new("", FieldErrorCode::Required, detail)]))
}

/// Checks a proof of somebody who is known, be it by a password or by a session.
pub(super) async fn prove(
    app: &App,
    context: &RequestContext,
    holder: &Holder,
    proof: ProofIn<'_>,
    expected: &ExpectedPasskey<'_>,
) -> Result<Proven, ApiError> {
    match proof {
        ProofIn::Code(code) => prove_code(app, holder, code),
        ProofIn::RecoveryCode(code) => prove_recovery_code(app, context, holder, code),
        ProofIn::Passkey(credential) => {
            let factor =
                holder.confirmed().find(|factor| factor.credential_id() == Some(credential.id.as_str()));
            let factor = factor.ok_or_else(invalid_code)?;
            prove_passkey(app, factor, credential, expected).await
        }
    }
}

/// Counts a try with a second factor of this account, before it is looked at. To be given back when it was right.
pub(super) async fn spend_try(app: &App, context: &RequestContext, user: &UserId) -> Result<Spent, ApiError> {
    app.spend(context, &[(Action::SecondFactor, Per::Account.of(user.as_str()))]).await
}

/// The secret of an app, if this is one.
pub(super) fn secret(app: &App, factor: &FactorRow) -> Option<TotpSecret> {
    let (kid, nonce) = factor.totp()?;
    TotpSecret::derive(&app.config.factor_keys, kid, &factor.user_id, &factor.id, nonce)
}

fn owned<'a>(app: &App, factor: &'a FactorRow) -> Owned<'a> {
    Owned { school_id: &factor.school_id, user_id: &factor.user_id, id: &factor.id, now: app.clock.now() }
}

fn prove_code(app: &App, holder: &Holder, code: &str) -> Result<Proven, ApiError> {
    let code = parse_code(code).ok_or_else(invalid_code)?;
    let now = app.clock.now();
    let accepted = holder.confirmed().find_map(|factor| {
        let step = secret(app, factor)?.accept(&code, now, factor.last_step)?;
        Some((factor, step))
    });
    let (factor, step) = accepted.ok_or_else(invalid_code)?;
    let also = vec![
        used_challenges::spend(Once::Step(&factor.id, step), now),
        factors::use_totp(&owned(app, factor), step),
    ];
    Ok(Proven { method: Method::Totp, also, letter: None })
}

fn prove_recovery_code(
    app: &App,
    context: &RequestContext,
    holder: &Holder,
    code: &str,
) -> Result<Proven, ApiError> {
    let (user, now) = (&holder.user, app.clock.now());
    let keys = &app.config.factor_keys;
    let known = holder.recovery_codes.iter().find(|known| {
        recovery_codes::hash(keys, &known.kid, &user.id, code).is_some_and(|hash| hash == known.hash)
    });
    let hash = &known.ok_or_else(invalid_code)?.hash;
    let left = u32::try_from(holder.recovery_codes.len().saturating_sub(1)).unwrap_or(0);
    let event = app.audit(&user.school_id, Subject::user(&user.id), AuditAction::RecoveryCodeUsed, context);
    let also = vec![
        used_challenges::spend(Once::RecoveryCode(hash), now),
        stored_codes::mark_used(&user.school_id, &user.id, hash, now),
        audit::insert(&event.with(serde_json::json!({"left": left}))),
    ];
    Ok(Proven { method: Method::RecoveryCode, also, letter: Some(Letter::RecoveryCodeUsed { left }) })
}

/// What a passkey's answer must answer.
pub(super) struct ExpectedPasskey<'a> {
    /// The challenge, in base64url.
    pub challenge: &'a str,
    /// Whether somebody said before who they are.
    pub is_user_known: bool,
    /// Whether the authenticator must have verified its user.
    pub user_verified: bool,
}

impl<'a> ExpectedPasskey<'a> {
    /// Of a ceremony that stands by itself: nothing was shown before.
    pub const fn alone(ceremony: &'a Ceremony, is_user_known: bool) -> Self {
        Self { challenge: ceremony.jti.as_str(), is_user_known, user_verified: true }
    }
}

/// Checks a passkey's answer. Spending the challenge is the caller's.
pub(super) async fn prove_passkey(
    app: &App,
    factor: &FactorRow,
    credential: &AssertionCredential,
    wanted: &ExpectedPasskey<'_>,
) -> Result<Proven, ApiError> {
    let expected = Expected {
        relying_party: relying_party(app)?,
        challenge: wanted.challenge,
        user_verified: wanted.user_verified,
    };
    let passkey = factor.passkey().ok_or_else(invalid_code)?;
    let unproven = verify_assertion(credential, &passkey, &expected, wanted.is_user_known);
    let assertion = match unproven {
        Ok(unproven) => unproven.prove(app.signatures.as_ref()).await,
        Err(error) => Err(error),
    };
    let assertion = assertion.map_err(passkey_error)?;
    let also = vec![factors::use_passkey(&owned(app, factor), &assertion)];
    Ok(Proven { method: Method::Passkey, also, letter: None })
}

/// A passkey that is not taken: why is for its owner to read.
pub(super) fn passkey_error(error: WebAuthnError) -> ApiError {
    match error {
        WebAuthnError::Platform(cause) => ApiError::unavailable(cause),
        error => ApiError::new(ProblemCode::InvalidCode, format!("The passkey is not accepted: {error}.")),
    }
}

/// The event of a factor.
pub(super) fn factor_event(
    app: &App,
    context: &RequestContext,
    user: &UserRow,
    action: AuditAction,
    factor: (&crate::domain::ids::FactorId, &'static str),
) -> Statement {
    let event = app.audit(&user.school_id, Subject::user(&user.id), action, context);
    let target = Subject::new(SubjectKind::Factor, factor.0.as_str());
    audit::insert(&event.on(target).with(serde_json::json!({"type": factor.1})))
}
