/**
 * `npm run keys -- list | add | retire | import | push`: rotates the keys that sign tokens (AUTH_KEYS, GAME_KEYS,
 * PLUGIN_KEYS) and those that second factors come from (FACTOR_KEYS). No secret is ever printed. docs/runbooks/rotate-signing-keys.md has the steps.
 *
 * The list of the local server is in .dev.vars. A deployed one cannot be read back from Cloudflare, so `--env NAME` keeps it
 * in `.keys.NAME` (private, not in git; `--file` says where else) and hands each change to `wrangler secret put`.
 */
import { existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { persistFolder } from "./lib/database.mjs";
import {
  checkSignsNoMore,
  checkUnused,
  newKey,
  parseRing,
  retirableAt,
  ringRules,
  rings,
  ringText,
  withNewKey,
  withoutKey,
} from "./lib/keyring.mjs";
import { inRoot, stateDir } from "./lib/paths.mjs";
import { run } from "./lib/run.mjs";
import { writeAtomic } from "./lib/stamp.mjs";
import { duration, Failure, main, say, step } from "./lib/step.mjs";

const USAGE = `npm run keys -- list [LIST]                 which keys there are, and which may go
npm run keys -- add LIST                    a new key signs from now on; the others still verify
npm run keys -- retire LIST [KID] [--force] the oldest key (or KID) goes, if nothing that it signed can be alive
npm run keys -- import LIST --env NAME      takes the list of a deployed Worker from stdin
npm run keys -- push LIST --env NAME        hands the list to Cloudflare again
LIST: ${Object.keys(rings).join(", ")}. Options: --env NAME, --file PATH, --first (add the first key of all)`;

/** Where the lists of a local or a deployed server are kept. */
class Keeper {
  constructor({ env, file }) {
    if (env && !/^[a-z0-9-]+$/.test(env)) throw new Failure(`--env ${env} is no name of an environment`);
    this.env = env;
    this.path = file ?? inRoot(env ? `.keys.${env}` : ".dev.vars");
  }

  /** The list of that name, or null. */
  read(name) {
    const [, text] = new RegExp(`^\\s*${name}\\s*=\\s*"?([^"\\s]*)"?\\s*$`, "m").exec(this.#text()) ?? [];
    return text ? parseRing(text) : null;
  }

  /** The list of that name, which must be there. */
  need(name) {
    const keys = this.read(name);
    if (keys) return keys;
    const todo = this.env
      ? `hand over what the Worker has: \`npm run keys -- import ${name} --env ${this.env} < FILE\`; if it has none, \`add --first\``
      : "`npm start` makes it";
    throw new Failure(`${this.path} has no ${name}`, { todo });
  }

  /** Keeps the list, then hands it on: so no key is in use whose list is lost. */
  async write(name, keys) {
    this.keep(name, keys);
    await this.push(name, keys);
  }

  keep(name, keys) {
    const line = `${name}=${ringText(keys)}`;
    const others = this.#text()
      .split("\n")
      .filter((text) => text.trim() && !new RegExp(`^\\s*${name}\\s*=`).test(text));
    writeAtomic(this.path, [...others, line, ""].join("\n"), { mode: 0o600 });
  }

  async push(name, keys) {
    if (!this.env) return say("A running `npm start` takes it at its next start.");
    await step(`wrangler secret put ${name}`, () =>
      run("wrangler", ["secret", "put", name, ...this.#where()], {
        input: ringText(keys),
        todo: `the list is kept in ${this.path}; \`npm run keys -- push ${name} --env ${this.env}\` tries again`,
      }),
    );
  }

  /** How many second factors, recovery codes and connections to Roblox come from a key. */
  async used(kid) {
    const sql = `select (select count(*) from factors where kid = '${kid}')
      + (select count(*) from recovery_codes where kid = '${kid}' and used_at is null)
      + (select count(*) from roblox_connections where kid = '${kid}') as used`;
    const place = this.env ? ["--remote", ...this.#where()] : ["--local", "--persist-to", persistFolder(stateDir())];
    const answer = await run("wrangler", ["d1", "execute", "DB", "--json", "--command", sql, ...place], {
      todo: "who uses the key must be known before it goes",
    });
    return JSON.parse(answer)[0].results[0].used;
  }

  /** wrangler's environment; `production` is the configuration outside all of them. */
  #where() {
    const isNamed = readFileSync(inRoot("wrangler.toml"), "utf8").includes(`[env.${this.env}`);
    if (!isNamed && this.env !== "production") throw new Failure(`wrangler.toml has no environment ${this.env}`);
    return isNamed ? ["--env", this.env] : [];
  }

  #text() {
    return existsSync(this.path) ? readFileSync(this.path, "utf8") : "";
  }
}

function show(name, keys, now) {
  say(name);
  for (const [at, { kid, madeAt }] of keys.entries()) {
    const age = madeAt === null ? "" : `, ${duration(now - madeAt)} old`;
    const due = retirableAt(rings[name], keys, kid);
    const verifies = rings[name].kept ? "kept for what comes from it" : "verifies";
    const until = due === null || rings[name].kept ? "" : due > now ? `, may go in ${duration(due - now)}` : ", may go";
    say(`  ${kid}  ${at === 0 ? "signs" : verifies + until}${age}`);
  }
}

async function stdin() {
  if (process.stdin.isTTY) throw new Failure("the list comes on stdin", { todo: "… < FILE, not typed: it is secret" });
  let text = "";
  for await (const chunk of process.stdin) text += chunk;
  return text.trim();
}

const commands = {
  async list(keeper, name) {
    for (const each of name ? [name] : Object.keys(rings)) {
      const keys = name ? keeper.need(each) : keeper.read(each);
      if (keys) show(each, keys, Date.now());
    }
  },

  async add(keeper, name, _, { first }) {
    const rules = ringRules(name);
    const known = keeper.read(name);
    if (first && known) throw new Failure(`${keeper.path} has a ${name} already`, { todo: "leave --first out" });
    const keys = first ? [newKey(rules, Date.now())] : withNewKey(rules, keeper.need(name), Date.now());
    await keeper.write(name, keys);
    show(name, keys, Date.now());
  },

  async retire(keeper, name, kid, { force }) {
    const rules = ringRules(name);
    const keys = keeper.need(name);
    const going = kid ?? keys.at(-1).kid;
    checkSignsNoMore(keys, going);
    if (!force) {
      const used = rules.kept ? await keeper.used(going) : 0;
      checkUnused(rules, keys, going, { now: Date.now(), used });
    }
    const left = withoutKey(keys, going);
    await keeper.write(name, left);
    say(`${going} is gone.`);
    show(name, left, Date.now());
  },

  async import(keeper, name) {
    ringRules(name);
    if (!keeper.env) throw new Failure("the local server's lists are made by `npm start`", { todo: "say --env NAME" });
    const keys = parseRing(await stdin());
    if (keeper.read(name))
      throw new Failure(`${keeper.path} has a ${name} already`, { todo: "remove that line first" });
    keeper.keep(name, keys);
    show(name, keys, Date.now());
  },

  async push(keeper, name) {
    await keeper.push(name, keeper.need(name));
  },
};

await main(async () => {
  const options = {
    env: { type: "string" },
    file: { type: "string" },
    force: { type: "boolean" },
    first: { type: "boolean" },
  };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [command, name, kid] = positionals;
  if (!Object.hasOwn(commands, command ?? "")) {
    throw new Failure(`\`keys\` knows no ${JSON.stringify(command ?? "")}`, { todo: USAGE });
  }
  if (name !== undefined || command !== "list") ringRules(name);
  await commands[command](new Keeper(values), name, kid, values);
});
