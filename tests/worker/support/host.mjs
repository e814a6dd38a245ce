/**
 * The child process that holds one workerd: a Worker with its bindings under miniflare, without wrangler's proxy. Its
 * parent (worker.mjs) talks to it over the IPC channel, and may kill its whole process group at any moment.
 *
 * Messages in: `{ id, method, params }`, the first of which is `serve`. Messages out: `{ id, value }` or `{ id, error }`,
 * and `{ log }` for each line that the Worker logs.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Log, LogLevel, Miniflare, convertV4MiniflareOptions } from "miniflare";
import { unstable_splitSqlQuery as splitSql } from "wrangler";

/** The one Miniflare of this process. */
let miniflare;
let workerName;

const methods = {
  /** Starts the Worker; answers where it listens and workerd's pid. */
  async serve({ worker, port, state, migrations, database }) {
    workerName = worker.name;
    miniflare = new Miniflare(
      convertV4MiniflareOptions({
        host: "127.0.0.1",
        port,
        resourcePersistencePath: join(state, "v3"),
        cf: false,
        telemetry: { enabled: false },
        logRequests: false,
        log: new Log(LogLevel.ERROR),
        handleStructuredLogs: (log) => process.send({ log }),
        workers: [worker],
      }),
    );
    const url = await miniflare.ready;
    if (migrations) await migrate(await miniflare.getD1Database(database), migrations);
    return { url: url.origin, pid: workerdPid() };
  },

  /** Runs one statement on a D1 database; answers its rows and meta. */
  async sql({ database, statement, values = [] }) {
    const db = await miniflare.getD1Database(database);
    const { results, meta } = await db
      .prepare(statement)
      .bind(...values)
      .all();
    return { rows: results, meta };
  },

  /** Runs SQL text of several statements on a D1 database, as one batch. */
  async script({ database, text }) {
    const db = await miniflare.getD1Database(database);
    await db.batch(splitSql(text).map((statement) => db.prepare(statement)));
  },

  /** Puts a message into the queue of jobs. */
  async enqueue({ body }) {
    const queue = await miniflare.getQueueProducer("JOBS", workerName);
    await queue.send(body, { contentType: "text" });
  },

  /** Stops in order. */
  async stop() {
    await miniflare?.dispose();
  },
};

/** Applies the migrations that the database has not seen, each once, keeping wrangler's own record of them. */
async function migrate(db, folder) {
  await db
    .prepare(
      `create table if not exists d1_migrations (
         id integer primary key autoincrement, name text unique, applied_at timestamp default current_timestamp not null)`,
    )
    .run();
  const { results } = await db.prepare("select name from d1_migrations").all();
  const applied = new Set(results.map(({ name }) => name));
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith(".sql") || applied.has(name)) continue;
    const statements = splitSql(readFileSync(join(folder, name), "utf8")).map((statement) => db.prepare(statement));
    await db.batch([...statements, db.prepare("insert into d1_migrations (name) values (?1)").bind(name)]);
  }
}

/** The pid of the workerd that this process started, by /proc; null on systems without it. */
function workerdPid() {
  try {
    const pids = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8").trim().split(" ");
    return pids.map(Number).find((pid) => readFileSync(`/proc/${pid}/comm`, "utf8").startsWith("workerd")) ?? null;
  } catch {
    return null;
  }
}

process.on("message", async ({ id, method, params }) => {
  try {
    process.send({ id, value: (await methods[method](params)) ?? null });
  } catch (error) {
    process.send({ id, error: error?.stack ?? String(error) });
  }
  if (method === "stop") process.disconnect();
});

// The parent is gone: so are we, and workerd with us.
process.on("disconnect", () => process.exit());
