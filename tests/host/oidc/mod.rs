//! Signing in at another provider: a browser with its cookies, and what it comes back with.

mod links;
mod refusals;
mod sign_in;

use std::collections::HashMap;
use std::sync::Arc;

use http::header::{LOCATION, SET_COOKIE};
use serde_json::{Value, json};

use crate::support::{Actor, Reply, ScriptedProvider, TestApp};

fn location(reply: &Reply) -> String {
    assert_eq!(reply.status, 302, "{}", reply.text);
    reply.headers[LOCATION].to_str().unwrap().to_owned()
}

fn cookie(reply: &Reply, name: &str) -> Option<String> {
    reply.headers.get_all(SET_COOKIE).iter().find_map(|line| {
        let (pair, attributes) = line.to_str().unwrap().split_once(';').unwrap();
        let (key, value) = pair.split_once('=').unwrap();
        assert!(attributes.contains("HttpOnly; Secure; SameSite=Lax"), "{line:?}");
        (key == name).then(|| value.to_owned())
    })
}

fn query(url: &str) -> HashMap<String, String> {
    serde_urlencoded::from_str(url.split_once('?').unwrap().1).unwrap()
}

/// A browser that is at the provider.
struct AtProvider {
    app: Arc<TestApp>,
    id: &'static str,
    cookie: String,
    url: String,
    state: String,
}

impl AtProvider {
    fn start(
        app: &Arc<TestApp>,
        provider: &Arc<ScriptedProvider>,
        id: &'static str,
        return_to: &str,
    ) -> Self {
        let return_to = serde_urlencoded::to_string([("return_to", return_to)]).unwrap();
        let reply = app.anonymous().get(&format!("/api/v1/auth/oidc/{id}/start?{return_to}"));
        Self::sent(app, provider, id, location(&reply), cookie(&reply, "__Host-oidc").unwrap())
    }

    fn sent(
        app: &Arc<TestApp>,
        provider: &Arc<ScriptedProvider>,
        id: &'static str,
        url: String,
        cookie: String,
    ) -> Self {
        let sent = query(&url);
        provider.set(|script| script.nonce.clone_from(&sent["nonce"]));
        Self { app: app.clone(), id, cookie, state: sent["state"].clone(), url }
    }

    fn back_with(&self, query: &[(&str, &str)], cookie: &str) -> Reply {
        let query = serde_urlencoded::to_string(query).unwrap();
        let path = format!("/api/v1/auth/oidc/{}/callback?{query}", self.id);
        let cookie = format!("other=1; __Host-oidc={cookie}");
        self.app.anonymous().request("GET", &path, &[("cookie", &cookie), ("user-agent", "test")], None)
    }

    fn back(&self) -> Reply {
        let issuer = if self.id == "google" { "https://op.example" } else { "https://rb.example/oauth/" };
        self.back_with(
            &[("code", "code-1"), ("state", &self.state), ("iss", issuer), ("scope", "x")],
            &self.cookie,
        )
    }
}

fn world() -> (Arc<TestApp>, Arc<ScriptedProvider>) {
    let app = TestApp::new();
    let provider = ScriptedProvider::of(&app);
    (app, provider)
}

fn vouch(provider: &ScriptedProvider, email: &str) {
    provider.set(|script| {
        script.claims = json!({"email": email, "email_verified": true, "name": "Emmy Noether"});
    });
}

/// Uses the refresh cookie of a sign-in.
fn signed_in(app: &Arc<TestApp>, reply: &Reply) -> (Actor, Value) {
    let refresh = cookie(reply, "__Host-refresh").unwrap();
    let cookie = format!("__Host-refresh={refresh}");
    let headers = [("cookie", cookie.as_str()), ("sec-fetch-site", "same-origin")];
    let out =
        app.anonymous().request("POST", "/api/v1/auth/refresh", &headers, Some("{}".to_owned())).expect(200);
    (app.with_token(out["access_token"].as_str().unwrap()), out)
}

/// Ada with a linked account.
fn linked_ada(app: &Arc<TestApp>, provider: &Arc<ScriptedProvider>, id: &'static str) -> Actor {
    let ada = app.sign_in("ada");
    let reply = ada.request("POST", &format!("/api/v1/auth/oidc/{id}/link"), &[], None);
    let flow = cookie(&reply, "__Host-oidc").unwrap();
    let url = reply.expect(200)["url"].as_str().unwrap().to_owned();
    let back = AtProvider::sent(app, provider, id, url, flow).back();
    assert_eq!(location(&back), format!("/account?linked={id}"));
    ada
}
