/** A Studio plugin's whole life on real workerd: it registers, is paired, works, survives a crash, and is swept. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "./support/world.mjs";

const form = (fields) => ({
  method: "POST",
  headers: { "content-type": "application/x-www-form-urlencoded" },
  body: new URLSearchParams(fields),
});

export function plugins(world) {
  const post = (token, path, body = {}, status = 200) => world.expect(status, "POST", path, { token, body });
  const approve = (user_code) => world.post("/api/v1/plugins/pairings/approve", { user_code });

  test("an old plugin registers, is paired by its code, works and survives a crash", async (t) => {
    const studio_id = `studio-${Date.now()}`;
    const register = () => post(undefined, "/register_plugin", { port: 64989, version: "1.1.0", studio_id });
    const made = await register();
    assert.equal((await register()).plugin_id, made.plugin_id, "the same Studio is the same plugin");
    const { plugin_id, token, pairing } = await register();

    await t.test("before it is paired it may live, and nothing else", async () => {
      await post(token, "/heartbeat", { session_id: plugin_id });
      await post(token, "/sync", {}, 403);
      await post(made.token, "/heartbeat", {}, 401);
    });

    await t.test("its teacher pairs it, a heartbeat says so, a refresh brings its rights", async () => {
      await approve(pairing.user_code);
      const { updates } = await post(token, "/heartbeat", { session_id: plugin_id });
      assert.equal(updates[0].type, "paired");
    });
    const paired = (await post(token, `/plugin/${plugin_id}/token`)).token;
    const note = { id: "n-1", type: "note", data: { text: "before the crash" } };
    await post(paired, "/plugin/message", note);
    const { session_id } = await post(paired, "/plugin/session/start", { request_id: "r-1" });

    await world.worker.kill();
    await world.worker.start();

    await t.test("after a kill -9 everything that was acknowledged is there, once", async () => {
      assert.equal((await post(paired, "/plugin/message", note)).duplicate, true);
      const { data } = await post(paired, "/sync");
      assert.deepEqual(
        data.messages.map(({ data }) => data.text),
        ["before the crash"],
      );
      assert.deepEqual(
        data.sessions.map((session) => session.session_id),
        [session_id],
      );
      const { messages } = await post(paired, "/plugin/messages", { last_message_id: data.messages[0].id });
      assert.deepEqual(messages, []);
    });

    await t.test("it is limited at its sixty-first call of a minute", async () => {
      const answers = [];
      for (let n = 0; n < 61; n += 1)
        answers.push(await world.request("POST", "/heartbeat", { token: paired, body: {} }));
      const { status, headers } = answers.find((answer) => answer.status !== 200);
      assert.equal(status, 429);
      assert.ok(Number(headers.get("retry-after")) > 0);
    });

    await t.test("once its pairing is ended it is out", async () => {
      const listed = await world.get("/api/v1/plugins");
      assert.equal(listed.items.find(({ id }) => id === plugin_id).status, "active");
      await world.expect(204, "DELETE", `/api/v1/plugins/${plugin_id}`, { token: world.teacher });
      await until("its token is refused", async () => {
        return (await world.request("POST", "/heartbeat", { token: paired, body: {} })).status === 401;
      });
    });
  });

  test("a plugin gets its token by the device flow of RFC 8628", async () => {
    const client_id = `device-${Date.now()}`;
    const url = (path) => new URL(`/api/v1/plugins/${path}`, world.worker.url);
    const device = await (await fetch(url("device-authorization"), form({ client_id, scope: "content:read" }))).json();
    const grant_type = "urn:ietf:params:oauth:grant-type:device_code";
    const ask = () => fetch(url("token"), form({ grant_type, client_id, device_code: device.device_code }));
    const pending = await ask();
    assert.equal(pending.status, 400);
    assert.equal((await pending.json()).error, "authorization_pending");
    await approve(device.user_code);
    const { access_token, scope } = await (await ask()).json();
    assert.equal(scope, "content:read");
    await post(access_token, "/sync");
    await post(access_token, "/plugin/session/start", {}, 403);
  });

  test("a plugin that nobody paired is forgotten when it goes", async () => {
    const { token, plugin_id } = await post(undefined, "/register_plugin", { studio_id: `gone-${Date.now()}` });
    for (let n = 0; n < 2; n += 1) await post(token, "/unregister_plugin", { session_id: plugin_id });
    await post(token, "/heartbeat", { session_id: plugin_id }, 404);
  });
}
