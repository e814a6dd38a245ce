/**
 * The part of Roblox's Open Cloud that a deployment needs: publish a place, store a secret. Requests and answers are those of
 * Roblox's OpenAPI document (tests/vectors/open-cloud-publish.json). The API key is in no message and no log.
 */
import { setTimeout as wait } from "node:timers/promises";
import { Failure } from "./step.mjs";

const HOST = "https://apis.roblox.com";
const TRIES = 4;
/** A place of 10 MB (Roblox's own limit) over a slow line. */
const UPLOAD_TIMEOUT_MS = 300_000;
const CALL_TIMEOUT_MS = 30_000;
/** Roblox's windows are a minute. */
const LONGEST_PAUSE_MS = 60_000;

/** Roblox refuses larger ones. */
export const MAX_PLACE_BYTES = 10 * 1024 * 1024;

const loopback = ["127.0.0.1", "[::1]", "localhost"];

/** The address of Open Cloud; `ROBLOX_OPEN_CLOUD_URL` is for tests. A key goes out over TLS only, or to this machine. */
export function baseUrl(text = process.env.ROBLOX_OPEN_CLOUD_URL || HOST) {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && loopback.includes(url.hostname));
  if (!isSafe) throw new Failure(`ROBLOX_OPEN_CLOUD_URL is ${JSON.stringify(text)}, which is no https address`);
  return url.origin;
}

/** What a status means, and what to do about it; `scope` is the right that the key needs. */
const meanings = (scope) => ({
  400: ["Roblox could not make sense of the request", "look at its words above"],
  401: [
    "Roblox does not accept the API key",
    `check ROBLOX_API_KEY: keys end after 60 days without use, and this one needs ${scope} for this experience`,
  ],
  403: [
    "the API key may not do this",
    `give the key ${scope} for this experience, and this machine's address if the key has a list of addresses`,
  ],
  404: ["there is no such experience or place", "check the universe's and the place's number on the Creator Dashboard"],
  409: ["the place is not part of the experience", "check that --place belongs to --universe"],
  429: ["Roblox has had enough requests for now", "wait a minute, then run this again"],
});

/** How long to wait before the next try, in milliseconds: what Roblox asks for, else longer each time and partly by lot. */
function pauseOf(response, attempt) {
  const asked = Number(response?.headers.get("retry-after") ?? response?.headers.get("x-ratelimit-reset") ?? NaN);
  if (asked > 0) return Math.min(asked * 1000, LONGEST_PAUSE_MS);
  return 500 * 2 ** attempt * (0.5 + Math.random() / 2);
}

/** Words of Roblox's answer, whatever their form, cut to a line. */
function wordsOf(text) {
  let words = text;
  try {
    const body = JSON.parse(text);
    words = body.detail ?? body.title ?? body.message ?? body.errors?.[0]?.message ?? text;
  } catch {
    // Not JSON: the text itself.
  }
  return String(words).replaceAll(/\s+/g, " ").trim().slice(0, 300);
}

/** Open Cloud, as one API key sees one experience. */
export class OpenCloud {
  #key;
  #base;
  #pause;

  constructor({ key, base = baseUrl(), pause = wait }) {
    this.#key = key;
    this.#base = base;
    this.#pause = pause;
  }

  /** Uploads the place file as a new version; answers its number. `type` is "Published" or "Saved". */
  async publishPlace({ universe, place, file, type = "Published" }) {
    const path = `/universes/v1/${universe}/places/${place}/versions?versionType=${type}`;
    // Sent again only when Roblox said that it did not take it: two uploads are two versions.
    const response = await this.#send("POST", path, {
      scope: "universe-places:write",
      headers: { "content-type": "application/octet-stream" },
      body: file,
      timeout: UPLOAD_TIMEOUT_MS,
    });
    const number = Number(parsed(await response.text())?.versionNumber);
    if (!Number.isSafeInteger(number)) throw new Failure("Roblox answered without a version number");
    return number;
  }

  /**
   * Stores a secret under `name`, new or in place of the old one. `seal(publicKey, text)` encrypts for Roblox alone. Answers
   * "created" or "updated".
   */
  async putSecret({ universe, name, text, domain, seal }) {
    const path = `/cloud/v2/universes/${universe}/secrets`;
    const scope = "universe.secret:read and universe.secret:write";
    const again = { scope, isRepeatable: true };
    const answer = await this.#send("GET", `${path}/public-key`, again);
    const { secret: publicKey, key_id: keyId } = parsed(await answer.text()) ?? {};
    if (!publicKey || !keyId) throw new Failure("Roblox answered without its public key");
    const content = { secret: seal(publicKey, text), key_id: keyId, domain };
    const json = (fields) => ({
      headers: { "content-type": "application/json" },
      body: JSON.stringify(fields),
    });
    const made = await this.#send("POST", path, { ...again, ...json({ id: name, ...content }), expected: [409] });
    if (made.ok) return "created";
    await this.#send("PATCH", `${path}/${name}`, { ...again, ...json(content) });
    return "updated";
  }

  /** One call with its repetitions. Answers a response that is 2xx or of a status that was expected. */
  async #send(
    method,
    path,
    { scope, headers = {}, body, timeout = CALL_TIMEOUT_MS, isRepeatable = false, expected = [] },
  ) {
    const what = `${method} ${path.split("?")[0]}`;
    for (let attempt = 0; ; attempt += 1) {
      const isLast = attempt + 1 === TRIES;
      let response;
      try {
        response = await fetch(this.#base + path, {
          method,
          headers: { ...headers, "x-api-key": this.#key },
          body,
          // A redirect would carry the key elsewhere.
          redirect: "error",
          signal: AbortSignal.timeout(timeout),
        });
      } catch (error) {
        if (!isRepeatable || isLast) throw unreachable(what, error, isRepeatable);
        await this.#pause(pauseOf(null, attempt));
        continue;
      }
      if (response.ok || expected.includes(response.status)) return response;
      const canHelp = response.status === 429 || (isRepeatable && response.status >= 500);
      if (!canHelp || isLast) throw await refused(what, response, scope, isRepeatable);
      await this.#pause(pauseOf(response, attempt));
    }
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const mayBeDone = (isRepeatable) =>
  isRepeatable
    ? "run this again"
    : "look at the place's version history before you run this again: it may have arrived";

function unreachable(what, error, isRepeatable) {
  const why = error.name === "TimeoutError" ? "no answer in time" : (error.cause?.message ?? error.message);
  return new Failure(`${what}: Roblox was not reached (${why})`, { todo: mayBeDone(isRepeatable) });
}

async function refused(what, response, scope, isRepeatable) {
  const { status } = response;
  const [why, todo] = meanings(scope)[status] ?? ["Roblox failed", mayBeDone(isRepeatable)];
  const words = wordsOf(await response.text().catch(() => ""));
  return new Failure(`${what}: ${why} (${status}${words && `: ${words}`})`, { todo });
}
