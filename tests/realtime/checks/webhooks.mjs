/** Webhooks out, read as npm's server library reads them. */
import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";

const ada = { id: "ada", info: { name: "Ada" } };

/** How long a server may hold back that somebody left, in case they come back; with room to spare. */
const GRACE_MS = 6000;

/** The events of one name about a channel, once there are so many; each in a request that the library holds to be valid. */
async function told(stage, name, channel, count = 1) {
  const about = () => stage.receiver.events().filter((event) => event.name === name && event.channel === channel);
  await stage.until(`${name} is told`, () => about().length >= count);
  return about();
}

export const webhooks = {
  async a_webhook_is_signed_as_the_library_checks_it(stage) {
    const channel = stage.name("room-");
    await (await stage.raw()).subscribe(channel);
    await told(stage, "channel_occupied", channel);
    const { headers, rawBody } = stage.receiver.requests.find(({ rawBody: body }) => body.includes(channel));
    const read = stage.webhooks.webhook({ headers, rawBody });
    assert.ok(read.isValid());
    assert.ok(Math.abs(read.getTime() - Date.now()) < 300_000);
    assert.ok(!stage.webhooks.webhook({ headers, rawBody: rawBody.replace("room-", "moor-") }).isValid());
  },

  async a_webhook_is_signed_as_pypis_pusher_checks_it(stage) {
    const channel = stage.name("room-");
    await (await stage.raw()).subscribe(channel);
    await told(stage, "channel_occupied", channel);
    const { headers, rawBody } = stage.receiver.requests.find(({ rawBody: body }) => body.includes(channel));
    const signature = headers["x-pusher-signature"];
    const read = await stage.pythonWebhook(signature, rawBody);
    assert.deepEqual(read, JSON.parse(rawBody));
  },

  async all_webhooks_so_far_are_valid(stage) {
    assert.ok(stage.receiver.requests.length > 0);
    for (const request of stage.receiver.requests)
      assert.ok(stage.webhooks.webhook(request).isValid(), request.rawBody);
  },

  async a_channel_is_occupied_once(stage) {
    const channel = stage.name("room-");
    for (let at = 0; at < 3; at += 1) await (await stage.raw()).subscribe(channel);
    await told(stage, "channel_occupied", channel);
    await wait(GRACE_MS);
    assert.equal((await told(stage, "channel_occupied", channel)).length, 1);
  },

  async a_channel_is_vacated_when_the_last_has_left(stage) {
    const channel = stage.name("room-");
    const sockets = [await stage.raw(), await stage.raw()];
    for (const socket of sockets) await socket.subscribe(channel);
    await told(stage, "channel_occupied", channel);
    for (const socket of sockets) socket.leave();
    await told(stage, "channel_vacated", channel);
    await wait(GRACE_MS);
    assert.equal((await told(stage, "channel_vacated", channel)).length, 1);
  },

  async members_are_told_by_user(stage) {
    const channel = stage.name("presence-");
    const sockets = [await stage.raw(), await stage.raw(), await stage.raw()];
    for (const socket of sockets) await socket.subscribe(channel, ada);
    assert.deepEqual(
      (await told(stage, "member_added", channel)).map(({ user_id }) => user_id),
      ["ada"],
    );
    for (const socket of sockets) socket.leave();
    assert.deepEqual(
      (await told(stage, "member_removed", channel)).map(({ user_id }) => user_id),
      ["ada"],
    );
    await wait(GRACE_MS);
    const counts = ["member_added", "member_removed"].map(
      (name) => stage.receiver.events().filter((event) => event.name === name && event.channel === channel).length,
    );
    assert.deepEqual(counts, [1, 1]);
  },

  async who_is_back_at_once_never_left(stage) {
    const channel = stage.name("presence-");
    const first = await stage.raw();
    await first.subscribe(channel, ada);
    await told(stage, "member_added", channel);
    first.leave();
    const second = await stage.raw();
    await second.subscribe(channel, ada);
    await wait(GRACE_MS);
    const names = stage.receiver
      .events()
      .filter((event) => event.channel === channel)
      .map(({ name }) => name);
    assert.deepEqual(names.sort(), ["channel_occupied", "member_added"]);
  },

  async a_client_event_is_told_with_its_sender(stage) {
    const channel = stage.name("presence-");
    const [speaker, other] = [await stage.raw(), await stage.raw()];
    await speaker.subscribe(channel, ada);
    await other.subscribe(channel, { id: "bob" });
    speaker.say("client-moved", { x: 1 }, channel);
    const [event] = await told(stage, "client_event", channel);
    const data = typeof event.data === "string" ? JSON.parse(event.data) : event.data;
    assert.deepEqual(
      [event.event, event.socket_id, event.user_id, data],
      ["client-moved", speaker.id, "ada", { x: 1 }],
    );
  },

  async a_cache_miss_is_told(stage) {
    const channel = stage.name("cache-");
    await (await stage.raw()).subscribe(channel);
    await told(stage, "cache_miss", channel);
  },

  async a_cache_miss_is_told_once_for_many(stage) {
    const channel = stage.name("cache-");
    const sockets = await Promise.all(Array.from({ length: 5 }, () => stage.raw()));
    for (const socket of sockets) await socket.subscribe(channel);
    await told(stage, "cache_miss", channel);
    await wait(GRACE_MS);
    assert.equal((await told(stage, "cache_miss", channel)).length, 1);
  },

  async a_webhook_that_fails_comes_again(stage) {
    const channel = stage.name("failing-");
    stage.receiver.failFor(channel, 1);
    await (await stage.raw()).subscribe(channel);
    await stage.until(
      "it came twice",
      () => stage.receiver.requests.filter(({ rawBody }) => rawBody.includes(channel)).length > 1,
    );
    const { events } = JSON.parse(stage.receiver.requests.findLast(({ rawBody }) => rawBody.includes(channel)).rawBody);
    assert.ok(events.some((event) => event.name === "channel_occupied" && event.channel === channel));
  },
};
