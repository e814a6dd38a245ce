/** The published signatures (pusher/docs, "Auth signatures"), by the specification and by both server libraries. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import PusherServer from "pusher";
import { channelAuth, requestText, sign, userAuth } from "../signing.mjs";
import { callPython } from "../python.mjs";

const key = "278d425bdf160c739803";
const secret = "7ad3773142a6692b25b8";
const app = { appId: "3", key, secret, host: "127.0.0.1", port: 1, tls: false };
const socketId = "1234.1234";

const privateAuth = `${key}:58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4`;
const member = { user_id: 10, user_info: { name: "Mr. Channels" } };
const presenceAuth = `${key}:31935e7d86dba64c2a90aed31fdc61869f9b22ba9d8863bba239c03ca481bc80`;
const user = { id: "12345" };
const signInAuth = `${key}:4708d583dada6a56435fb8bc611c77c359a31eebde13337c16ab43aa6de336ba`;

export const signatures = {
  async the_published_signatures_are_those_of_the_specification() {
    assert.equal(channelAuth(app, socketId, "private-foobar").auth, privateAuth);
    assert.equal(channelAuth(app, socketId, "presence-foobar", JSON.stringify(member)).auth, presenceAuth);
    assert.equal(userAuth(app, socketId, JSON.stringify(user)).auth, signInAuth);
    const body = '{"name":"foo","channels":["project-3"],"data":"{\\"some\\":\\"data\\"}"}';
    const query = {
      auth_version: "1.0",
      auth_key: key,
      auth_timestamp: "1353088179",
      body_md5: createHash("md5").update(body).digest("hex"),
    };
    assert.equal(
      sign(secret, requestText("POST", "/apps/3/events", query)),
      "da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c",
    );
  },

  async npms_pusher_makes_the_published_signatures() {
    const server = new PusherServer(app);
    assert.equal(server.authorizeChannel(socketId, "private-foobar").auth, privateAuth);
    assert.equal(server.authorizeChannel(socketId, "presence-foobar", member).auth, presenceAuth);
    assert.equal(server.authenticateUser(socketId, user).auth, signInAuth);
  },

  async pypis_pusher_makes_the_published_signatures() {
    assert.equal((await callPython(app, "authenticate", ["private-foobar", socketId])).auth, privateAuth);
    // Python writes a space after each colon, and signs what it writes.
    const { auth, channel_data } = await callPython(app, "authenticate", ["presence-foobar", socketId, member]);
    assert.equal(auth, channelAuth(app, socketId, "presence-foobar", channel_data).auth);
    const signIn = await callPython(app, "authenticate_user", [socketId, user]);
    assert.equal(signIn.auth, userAuth(app, socketId, signIn.user_data).auth);
  },

  async a_signature_of_pypis_pusher_opens_a_presence_channel(stage) {
    const [socket, channel] = [await stage.raw(), stage.name("presence-")];
    const data = { user_id: "ada", user_info: { name: "Zażółć 🎓" } };
    socket.say("pusher:subscribe", { channel, ...(await stage.python("authenticate", channel, socket.id, data)) });
    const { data: joined } = await socket.hears("pusher_internal:subscription_succeeded", { channel });
    assert.deepEqual(joined.presence.hash, { ada: { name: "Zażółć 🎓" } });
  },

  async a_signature_of_pypis_pusher_signs_in(stage) {
    const socket = await stage.raw();
    socket.say("pusher:signin", await stage.python("authenticate_user", socket.id, { id: stage.name("user-") }));
    await socket.hears("pusher:signin_success");
  },
};
