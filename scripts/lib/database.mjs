/** The local D1 database of a state folder, through wrangler. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { inRoot } from "./paths.mjs";
import { run } from "./run.mjs";
import { hashOf, isCurrent, writeAtomic } from "./stamp.mjs";

/** Where wrangler keeps the local databases, objects and queues of a state folder. */
export const persistFolder = (state) => join(state, "wrangler");

const d1 = (state, args, todo) =>
  run("wrangler", ["d1", ...args, "--local", "--persist-to", persistFolder(state)], { todo });

/** Applies the migrations that the database lacks; the stamp saves asking wrangler when no file changed. */
export async function migrate(state) {
  const stamp = join(state, "migrations.stamp");
  const hash = hashOf([inRoot("d1-migrations")]);
  if (isCurrent(stamp, hash, [persistFolder(state)])) return { note: "unchanged" };
  await d1(
    state,
    ["migrations", "apply", "DB"],
    "read SQLite's message above; `npm run reset` starts with empty state",
  );
  writeAtomic(stamp, hash);
  return {};
}

/** Runs SQL text. It may hold password hashes, so its file is private and removed at once. */
export async function execute(state, sql) {
  const file = join(state, `seed.${process.pid}.sql`);
  writeAtomic(file, sql, { mode: 0o600 });
  try {
    await d1(state, ["execute", "DB", "--yes", "--file", file], "read SQLite's message above");
  } finally {
    if (existsSync(file)) rmSync(file);
  }
}

/** The rows of one query, of the local database or of the deployed one. */
export async function query(state, sql, { remote = false } = {}) {
  const where = remote ? ["--remote"] : ["--local", "--persist-to", persistFolder(state)];
  const output = await run("wrangler", ["d1", "execute", "DB", ...where, "--json", "--command", sql], {
    // The rows come as a line of its log.
    env: { WRANGLER_LOG: "log" },
    todo: remote ? "read wrangler's message above" : "is there a database? `npm start` makes it",
  });
  return JSON.parse(output.slice(output.indexOf("[")))[0].results;
}

/** A text as an SQL literal. */
export const literal = (value) =>
  typeof value === "number" ? String(value) : `'${String(value).replaceAll("'", "''")}'`;
