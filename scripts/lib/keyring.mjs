/**
 * Lists of keys, `kid:secret,kid:secret`: the first signs (or makes new secrets), all verify. A key's name tells when it was
 * made, so that the list itself says when the one behind it stopped to sign.
 */
import { randomBytes } from "node:crypto";
import { duration, Failure } from "./step.mjs";

const MINUTE = 60_000;

/**
 * The lists: how long something that a key has signed can live (with five minutes for clocks, deployments and mails that
 * are tried again); `kept` where it does not end by itself.
 */
export const rings = {
  /** Access tokens live 15 minutes; what is signed for a sign-in on its way lives less. */
  AUTH_KEYS: { prefix: "a", alive: 20 * MINUTE },
  /** Tokens of game servers live 24 hours at most (GAME_TOKEN_SECONDS). */
  GAME_KEYS: { prefix: "g", alive: 24 * 60 * MINUTE + 5 * MINUTE },
  /** Tokens of Studio plugins live a week at most (the runtime setting token_expiry_hours). */
  PLUGIN_KEYS: { prefix: "p", alive: 7 * 24 * 60 * MINUTE + 5 * MINUTE },
  /** Second factors are derived from these for as long as a row names the key. */
  FACTOR_KEYS: { prefix: "f", kept: true },
};

/** The rules of a list, by its name. */
export function ringRules(name) {
  if (Object.hasOwn(rings, name)) return rings[name];
  throw new Failure(`there is no list of keys called ${JSON.stringify(name)}`, {
    todo: `name one of ${Object.keys(rings).join(", ")}`,
  });
}

/** `kid:secret,…` → `[{ kid, secret, madeAt }]`; `madeAt` is null where the name does not tell. */
export function parseRing(text) {
  const keys = text
    .split(",")
    .map((entry) => entry.trim())
    .filter(Boolean)
    .map((entry) => {
      const [, kid, secret] = /^([^:\s]+):([A-Za-z0-9_-]{43,}=*)$/.exec(entry) ?? [];
      if (!kid) throw new Failure("the list is not `kid:base64url,kid:base64url` with 32 random bytes each");
      return { kid, secret, madeAt: madeAt(kid) };
    });
  if (keys.length === 0) throw new Failure("the list is empty");
  const twice = keys.find(({ kid }, at) => keys.findIndex((key) => key.kid === kid) !== at);
  if (twice) throw new Failure(`two keys of the list are called ${twice.kid}`);
  return keys;
}

/** The other way round. */
export const ringText = (keys) => keys.map(({ kid, secret }) => `${kid}:${secret}`).join(",");

/** `a20261124T191500Z` → milliseconds, or null. */
function madeAt(kid) {
  const [, ...parts] = /^[a-z](\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(kid) ?? [];
  if (parts.length === 0) return null;
  const [year, month, ...rest] = parts.map(Number);
  return Date.UTC(year, month - 1, ...rest);
}

/** A new key, named after its list and this moment. */
export function newKey({ prefix }, now) {
  const kid = prefix + new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  return { kid, secret: randomBytes(32).toString("base64url"), madeAt: madeAt(kid) };
}

/** The list with a new key in front of it. */
export function withNewKey(rules, keys, now) {
  const key = newKey(rules, now);
  if (keys.some(({ kid }) => kid === key.kid)) throw new Failure(`there is a key ${key.kid} already; wait a second`);
  return [key, ...keys];
}

/** When nothing that the key signed can be alive any more: a time, null where nobody knows, Infinity while it signs. */
export function retirableAt(rules, keys, kid) {
  const at = keys.findIndex((key) => key.kid === kid);
  if (at === 0) return Infinity;
  const { madeAt } = keys[at - 1];
  return madeAt === null ? null : madeAt + (rules.alive ?? 0);
}

/** Fails for a key that is unknown or signs. */
export function checkSignsNoMore(keys, kid) {
  if (!keys.some((key) => key.kid === kid)) {
    throw new Failure(`no key of the list is called ${kid}`, {
      todo: `the list has ${keys.map((k) => k.kid).join(", ")}`,
    });
  }
  if (keys[0].kid === kid) {
    throw new Failure(`${kid} signs`, { todo: "`add` one first, so that it signs no more" });
  }
}

/** Fails while something of the key's may be in use. `used` is how many rows name it, for a list whose secrets are kept. */
export function checkUnused(rules, keys, kid, { now, used = 0 }) {
  const at = retirableAt(rules, keys, kid);
  if (rules.kept && used > 0) {
    throw new Failure(`${used} second factors, recovery codes and connections to Roblox come from ${kid}`, {
      todo: "keep the key: it costs nothing. If it leaked, `--force` retires it, and those factors and connections are set up anew",
    });
  }
  if (!rules.kept && at === null) {
    throw new Failure(`nobody knows since when ${kid} signs no more: the key before it has no time in its name`, {
      todo: `wait ${duration(rules.alive)} after that key was added, then retire with \`--force\``,
    });
  }
  if (!rules.kept && now < at) {
    throw new Failure(`tokens that ${kid} signed can be alive for another ${duration(at - now)}`, {
      todo: "wait; or, if the key leaked, `--force`: whoever has such a token gets a new one by refreshing",
    });
  }
}

/** The list without the key. */
export const withoutKey = (keys, kid) => keys.filter((key) => key.kid !== kid);
