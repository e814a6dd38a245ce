/** What a check works with: clients and server libraries of one target, all of them gone when the check is over. */
import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import PusherServer from "pusher";
import { callPython } from "./python.mjs";
import { RawSocket } from "./raw-socket.mjs";
import { signedQuery } from "./signing.mjs";
import { Tab } from "./tab.mjs";

/** Base64 of 32 bytes, for encrypted channels. */
const encryptionMasterKeyBase64 = randomBytes(32).toString("base64");

/** Waits until `probe` answers something true, and answers that. */
export async function until(what, probe, patienceMs) {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await wait(10);
  }
}

/** One check's clients. */
export class Stage {
  #open = [];
  #id = randomBytes(6).toString("hex");
  #marks = 0;

  constructor(target, receiver = null) {
    this.target = target;
    /** Where the target's webhooks arrive. */
    this.receiver = receiver;
    const { appId, key, secret, host, port, tls } = target;
    /** npm's server library. */
    this.server = new PusherServer({
      ...{ appId, key, secret, host, port: String(port), useTLS: tls, encryptionMasterKeyBase64 },
    });
    /** The same library where webhooks arrive. */
    this.webhooks = new PusherServer({ appId, key, secret: this.#webhookSecret, host });
  }

  get #webhookSecret() {
    return this.target.webhookSecret ?? this.target.secret;
  }

  /** The origin of its HTTP API. */
  get origin() {
    return `${this.target.tls ? "https" : "http"}://${this.target.host}:${this.target.port}`;
  }

  /** A name that no other check uses. */
  name(start) {
    return `${start}${this.#id}`;
  }

  until(what, probe) {
    return until(what, probe, this.target.patienceMs);
  }

  /** A pusher-js. `user` is who it is on presence channels and when it signs in: `{ id, info? }`. */
  tab(options) {
    return this.#keep(new Tab(this, options));
  }

  /** A bare socket whose connection is established. */
  async raw() {
    const socket = await this.#keep(new RawSocket(this)).established();
    return socket;
  }

  /** A bare socket, whatever becomes of it. `path` and `query` replace those of the protocol. */
  dial(options) {
    return this.#keep(new RawSocket(this, options));
  }

  /** One method of PyPI's server library. */
  python(method, ...args) {
    return callPython({ ...this.target, encryptionMasterKeyBase64 }, method, args);
  }

  /** What PyPI's server library reads in a webhook; nothing when it holds it to be forged. */
  pythonWebhook(signature, rawBody) {
    const target = { ...this.target, secret: this.#webhookSecret, encryptionMasterKeyBase64 };
    return callPython(target, "validate_webhook", [target.key, signature, rawBody]);
  }

  /**
   * One request to the HTTP API, signed by the specification; answers `{ status, sent, text, json }`, `sent` being the
   * status as it was sent and `status` what it means. `change` may spoil the signed
   * query, `app` names another app.
   */
  async api(method, path, { body, app = this.target.appId, change = (query) => query, ...signing } = {}) {
    const text = body === undefined || typeof body === "string" ? (body ?? "") : JSON.stringify(body);
    const whole = `/apps/${app}${path}`;
    const query = change(signedQuery(this.target, method, whole, { body: text, ...signing }));
    const response = await fetch(`${this.origin}${whole}?${new URLSearchParams(query)}`, {
      method,
      signal: AbortSignal.timeout(this.target.patienceMs * 2),
      ...(text && { body: text, headers: { "content-type": "application/json" } }),
    });
    const answer = await response.text();
    let json = null;
    try {
      json = JSON.parse(answer);
    } catch {
      // No JSON: `text` has it.
    }
    return {
      status: this.target.statusOf?.(response.status, json) ?? response.status,
      sent: response.status,
      text: answer,
      json,
    };
  }

  /**
   * Publishes an event and waits until each listener has it: what was sent to them on this channel before and has not arrived now
   * never will.
   */
  async settle(channel, ...listeners) {
    const mark = `mark-${(this.#marks += 1)}`;
    await this.server.trigger(channel, mark, "{}");
    for (const listener of listeners) await listener.hears(mark, { channel });
  }

  close() {
    for (const each of this.#open) each.leave();
  }

  #keep(client) {
    this.#open.push(client);
    return client;
  }
}
