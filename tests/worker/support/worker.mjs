/**
 * A Worker under miniflare as a child process: started on a port and a state folder, stopped, killed with `kill -9` and
 * started again on the same port and state. The tests of the built Worker and the bench use it.
 */
import { fork } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { readdirSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

// wrangler tells which secrets it reads; the tests bring their own.
process.env.WRANGLER_LOG ??= "error";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const host = fileURLToPath(new URL("./host.mjs", import.meta.url));

/** A port that is free at this moment. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

const secret = () => randomBytes(32).toString("base64url");

/** The key of the operator of the tests. */
export const OPERATOR_KEY = `op_${secret()}`;

/** The secrets and settings of one test run. Mail goes nowhere: `CaughtMail` has the settings to catch it. */
export const testSecrets = () => ({
  ENVIRONMENT: "local",
  AUTH_KEYS: `a1:${secret()}`,
  GAME_KEYS: `g1:${secret()}`,
  PLUGIN_KEYS: `p1:${secret()}`,
  FACTOR_KEYS: `f1:${secret()}`,
  REALTIME_SECRET: secret(),
  OPERATOR_KEYS: `tests:${createHash("sha256").update(OPERATOR_KEY).digest("hex")}`,
  PUBLIC_URL: "http://localhost",
  MAIL_FROM: "no-reply@edge.example",
  MAIL_PROVIDER: "http",
  MAIL_HTTP_URL: "http://127.0.0.1:9/emails",
  MAIL_HTTP_KEY: secret(),
});

const moduleTypes = { ".js": "ESModule", ".mjs": "ESModule", ".wasm": "CompiledWasm" };

/** The modules of a built Worker: its entry first, then whatever else its folder holds. */
export function modulesOf(entry) {
  const modulesRoot = dirname(entry);
  const others = readdirSync(modulesRoot, { recursive: true })
    .map((name) => join(modulesRoot, name))
    .filter((path) => path !== entry && extname(path) in moduleTypes)
    .sort();
  return { modulesRoot, modules: [entry, ...others].map((path) => ({ type: moduleTypes[extname(path)], path })) };
}

/**
 * What miniflare needs to know of our Worker: its bindings as wrangler.toml has them, and the build in build/.
 * `assets: false` leaves the static assets out, and with them the platform's asset router in front of the Worker.
 */
export async function ourWorker({ bindings = testSecrets(), assets = true } = {}) {
  const { unstable_getMiniflareWorkerOptions: optionsOf } = await import("wrangler");
  const { workerOptions, main } = optionsOf(join(root, "wrangler.toml"));
  const { modulesRules: _, ...settings } = workerOptions;
  const worker = {
    ...settings,
    name: "toolboxai-edge",
    ...modulesOf(main),
    bindings: { ...workerOptions.bindings, ...bindings },
  };
  if (!assets) delete worker.assets;
  return { worker, migrations: join(root, "d1-migrations"), database: "DB" };
}

/** One Worker, running or not. */
export class WorkerProcess {
  #options;
  #child = null;
  #next = 0;
  #waiting = new Map();

  /** Every line that the Worker logged, over all its lives: `{ timestamp, level, message }`. */
  logs = [];

  /** `options`: `worker`, `migrations`, `database` as `ourWorker` gives them, `port`, `state`; `publicUrl`
   * where clients shall know it by another name than its address. */
  constructor(options) {
    this.#options = options;
  }

  /** Starts it; answers when it listens. */
  async start() {
    this.#child = fork(host, {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      detached: true,
      cwd: root,
      execArgv: [],
    });
    this.ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.on("message", (message) => this.#take(message));
    this.ended.then(() => this.#failAll());
    const kill = () => this.#signal("SIGKILL");
    process.on("exit", kill);
    this.ended.then(() => process.off("exit", kill));
    const { url, pid } = await this.#call("serve", this.#options);
    this.url = this.#options.publicUrl ?? url;
    /** workerd's own pid, where there is a /proc. */
    this.pid = pid;
    return this;
  }

  /** `kill -9` of workerd and its host together: nothing gets to finish anything. */
  async kill() {
    this.#signal("SIGKILL");
    await this.ended;
  }

  /** Stops it in order. */
  async stop() {
    await this.#call("stop");
    await this.ended;
    this.#signal("SIGKILL");
  }

  /** One statement on D1: `{ rows, meta }`. */
  sql(statement, ...values) {
    return this.#call("sql", { database: this.#options.database, statement, values });
  }

  /** SQL text of several statements on D1. */
  script(text) {
    return this.#call("script", { database: this.#options.database, text });
  }

  /** Puts a message into the queue of jobs, as the Worker itself does. */
  enqueue(job) {
    return this.#call("enqueue", { body: JSON.stringify(job) });
  }

  #call(method, params) {
    return new Promise((resolve, reject) => {
      const id = (this.#next += 1);
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, method, params }, (error) => error && reject(error));
    });
  }

  #take({ id, value, error, log }) {
    if (log) return void this.logs.push(log);
    const { resolve, reject } = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) reject(new Error(error));
    else resolve(value);
  }

  #failAll() {
    for (const { reject } of this.#waiting.values()) reject(new Error("the Worker's process has ended"));
    this.#waiting.clear();
  }

  #signal(signal) {
    try {
      process.kill(-this.#child.pid, signal);
    } catch (error) {
      if (error.code !== "ESRCH") throw error;
    }
  }
}
