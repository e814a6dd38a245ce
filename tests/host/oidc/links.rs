//! Linking and unlinking, and what becomes of links.

use super::{AtProvider, cookie, linked_ada, location, signed_in, vouch, world};
use crate::support::Actor;

#[test]
fn a_linked_account_signs_in_and_the_link_is_audited() {
    let (app, provider) = world();
    let ada = linked_ada(&app, &provider, "roblox");
    let list = ada.get("/api/v1/auth/identities").expect(200);
    assert_eq!(list["items"][0]["provider_name"], "Roblox");
    let (_, out) = signed_in(&app, &AtProvider::start(&app, &provider, "roblox", "/").back());
    assert_eq!(out["user"]["email"], "ada@school.example");
    assert_eq!(app.db.number("select count(*) from audit_events where action = 'identity.linked'"), 1);
    // Once more is the same as once.
    linked_ada(&app, &provider, "roblox");
    assert_eq!(app.db.number("select count(*) from identities"), 1);
    assert_eq!(app.db.number("select count(*) from audit_events where action = 'identity.linked'"), 1);
    let requests = app.outside.requests.lock().unwrap();
    let exchange = requests.iter().find(|request| request.url.ends_with("/token")).unwrap();
    assert!(
        exchange.body.as_ref().unwrap().contains("client_secret=client-secret"),
        "as this provider wants it"
    );
}

#[test]
fn somebody_elses_account_is_not_taken_over_by_linking_it() {
    let (app, provider) = world();
    linked_ada(&app, &provider, "google");
    let alan = app.sign_in("alan");
    let reply = alan.request("POST", "/api/v1/auth/oidc/google/link?return_to=/account?tab=1", &[], None);
    let flow = cookie(&reply, "__Host-oidc").unwrap();
    let url = reply.expect(200)["url"].as_str().unwrap().to_owned();
    let back = AtProvider::sent(&app, &provider, "google", url, flow).back();
    assert_eq!(location(&back), "/account?tab=1&error=identity_taken");
    let owner =
        "select count(*) from identities i join users u on u.id = i.user_id where u.display_name = 'ada'";
    assert_eq!(app.db.number(owner), 1);
}

#[test]
fn a_link_needs_a_recent_proof_and_a_sign_in_that_still_lives() {
    let (app, provider) = world();
    let ada = app.sign_in("ada");
    let reply = ada.request("POST", "/api/v1/auth/oidc/google/link", &[], None);
    let flow = cookie(&reply, "__Host-oidc").unwrap();
    let url = reply.expect(200)["url"].as_str().unwrap().to_owned();
    let flow = AtProvider::sent(&app, &provider, "google", url, flow);
    app.db.execute("update sessions set ended_at = 1");
    assert_eq!(location(&flow.back()), "/account?error=signed_out");
    assert_eq!(app.db.number("select count(*) from identities"), 0);
    let alan = app.sign_in("alan");
    app.clock.advance(601_000);
    alan.request("POST", "/api/v1/auth/oidc/google/link", &[], None).problem(403, "step_up_required");
    alan.delete(&format!("/api/v1/auth/identities/idn_{:026}", 1)).problem(403, "step_up_required");
}

#[test]
fn a_suspended_or_removed_person_does_not_get_in() {
    let (app, provider) = world();
    linked_ada(&app, &provider, "google");
    app.db.execute("update users set state = 'suspended' where display_name = 'ada'");
    let reply = AtProvider::start(&app, &provider, "google", "/").back();
    assert_eq!(location(&reply), "/sign-in?error=account_suspended");
    assert_eq!(cookie(&reply, "__Host-refresh"), None);
    app.db.execute("update users set state = 'active', removed_at = 1 where display_name = 'ada'");
    assert_eq!(app.db.number("select count(*) from identities"), 0, "the link goes with the person");
}

#[test]
fn a_link_follows_its_person_into_another_school() {
    let (app, provider) = world();
    linked_ada(&app, &provider, "google");
    app.db.execute(&format!("update users set school_id = 'sch_{:026}' where display_name = 'ada'", 2));
    let (ada, _) = signed_in(&app, &AtProvider::start(&app, &provider, "google", "/").back());
    let list = ada.get("/api/v1/auth/identities").expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}

#[test]
fn an_account_can_be_unlinked_unless_it_is_the_only_way_in() {
    let (app, provider) = world();
    let ada = linked_ada(&app, &provider, "google");
    let id = |person: &Actor, at: usize| {
        let list = person.get("/api/v1/auth/identities").expect(200);
        format!("/api/v1/auth/identities/{}", list["items"][at]["id"].as_str().unwrap())
    };
    let adas = id(&ada, 0);
    app.sign_in("alan").delete(&adas).problem(404, "not_found");
    app.sign_in("eve").delete(&adas).problem(404, "not_found");
    ada.delete(&adas).expect(204);
    ada.delete(&adas).problem(404, "not_found");
    assert_eq!(app.db.number("select count(*) from audit_events where action = 'identity.unlinked'"), 1);

    vouch(&provider, "emmy@mail.example");
    let (emmy, _) = signed_in(&app, &AtProvider::start(&app, &provider, "google", "/").back());
    emmy.delete(&id(&emmy, 0)).problem(409, "conflict");
    assert_eq!(app.db.number("select count(*) from audit_events where action = 'identity.unlinked'"), 1);
    let reply = emmy.request("POST", "/api/v1/auth/oidc/roblox/link", &[], None);
    let flow = cookie(&reply, "__Host-oidc").unwrap();
    let url = reply.expect(200)["url"].as_str().unwrap().to_owned();
    AtProvider::sent(&app, &provider, "roblox", url, flow).back();
    emmy.delete(&id(&emmy, 0)).expect(204);
    emmy.delete(&id(&emmy, 0)).problem(409, "conflict");
}
