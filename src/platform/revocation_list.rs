//! The list of ended sign-ins, people and keys: one Durable Object, and a copy of it in each isolate.

use std::cell::RefCell;

use futures::future::BoxFuture;
use serde::Deserialize;
use worker::send::SendFuture;
use worker::{DurableObject, Env, Error, ObjectNamespace, Request, Response, State, durable_object};

use super::stub;
use super::system::System;
use crate::domain::revocation::{Freshness, Revocation, RevocationCopy};
use crate::domain::time::Timestamp;
use crate::json;
use crate::ports::{Clock, Log, PortError, Revocations};

/// The binding.
pub(super) const BINDING: &str = "REVOCATION_LIST";
/// The one object.
const NAME: &str = "all";
/// How often the object forgets what can no longer be alive.
const FORGET_MS: i64 = 3_600_000;

const CREATE: &str = "
    create table if not exists revocations (
      subject text not null, issued_until integer, until integer not null
    ) strict;
    create index if not exists revocations_by_age on revocations (until);";
const ADD: &str = "
    insert into revocations (subject, issued_until, until)
    select value ->> 'subject', value ->> 'issued_until', value ->> 'until' from json_each(?1)";
const LIST: &str = "
    select subject, max(coalesce(issued_until, 9007199254740991)) as issued_until, max(until) as until
    from revocations where until > ?1 group by subject";
const FORGET: &str = "delete from revocations where until <= ?1";
/// No limit, as the table's maximum shows it.
const NO_LIMIT: i64 = 9_007_199_254_740_991;

thread_local! {
    static COPY: RefCell<Option<RevocationCopy>> = const { RefCell::new(None) };
    static IS_FETCHING: RefCell<bool> = const { RefCell::new(false) };
}

/// The list behind its port.
pub(super) struct RevocationLists(ObjectNamespace);

impl RevocationLists {
    /// The bound namespace.
    pub fn of(env: &Env) -> worker::Result<Self> {
        env.durable_object(BINDING).map(Self)
    }

    async fn ask(&self, path: &str, body: &str) -> worker::Result<stub::Answer> {
        let answer = stub::post(self.0.get_by_name(NAME)?, path, None, &body.into()).await?;
        if answer.status == 200 {
            Ok(answer)
        } else {
            Err(Error::RustError(format!("status {}", answer.status)))
        }
    }

    /// Fetches the list into this isolate's copy.
    async fn fetch(&self) -> worker::Result<()> {
        let asked_at = System.now();
        let answer = self.ask("/list", "").await?;
        let rows: Vec<Row> = json::from_slice(&answer.body)?;
        let list = rows.into_iter().map(Revocation::from).collect();
        COPY.with(|copy| *copy.borrow_mut() = Some(RevocationCopy::new(list, asked_at)));
        Ok(())
    }

    /// Sees to it that the copy may be relied on. While one request fetches a stale copy anew, the others go on with it.
    async fn freshen(&self) -> Result<(), PortError> {
        let now = System.now();
        let freshness = COPY.with(|copy| copy.borrow().as_ref().map(|copy| copy.freshness(now)));
        match freshness {
            Some(Freshness::Fresh) => return Ok(()),
            Some(Freshness::Stale) if IS_FETCHING.with(|flag| flag.replace(true)) => return Ok(()),
            _ => {}
        }
        let fetched = self.fetch().await;
        IS_FETCHING.with(|flag| flag.replace(false));
        let Err(error) = fetched else { return Ok(()) };
        let line = serde_json::json!({"message": "revocations not fetched", "level": "error", "cause": error.to_string()});
        System.line(&line.to_string());
        let is_usable = COPY.with(|copy| {
            copy.borrow().as_ref().is_some_and(|copy| copy.is_usable_in_an_outage(System.now()))
        });
        if is_usable { Ok(()) } else { Err(PortError(format!("revocations: {error}"))) }
    }
}

impl Revocations for RevocationLists {
    fn is_ended<'a>(
        &'a self,
        subjects: Vec<&'a str>,
        issued_at: i64,
    ) -> BoxFuture<'a, Result<bool, PortError>> {
        Box::pin(SendFuture::new(async move {
            self.freshen().await?;
            Ok(COPY.with(|copy| copy.borrow().as_ref().is_some_and(|copy| copy.ends(&subjects, issued_at))))
        }))
    }

    fn end(&self, list: Vec<Revocation>) -> BoxFuture<'_, Result<(), PortError>> {
        Box::pin(SendFuture::new(async move {
            let failed = |error: worker::Error| PortError(format!("revocations: {error}"));
            let text = serde_json::to_string(&list.iter().map(NewRow::from).collect::<Vec<_>>());
            let text = text.map_err(|error| PortError(error.to_string()))?;
            self.ask("/end", &text).await.map_err(failed)?;
            COPY.with(|copy| {
                if let Some(copy) = copy.borrow_mut().as_mut() {
                    copy.add(list);
                }
            });
            Ok(())
        }))
    }
}

#[derive(serde::Serialize)]
struct NewRow<'a> {
    subject: &'a str,
    issued_until: Option<i64>,
    until: i64,
}

impl<'a> From<&'a Revocation> for NewRow<'a> {
    fn from(entry: &'a Revocation) -> Self {
        Self { subject: &entry.subject, issued_until: entry.issued_until, until: entry.until.as_millis() }
    }
}

#[derive(serde::Serialize, Deserialize)]
struct Row {
    subject: String,
    issued_until: i64,
    until: i64,
}

impl From<Row> for Revocation {
    fn from(row: Row) -> Self {
        Self {
            subject: row.subject,
            issued_until: (row.issued_until != NO_LIMIT).then_some(row.issued_until),
            until: Timestamp::from_millis(row.until),
        }
    }
}

/// The object.
#[durable_object(alarm)]
pub struct RevocationList {
    state: State,
}

impl DurableObject for RevocationList {
    fn new(state: State, _: Env) -> Self {
        Self { state }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        if stub::is_ping(&request) {
            return Response::empty();
        }
        let sql = self.state.storage().sql();
        sql.exec(CREATE, None)?;
        if request.path() != "/end" {
            let now = System.now().as_millis();
            return Response::from_json(&sql.exec(LIST, vec![now.into()])?.to_array::<Row>()?);
        }
        sql.exec(ADD, vec![request.text().await?.into()])?;
        if self.state.storage().get_alarm().await?.is_none() {
            self.state.storage().set_alarm(FORGET_MS).await?;
        }
        Response::empty()
    }

    async fn alarm(&self) -> worker::Result<Response> {
        let sql = self.state.storage().sql();
        sql.exec(CREATE, None)?;
        sql.exec(FORGET, vec![System.now().as_millis().into()])?;
        Response::empty()
    }
}
