/** The HTTP API by PyPI's server library. */
import assert from "node:assert/strict";
import { callPython } from "../python.mjs";

const ada = { id: "ada", info: { name: "Ada" } };

export const pythonLibrary = {
  async python_triggers(stage) {
    const [tab, channels] = [stage.tab(), [stage.name("a-"), stage.name("private-b-")]];
    for (const name of channels) await tab.subscribe(name);
    await stage.python("trigger", channels, "news", { text: "Zażółć 🎓" });
    for (const channel of channels) {
      assert.deepEqual((await tab.hears("news", { channel })).data, { text: "Zażółć 🎓" });
    }
  },

  async python_passes_over_the_socket_that_caused_an_event(stage) {
    const [cause, other, channel] = [await stage.raw(), await stage.raw(), stage.name("room-")];
    for (const socket of [cause, other]) await socket.subscribe(channel);
    await stage.python("trigger", channel, "news", {}, cause.id);
    await other.hears("news");
    await stage.settle(channel, cause);
    assert.deepEqual(cause.all("news"), []);
  },

  async python_triggers_a_batch(stage) {
    const [tab, channel] = [stage.tab(), stage.name("room-")];
    await tab.subscribe(channel);
    await stage.python("trigger_batch", [
      { channel, name: "one", data: { n: 1 } },
      { channel, name: "two", data: { n: 2 } },
    ]);
    assert.deepEqual((await tab.hears("one")).data, { n: 1 });
    assert.deepEqual((await tab.hears("two")).data, { n: 2 });
  },

  async python_triggers_on_an_encrypted_channel(stage) {
    const [tab, channel] = [stage.tab({ encryption: true }), stage.name("private-encrypted-")];
    await tab.subscribe(channel);
    await stage.python("trigger", channel, "secret", { n: 1 });
    assert.deepEqual((await tab.hears("secret")).data, { n: 1 });
  },

  async python_lists_channels_and_users(stage) {
    const channel = stage.name("presence-");
    for (const user of [ada, ada, { id: "bob" }]) await (await stage.raw()).subscribe(channel, user);
    const { channels } = await stage.python("channels_info", channel, ["user_count"]);
    assert.deepEqual(channels[channel].user_count, 2);
    const shown = await stage.python("channel_info", channel, ["user_count", "subscription_count"]);
    assert.deepEqual([shown.occupied, shown.user_count, shown.subscription_count], [true, 2, 3]);
    const { users } = await stage.python("users_info", channel);
    assert.deepEqual(users.map(({ id }) => id).sort(), ["ada", "bob"]);
  },

  // Its `terminate_user_connections` leaves `/apps/{app_id}` out of the path, so no server can know it.
  async python_sends_to_a_user(stage) {
    const [socket, id] = [await stage.raw(), stage.name("user-")];
    socket.signIn(JSON.stringify({ id }));
    await socket.hears("pusher:signin_success");
    await stage.python("send_to_user", id, "invited", { to: "play" });
    assert.deepEqual((await socket.hears("invited")).data, { to: "play" });
  },

  async python_is_told_of_a_bad_signature(stage) {
    const spoilt = { ...stage.target, secret: "guessed" };
    await assert.rejects(callPython(spoilt, "channels_info", []), /PusherBadAuth|401|Unauthori/i);
  },
};
