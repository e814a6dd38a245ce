/**
 * `npm run roblox:publish`: puts a built place into an experience, and the edge's key into its secrets, by Open Cloud.
 * docs/roblox-publishing.md has the steps.
 */
import { readFileSync, statSync } from "node:fs";
import { relative } from "node:path";
import { parseArgs } from "node:util";
import { bootstrap } from "./lib/bootstrap.mjs";
import { baseUrl, MAX_PLACE_BYTES, OpenCloud } from "./lib/open-cloud.mjs";
import { inRoot, root } from "./lib/paths.mjs";
import { Failure, main, say, step } from "./lib/step.mjs";

const USAGE = `npm run roblox:publish -- --universe ID --place ID [--file PATH] [--saved]
npm run roblox:publish -- --universe ID --secret NAME --domain HOST < FILE
  --universe ID       the experience's universe id
  --place ID          the place that gets the new version
  --file PATH         the place file (artifacts/roblox/experience.rbxl, which \`npm run roblox:build\` makes)
  --saved             keep it as a version that players do not get yet
  --secret NAME       a secret of the experience, read from standard input; NAME=VALUE works too, but shells remember it
  --domain HOST       the only host that may be sent the secret, such as class.example.org
  --dry-run           check everything here, call nobody
The API key comes from ROBLOX_API_KEY.`;

const options = {
  universe: { type: "string" },
  place: { type: "string" },
  file: { type: "string" },
  saved: { type: "boolean", default: false },
  secret: { type: "string" },
  domain: { type: "string" },
  "dry-run": { type: "boolean", default: false },
  help: { type: "boolean", default: false },
};

const mistake = (why) => new Failure(why, { todo: `npm run roblox:publish -- --help` });

function parse() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw mistake(error.message);
  }
}

/** The number of an experience or a place, as Roblox gives them out. */
function idOf(name, text) {
  if (!/^[1-9]\d{0,18}$/.test(text ?? "")) throw mistake(`--${name} must be the number that Roblox gave it`);
  return text;
}

/** The place to upload: `{ universe, place, type, path, file }`. */
function placeOf(values, universe) {
  const path = values.file ?? inRoot("artifacts", "roblox", "experience.rbxl");
  const shown = relative(root, path);
  let size;
  try {
    ({ size } = statSync(path));
  } catch {
    throw new Failure(`${shown} is not there`, { todo: "build it first: npm run roblox:build" });
  }
  if (size > MAX_PLACE_BYTES) throw new Failure(`${shown} has ${size} bytes; Roblox takes ${MAX_PLACE_BYTES} at most`);
  const file = readFileSync(path);
  // The first bytes of a binary place; an XML one goes out under another media type.
  if (file.subarray(0, 8).toString("latin1") !== "<roblox!") throw new Failure(`${shown} is no .rbxl file`);
  return { universe, place: idOf("place", values.place), type: values.saved ? "Saved" : "Published", shown, file };
}

/** The secret to store: `{ universe, name, text, domain }`. */
function secretOf({ secret, domain }, universe) {
  const [, name, given] = /^([^=]*)(?:=(.*))?$/s.exec(secret);
  if (!/^[A-Za-z_]\w{0,63}$/.test(name)) {
    throw mistake(`--secret ${name}: a name has 1 to 64 letters, digits and underscores, and begins with no digit`);
  }
  if (!/^(\*|(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*)$/.test(domain ?? "")) {
    throw mistake("--domain must be the host that the secret is for, such as class.example.org");
  }
  const text = given ?? readFileSync(0, "utf8").replace(/\r?\n$/, "");
  if (text.length === 0) throw mistake("the secret is empty: give it on standard input");
  // Roblox's own limit.
  if (Buffer.byteLength(text) > 1024) throw mistake("a secret has 1,024 bytes at most");
  return { universe, name, text, domain };
}

function keyFromEnvironment() {
  const key = process.env.ROBLOX_API_KEY?.trim();
  if (key) return key;
  const todo = "make a key on create.roblox.com/dashboard/credentials and put it into the environment";
  throw new Failure("ROBLOX_API_KEY is not set", { todo });
}

await bootstrap();
await main(async () => {
  const values = parse();
  if (values.help) return say(USAGE);
  if (!values.place && !values.secret) throw mistake("say what to do: --place ID, or --secret NAME, or both");
  const universe = idOf("universe", values.universe);
  const secret = values.secret === undefined ? null : secretOf(values, universe);
  const place = values.place === undefined ? null : placeOf(values, universe);
  const key = keyFromEnvironment();
  if (values["dry-run"]) {
    if (secret) say(`would store the secret ${secret.name} for ${secret.domain} in universe ${universe}`);
    if (place) say(`would upload ${place.shown} (${place.file.length} bytes) to place ${place.place} as ${place.type}`);
    return say(`nothing was sent to ${baseUrl()}`);
  }
  const cloud = new OpenCloud({ key });
  // The secret first: a version that goes live finds its key there.
  if (secret) {
    const { seal } = await import("./lib/sealed-box.mjs");
    await step(`secret ${secret.name}`, async () => ({ note: await cloud.putSecret({ ...secret, seal }) }));
  }
  if (place) {
    await step(`place ${place.place}`, async () => ({
      note: `version ${await cloud.publishPlace(place)}, ${place.type.toLowerCase()}`,
    }));
  }
});
