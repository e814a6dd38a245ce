/** The HTTP API by npm's server library, and by hand where the library would not send what is wrong. */
import assert from "node:assert/strict";
import { signedQuery } from "../signing.mjs";

const ada = { id: "ada", info: { name: "Ada" } };
const event = (channels, rest = {}) => ({ name: "news", channels, data: "{}", ...rest });

/** The JSON of an answer of the library. */
const json = async (response) => {
  assert.equal((await response).status, 200);
  return (await response).json();
};

/** A request that must be refused with one of the codes. */
async function refused(stage, codes, method, path, options) {
  const { status, text } = await stage.api(method, path, options);
  assert.ok([codes].flat().includes(status), `${status} instead of ${codes}: ${text.slice(0, 200)}`);
}

export const httpApi = {
  async one_event_goes_to_several_channels(stage) {
    const names = ["a-", "b-", "private-c-"].map((start) => stage.name(start));
    const tabs = [];
    for (const name of names) {
      const tab = stage.tab();
      await tab.subscribe(name);
      tabs.push({ tab, name });
    }
    await stage.server.trigger(names, "news", { number: 7 });
    for (const { tab, name } of tabs)
      assert.deepEqual((await tab.hears("news", { channel: name })).data, { number: 7 });
  },

  async an_event_may_name_one_channel(stage) {
    const [socket, channel] = [await stage.raw(), stage.name("room-")];
    await socket.subscribe(channel);
    const body = { name: "news", channel, data: '{"a":1}' };
    const { status, json: answer } = await stage.api("POST", "/events", { body });
    assert.equal(status, 200);
    assert.equal(typeof answer, "object");
    assert.equal((await socket.hears("news")).raw, '{"a":1}', "data is passed on as it is");
  },

  async an_event_passes_over_the_socket_that_caused_it(stage) {
    const [cause, other, channel] = [stage.tab(), stage.tab(), stage.name("room-")];
    const id = await cause.connected();
    for (const tab of [cause, other]) await tab.subscribe(channel);
    await stage.server.trigger(channel, "news", {}, { socket_id: id });
    await other.hears("news");
    await stage.settle(channel, cause);
    assert.deepEqual(cause.all("news"), []);
  },

  async a_trigger_answers_with_info(stage) {
    const channel = stage.name("presence-");
    const sockets = [await stage.raw(), await stage.raw(), await stage.raw()];
    for (const [at, socket] of sockets.entries()) await socket.subscribe(channel, at === 2 ? { id: "bob" } : ada);
    const answer = await json(stage.server.trigger(channel, "news", {}, { info: "user_count,subscription_count" }));
    assert.deepEqual(answer.channels, { [channel]: { user_count: 2, subscription_count: 3 } });
  },

  async a_batch_reaches_each_channel(stage) {
    const [here, there] = [stage.name("here-"), stage.name("private-there-")];
    const tab = stage.tab();
    for (const name of [here, there]) await tab.subscribe(name);
    await stage.server.triggerBatch([
      { channel: here, name: "one", data: { n: 1 } },
      { channel: there, name: "two", data: { n: 2 } },
    ]);
    assert.deepEqual((await tab.hears("one", { channel: here })).data, { n: 1 });
    assert.deepEqual((await tab.hears("two", { channel: there })).data, { n: 2 });
  },

  async a_batch_answers_with_info(stage) {
    const [here, there] = [stage.name("here-"), stage.name("presence-there-")];
    const socket = await stage.raw();
    await socket.subscribe(here);
    await socket.subscribe(there, ada);
    const { batch } = await json(
      stage.server.triggerBatch([
        { channel: here, name: "one", data: "{}", info: "subscription_count" },
        { channel: there, name: "two", data: "{}", info: "user_count" },
      ]),
    );
    assert.deepEqual(batch, [{ subscription_count: 1 }, { user_count: 1 }]);
  },

  async occupied_channels_are_listed(stage) {
    const channel = stage.name("listed-");
    await (await stage.raw()).subscribe(channel);
    const { channels } = await json(stage.server.get({ path: "/channels" }));
    assert.ok(channel in channels);
    assert.ok(!(stage.name("never-") in channels));
  },

  async channels_are_listed_by_prefix_with_info(stage) {
    const [a, b, other] = [stage.name("presence-a-"), stage.name("presence-b-"), stage.name("private-")];
    const socket = await stage.raw();
    for (const name of [a, b]) await socket.subscribe(name, ada);
    await socket.subscribe(other);
    const params = { filter_by_prefix: stage.name("presence-a-").slice(0, -1), info: "user_count" };
    const { channels } = await json(stage.server.get({ path: "/channels", params }));
    assert.deepEqual(channels, { [a]: { user_count: 1 } });
  },

  async a_list_without_info_has_none(stage) {
    const channel = stage.name("listed-");
    await (await stage.raw()).subscribe(channel);
    const { channels } = await json(stage.server.get({ path: "/channels", params: { filter_by_prefix: channel } }));
    assert.deepEqual(channels, { [channel]: {} });
  },

  async a_channel_is_occupied_or_not(stage) {
    const channel = stage.name("room-");
    const shown = () =>
      json(stage.server.get({ path: `/channels/${channel}`, params: { info: "subscription_count" } }));
    assert.equal((await shown()).occupied, false);
    await (await stage.raw()).subscribe(channel);
    assert.deepEqual(await shown(), { occupied: true, subscription_count: 1 });
  },

  async a_cache_channel_shows_what_it_keeps(stage) {
    const channel = stage.name("cache-");
    await (await stage.raw()).subscribe(channel);
    await stage.server.trigger(channel, "board", { n: 1 });
    const { cache } = await json(stage.server.get({ path: `/channels/${channel}`, params: { info: "cache" } }));
    assert.equal(cache.data, '{"n":1}');
    assert.ok(cache.ttl > 0 && cache.ttl <= 1800);
  },

  async a_presence_channel_lists_its_users_once(stage) {
    const channel = stage.name("presence-");
    for (const user of [ada, ada, { id: "bob" }]) await (await stage.raw()).subscribe(channel, user);
    const { users } = await json(stage.server.get({ path: `/channels/${channel}/users` }));
    assert.deepEqual(users.map(({ id }) => id).sort(), ["ada", "bob"]);
  },

  async only_presence_channels_have_users(stage) {
    await refused(stage, 400, "GET", `/channels/${stage.name("private-")}/users`);
  },

  async user_count_is_for_presence_channels_alone(stage) {
    await refused(stage, 400, "GET", "/channels", { query: { info: "user_count" } });
    await refused(stage, 400, "GET", `/channels/${stage.name("room-")}`, { query: { info: "user_count" } });
  },

  async the_body_must_be_the_signed_one(stage) {
    const [socket, channel] = [await stage.raw(), stage.name("room-")];
    await socket.subscribe(channel);
    const path = `/apps/${stage.target.appId}/events`;
    const query = signedQuery(stage.target, "POST", path, { body: JSON.stringify(event([channel])) });
    await refused(stage, 401, "POST", "/events", { body: event([channel], { data: "changed" }), change: () => query });
    await stage.settle(channel, socket);
    assert.deepEqual(socket.all("news"), []);
  },

  async a_body_without_its_digest_is_refused_with_401(stage) {
    const query = signedQuery(stage.target, "POST", `/apps/${stage.target.appId}/events`);
    await refused(stage, 401, "POST", "/events", { body: event([stage.name("a-")]), change: () => query });
  },

  async a_bad_signature_is_refused_with_401(stage) {
    const change = (query) => ({ ...query, auth_signature: "0".repeat(64) });
    await refused(stage, 401, "GET", "/channels", { change });
    await refused(stage, 401, "POST", "/events", { body: event([stage.name("a-")]), change });
  },

  async a_changed_query_is_refused_with_401(stage) {
    const change = (query) => ({ ...query, filter_by_prefix: "b" });
    await refused(stage, 401, "GET", "/channels", { query: { filter_by_prefix: "a" }, change });
  },

  async a_signature_of_another_method_is_refused_with_401(stage) {
    const query = signedQuery(stage.target, "POST", `/apps/${stage.target.appId}/channels`);
    await refused(stage, 401, "GET", "/channels", { change: () => query });
  },

  async an_unknown_key_is_refused_with_401(stage) {
    await refused(stage, 401, "GET", "/channels", { change: (query) => ({ ...query, auth_key: "nobody" }) });
  },

  async an_unsigned_request_is_refused_with_401(stage) {
    for (const name of ["auth_key", "auth_timestamp", "auth_version", "auth_signature"]) {
      const change = ({ [name]: _, ...query }) => query;
      await refused(stage, [400, 401], "GET", "/channels", { change });
    }
    await refused(stage, [400, 401], "GET", "/channels", { change: () => ({}) });
  },

  async an_old_request_is_refused_with_401(stage) {
    const now = Date.now() / 1000;
    for (const at of [now - 700, now + 700, 0]) await refused(stage, 401, "GET", "/channels", { at });
  },

  async a_request_of_some_minutes_ago_is_taken(stage) {
    const { status } = await stage.api("GET", "/channels", { at: Date.now() / 1000 - 300 });
    assert.equal(status, 200);
  },

  async another_app_is_refused(stage) {
    await refused(stage, [401, 404], "GET", "/channels", { app: "nobody" });
  },

  async data_of_10_kb_is_taken(stage) {
    const [socket, channel] = [await stage.raw(), stage.name("room-")];
    await socket.subscribe(channel);
    await stage.server.trigger(channel, "large", "x".repeat(10_240));
    assert.equal((await socket.hears("large")).raw.length, 10_240);
  },

  async data_beyond_10_kb_is_refused_with_413(stage) {
    await refused(stage, 413, "POST", "/events", { body: event([stage.name("a-")], { data: "x".repeat(10_241) }) });
    const batch = [{ name: "news", channel: stage.name("a-"), data: "ü".repeat(5_121) }];
    await refused(stage, 413, "POST", "/batch_events", { body: { batch } });
  },

  async a_giant_body_is_refused(stage) {
    const body = event([stage.name("a-")], { data: "x".repeat(3_000_000) });
    await refused(stage, 413, "POST", "/events", { body });
  },

  async more_than_100_channels_are_refused_with_400(stage) {
    const names = Array.from({ length: 101 }, (_, at) => stage.name(`a${at}-`));
    await refused(stage, 400, "POST", "/events", { body: event(names) });
    const { status } = await stage.api("POST", "/events", { body: event(names.slice(1)) });
    assert.equal(status, 200);
  },

  async more_than_10_events_in_a_batch_are_refused_with_400(stage) {
    const batch = Array.from({ length: 11 }, () => ({ name: "news", channel: stage.name("a-"), data: "{}" }));
    await refused(stage, 400, "POST", "/batch_events", { body: { batch } });
    const { status } = await stage.api("POST", "/batch_events", { body: { batch: batch.slice(1) } });
    assert.equal(status, 200);
  },

  async a_refused_batch_sends_nothing(stage) {
    const [socket, channel] = [await stage.raw(), stage.name("room-")];
    await socket.subscribe(channel);
    const batch = [
      { name: "first", channel, data: "{}" },
      { name: "second", channel: "a b", data: "{}" },
    ];
    await refused(stage, 400, "POST", "/batch_events", { body: { batch } });
    await stage.settle(channel, socket);
    assert.deepEqual(socket.all("first"), []);
  },

  async a_bad_channel_name_is_refused_with_400(stage) {
    for (const name of ["", "a b", "ü", "a/b", "x".repeat(201), "#somebody"]) {
      await refused(stage, 400, "POST", "/events", { body: event([name]) });
    }
  },

  async an_event_name_beyond_200_characters_is_refused_with_400(stage) {
    await refused(stage, 400, "POST", "/events", { body: event([stage.name("a-")], { name: "x".repeat(201) }) });
  },

  async an_event_without_its_parts_is_refused_with_400(stage) {
    const whole = event([stage.name("a-")]);
    for (const body of [
      ...Object.keys(whole).map((part) => ({ ...whole, [part]: undefined })),
      { ...whole, channels: [] },
      { ...whole, channels: "a" },
      { ...whole, channels: [7] },
      { ...whole, name: 7 },
      { ...whole, socket_id: "no id" },
    ]) {
      await refused(stage, 400, "POST", "/events", { body });
    }
  },

  async a_body_that_is_no_object_is_refused_with_400(stage) {
    for (const body of ["no json", "[]", "7", "null", '{"name":'])
      await refused(stage, 400, "POST", "/events", { body });
    for (const body of ["{}", '{"batch":7}', '{"batch":[7]}']) {
      await refused(stage, 400, "POST", "/batch_events", { body });
    }
  },

  async an_encrypted_channel_stands_alone_in_a_trigger(stage) {
    const body = event([stage.name("private-encrypted-"), stage.name("a-")]);
    await refused(stage, 400, "POST", "/events", { body });
  },

  async a_refusal_is_sent_as_its_status(stage) {
    const { sent } = await stage.api("GET", "/channels", { at: 0 });
    assert.equal(sent, 401);
  },

  async an_unknown_path_is_refused(stage) {
    await refused(stage, [401, 404], "GET", "/nothing");
    await refused(stage, [401, 404, 405], "DELETE", "/channels");
  },
};
