/**
 * soketi 1.6.1 in the user's cache: a Pusher server of its own kind, which tells whether a check asks for what the protocol is or
 * only for what we made of it. It runs on Node 20 at most, so it brings one. Its uWebSockets.js is a git dependency without a build
 * for Node 20; the package that takes its place has one.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { withLock } from "../../../scripts/lib/lock.mjs";
import { cacheDir, inRoot } from "../../../scripts/lib/paths.mjs";
import { run, stopWith } from "../../../scripts/lib/run.mjs";
import { freePort } from "../../worker/support/worker.mjs";

const VERSION = "1.6.1";
const folder = join(cacheDir(), `soketi-${VERSION}`);
const nodePackage = `node-${process.platform}-${process.arch}`;
const node = join(folder, "node_modules", nodePackage, "bin", "node");
const program = join(folder, "node_modules", "@soketi", "soketi", "bin", "server.js");
const installed = join(folder, "installed");

const manifest = {
  private: true,
  dependencies: { "@soketi/soketi": VERSION, [nodePackage]: "20.20.2" },
  overrides: { "uWebSockets.js": "npm:@trufflesuite/uws-js-unofficial@20.30.0-unofficial.0" },
};

/** Installs it unless it is there. */
export async function ensureSoketi() {
  if (existsSync(installed)) return { note: "unchanged" };
  await withLock(`${folder}.lock`, async () => {
    if (existsSync(installed)) return;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
    await run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund"], {
      cwd: folder,
      todo: "npm's registry is needed for soketi",
    });
    writeFileSync(installed, "");
  });
  return {};
}

/** An app with the limits that Pusher publishes. */
const app = {
  ...{ id: "1001", key: "app-key", secret: "app-secret", enabled: true },
  ...{ enableClientMessages: true, enableUserAuthentication: true },
  ...{ maxConnections: -1, maxBackendEventsPerSecond: -1, maxReadRequestsPerSecond: -1, maxClientEventsPerSecond: 10 },
  ...{ maxEventPayloadInKb: 10, maxPresenceMembersPerChannel: 100, maxPresenceMemberSizeInKb: 1 },
  webhooks: [],
};

/** One soketi, running or not. */
export class Soketi {
  name = "soketi";
  host = "127.0.0.1";
  tls = false;
  appId = app.id;
  key = app.key;
  secret = app.secret;
  patienceMs = 5000;
  #app;
  #ended = null;

  /** `settings` change the app, as `{ maxClientEventsPerSecond: -1 }` does. */
  constructor(settings = {}) {
    this.#app = { ...app, ...settings };
  }

  async start() {
    this.port ??= await freePort();
    this.metricsPort ??= await freePort();
    const config = join(folder, `config-${this.port}.json`);
    const settings = {
      ...{
        port: this.port,
        host: this.host,
        metrics: { port: this.metricsPort },
        userAuthenticationTimeout: 2 ** 31 - 1,
      },
      "appManager.array.apps": [this.#app],
    };
    writeFileSync(config, JSON.stringify(settings));
    const child = spawn(node, [program, "start", `--config=${config}`], {
      cwd: inRoot(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    const { forget } = stopWith(child);
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => (output += text));
    this.#ended = null;
    this.exit = new Promise((resolve) => child.once("exit", resolve)).then(() => {
      forget();
      this.#ended =
        output
          .trim()
          .split("\n")
          .find((line) => /Error/.test(line))
          ?.trim() ?? "without a word";
    });
    this.child = child;
    while (!(await listens(this.port))) {
      if (this.#ended) throw new Error(`soketi did not start: ${output}`);
      await wait(100);
    }
    return this;
  }

  get pid() {
    return this.child.pid;
  }

  async stop() {
    this.child?.kill("SIGKILL");
    await this.exit;
  }

  /** Its webhooks are part of its settings: it starts anew. */
  async setWebhook(url, events) {
    if (this.child) await this.stop();
    this.#app = { ...this.#app, webhooks: [{ url, event_types: events }] };
    await this.start();
  }

  /** The status that an answer of its HTTP API means: it sends 200 always, and the true one in the body. */
  statusOf(status, json) {
    return json?.error ? json.code : status;
  }

  /** Starts it again when it has stopped working; answers of what. One that fails closes every connection and then ends. */
  async revive() {
    const answer = await fetch(`http://${this.host}:${this.port}/ready`, { signal: AbortSignal.timeout(5000) })
      .then((response) => response.text())
      .catch(() => "");
    if (answer === "OK") return null;
    await this.stop();
    const died = this.#ended;
    await this.start();
    return died;
  }
}

const listens = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("close", () => socket.destroy());
    socket.once("connect", () => socket.end());
  });
