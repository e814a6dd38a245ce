/** The secrets of this machine's local server: made once, kept in .dev.vars, which is readable by its owner alone. */
import { createHash, randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mailPort } from "./mail-catcher.mjs";
import { inRoot } from "./paths.mjs";
import { writeAtomic } from "./stamp.mjs";

const random = () => randomBytes(32).toString("base64url");

/** A key for whoever runs the machine, and the list of operators that knows it by its hash alone. The server reads only the list. */
function freshOperator() {
  const key = `op_${random()}`;
  return { OPERATOR_KEYS: `local:${createHash("sha256").update(key).digest("hex")}`, LOCAL_OPERATOR_KEY: key };
}

/**
 * A fresh value for everything that `.dev.vars` must hold. Keys are `kid:secret`, as a list, of which the first signs. What
 * depends on the port stands here as for the usual one; `npm start` hands its own to wrangler.
 */
export const freshSecrets = () => ({
  ENVIRONMENT: "local",
  AUTH_KEYS: `a1:${random()}`,
  GAME_KEYS: `g1:${random()}`,
  PLUGIN_KEYS: `p1:${random()}`,
  FACTOR_KEYS: `f1:${random()}`,
  REALTIME_SECRET: random(),
  ...freshOperator(),
  MAIL_PROVIDER: "http",
  MAIL_FROM: "no-reply@toolboxai.localhost",
  MAIL_HTTP_KEY: random(),
  ...localUrls(8787, `http://127.0.0.1:${mailPort(8787)}/emails`),
});

/** The settings that say where a local server and its mail are. */
export const localUrls = (port, mailEndpoint) => ({
  PUBLIC_URL: `http://localhost:${port}`,
  ...(mailEndpoint && { MAIL_HTTP_URL: mailEndpoint }),
});

/** One value of `.dev.vars`. */
export function devVar(name) {
  const [, value] =
    new RegExp(`^\\s*${name}\\s*=\\s*(.*?)\\s*$`, "m").exec(readFileSync(inRoot(".dev.vars"), "utf8")) ?? [];
  return value?.replace(/^(["'])(.*)\1$/, "$2");
}

/** Writes `.dev.vars`, or adds what it lacks; what is there stays. */
export function ensureDevVars() {
  const path = inRoot(".dev.vars");
  const present = existsSync(path) ? readFileSync(path, "utf8") : "";
  const missing = Object.entries(freshSecrets()).filter(
    ([name]) => !new RegExp(`^\\s*${name}\\s*=`, "m").test(present),
  );
  if (missing.length === 0) return { note: "unchanged" };
  const start = present === "" || present.endsWith("\n") ? present : `${present}\n`;
  writeAtomic(path, start + missing.map(([name, value]) => `${name}=${value}\n`).join(""), { mode: 0o600 });
  return { note: `${missing.length} made` };
}
