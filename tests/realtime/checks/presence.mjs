/** Who is there: by user and not by socket, and gone when the last socket is. */
import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { channelAuth } from "../signing.mjs";

const ada = { id: "ada", info: { name: "Ada Lovelace", role: "pupil" } };
const watcher = { id: "watcher", info: { name: "Teacher" } };

const added = "pusher:member_added";
const removed = "pusher:member_removed";

async function watching(stage, channel) {
  const tab = stage.tab({ user: watcher });
  return { tab, members: (await tab.subscribe(channel)).members };
}

/** A user with so many tabs in the channel. */
async function withTabs(stage, channel, count) {
  const tabs = Array.from({ length: count }, () => stage.tab({ user: ada }));
  for (const tab of tabs) await tab.subscribe(channel);
  return tabs;
}

/** A subscription that must be refused, of a socket that signs what it says. */
async function refused(stage, channelData) {
  const [socket, channel] = [await stage.raw(), stage.name("presence-")];
  socket.say("pusher:subscribe", { channel, ...channelAuth(stage.target, socket.id, channel, channelData) });
  await socket.complaint();
  assert.deepEqual(socket.all("pusher_internal:subscription_succeeded"), []);
}

export const presence = {
  async who_joins_is_told_who_is_there(stage) {
    const channel = stage.name("presence-");
    await withTabs(stage, channel, 1);
    const socket = await stage.raw();
    const { data } = await socket.subscribe(channel, watcher);
    assert.deepEqual(
      { ...data.presence, ids: data.presence.ids.toSorted() },
      { ids: ["ada", "watcher"], hash: { ada: ada.info, watcher: watcher.info }, count: 2 },
    );
  },

  async pusher_js_knows_itself(stage) {
    const { members } = await watching(stage, stage.name("presence-"));
    assert.deepEqual([members.count, members.me], [1, { id: "watcher", info: watcher.info }]);
  },

  async three_tabs_of_a_user_are_one_member(stage) {
    const channel = stage.name("presence-");
    const { tab, members } = await watching(stage, channel);
    const tabs = await withTabs(stage, channel, 3);
    await tab.hears(added);
    await stage.settle(channel, tab, ...tabs);
    assert.deepEqual(
      tab.all(added).map(({ data }) => data),
      [{ id: "ada", info: ada.info }],
    );
    assert.equal(members.count, 2);
    for (const each of tabs) assert.deepEqual(each.all(added), [], "nobody is told of themselves");
    const { users } = (await stage.api("GET", `/channels/${channel}/users`)).json;
    assert.deepEqual(users.map(({ id }) => id).sort(), ["ada", "watcher"]);
    const { json } = await stage.api("GET", `/channels/${channel}`, { query: { info: "user_count" } });
    assert.equal(json.user_count, 2);
  },

  async a_member_is_gone_with_the_last_tab_and_told_once(stage) {
    const channel = stage.name("presence-");
    const { tab, members } = await watching(stage, channel);
    const tabs = await withTabs(stage, channel, 3);
    tabs[0].leave();
    tabs[1].pusher.unsubscribe(channel);
    // Longer than any server's grace for who comes back.
    await wait(4000);
    await stage.settle(channel, tab, tabs[2]);
    assert.deepEqual(tab.all(removed), []);
    tabs[2].leave();
    await tab.hears(removed);
    await stage.settle(channel, tab);
    assert.deepEqual(
      tab.all(removed).map(({ data }) => data.id),
      ["ada"],
    );
    assert.equal(members.count, 1);
  },

  async who_unsubscribes_is_no_member(stage) {
    const channel = stage.name("presence-");
    const { tab } = await watching(stage, channel);
    const [leaver] = await withTabs(stage, channel, 1);
    leaver.pusher.unsubscribe(channel);
    assert.equal((await tab.hears(removed)).data.id, "ada");
  },

  async whose_socket_breaks_is_no_member(stage) {
    const channel = stage.name("presence-");
    const { tab } = await watching(stage, channel);
    const socket = await stage.raw();
    await socket.subscribe(channel, ada);
    await tab.hears(added);
    socket.socket.terminate();
    assert.equal((await tab.hears(removed)).data.id, "ada");
  },

  async who_comes_back_is_told_again(stage) {
    const channel = stage.name("presence-");
    const { tab, members } = await watching(stage, channel);
    for (const times of [1, 2]) {
      const [visitor] = await withTabs(stage, channel, 1);
      await stage.until("the visit is told", () => tab.all(added).length === times);
      visitor.leave();
      await stage.until("its end is told", () => tab.all(removed).length === times);
    }
    assert.equal(members.count, 1);
  },

  async a_user_is_one_in_each_channel(stage) {
    const [here, there] = [stage.name("presence-a-"), stage.name("presence-b-")];
    const { tab } = await watching(stage, here);
    await tab.subscribe(there);
    const visitor = stage.tab({ user: ada });
    await visitor.subscribe(here);
    await visitor.subscribe(there);
    await tab.hears(added, { channel: there });
    visitor.pusher.unsubscribe(there);
    await tab.hears(removed, { channel: there });
    await stage.settle(here, tab);
    assert.deepEqual([tab.all(added, { channel: here }).length, tab.all(removed, { channel: here }).length], [1, 0]);
  },

  async a_user_id_may_be_a_number(stage) {
    const [socket, channel] = [await stage.raw(), stage.name("presence-")];
    const { data } = await socket.subscribe(channel, { id: 10, info: { name: "Mr. Channels" } });
    assert.deepEqual(data.presence.ids.map(String), ["10"]);
    assert.deepEqual(data.presence.hash, { 10: { name: "Mr. Channels" } });
  },

  async a_member_needs_no_info(stage) {
    const socket = await stage.raw();
    const { data } = await socket.subscribe(stage.name("presence-"), { id: "bare" });
    assert.deepEqual([data.presence.ids, data.presence.count], [["bare"], 1]);
  },

  async the_text_is_signed_as_it_was_sent(stage) {
    const [socket, channel] = [await stage.raw(), stage.name("presence-")];
    const channelData = '{ "user_info": {"b": 1.0, "a": "Zażółć \\u0041"},\t"user_id": "odd" }';
    socket.say("pusher:subscribe", { channel, ...channelAuth(stage.target, socket.id, channel, channelData) });
    const { data } = await socket.hears("pusher_internal:subscription_succeeded", { channel });
    assert.deepEqual(data.presence.hash.odd, { b: 1, a: "Zażółć A" });
  },

  async a_member_without_an_id_is_refused(stage) {
    for (const data of ["{}", '{"user_id":""}', '{"user_id":null}', '{"user_id":{"a":1}}']) await refused(stage, data);
  },

  async channel_data_that_is_no_object_is_refused(stage) {
    for (const data of ["", "no json", "7", "[]", '"ada"']) await refused(stage, data);
  },

  async user_info_beyond_1_kb_is_refused(stage) {
    await refused(stage, JSON.stringify({ user_id: "big", user_info: { text: "x".repeat(1100) } }));
  },

  async a_user_id_beyond_128_characters_is_refused(stage) {
    await refused(stage, JSON.stringify({ user_id: "x".repeat(129) }));
  },

  async the_101st_member_is_refused(stage) {
    const channel = stage.name("presence-");
    const sockets = await Promise.all(Array.from({ length: 101 }, () => stage.raw()));
    for (let at = 0; at < 100; at += 1) await sockets[at].subscribe(channel, { id: `member-${at}` });
    sockets[100].ask(channel, { id: "one-too-many" });
    await sockets[100].complaint();
    assert.deepEqual(sockets[100].all("pusher_internal:subscription_succeeded"), []);
    await stage.settle(channel, sockets[0]);
  },
};
