/** Sockets that say who they are: sign-in, events for a user, and the end of a user's connections. */
import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { userAuth } from "../signing.mjs";

const userOf = (stage) => ({ id: stage.name("user-"), user_info: { name: "Ada" } });

async function signedIn(stage, user, count) {
  const tabs = Array.from({ length: count }, () => stage.tab({ user }));
  for (const tab of tabs) {
    await tab.connected();
    await tab.signIn();
  }
  return tabs;
}

/** A sign-in that must be refused. */
async function refused(stage, userData, spoil = (auth) => auth) {
  const socket = await stage.raw();
  socket.say("pusher:signin", spoil(userAuth(stage.target, socket.id, userData)));
  const { code } = await socket.complaint();
  assert.equal(code, 4009);
  assert.deepEqual(socket.all("pusher:signin_success"), []);
}

export const users = {
  async a_sign_in_is_confirmed_with_what_was_signed(stage) {
    const socket = await stage.raw();
    const userData = `{ "id": "${stage.name("user-")}", "user_info": {"name": "Zażółć"} }`;
    socket.signIn(userData);
    assert.equal((await socket.hears("pusher:signin_success")).data.user_data, userData);
  },

  async an_event_for_a_user_reaches_all_their_tabs(stage) {
    const user = userOf(stage);
    const tabs = await signedIn(stage, user, 3);
    await stage.server.sendToUser(user.id, "invited", { to: "play" });
    for (const tab of tabs) assert.deepEqual((await tab.hears("invited", { channel: "user" })).data, { to: "play" });
  },

  async an_event_for_a_user_reaches_nobody_else(stage) {
    const user = userOf(stage);
    const [owner] = await signedIn(stage, user, 1);
    const [other] = await signedIn(stage, { id: stage.name("other-") }, 1);
    const stranger = await stage.raw();
    await stage.server.sendToUser(user.id, "invited", {});
    await owner.hears("invited");
    const room = stage.name("room-");
    await other.subscribe(room);
    await stranger.subscribe(room);
    await stage.settle(room, other, stranger);
    assert.deepEqual([other.all("invited"), stranger.all("invited")], [[], []]);
  },

  async a_users_channel_is_for_the_user_alone(stage) {
    const user = userOf(stage);
    const [owner] = await signedIn(stage, user, 1);
    const stranger = await stage.raw();
    stranger.say("pusher:subscribe", { channel: `#server-to-user-${user.id}` });
    await stranger.lives().catch(() => {});
    await stage.server.sendToUser(user.id, "invited", {});
    await owner.hears("invited");
    await stranger.lives().catch(() => {});
    assert.deepEqual(stranger.all("invited"), []);
    await stranger.complaint();
  },

  async a_sign_in_with_another_secret_is_refused_with_4009(stage) {
    await refused(stage, JSON.stringify(userOf(stage)), (auth) => ({
      ...auth,
      auth: `${stage.target.key}:${"0".repeat(64)}`,
    }));
  },

  async a_sign_in_with_changed_data_is_refused_with_4009(stage) {
    await refused(stage, JSON.stringify(userOf(stage)), (auth) => ({ ...auth, user_data: '{"id":"admin"}' }));
  },

  async a_sign_in_without_an_id_is_refused_with_4009(stage) {
    for (const data of ["{}", '{"id":""}', '{"id":7}', '{"id":null}']) await refused(stage, data);
  },

  async a_sign_in_that_is_no_object_is_refused_with_4009(stage) {
    for (const data of ["", "no json", "[]", "7"]) await refused(stage, data);
  },

  async a_terminated_user_is_closed_with_4009_on_all_tabs(stage) {
    const user = userOf(stage);
    const sockets = [await stage.raw(), await stage.raw()];
    for (const socket of sockets) {
      socket.signIn(JSON.stringify(user));
      await socket.hears("pusher:signin_success");
    }
    await stage.server.terminateUserConnections(user.id);
    for (const socket of sockets) assert.equal(await socket.closed(), 4009);
  },

  async a_terminated_pusher_js_stays_away(stage) {
    const user = userOf(stage);
    const [tab] = await signedIn(stage, user, 1);
    await stage.server.terminateUserConnections(user.id);
    await stage.until("pusher-js is disconnected", () => tab.state === "disconnected");
    await wait(2000);
    assert.equal(tab.state, "disconnected");
  },

  async terminating_a_user_leaves_the_others(stage) {
    const user = userOf(stage);
    const [gone, other, stranger] = [await stage.raw(), await stage.raw(), await stage.raw()];
    gone.signIn(JSON.stringify(user));
    other.signIn(JSON.stringify({ id: stage.name("other-") }));
    await gone.hears("pusher:signin_success");
    await other.hears("pusher:signin_success");
    await stage.server.terminateUserConnections(user.id);
    await gone.closed();
    for (const socket of [other, stranger]) await socket.lives();
  },

  async a_terminated_user_is_no_member_any_more(stage) {
    const user = userOf(stage);
    const channel = stage.name("presence-");
    const watcher = stage.tab({ user: { id: "watcher" } });
    await watcher.subscribe(channel);
    const socket = await stage.raw();
    socket.signIn(JSON.stringify(user));
    await socket.hears("pusher:signin_success");
    await socket.subscribe(channel, user);
    await watcher.hears("pusher:member_added");
    await stage.server.terminateUserConnections(user.id);
    assert.equal((await watcher.hears("pusher:member_removed")).data.id, user.id);
  },

  async terminating_nobody_is_no_error(stage) {
    const { status } = await stage.api("POST", `/users/${stage.name("nobody-")}/terminate_connections`, { body: {} });
    assert.equal(status, 200);
  },
};
