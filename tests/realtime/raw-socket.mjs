/** A bare WebSocket (`ws`) that says exactly what a check wants said, and keeps every frame it got. */
import WebSocket from "ws";
import { channelAuth, userAuth } from "./signing.mjs";

const PROTOCOL = { protocol: "7", client: "check", version: "1" };

export class RawSocket {
  /** Parsed frames, `data` parsed as well, in the order of arrival. */
  heard = [];
  /** `{ code, reason }` once it is closed; `code` is 0 where there never was a connection. */
  ended = null;
  pongs = 0;

  constructor(stage, { key = stage.target.key, path = `/app/${key}`, query = PROTOCOL } = {}) {
    this.stage = stage;
    this.socket = new WebSocket(`${stage.origin.replace("http", "ws")}${path}?${new URLSearchParams(query)}`);
    this.socket.on("message", (bytes) => this.#take(bytes.toString()));
    this.socket.on("pong", () => (this.pongs += 1));
    this.socket.on("close", (code, reason) => (this.ended ??= { code, reason: reason.toString() }));
    this.socket.on("error", (error) => {
      if (this.socket.readyState !== WebSocket.OPEN) this.ended ??= { code: 0, reason: error.message };
    });
  }

  #take(text) {
    const frame = JSON.parse(text);
    // As the protocol wants it of every client.
    if (frame.event === "pusher:ping") this.say("pusher:pong", {});
    const data = typeof frame.data === "string" ? parsed(frame.data) : frame.data;
    this.heard.push({ ...frame, text, raw: frame.data, data });
  }

  /** Waits for `connection_established`. */
  async established() {
    const { data } = await this.hears("pusher:connection_established");
    this.id = data.socket_id;
    return this;
  }

  /** Sends an event. */
  say(event, data, channel) {
    this.text(JSON.stringify({ event, ...(channel && { channel }), data }));
  }

  /** Sends a frame as it is. */
  text(frame) {
    this.socket.send(frame, () => {});
  }

  /** Asks for a channel, signed as its kind wants it; answers the confirmation. */
  async subscribe(channel, user) {
    this.ask(channel, user);
    return this.hears("pusher_internal:subscription_succeeded", { channel });
  }

  /** Asks for a channel without waiting. `extra` replaces what is signed. */
  ask(channel, user, extra = {}) {
    const channelData = user && JSON.stringify({ user_id: user.id, ...(user.info && { user_info: user.info }) });
    const isSigned = channel.startsWith("private-") || channel.startsWith("presence-");
    const auth = isSigned ? channelAuth(this.stage.target, this.id, channel, channelData) : {};
    this.say("pusher:subscribe", { channel, ...auth, ...extra });
  }

  /** Signs in with the text of `user_data`. */
  signIn(userData) {
    this.say("pusher:signin", userAuth(this.stage.target, this.id, userData));
  }

  all(event, { channel } = {}) {
    return this.heard.filter((each) => each.event === event && (!channel || each.channel === channel));
  }

  /** The first frame of an event, once it is there. */
  hears(event, where) {
    return this.stage.until(`${event} is heard`, () => {
      const [frame] = this.all(event, where);
      if (!frame && this.ended) throw new Error(`closed with ${this.ended.code} before ${event} was heard`);
      return frame;
    });
  }

  /** The code of the first complaint: an error frame, or else the close code. */
  complaint() {
    return this.stage.until("there is an error or a close code", () => {
      const error = this.heard.find(({ event }) => event === "pusher:error" || event === "pusher:subscription_error");
      if (error) return { event: error.event, channel: error.channel, code: error.data?.code ?? error.data?.status };
      return this.ended && { event: "close", code: this.ended.code };
    });
  }

  /** The close code, once it is closed. */
  async closed() {
    return (await this.stage.until("the socket is closed", () => this.ended)).code;
  }

  /** A ping event that is answered: the connection lives and the frames before have been read. */
  async lives() {
    const before = this.all("pusher:pong").length;
    this.say("pusher:ping", {});
    await this.stage.until("pusher:pong is heard", () => {
      if (this.ended) throw new Error(`closed with ${this.ended.code}`);
      return this.all("pusher:pong").length > before;
    });
  }

  leave() {
    this.socket.terminate();
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
