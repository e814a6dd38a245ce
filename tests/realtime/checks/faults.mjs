/** What clients get wrong, by accident or on purpose: an error or a close code for them, and nothing for the others. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/** Somebody else in the room, who must notice nothing. */
async function bystander(stage) {
  const [socket, channel] = [await stage.raw(), stage.name("private-bystander-")];
  await socket.subscribe(channel);
  // How many are on the channel is told behind the subscription's own answer.
  await stage.settle(channel, socket);
  const connections = socket.heard.length;
  return {
    async isUnharmed() {
      await stage.settle(channel, socket);
      assert.equal(socket.ended, null);
      const foreign = socket.heard.slice(connections).filter(({ event }) => !event.startsWith("mark-"));
      assert.deepEqual(foreign, []);
    },
  };
}

/** A frame that must be answered with an error or a close code. */
const complainedOf = (frame) => async (stage) => {
  const other = await bystander(stage);
  const socket = await stage.raw();
  socket.socket.send(typeof frame === "function" ? frame(stage) : frame, () => {});
  await socket.complaint().finally(() => other.isUnharmed());
};

const nested = (depth) => `{"event":"pusher:subscribe","data":${'{"a":'.repeat(depth)}1${"}".repeat(depth)}}`;

/** A plain TCP connection that has asked for a WebSocket and does nothing by itself. */
const halfOpen = (stage) =>
  new Promise((resolve, reject) => {
    const { host, port, key } = stage.target;
    const socket = connect(port, host);
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.write(
        [
          `GET /app/${key}?protocol=7 HTTP/1.1`,
          ...[`Host: ${host}:${port}`, "Connection: Upgrade", "Upgrade: websocket"],
          ...["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", ""],
        ].join("\r\n"),
      );
      socket.once("data", () => resolve(socket));
    });
  });

export const faults = {
  text_that_is_no_json_is_complained_of: complainedOf("{no json"),
  an_empty_frame_is_complained_of: complainedOf(""),
  a_frame_that_is_no_object_is_complained_of: complainedOf("[1,2,3]"),
  a_frame_without_an_event_is_complained_of: complainedOf('{"data":{}}'),
  an_event_that_is_no_text_is_complained_of: complainedOf('{"event":7,"data":{}}'),
  a_subscription_without_a_channel_is_complained_of: complainedOf('{"event":"pusher:subscribe","data":{}}'),
  a_subscription_without_data_is_complained_of: complainedOf('{"event":"pusher:subscribe"}'),
  a_sign_in_without_data_is_complained_of: complainedOf('{"event":"pusher:signin"}'),
  a_deep_frame_is_complained_of: complainedOf(nested(2000)),
  a_binary_frame_is_complained_of: complainedOf(Buffer.from([0, 159, 146, 150])),
  a_frame_of_a_megabyte_is_complained_of: complainedOf(
    JSON.stringify({ event: "pusher:subscribe", data: { channel: "x".repeat(2 ** 20) } }),
  ),
  an_unknown_event_of_pushers_own_is_complained_of: complainedOf('{"event":"pusher:dance","data":{}}'),

  async data_may_be_json_in_a_string(stage) {
    const [socket, channel] = [await stage.raw(), stage.name("room-")];
    socket.say("pusher:subscribe", JSON.stringify({ channel }));
    await socket.hears("pusher_internal:subscription_succeeded", { channel });
  },

  async a_giant_frame_ends_its_own_connection_alone(stage) {
    const other = await bystander(stage);
    const socket = await stage.raw();
    socket.text("x".repeat(40 * 2 ** 20));
    await socket.complaint().finally(() => other.isUnharmed());
  },

  async a_flood_of_pings_harms_nobody(stage) {
    const other = await bystander(stage);
    const socket = await stage.raw();
    for (let at = 0; at < 3000; at += 1) socket.say("pusher:ping", {});
    await stage.until("it is answered or ended", () => socket.ended || socket.all("pusher:pong").length === 3000);
    await other.isUnharmed();
  },

  async a_flood_of_subscriptions_harms_nobody(stage) {
    const other = await bystander(stage);
    const socket = await stage.raw();
    const channel = stage.name("room-");
    for (let at = 0; at < 500; at += 1) {
      socket.say("pusher:subscribe", { channel });
      socket.say("pusher:unsubscribe", { channel });
    }
    await socket.lives().catch(() => assert.ok(socket.ended.code > 1000));
    await other.isUnharmed();
  },

  async a_flood_of_nonsense_harms_nobody(stage) {
    const other = await bystander(stage);
    const socket = await stage.raw();
    for (let at = 0; at < 2000; at += 1) socket.text(`{"event":"client-${at}","channel":"private-nowhere","data":{}}`);
    await socket.lives().catch(() => assert.ok(socket.ended.code > 1000));
    await other.isUnharmed();
  },

  async a_broken_frame_of_the_websocket_protocol_ends_its_own_connection_alone(stage) {
    const other = await bystander(stage);
    const socket = await halfOpen(stage);
    const gone = new Promise((resolve) => socket.once("close", resolve));
    socket.on("error", () => {});
    // Reserved bits and an unknown opcode, unmasked.
    socket.write(Buffer.from([0xff, 0x05, 1, 2, 3, 4, 5]));
    await Promise.race([gone, wait(stage.target.patienceMs).then(() => assert.fail("the connection stays open"))]);
    await other.isUnharmed();
  },

  async sockets_that_say_nothing_harm_nobody(stage) {
    const other = await bystander(stage);
    const silent = await Promise.all(Array.from({ length: 50 }, () => halfOpen(stage)));
    await other.isUnharmed();
    for (const socket of silent) socket.destroy();
    await other.isUnharmed();
  },

  async a_handshake_that_is_never_finished_harms_nobody(stage) {
    const other = await bystander(stage);
    const { host, port, key } = stage.target;
    const sockets = Array.from({ length: 50 }, () => connect(port, host));
    for (const socket of sockets) {
      socket.on("error", () => {});
      socket.write(`GET /app/${key}?protocol=7 HTTP/1.1\r\nHost: ${host}\r\nUpgrade: webso`);
    }
    await other.isUnharmed();
    for (const socket of sockets) socket.resetAndDestroy();
    await other.isUnharmed();
  },

  async who_does_not_read_holds_nobody_up(stage) {
    const [reader, sleeper, channel] = [await stage.raw(), await stage.raw(), stage.name("private-")];
    for (const socket of [reader, sleeper]) await socket.subscribe(channel);
    sleeper.socket.pause();
    const data = JSON.stringify({ text: "x".repeat(9000) });
    for (let at = 0; at < 300; at += 1) await stage.server.trigger(channel, "large", data);
    await stage.until("the reader has all", () => reader.all("large").length === 300);
    sleeper.socket.resume();
    await stage.until(
      "the sleeper has all, or was dropped",
      () => sleeper.ended || sleeper.all("large").length === 300,
    );
  },

  async two_hundred_come_and_go_and_leave_nothing(stage) {
    const other = await bystander(stage);
    const channel = stage.name("presence-");
    for (let wave = 0; wave < 4; wave += 1) {
      const sockets = await Promise.all(Array.from({ length: 50 }, () => stage.raw()));
      await Promise.all(sockets.map((socket, at) => socket.subscribe(channel, { id: `${wave}-${at}` })));
      for (const [at, socket] of sockets.entries()) at % 2 ? socket.socket.close() : socket.socket.terminate();
    }
    await stage.until("nobody is there", async () => {
      const { json } = await stage.api("GET", `/channels/${channel}`, { query: { info: "user_count" } });
      return json?.occupied === false;
    });
    await other.isUnharmed();
  },
};
