/**
 * Where things lie. The repository's own folders, the state of one local server (STATE_DIR), and a cache folder of the
 * user's that all clones share, so that a second clone builds in seconds.
 */
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Failure } from "./step.mjs";

/** The repository's root. */
export const root = resolve(fileURLToPath(new URL("../..", import.meta.url)));

/** A path inside the repository. */
export const inRoot = (...parts) => join(root, ...parts);

/** The folder with all local state of one server. */
export const stateDir = () => resolve(root, process.env.STATE_DIR || ".state");

/** The port that `npm start` listens on. */
export function port() {
  const text = process.env.PORT || "8787";
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 65535) {
    throw new Failure(`PORT is ${JSON.stringify(text)}, which is no port number`, { todo: "use one from 1 to 65535" });
  }
  return value;
}

/** The cache that all clones of this user share. */
export const cacheDir = () => join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "toolboxai-edge");

/** Where cargo builds: the user's own choice, else the shared cache. */
export const targetDir = () => resolve(root, process.env.CARGO_TARGET_DIR || join(cacheDir(), "target"));

/** Stamps and small artefacts of this clone; gone with node_modules, which only costs a rebuild. */
export const cloneCache = (...parts) => inRoot("node_modules", ".cache", "toolboxai-edge", ...parts);

/** What the root's own formatter looks after; the dashboard has its own. */
export const formatted = ["scripts", "bench", "tests/worker", "tests/roblox", "tests/realtime", "package.json"];

/** The environment of every child process: our own Node first on the PATH, one target folder, no chatter. */
export function childEnv(extra = {}) {
  return {
    ...process.env,
    PATH: `${inRoot("node_modules", ".bin")}:${process.env.PATH}`,
    CARGO_TARGET_DIR: targetDir(),
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_SEND_ERROR_REPORTS: "false",
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    WRANGLER_HIDE_BANNER: "true",
    NO_UPDATE_NOTIFIER: "1",
    ...extra,
  };
}
