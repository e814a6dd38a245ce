/** The secrets of this machine's local server: made once, kept in .dev.vars, which is readable by its owner alone. */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { inRoot } from "./paths.mjs";
import { writeAtomic } from "./stamp.mjs";

const random = () => randomBytes(32).toString("base64url");

/** A fresh value for everything that `.dev.vars` must hold. Keys are `kid:secret`, as a list, of which the first signs. */
export const freshSecrets = () => ({
  ENVIRONMENT: "local",
  AUTH_KEYS: `a1:${random()}`,
  GAME_KEYS: `g1:${random()}`,
  REALTIME_SECRET: random(),
});

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
