/** What clients say to each other. */
import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";

const ada = { id: "ada", info: { name: "Ada" } };
const bob = { id: "bob", info: { name: "Bob" } };

async function pair(stage, channel) {
  const tabs = [stage.tab({ user: ada }), stage.tab({ user: bob })];
  const joined = [];
  for (const tab of tabs) joined.push(await tab.subscribe(channel));
  return { tabs, joined };
}

/** An event that must reach nobody; answers who tried. */
async function goesNowhere(stage, channel, event, { joins = true, data = { a: 1 } } = {}) {
  const [speaker, listener] = [await stage.raw(), await stage.raw()];
  const user = (of) => (channel.startsWith("presence-") ? of : undefined);
  if (joins) await speaker.subscribe(channel, user(ada));
  await listener.subscribe(channel, user(bob));
  speaker.say(event, data, channel);
  await speaker.lives().catch(() => {});
  await stage.settle(channel, listener);
  assert.deepEqual(listener.all(event), []);
  return speaker;
}

export const clientEvents = {
  async a_client_event_reaches_the_others(stage) {
    const channel = stage.name("private-");
    const { tabs, joined } = await pair(stage, channel);
    joined[0].trigger("client-moved", { x: 1, text: "Zażółć 🎓" });
    assert.deepEqual((await tabs[1].hears("client-moved", { channel })).data, { x: 1, text: "Zażółć 🎓" });
  },

  async a_client_event_is_not_echoed(stage) {
    const channel = stage.name("private-");
    const { tabs, joined } = await pair(stage, channel);
    joined[0].trigger("client-moved", {});
    await tabs[1].hears("client-moved");
    await stage.settle(channel, tabs[0]);
    assert.deepEqual(tabs[0].all("client-moved"), []);
  },

  async on_a_presence_channel_it_says_whose_it_is(stage) {
    const channel = stage.name("presence-");
    const { tabs, joined } = await pair(stage, channel);
    joined[0].trigger("client-moved", { user_id: "bob" });
    assert.equal((await tabs[1].hears("client-moved")).from, "ada");
  },

  async whose_it_is_cannot_be_claimed(stage) {
    const channel = stage.name("presence-");
    const [speaker, listener] = [await stage.raw(), await stage.raw()];
    await speaker.subscribe(channel, ada);
    await listener.subscribe(channel, bob);
    speaker.text(JSON.stringify({ event: "client-x", channel, user_id: "bob", data: {} }));
    assert.equal((await listener.hears("client-x")).user_id, "ada");
  },

  async on_a_private_channel_it_says_nobody(stage) {
    const channel = stage.name("private-");
    const { tabs, joined } = await pair(stage, channel);
    joined[0].trigger("client-moved", {});
    assert.equal((await tabs[1].hears("client-moved")).from, undefined);
  },

  async its_data_may_be_text(stage) {
    const channel = stage.name("private-");
    const { tabs, joined } = await pair(stage, channel);
    joined[0].trigger("client-said", "plain");
    assert.equal((await tabs[1].hears("client-said")).data, "plain");
  },

  async a_public_channel_takes_none(stage) {
    const speaker = await goesNowhere(stage, stage.name("room-"), "client-x");
    await speaker.complaint();
  },

  async an_encrypted_channel_takes_none(stage) {
    await goesNowhere(stage, stage.name("private-encrypted-"), "client-x");
  },

  async who_is_not_subscribed_may_say_nothing(stage) {
    await goesNowhere(stage, stage.name("private-"), "client-x", { joins: false });
  },

  async an_event_of_the_servers_own_is_not_passed_on(stage) {
    for (const event of ["news", "pusher_internal:member_added", "pusher:error", "Client-x"]) {
      await goesNowhere(stage, stage.name("private-"), event);
    }
  },

  async one_beyond_10_kb_is_refused(stage) {
    const channel = stage.name("private-");
    const speaker = await goesNowhere(stage, channel, "client-x", { data: { text: "x".repeat(10_300) } });
    await speaker.complaint();
  },

  async one_of_9_kb_arrives(stage) {
    const channel = stage.name("private-");
    const { tabs, joined } = await pair(stage, channel);
    joined[0].trigger("client-large", { text: "x".repeat(9000) });
    assert.equal((await tabs[1].hears("client-large")).data.text.length, 9000);
  },

  async a_name_beyond_200_characters_is_refused(stage) {
    const speaker = await goesNowhere(stage, stage.name("private-"), `client-${"x".repeat(200)}`);
    await speaker.complaint();
  },

  async a_flood_is_told_4301_and_the_connection_stays(stage) {
    const channel = stage.name("private-");
    const [speaker, listener] = [await stage.raw(), await stage.raw()];
    for (const socket of [speaker, listener]) await socket.subscribe(channel);
    for (let at = 0; at < 40; at += 1) speaker.say("client-x", { at }, channel);
    const { data } = await speaker.hears("pusher:error");
    assert.equal(data.code, 4301);
    await speaker.lives();
    await stage.settle(channel, listener, speaker);
    const passed = listener.all("client-x").length;
    // Two seconds' worth, as the flood may lie across two windows.
    assert.ok(passed >= 10 && passed <= 20, `${passed} were passed on`);
    await wait(1500);
    speaker.say("client-again", {}, channel);
    await listener.hears("client-again");
  },

  async the_rate_is_the_sockets_own(stage) {
    const channel = stage.name("private-");
    const [loud, quiet, listener] = [await stage.raw(), await stage.raw(), await stage.raw()];
    for (const socket of [loud, quiet, listener]) await socket.subscribe(channel);
    for (let at = 0; at < 40; at += 1) loud.say("client-x", { at }, channel);
    quiet.say("client-quiet", {}, channel);
    await listener.hears("client-quiet");
    assert.deepEqual(quiet.all("pusher:error"), []);
  },

  async ten_a_second_are_let_through(stage) {
    const channel = stage.name("private-");
    const [speaker, listener] = [await stage.raw(), await stage.raw()];
    for (const socket of [speaker, listener]) await socket.subscribe(channel);
    for (let at = 0; at < 10; at += 1) speaker.say("client-x", { at }, channel);
    await stage.until("all ten came", () => listener.all("client-x").length === 10);
    assert.deepEqual(speaker.all("pusher:error"), []);
  },
};
