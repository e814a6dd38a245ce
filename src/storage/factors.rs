//! Second factors: authenticator apps and passkeys.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::recovery_codes::{self, NewCodes, RecoveryCodeRow};
use super::used_challenges::{self, Once};
use super::users::{self, UserRow};
use crate::domain::ids::{FactorId, SchoolId, UserId};
use crate::domain::signature::PublicJwk;
use crate::domain::time::Timestamp;
use crate::domain::webauthn::{Assertion, Descriptor, NewPasskey, StoredPasskey};
use crate::json;
use crate::ports::{Database, DbError, Statement, Value, decode, decode_first};

/// The most factors of one person: an app and a key on each of several devices.
pub const MAX_FACTORS: i64 = 10;

/// What a factor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FactorType {
    /// An authenticator app.
    Totp,
    /// A passkey.
    Passkey,
}

impl FactorType {
    /// As stored and sent.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Passkey => "passkey",
        }
    }
}

/// A factor.
#[derive(Clone, Debug, Deserialize)]
pub struct FactorRow {
    /// The factor.
    pub id: FactorId,
    /// The owner's school.
    pub school_id: SchoolId,
    /// The owner.
    pub user_id: UserId,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: FactorType,
    /// What its owner calls it.
    pub name: String,
    /// Milliseconds.
    pub created_at: i64,
    /// Milliseconds; a factor without it is asked of nobody.
    pub confirmed_at: Option<i64>,
    /// Milliseconds.
    pub last_used_at: Option<i64>,
    /// App: the key of its secret.
    kid: Option<String>,
    /// App: the nonce of its secret.
    nonce: Option<String>,
    /// App: the last step whose code was used.
    pub last_step: Option<i64>,
    credential_id: Option<String>,
    public_key: Option<String>,
    sign_count: Option<u32>,
    transports: Option<String>,
    is_backup_eligible: Option<i64>,
}

impl FactorRow {
    /// App: key and nonce of its secret.
    pub fn totp(&self) -> Option<(&str, &str)> {
        self.kid.as_deref().zip(self.nonce.as_deref())
    }

    /// Passkey: its id in base64url.
    pub fn credential_id(&self) -> Option<&str> {
        self.credential_id.as_deref()
    }

    /// Passkey: what an assertion is verified with.
    pub fn passkey(&self) -> Option<StoredPasskey> {
        Some(StoredPasskey {
            user_id: self.user_id.clone(),
            credential_id: self.credential_id.clone()?,
            public_key: json::from_str::<PublicJwk>(self.public_key.as_deref()?).ok()?,
            sign_count: self.sign_count?,
            is_backup_eligible: self.is_backup_eligible? != 0,
        })
    }

    /// Passkey: how a browser finds it.
    pub fn descriptor(&self) -> Option<Descriptor> {
        let transports = json::from_str(self.transports.as_deref()?).unwrap_or_default();
        Some(Descriptor::new(self.credential_id.clone()?, transports))
    }
}

/// A person with what they can show beside their password.
#[derive(Clone, Debug)]
pub struct Holder {
    /// The person.
    pub user: UserRow,
    /// Their factors, confirmed or not.
    pub factors: Vec<FactorRow>,
    /// Recovery codes that are left.
    pub recovery_codes: Vec<RecoveryCodeRow>,
    /// Whether what was asked about was used before.
    pub is_used: bool,
}

impl Holder {
    /// The factors that are asked for.
    pub fn confirmed(&self) -> impl Iterator<Item = &FactorRow> {
        self.factors.iter().filter(|factor| factor.confirmed_at.is_some())
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, school_id, user_id, type, name, created_at, confirmed_at, last_used_at, kid, nonce, last_step,
               credential_id, public_key, sign_count, transports, is_backup_eligible
             from factors ",
            $rest
        )
    };
}

const OF_USER: &str = select!("where school_id = ?1 and user_id = ?2 order by id");
const BY_CREDENTIAL: &str = select!("where credential_id = ?1");
const FORGET_OLD_PENDING: &str = "
    delete from factors where confirmed_at is null and created_at < cast(?1 as integer)";
const FORGET_PENDING: &str = "
    delete from factors where school_id = ?1 and user_id = ?2 and confirmed_at is null";
const INSERT_TOTP: &str = "
    insert into factors (id, school_id, user_id, type, name, created_at, kid, nonce)
    select ?1, ?2, ?3, 'totp', ?4, cast(?5 as integer), ?6, ?7
    where (select count(*) from factors where school_id = ?2 and user_id = ?3) < cast(?8 as integer)
    returning id";
const CONFIRM_TOTP: &str = "
    update factors
    set confirmed_at = cast(?4 as integer), last_used_at = cast(?4 as integer), last_step = cast(?5 as integer)
    where school_id = ?1 and user_id = ?2 and id = ?3 and type = 'totp' and confirmed_at is null
    returning id";
const INSERT_PASSKEY: &str = "
    insert into factors (id, school_id, user_id, type, name, created_at, confirmed_at, credential_id, public_key, sign_count,
      transports, aaguid, is_backup_eligible, is_backed_up)
    select ?1, ?2, ?3, 'passkey', ?4, cast(?5 as integer), cast(?5 as integer), ?6, ?7, cast(?8 as integer), ?9, ?10,
      cast(?11 as integer), cast(?12 as integer)
    where (select count(*) from factors where school_id = ?2 and user_id = ?3 and confirmed_at is not null)
      < cast(?13 as integer)
    returning id";
const USE_TOTP: &str = "
    update factors
    set last_used_at = cast(?4 as integer), last_step = max(coalesce(last_step, 0), cast(?5 as integer))
    where school_id = ?1 and user_id = ?2 and id = ?3";
const USE_PASSKEY: &str = "
    update factors
    set last_used_at = cast(?4 as integer), sign_count = max(sign_count, cast(?5 as integer)),
      is_backed_up = cast(?6 as integer)
    where school_id = ?1 and user_id = ?2 and id = ?3";
const REMOVE: &str = "
    delete from factors where school_id = ?1 and user_id = ?2 and id = ?3 returning id";
const FORGET_USER: &str = "delete from factors where school_id = ?1 and user_id = ?2";

/// A person, what they have, and whether something was used before: one batch.
pub async fn holder(
    db: &dyn Database,
    school: &SchoolId,
    user: &UserId,
    once: Option<Once<'_>>,
) -> Result<Option<Holder>, DbError> {
    let mut statements = vec![
        users::find(school, user),
        Statement::new(OF_USER, [school.into(), user.into()]),
        recovery_codes::unused(school, user),
    ];
    statements.extend(once.map(used_challenges::is_used));
    let mut results = db.batch(statements).await?.into_iter();
    let mut next = || results.next().unwrap_or_default();
    let (user, factors, recovery_codes) = (decode_first(next())?, decode(next())?, decode(next())?);
    let is_used = !next().is_empty();
    Ok(user.map(|user| Holder { user, factors, recovery_codes, is_used }))
}

/// The passkey of that id with its owner, and whether the nonce was used before: one batch.
pub async fn passkey_with_owner(
    db: &dyn Database,
    credential_id: &str,
    nonce: &str,
) -> Result<(Option<(FactorRow, UserRow)>, bool), DbError> {
    let statements = vec![
        Statement::new(BY_CREDENTIAL, [credential_id.into()]),
        users::find_by_credential(credential_id),
        used_challenges::is_used(Once::Nonce(nonce)),
    ];
    let mut results = db.batch(statements).await?.into_iter();
    let mut next = || results.next().unwrap_or_default();
    let (factor, user) = (decode_first::<FactorRow>(next())?, decode_first::<UserRow>(next())?);
    let is_used = !next().is_empty();
    Ok((factor.zip(user), is_used))
}

/// Whose factor, and when.
#[derive(Clone, Copy, Debug)]
pub struct Owned<'a> {
    /// The owner's school.
    pub school_id: &'a SchoolId,
    /// The owner.
    pub user_id: &'a UserId,
    /// The factor.
    pub id: &'a FactorId,
    /// Now.
    pub now: Timestamp,
}

impl Owned<'_> {
    fn params(&self) -> [Value; 4] {
        [self.school_id.into(), self.user_id.into(), self.id.into(), self.now.into()]
    }
}

/// Sets up an app, in the place of one that was set up and never confirmed. False when the person has too many.
pub async fn add_totp(
    db: &dyn Database,
    owned: &Owned<'_>,
    name: &str,
    kid: &str,
    nonce: &str,
) -> Result<bool, DbError> {
    let insertion = [
        owned.id.into(),
        owned.school_id.into(),
        owned.user_id.into(),
        name.into(),
        owned.now.into(),
        kid.into(),
        nonce.into(),
        MAX_FACTORS.into(),
    ];
    let statements = vec![
        Statement::new(FORGET_PENDING, [owned.school_id.into(), owned.user_id.into()]),
        Statement::new(INSERT_TOTP, insertion),
    ];
    let results = db.batch(statements).await?;
    Ok(results.last().is_some_and(|rows| !rows.is_empty()))
}

/// What became of a factor that was to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// It is kept now, and was not before.
    pub is_new: bool,
    /// The recovery codes were added: the person had none.
    pub has_new_codes: bool,
}

/// Confirms an app by the step of its first code, with recovery codes if the person has none; `also` happens with it or not at
/// all.
pub async fn confirm_totp(
    db: &dyn Database,
    owned: &Owned<'_>,
    step: i64,
    codes: &NewCodes,
    also: Vec<Statement>,
) -> Result<Kept, DbError> {
    let params = owned.params().into_iter().chain([step.into()]);
    keep(db, owned, Statement::new(CONFIRM_TOTP, params), codes, also).await
}

/// Adds a passkey, with recovery codes if the person has none; `also` happens with it or not at all. A credential that is
/// known fails on `factors.credential_id`.
pub async fn add_passkey(
    db: &dyn Database,
    owned: &Owned<'_>,
    name: &str,
    passkey: &NewPasskey,
    codes: &NewCodes,
    also: Vec<Statement>,
) -> Result<Kept, DbError> {
    let insertion = [
        owned.id.into(),
        owned.school_id.into(),
        owned.user_id.into(),
        name.into(),
        owned.now.into(),
        passkey.credential_id.as_str().into(),
        serde_json::to_string(&passkey.public_key).unwrap_or_default().into(),
        i64::from(passkey.sign_count).into(),
        serde_json::to_string(&passkey.transports).unwrap_or_default().into(),
        passkey.aaguid.as_str().into(),
        i64::from(passkey.is_backup_eligible).into(),
        i64::from(passkey.is_backed_up).into(),
        MAX_FACTORS.into(),
    ];
    keep(db, owned, Statement::new(INSERT_PASSKEY, insertion), codes, also).await
}

async fn keep(
    db: &dyn Database,
    owned: &Owned<'_>,
    statement: Statement,
    codes: &NewCodes,
    also: Vec<Statement>,
) -> Result<Kept, DbError> {
    let mut statements =
        vec![statement, recovery_codes::insert_first(owned.school_id, owned.user_id, codes, owned.now)];
    statements.extend(also);
    let mut results = db.batch(statements).await?.into_iter();
    let mut is_some = || results.next().is_some_and(|rows| !rows.is_empty());
    Ok(Kept { is_new: is_some(), has_new_codes: is_some() })
}

/// Remembers the step whose code was used. It goes beside [`used_challenges::spend`], which is the guard.
pub fn use_totp(owned: &Owned<'_>, step: i64) -> Statement {
    Statement::new(USE_TOTP, owned.params().into_iter().chain([step.into()]))
}

/// Remembers what a passkey said of itself when it was used.
pub fn use_passkey(owned: &Owned<'_>, assertion: &Assertion) -> Statement {
    let said = [i64::from(assertion.sign_count).into(), i64::from(assertion.is_backed_up).into()];
    Statement::new(USE_PASSKEY, owned.params().into_iter().chain(said))
}

/// Removes a factor, if it is there; with the last one the recovery codes go. `also` happens with it or not at all.
pub async fn remove(db: &dyn Database, owned: &Owned<'_>, also: Vec<Statement>) -> Result<bool, DbError> {
    let [school, user, id, _] = owned.params();
    let mut statements = vec![
        Statement::new(REMOVE, [school, user, id]),
        recovery_codes::forget_without_factor(owned.school_id, owned.user_id),
    ];
    statements.extend(also);
    let results = db.batch(statements).await?;
    Ok(results.first().is_some_and(|rows| !rows.is_empty()))
}

/// Deletes apps that were set up and never confirmed.
pub(super) fn forget_pending(before: Timestamp) -> Statement {
    Statement::new(FORGET_OLD_PENDING, [before.into()])
}

/// Deletes all of a person who is removed.
pub fn forget(school: &SchoolId, user: &UserId) -> [Statement; 2] {
    [Statement::new(FORGET_USER, [school.into(), user.into()]), recovery_codes::forget(school, user)]
}
