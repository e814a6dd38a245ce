/** Opening a connection, keeping it alive, and the codes with which it is refused. */
import assert from "node:assert/strict";

const refusedWith = async (stage, code, options) => {
  const socket = stage.dial(options);
  assert.equal(await socket.closed(), code);
  assert.equal(socket.all("pusher:connection_established").length, 0);
};

export const connection = {
  async the_first_frame_is_connection_established(stage) {
    const socket = await stage.raw();
    const [first] = socket.heard;
    assert.equal(first.event, "pusher:connection_established");
    assert.equal(typeof first.raw, "string", "data is JSON in a string");
    assert.match(first.data.socket_id, /^\d+\.\d+$/);
    assert.ok(Number.isInteger(first.data.activity_timeout) && first.data.activity_timeout >= 10);
  },

  async every_connection_has_an_id_of_its_own(stage) {
    const sockets = await Promise.all(Array.from({ length: 20 }, () => stage.raw()));
    assert.equal(new Set(sockets.map(({ id }) => id)).size, 20);
  },

  async pusher_js_connects(stage) {
    assert.match(await stage.tab().connected(), /^\d+\.\d+$/);
  },

  async pusher_js_with_encryption_connects(stage) {
    assert.match(await stage.tab({ encryption: true }).connected(), /^\d+\.\d+$/);
  },

  async a_ping_event_is_answered(stage) {
    const socket = await stage.raw();
    const pings = [
      '{"event":"pusher:ping","data":{}}',
      '{"event":"pusher:ping"}',
      '{ "data": "{}", "event": "pusher:ping" }',
    ];
    for (const [at, ping] of pings.entries()) {
      socket.text(ping);
      await stage.until(`${ping} is answered`, () => socket.all("pusher:pong").length === at + 1);
    }
  },

  async a_ping_frame_is_answered(stage) {
    const socket = await stage.raw();
    socket.socket.ping();
    await stage.until("a pong frame comes", () => socket.pongs === 1);
  },

  async a_pong_event_is_taken(stage) {
    const socket = await stage.raw();
    socket.say("pusher:pong", {});
    await socket.lives();
    assert.deepEqual(socket.all("pusher:error"), []);
  },

  async pusher_js_sees_its_pings_answered(stage) {
    const tab = stage.tab();
    await tab.connected();
    const pongs = [];
    tab.pusher.connection.bind("message", ({ event }) => event === "pusher:pong" && pongs.push(event));
    tab.pusher.connection.send_event("pusher:ping", {});
    await stage.until("pusher-js hears a pong", () => pongs.length === 1);
  },

  async a_closing_handshake_is_completed(stage) {
    const socket = await stage.raw();
    socket.socket.close(1000, "bye");
    assert.equal(await socket.closed(), 1000);
  },

  async an_unknown_key_is_refused_with_4001(stage) {
    await refusedWith(stage, 4001, { key: "nobody" });
  },

  async pusher_js_does_not_try_an_unknown_key_again(stage) {
    const tab = stage.tab({ key: "nobody" });
    await stage.until("pusher-js gives up", () => tab.state === "disconnected");
    assert.ok(
      tab.errors.some(({ error }) => error?.data?.code === 4001),
      JSON.stringify(tab.errors),
    );
  },

  async a_missing_protocol_is_refused_with_4008(stage) {
    await refusedWith(stage, 4008, { query: { client: "check", version: "1" } });
  },

  async an_unsupported_protocol_is_refused_with_4007(stage) {
    for (const protocol of ["99", "2"]) await refusedWith(stage, 4007, { query: { protocol } });
  },

  async an_unreadable_protocol_is_refused_with_4006(stage) {
    await refusedWith(stage, 4006, { query: { protocol: "seven" } });
  },

  async a_path_that_is_no_app_is_no_socket(stage) {
    const socket = stage.dial({ path: "/apps-of-nobody/x" });
    const code = await socket.closed();
    assert.ok(code === 0 || code === 4005, `closed with ${code}`);
  },
};
