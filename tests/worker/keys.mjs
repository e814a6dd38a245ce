/** The steps of docs/runbooks/rotate-signing-keys.md, with the command itself: nobody is logged out. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { newKey, parseRing, retirableAt, rings, ringText } from "../../scripts/lib/keyring.mjs";
import { inRoot } from "../../scripts/lib/paths.mjs";
import { capture } from "../../scripts/lib/run.mjs";
import { rowsOf, newPlan } from "../../scripts/lib/demo-school.mjs";
import { WorkerProcess, freePort, ourWorker, testSecrets } from "./support/worker.mjs";

/** The key that signed a token. */
const kidOf = (token) => JSON.parse(Buffer.from(token.split(".")[0], "base64url")).kid;

/** A Worker of its own whose lists of keys lie in a file, as those of a server do. */
class RotatingWorker {
  constructor(world) {
    this.world = world;
    this.state = world.newFolder();
    this.file = join(this.state, "keys.vars");
    this.secrets = testSecrets();
    // As if the first keys were from long ago, and the second ones are added at a time that the test chooses.
    this.keep("AUTH_KEYS", [newKey(rings.AUTH_KEYS, Date.UTC(2026, 0, 1))]);
    this.keep("GAME_KEYS", [newKey(rings.GAME_KEYS, Date.UTC(2026, 0, 1))]);
  }

  keep(name, keys) {
    this.secrets[name] = ringText(keys);
    const lines = Object.entries(rings).filter(([each]) => this.secrets[each]);
    writeFileSync(this.file, lines.map(([each]) => `${each}=${this.secrets[each]}\n`).join(""));
  }

  /** `npm run keys -- …` on its file. */
  async keys(...args) {
    const { code, output } = await capture("node", [inRoot("scripts/keys.mjs"), ...args, "--file", this.file]);
    for (const [, name, text] of readFileSync(this.file, "utf8").matchAll(/^(\w+)=(.*)$/gm)) {
      this.secrets[name] = text;
      for (const { secret } of parseRing(text)) assert.ok(!output.includes(secret), "a secret was printed");
    }
    return { code, output };
  }

  kids(name) {
    return parseRing(this.secrets[name]).map(({ kid }) => kid);
  }

  /** Starts, or starts again, with the lists as they are now. */
  async start() {
    await this.worker?.stop();
    this.port ??= await freePort();
    const options = await ourWorker({ bindings: this.secrets, assets: false });
    this.worker = await new WorkerProcess({ ...options, port: this.port, state: this.state }).start();
  }

  async post(path, body, token) {
    const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
    const response = await fetch(new URL(path, this.worker.url), {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, json: text ? JSON.parse(text) : null };
  }

  async me(token) {
    const headers = { authorization: `Bearer ${token}` };
    return (await fetch(new URL("/api/v1/auth/me", this.worker.url), { headers })).status;
  }

  async refresh(refresh_token) {
    const { status, json } = await this.post("/api/v1/auth/refresh", { refresh_token });
    assert.equal(status, 200, JSON.stringify(json));
    return json;
  }
}

export function keys(world) {
  test("keys are rotated by the runbook's steps, and nobody is logged out", async (t) => {
    const own = new RotatingWorker(world);
    t.after(() => own.worker?.stop());
    const plan = newPlan();
    await own.start();
    await own.worker.script(rowsOf(plan));
    const [first] = own.kids("AUTH_KEYS");
    const signIn = { ...plan.teacher, refresh_token_in: "body" };
    delete signIn.id;
    const before = (await own.post("/api/v1/auth/login", signIn)).json;
    assert.equal(kidOf(before.access_token), first);

    await t.test("a new key signs, and what the old one signed is still good", async () => {
      const added = await own.keys("add", "AUTH_KEYS");
      assert.equal(added.code, 0, added.output);
      assert.deepEqual(own.kids("AUTH_KEYS").slice(1), [first]);
      await own.start();
      assert.equal(await own.me(before.access_token), 200);
    });

    let after;
    await t.test("a session goes on under the new key", async () => {
      after = await own.refresh(before.refresh_token);
      assert.equal(kidOf(after.access_token), own.kids("AUTH_KEYS")[0]);
      assert.equal(await own.me(after.access_token), 200);
    });

    await t.test("the old key is not retired while a token of it can be alive", async () => {
      const refused = await own.keys("retire", "AUTH_KEYS");
      assert.equal(refused.code, 1);
      assert.match(refused.output, /can be alive for another (19|20) min/);
      assert.equal(own.kids("AUTH_KEYS").length, 2);
      const signing = await own.keys("retire", "AUTH_KEYS", own.kids("AUTH_KEYS")[0], "--force");
      assert.match(signing.output, /signs/);
      assert.equal(own.kids("AUTH_KEYS").length, 2);
    });

    await t.test("once none can be, it goes, and the session goes on", async () => {
      // As if the new key had been added so long ago.
      const [signing, old] = parseRing(own.secrets.AUTH_KEYS);
      const { kid } = newKey(rings.AUTH_KEYS, Date.now() - rings.AUTH_KEYS.alive - 1000);
      own.keep("AUTH_KEYS", [{ ...signing, kid }, old]);
      await own.start();
      const renamed = await own.refresh(after.refresh_token);
      const retired = await own.keys("retire", "AUTH_KEYS");
      assert.equal(retired.code, 0, retired.output);
      assert.deepEqual(own.kids("AUTH_KEYS"), [kid]);
      await own.start();
      assert.equal(await own.me(renamed.access_token), 200);
      assert.equal(await own.me(before.access_token), 401, "the old key opens nothing any more");
      const last = await own.refresh(renamed.refresh_token);
      assert.equal(await own.me(last.access_token), 200);
      after = last;
    });

    await t.test("a leaked key goes at once, and people get a new token by refreshing", async () => {
      const leaked = own.kids("AUTH_KEYS")[0];
      await new Promise((done) => setTimeout(done, 1000 - (Date.now() % 1000)));
      assert.equal((await own.keys("add", "AUTH_KEYS")).code, 0);
      assert.equal((await own.keys("retire", "AUTH_KEYS", leaked, "--force")).code, 0);
      assert.equal(own.kids("AUTH_KEYS").length, 1);
      await own.start();
      assert.equal(await own.me(after.access_token), 401);
      const fresh = await own.refresh(after.refresh_token);
      assert.equal(kidOf(fresh.access_token), own.kids("AUTH_KEYS")[0]);
      assert.equal(await own.me(fresh.access_token), 200);
    });
  });

  test("a list says when a key may go, by the names of its keys alone", () => {
    const [older, newer] = [Date.UTC(2026, 0, 1), Date.UTC(2026, 3, 1)].map((time) => newKey(rings.GAME_KEYS, time));
    const list = parseRing(ringText([newer, older]));
    assert.equal(retirableAt(rings.GAME_KEYS, list, newer.kid), Infinity);
    assert.equal(retirableAt(rings.GAME_KEYS, list, older.kid), newer.madeAt + rings.GAME_KEYS.alive);
    const unnamed = parseRing(ringText([{ ...newer, kid: "g1" }, older]));
    assert.equal(retirableAt(rings.GAME_KEYS, unnamed, older.kid), null);
  });
}
