/** The four that do the job, each behind the same few methods: `start`, `session`, `count`, `rowsWritten`, `stop`. */
import { createHmac, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { literal } from "../scripts/lib/database.mjs";
import { WorkerProcess, freePort, modulesOf } from "../tests/worker/support/worker.mjs";
import { quiz, withIds } from "./quiz.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));

/** The runtime's behaviour that all of them get: ours. */
export const compatibilityDate = /^compatibility_date = "(.*)"/m.exec(
  readFileSync(join(here, "../wrangler.toml"), "utf8"),
)[1];

/** Eight game servers of 25 pupils: the largest class that may be. */
export const SERVERS = 8;
const SEATS = 25;

/** The Roblox user ids of a server's pupils. */
export const pupils = (server) =>
  Array.from({ length: SEATS }, (_, seat) => String(9_000_000_000_000 + server * 1000 + seat));

const allServers = Array.from({ length: SERVERS }, (_, server) => server);

/** Bundles a TypeScript peer and answers its modules for miniflare. */
export async function bundle(name, out) {
  const outfile = join(out, name, "index.mjs");
  await build({
    entryPoints: [join(here, "peers", `${name}.ts`)],
    outfile,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2023",
    external: ["cloudflare:workers"],
    logLevel: "error",
  });
  return modulesOf(outfile);
}

/** Starts a peer. */
export async function launch(worker, state, rest = {}) {
  mkdirSync(state, { recursive: true });
  return new WorkerProcess({ worker, port: await freePort(), state, ...rest }).start();
}

/** A JWT for a game server, as the D1 peers check it. */
function sign(secret, claims) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({ alg: "HS256", typ: "JWT" })}.${part(claims)}`;
  return `${text}.${createHmac("sha256", Buffer.from(secret, "base64url")).update(text).digest("base64url")}`;
}

/** Hono + TypeScript + D1, by `writes` in one batch a request or one statement an answer. */
class HonoPeer {
  constructor(writes) {
    this.writes = writes;
    this.secret = randomBytes(32).toString("base64url");
    this.sessions = 0;
    this.quiz = withIds(quiz);
  }

  async start(folder) {
    const worker = {
      name: "hono-d1",
      compatibilityDate,
      ...(await bundle("hono-d1", folder)),
      bindings: { GAME_SECRET: this.secret, WRITES: this.writes },
      d1Databases: { DB: { id: "bench" } },
    };
    this.worker = await launch(worker, join(folder, `hono-${this.writes}`), { database: "DB" });
    const seats = allServers
      .flatMap(pupils)
      .map((user) => `(${[`seat_${user}`, "class", user, `Pupil ${user}`].map(literal).join(", ")})`);
    await this.worker.script(readFileSync(join(here, "peers", "schema.sql"), "utf8"));
    await this.worker.script(`insert into seats (id, class_id, user_id, display_name) values ${seats.join(", ")};`);
  }

  async session() {
    const id = `ses_${(this.sessions += 1)}`;
    await this.worker.sql("update sessions set status = 'ended'");
    await this.worker.sql(
      "insert into sessions (id, class_id, status, quiz) values (?1, 'class', 'running', ?2)",
      id,
      JSON.stringify(this.quiz),
    );
    const exp = Math.floor(Date.now() / 1000) + 3600;
    const servers = allServers.map((server) => ({
      token: sign(this.secret, { aud: "game", exp, class_id: "class", job_id: `job-${server}` }),
      cursor: "0",
      seats: pupils(server),
    }));
    return { sessionId: id, questions: this.quiz.questions, servers };
  }

  /** How many answers the session holds. */
  async count(sessionId) {
    const { rows } = await this.worker.sql("select count(*) as answers from answers where session_id = ?1", sessionId);
    return rows[0].answers;
  }

  async rowsWritten() {
    return (await (await fetch(new URL("/bench/rows-written", this.worker.url))).json()).rows_written;
  }
}

/** The bare Durable Object. */
class ObjectPeer {
  counted = 0;
  quiz = withIds(quiz);

  async start(folder) {
    const worker = {
      name: "object",
      compatibilityDate,
      ...(await bundle("object", folder)),
      durableObjects: { ROOM: { className: "Room", useSQLite: true } },
    };
    this.worker = await launch(worker, join(folder, "object-state"));
  }

  async session() {
    this.before = await this.#total();
    const servers = allServers.map((server) => ({ token: "none", cursor: "0", seats: pupils(server) }));
    return { sessionId: "ses", questions: this.quiz.questions, servers };
  }

  async count() {
    return (await this.#total()) - this.before;
  }

  rowsWritten = async () => 0;

  async #total() {
    return (await (await fetch(this.worker.url)).json()).answers;
  }
}

/** The peers, in the order of the table. `share` is how much of a full round they play, so that rounds take alike. */
export const peers = {
  "hono-batch": {
    title: "Hono + TypeScript, one D1 batch a request",
    share: 1,
    repeats: true,
    make: () => new HonoPeer("batch"),
  },
  "hono-single": {
    title: "Hono + TypeScript, one D1 statement an answer",
    share: 0.25,
    repeats: true,
    make: () => new HonoPeer("single"),
  },
  object: {
    title: "bare Durable Object, one insert an answer",
    share: 1,
    repeats: false,
    make: () => new ObjectPeer(),
  },
};
