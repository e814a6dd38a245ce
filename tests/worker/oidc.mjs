/** Signing in by way of real OpenID providers, from the button to the session, through their own login and consent pages. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser } from "./support/browser.mjs";

/** Goes through the provider as `login`; answers the address of ours to which it sends the browser back. */
function throughProvider(world, browser, provider, login, returnTo = "/classes") {
  const query = new URLSearchParams({ return_to: returnTo });
  const start = `${world.worker.url}/api/v1/auth/oidc/${provider.id}/start?${query}`;
  return browser.signInAt(provider, start, login);
}

/** Opens the callback; answers the path to which it leads. */
async function comeBack(browser, callback, options) {
  const response = await browser.request(callback, options);
  assert.equal(response.status, 302, await response.text());
  return response.headers.get("location");
}

async function signIn(world, browser, provider, login, returnTo) {
  return comeBack(browser, await throughProvider(world, browser, provider, login, returnTo));
}

/** Whose the browser's session is, with an access token; null without a session. */
async function session(world, browser) {
  const headers = { "content-type": "application/json", "sec-fetch-site": "same-origin" };
  const url = `${world.worker.url}/api/v1/auth/refresh`;
  const response = await browser.request(url, { method: "POST", headers, body: "{}" });
  const answer = await response.json();
  return response.status === 200 ? answer : null;
}

const as = ({ access_token }) => ({ token: access_token });

export function oidc(world) {
  const [google, roblox] = world.identityProviders;

  test("somebody new signs in at a provider, has a school of their own, and is the same person the next time", async () => {
    const browser = new Browser();
    assert.equal(await signIn(world, browser, google, "emmy", "/classes?new=1"), "/classes?new=1");
    const first = await session(world, browser);
    assert.deepEqual([first.user.email, first.user.role], ["emmy@mail.example", "teacher"]);
    const me = await world.expect(200, "GET", "/api/v1/auth/me", as(first));
    assert.deepEqual([me.school.is_personal, me.has_password, me.email_verified], [true, false, true]);
    assert.equal((await browser.cookie(world.worker.url, "__Host-refresh")).httpOnly, true);
    assert.equal(await browser.cookie(world.worker.url, "__Host-oidc"), undefined);

    const elsewhere = new Browser();
    assert.equal(await signIn(world, elsewhere, google, "emmy", "//evil.example"), "/");
    const second = await session(world, elsewhere);
    assert.equal(second.user.id, first.user.id);
    const { items } = await world.expect(200, "GET", "/api/v1/auth/identities", as(second));
    assert.deepEqual(
      items.map(({ provider, account }) => ({ provider, account })),
      [{ provider: "google", account: "emmy@mail.example" }],
    );
    const only = `/api/v1/auth/identities/${items[0].id}`;
    assert.equal((await world.expect(409, "DELETE", only, as(second))).code, "conflict");

    const seen = [...browser.visited, ...world.worker.logs.map(({ message }) => message)].join("\n");
    for (const secret of [google.secret, "code_verifier"]) assert.ok(!seen.includes(secret), `${secret} was seen`);
  });

  test("an address that an account has, or that nobody vouches for, opens nothing", async () => {
    for (const [provider, login, error] of [
      [google, world.plan.teacher.email, "link_first"],
      [google, "unverified-ada", "no_email_link_first"],
      [roblox, "builder", "no_email_link_first"],
    ]) {
      const browser = new Browser();
      assert.equal(await signIn(world, browser, provider, login), `/sign-in?error=${error}`);
      assert.equal(await session(world, browser), null);
    }
  });

  test("who is signed in links an account without an address, and then it signs them in", async () => {
    const browser = new Browser();
    const link = await browser.request(`${world.worker.url}/api/v1/auth/oidc/roblox/link?return_to=/account`, {
      method: "POST",
      headers: { authorization: `Bearer ${await world.signIn(world.plan.teacher)}` },
    });
    const { url } = await link.json();
    const callback = await browser.signInAt(roblox, url, "builder");
    assert.equal(await comeBack(browser, callback), "/account?linked=roblox");
    assert.equal(await session(world, browser), null, "a link is no sign-in");

    const next = new Browser();
    assert.equal(await signIn(world, next, roblox, "builder"), "/classes");
    const signedIn = await session(world, next);
    assert.equal(signedIn.user.email, world.plan.teacher.email);
    const { items } = await world.expect(200, "GET", "/api/v1/auth/identities", as(signedIn));
    assert.deepEqual([items.length, items[0].account], [1, "builder"]);
    await world.expect(204, "DELETE", `/api/v1/auth/identities/${items[0].id}`, as(signedIn));
    assert.equal(await signIn(world, new Browser(), roblox, "builder"), "/sign-in?error=no_email_link_first");
  });

  test("a wrong state, another browser, and a code that was used before are refused", async () => {
    const [mine, theirs] = [new Browser(), new Browser()];
    const callback = await throughProvider(world, mine, google, "emmy");
    await throughProvider(world, theirs, google, "emmy");
    assert.equal(await comeBack(new Browser(), callback), "/sign-in?error=flow_expired");
    assert.equal(await comeBack(theirs, callback), "/sign-in?error=flow_mismatch");
    const wrong = new URL(callback);
    wrong.searchParams.set("state", "x".repeat(43));
    assert.equal(await comeBack(mine, wrong.href), "/sign-in?error=flow_mismatch");
    const foreign = new URL(callback);
    foreign.searchParams.set("iss", roblox.issuer);
    assert.equal(await comeBack(mine, foreign.href), "/sign-in?error=flow_mismatch");

    const kept = await mine.jar.getCookieString(callback);
    assert.equal(await comeBack(mine, callback), "/classes", "what was refused before spent nothing");
    assert.equal(await comeBack(mine, callback), "/sign-in?error=flow_expired");
    const replay = await comeBack(new Browser(), callback, { headers: { cookie: kept } });
    assert.equal(replay, "/sign-in?error=provider_refused");
    assert.equal(await session(world, theirs), null);
  });

  test("who does not agree at the provider comes back and is told so", async () => {
    const browser = new Browser();
    const { url } = await browser.visit(`${world.worker.url}/api/v1/auth/oidc/google/start`);
    const back = await browser.visit(`${url}/abort`, { stop: google.isCallback });
    assert.equal(await comeBack(browser, back.url), "/sign-in?error=access_denied");
  });
}
