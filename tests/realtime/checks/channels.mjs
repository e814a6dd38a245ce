/** Channels of every kind: who may join, what arrives, what is kept. */
import assert from "node:assert/strict";
import { channelAuth } from "../signing.mjs";

/** Every kind but the encrypted ones, which only the client's encryption build reads. */
const plain = ["", "private-", "presence-", "cache-", "private-cache-", "presence-cache-"];
const cached = ["cache-", "private-cache-", "presence-cache-", "private-encrypted-cache-"];
const encrypted = ["private-encrypted-", "private-encrypted-cache-"];

const ada = { id: "ada", info: { name: "Ada Lovelace" } };
const called = (kind) => (kind ? kind.replace(/-$/, "").replaceAll("-", "_") : "public");
const article = (kind) => (/^e/.test(kind) ? "an" : "a");
const each = (kinds, name, check) =>
  Object.fromEntries(kinds.map((kind) => [name(called(kind)), (stage) => check(stage, stage.name(kind || "room-"))]));

/** A subscription that must be refused: an error that names the channel or closes, and no event arrives. */
async function refused(stage, channel, ask) {
  const [stranger, member] = [await stage.raw(), await stage.raw()];
  ask(stranger);
  await stranger.complaint();
  assert.deepEqual(stranger.all("pusher_internal:subscription_succeeded"), []);
  await member.subscribe(channel, channel.startsWith("presence-") ? ada : undefined);
  await stage.settle(channel, member);
  assert.deepEqual(
    stranger.heard.filter(({ event }) => event.startsWith("mark-")),
    [],
  );
}

async function carries(stage, channel) {
  const tab = stage.tab({ user: ada });
  await tab.subscribe(channel);
  await stage.server.trigger(channel, "news", { text: "Zażółć 🎓\u2028" });
  assert.deepEqual((await tab.hears("news", { channel })).data, { text: "Zażółć 🎓\u2028" });
}

async function keepsTheLast(stage, channel) {
  const encryption = channel.includes("encrypted");
  const first = stage.tab({ user: ada, encryption });
  await first.subscribe(channel);
  for (const number of [1, 2, 3]) await stage.server.trigger(channel, "board", { number });
  await stage.until("all three came", () => first.all("board", { channel }).length === 3);
  const late = stage.tab({ user: { id: "late" }, encryption });
  await late.subscribe(channel);
  assert.deepEqual((await late.hears("board", { channel })).data, { number: 3 });
  await stage.settle(channel, late);
  assert.equal(late.all("board", { channel }).length, 1);
  const order = late.heard.filter(({ channel: on }) => on === channel).map(({ event }) => event);
  assert.ok(order.indexOf("pusher:subscription_succeeded") < order.indexOf("board"), order.join());
  assert.deepEqual(late.all("pusher:cache_miss"), []);
}

async function tellsAMiss(stage, channel) {
  const tab = stage.tab({ user: ada, encryption: channel.includes("encrypted") });
  await tab.subscribe(channel);
  await tab.hears("pusher:cache_miss", { channel });
}

export const channels = {
  ...each(plain, (kind) => `a_${kind}_channel_carries_events`, carries),
  ...each(cached, (kind) => `a_${kind}_channel_gives_its_last_event_to_who_comes_later`, keepsTheLast),
  ...each(cached, (kind) => `an_empty_${kind}_channel_tells_a_cache_miss`, tellsAMiss),
  ...each(
    encrypted,
    (kind) => `${article(kind)}_${kind}_channel_is_read_with_its_secret_alone`,
    async (stage, channel) => {
      const [tab, wire] = [stage.tab({ encryption: true }), await stage.raw()];
      await tab.subscribe(channel);
      await wire.subscribe(channel);
      await stage.server.trigger(channel, "secret", { text: "only for you" });
      assert.deepEqual((await tab.hears("secret", { channel })).data, { text: "only for you" });
      const { text, data } = await wire.hears("secret", { channel });
      assert.doesNotMatch(text, /only for you/);
      assert.deepEqual(Object.keys(data).sort(), ["ciphertext", "nonce"]);
    },
  ),

  async a_confirmation_names_its_channel_and_has_data(stage) {
    const socket = await stage.raw();
    const { raw } = await socket.subscribe(stage.name("room-"));
    assert.equal(raw, "{}");
  },

  async events_reach_their_channel_alone(stage) {
    const tab = stage.tab();
    const [here, there] = [stage.name("here-"), stage.name("there-")];
    await tab.subscribe(here);
    await stage.server.trigger(there, "news", {});
    await stage.settle(here, tab);
    assert.deepEqual(tab.all("news"), []);
  },

  async events_arrive_in_the_order_of_publishing(stage) {
    const [socket, channel] = [await stage.raw(), stage.name("room-")];
    await socket.subscribe(channel);
    const numbers = Array.from({ length: 50 }, (_, at) => at);
    for (const number of numbers) await stage.server.trigger(channel, "count", { number });
    await stage.until("all came", () => socket.all("count").length === numbers.length);
    assert.deepEqual(
      socket.all("count").map(({ data }) => data.number),
      numbers,
    );
  },

  async text_that_is_no_json_arrives_unchanged(stage) {
    const [tab, channel] = [stage.tab(), stage.name("room-")];
    await tab.subscribe(channel);
    await stage.server.trigger(channel, "news", 'no "json" \\ { 🎓');
    assert.equal((await tab.hears("news")).data, 'no "json" \\ { 🎓');
  },

  async an_unsubscribed_channel_is_silent(stage) {
    const [tab, witness, channel] = [stage.tab(), stage.tab(), stage.name("private-")];
    await tab.subscribe(channel);
    await witness.subscribe(channel);
    tab.pusher.unsubscribe(channel);
    await stage.until("the server has let it go", async () => {
      const { json } = await stage.api("GET", `/channels/${channel}`, { query: { info: "subscription_count" } });
      return json?.subscription_count === 1;
    });
    await stage.settle(channel, witness);
    assert.deepEqual(
      tab.heard.filter(({ event }) => event.startsWith("mark-")),
      [],
    );
  },

  async a_channel_may_be_joined_again(stage) {
    const [socket, channel] = [await stage.raw(), stage.name("private-")];
    await socket.subscribe(channel);
    socket.say("pusher:unsubscribe", { channel });
    await socket.lives();
    socket.ask(channel);
    await stage.until("it is confirmed again", () => socket.all("pusher_internal:subscription_succeeded").length === 2);
    await stage.settle(channel, socket);
  },

  async who_subscribes_twice_hears_once(stage) {
    const [socket, channel] = [await stage.raw(), stage.name("private-")];
    await socket.subscribe(channel);
    socket.ask(channel);
    await socket.lives();
    await stage.settle(channel, socket);
    await stage.settle(channel, socket);
    assert.equal(socket.all("mark-1").length, 1);
    assert.equal(socket.ended, null);
  },

  async unsubscribing_from_elsewhere_harms_nothing(stage) {
    const [socket, channel] = [await stage.raw(), stage.name("room-")];
    await socket.subscribe(channel);
    socket.say("pusher:unsubscribe", { channel: stage.name("elsewhere-") });
    await socket.lives();
    await stage.settle(channel, socket);
  },

  async subscription_count_is_told_to_who_is_there(stage) {
    const [first, second, channel] = [stage.tab(), stage.tab(), stage.name("room-")];
    const joined = await first.subscribe(channel);
    await second.subscribe(channel);
    await stage.until("two are counted", () => joined.subscriptionCount === 2);
    second.leave();
    await stage.until("one is counted", () => joined.subscriptionCount === 1);
  },

  async a_private_channel_wants_a_signature(stage) {
    const channel = stage.name("private-");
    await refused(stage, channel, (socket) => socket.say("pusher:subscribe", { channel }));
  },

  async a_refused_subscription_says_which_and_why(stage) {
    const [socket, channel] = [await stage.raw(), stage.name("private-")];
    socket.ask(channel, undefined, { auth: `${stage.target.key}:00` });
    const { data } = await socket.hears("pusher:subscription_error", { channel });
    assert.deepEqual([data.type, data.status, typeof data.error], ["AuthError", 401, "string"]);
  },

  async an_encrypted_channel_wants_a_signature(stage) {
    const channel = stage.name("private-encrypted-");
    await refused(stage, channel, (socket) => socket.say("pusher:subscribe", { channel }));
  },

  async a_presence_channel_wants_a_signature(stage) {
    const channel = stage.name("presence-");
    await refused(stage, channel, (socket) =>
      socket.say("pusher:subscribe", { channel, channel_data: JSON.stringify({ user_id: "mallory" }) }),
    );
  },

  async a_signature_for_another_channel_is_refused(stage) {
    const channel = stage.name("private-");
    await refused(stage, channel, (socket) =>
      socket.ask(channel, undefined, channelAuth(stage.target, socket.id, stage.name("private-other-"))),
    );
  },

  async a_signature_for_another_socket_is_refused(stage) {
    const channel = stage.name("private-");
    await refused(stage, channel, (socket) =>
      socket.ask(channel, undefined, channelAuth(stage.target, "1234.1234", channel)),
    );
  },

  async a_signature_with_another_secret_is_refused(stage) {
    const channel = stage.name("private-");
    await refused(stage, channel, (socket) =>
      socket.ask(channel, undefined, channelAuth({ ...stage.target, secret: "guessed" }, socket.id, channel)),
    );
  },

  async a_signature_with_another_key_is_refused(stage) {
    const channel = stage.name("private-");
    await refused(stage, channel, (socket) =>
      socket.ask(channel, undefined, channelAuth({ ...stage.target, key: "other" }, socket.id, channel)),
    );
  },

  async what_is_no_signature_is_refused(stage) {
    for (const auth of ["", ":", "no colon", 7, null, {}]) {
      const channel = stage.name("private-");
      await refused(stage, channel, (socket) => socket.ask(channel, undefined, { auth }));
    }
  },

  async a_bad_channel_name_is_refused(stage) {
    for (const channel of ["", "a b", "ü", "a/b", "a:b", "#", "x".repeat(201), 7, null, ["a"], { a: 1 }]) {
      const socket = await stage.raw();
      socket.say("pusher:subscribe", { channel });
      await socket.complaint().catch((error) => {
        throw new Error(`${JSON.stringify(channel).slice(0, 20)}: ${error.message}`);
      });
      assert.deepEqual(socket.all("pusher_internal:subscription_succeeded"), []);
    }
  },
};
