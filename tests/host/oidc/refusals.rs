//! Answers, tokens and providers that are not right.

use serde_json::{Value, json};

use super::{AtProvider, cookie, location, vouch, world};
use crate::support::requests_to;

#[test]
fn another_browsers_cookie_a_wrong_state_and_no_cookie_are_refused_and_no_code_is_spent() {
    let (app, provider) = world();
    vouch(&provider, "emmy@mail.example");
    let theirs = AtProvider::start(&app, &provider, "google", "/");
    let mine = AtProvider::start(&app, &provider, "google", "/");
    let at_roblox = AtProvider::start(&app, &provider, "roblox", "/");
    let named = |state: &str, cookie: &str| {
        mine.back_with(&[("code", "c"), ("state", state), ("iss", "https://op.example")], cookie)
    };
    for (reply, error) in [
        (named(&mine.state, &theirs.cookie), "flow_mismatch"),
        (named(&theirs.state, &mine.cookie), "flow_mismatch"),
        (named("", &mine.cookie), "flow_mismatch"),
        (named(&at_roblox.state, &at_roblox.cookie), "flow_mismatch"),
        (mine.back_with(&[("code", "c"), ("state", &mine.state)], &mine.cookie), "flow_mismatch"),
        (
            mine.back_with(
                &[("code", "c"), ("state", &mine.state), ("iss", "https://evil.example")],
                &mine.cookie,
            ),
            "flow_mismatch",
        ),
        (named(&mine.state, ""), "flow_expired"),
        (named(&mine.state, &format!("{}x", mine.cookie)), "flow_expired"),
    ] {
        assert_eq!(location(&reply), format!("/sign-in?error={error}"));
        assert_eq!(cookie(&reply, "__Host-refresh"), None);
        assert_eq!(cookie(&reply, "__Host-oidc"), None, "a stray answer ends no flow");
    }
    assert_eq!(requests_to(&app.outside, "/token"), 0);
    app.clock.advance(600_000);
    assert_eq!(location(&mine.back()), "/sign-in?error=flow_expired");
}

#[test]
fn no_answer_without_this_browsers_cookie_even_with_an_access_token_as_one() {
    let (app, provider) = world();
    let ada = app.sign_in("ada");
    let flow = AtProvider::start(&app, &provider, "google", "/");
    let reply = flow.back_with(&[("code", "c"), ("state", &flow.state)], ada.token.as_deref().unwrap());
    assert_eq!(location(&reply), "/sign-in?error=flow_expired");
    app.with_token(&flow.cookie).get("/api/v1/auth/me").problem(401, "invalid_token");
}

#[test]
fn a_provider_that_refuses_signs_nobody_in() {
    let (app, provider) = world();
    let flow = AtProvider::start(&app, &provider, "google", "/");
    let answer = |error| {
        let query = [("error", error), ("state", flow.state.as_str()), ("iss", "https://op.example")];
        location(&flow.back_with(&query, &flow.cookie))
    };
    assert_eq!(answer("access_denied"), "/sign-in?error=access_denied");
    assert_eq!(answer("server_error"), "/sign-in?error=provider_refused");
    provider.set(|script| script.token_status = (400, json!({"error": "invalid_grant"})));
    let flow = AtProvider::start(&app, &provider, "google", "/");
    assert_eq!(location(&flow.back()), "/sign-in?error=provider_refused", "a code that was used before");
    provider.set(|script| script.token_status = (503, Value::Null));
    let flow = AtProvider::start(&app, &provider, "google", "/");
    assert_eq!(location(&flow.back()), "/sign-in?error=provider_unavailable");
    let log = app.log.0.lock().unwrap().join("\n");
    assert!(log.contains("400 invalid_grant"));
    for secret in ["client-secret", "code-1", &flow.state, &flow.cookie] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

#[test]
fn an_id_token_that_is_not_right_signs_nobody_in() {
    let (app, provider) = world();
    let now = 1_795_428_000;
    let claims = [
        json!({"iss": "https://evil.example"}),
        json!({"aud": "them"}),
        json!({"aud": ["us", "them"]}),
        json!({"azp": "them"}),
        json!({"exp": now - 60}),
        json!({"iat": now + 61}),
        json!({"iat": now - 61}),
        json!({"nonce": "of another flow"}),
        json!({"nonce": null}),
        json!({"sub": ""}),
    ];
    for changes in claims {
        vouch(&provider, "emmy@mail.example");
        provider.set(|script| {
            for (name, value) in changes.as_object().unwrap() {
                script.claims[name] = value.clone();
            }
        });
        let reply = AtProvider::start(&app, &provider, "google", "/").back();
        assert_eq!(location(&reply), "/sign-in?error=provider_refused", "{changes}");
    }
    vouch(&provider, "emmy@mail.example");
    for header in [
        json!({"alg": "none"}),
        json!({"alg": "HS256"}),
        json!({"alg": "RS256"}),
        json!({"kid": "k9"}),
        json!({"crit": ["x"]}),
    ] {
        provider.set(|script| script.header = header.clone());
        let reply = AtProvider::start(&app, &provider, "google", "/").back();
        assert_eq!(location(&reply), "/sign-in?error=provider_refused", "{header}");
    }
    provider.set(|script| {
        script.header = json!({});
        script.signs_with_another_key = true;
    });
    let reply = AtProvider::start(&app, &provider, "google", "/").back();
    assert_eq!(location(&reply), "/sign-in?error=provider_refused");
    assert_eq!(app.db.number("select count(*) from identities"), 0);
    provider.set(|script| script.signs_with_another_key = false);
    assert_eq!(
        location(&AtProvider::start(&app, &provider, "google", "/").back()),
        "/",
        "and the right one does"
    );
}

#[test]
fn documents_are_kept_and_keys_are_asked_for_again_when_one_is_missing_but_not_at_will() {
    let (app, provider) = world();
    let sign_in = || location(&AtProvider::start(&app, &provider, "google", "/").back());
    let asked = || (requests_to(&app.outside, "openid-configuration"), requests_to(&app.outside, "/keys"));
    vouch(&provider, "emmy@mail.example");
    assert_eq!(sign_in(), "/");
    assert_eq!(sign_in(), "/");
    assert_eq!(asked(), (1, 1));
    // A key that is not known yet, within the minute: the answer is no, and nobody is asked.
    provider.set(|script| script.kid = "k2".to_owned());
    assert_eq!(sign_in(), "/sign-in?error=provider_refused");
    assert_eq!(asked(), (1, 1));
    app.clock.advance(60_000);
    assert_eq!(sign_in(), "/");
    assert_eq!(asked(), (1, 2));
    // A token that names a key that nobody has makes us ask once a minute.
    provider.set(|script| script.header = json!({"kid": "k9"}));
    for _ in 0..3 {
        assert_eq!(sign_in(), "/sign-in?error=provider_refused");
    }
    assert_eq!(asked(), (1, 2));
    provider.set(|script| script.header = json!({}));
    // Old documents serve on while the provider is down, except for the token endpoint.
    app.clock.advance(3_600_000);
    provider.set(|script| script.down = Some("openid-configuration"));
    assert_eq!(sign_in(), "/");
    provider.set(|script| {
        script.down = None;
        script.discovery = json!({"issuer": "https://evil.example"});
    });
    assert_eq!(sign_in(), "/", "what does not fit replaces nothing");
}

#[test]
fn a_provider_that_is_down_or_says_wrong_things_of_itself_is_not_gone_to() {
    for (down, discovery) in [
        (Some("op.example"), json!({})),
        (None, json!({"issuer": "https://evil.example"})),
        (None, json!({"token_endpoint": "http://op.example/token"})),
        (None, json!({"id_token_signing_alg_values_supported": ["none", "HS256"]})),
    ] {
        let (app, provider) = world();
        provider.set(|script| {
            script.down = down;
            script.discovery = discovery.clone();
        });
        let reply = app.anonymous().get("/api/v1/auth/oidc/google/start");
        assert_eq!(location(&reply), "/sign-in?error=provider_unavailable", "{discovery}");
        assert_eq!(cookie(&reply, "__Host-oidc"), None);
    }
}

#[test]
fn a_sign_in_leads_to_no_other_origin() {
    let (app, provider) = world();
    vouch(&provider, "emmy@mail.example");
    for elsewhere in
        ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "javascript:x", ""]
    {
        let flow = AtProvider::start(&app, &provider, "google", elsewhere);
        assert_eq!(location(&flow.back()), "/", "{elsewhere:?}");
    }
}
