/** A browser's tab: pusher-js, signing by npm's server library, with everything that it heard. */
import { createRequire } from "node:module";
import Pusher from "pusher-js";

/** The build that decrypts, made for web workers: Node lacks their `self` alone. */
function encryptionBuild() {
  globalThis.self ??= globalThis;
  return createRequire(import.meta.url)("pusher-js/worker/with-encryption");
}

export class Tab {
  /** `{ channel, event, data, from }`, in the order of arrival; `from` is the user of a client event. */
  heard = [];
  errors = [];

  constructor(stage, { user, encryption = false, key } = {}) {
    this.stage = stage;
    const { host, port, tls, ...target } = stage.target;
    const Build = encryption ? encryptionBuild() : Pusher;
    const presence = user && { user_id: user.id, ...(user.info && { user_info: user.info }) };
    this.pusher = new Build(key ?? target.key, {
      cluster: "",
      ...{ wsHost: host, wsPort: port, wssPort: port, forceTLS: tls, enabledTransports: ["ws"] },
      channelAuthorization: {
        customHandler: ({ socketId, channelName }, done) =>
          done(
            null,
            stage.server.authorizeChannel(
              socketId,
              channelName,
              channelName.startsWith("presence-") ? presence : undefined,
            ),
          ),
      },
      userAuthentication: {
        customHandler: ({ socketId }, done) => done(null, stage.server.authenticateUser(socketId, user)),
      },
    });
    this.pusher.connection.bind("error", (error) => this.errors.push(error));
    this.pusher.user.bind_global((event, data) => this.heard.push({ channel: "user", event, data }));
  }

  get state() {
    return this.pusher.connection.state;
  }

  /** Answers its socket's id. */
  async connected() {
    await this.stage.until("pusher-js is connected", () => this.state === "connected");
    return this.pusher.connection.socket_id;
  }

  /** Answers pusher-js's channel once it is subscribed. */
  async subscribe(name) {
    const channel = this.pusher.subscribe(name);
    // The second argument of a listener says who sent; listeners for all events do not get it.
    const emit = channel.emit.bind(channel);
    channel.emit = (event, data, meta) => {
      this.heard.push({ channel: name, event, data, from: meta?.user_id });
      return emit(event, data, meta);
    };
    await this.stage.until(`${name} is subscribed`, () => channel.subscribed);
    return channel;
  }

  async signIn() {
    this.pusher.signin();
    await this.stage.until("pusher-js is signed in", () => this.pusher.user.user_data);
  }

  /** What it heard of an event. */
  all(event, { channel } = {}) {
    return this.heard.filter((each) => each.event === event && (!channel || each.channel === channel));
  }

  /** The first of them, once it is there. */
  hears(event, where) {
    return this.stage.until(`${event} is heard`, () => this.all(event, where)[0]);
  }

  leave() {
    this.pusher.disconnect();
  }
}
