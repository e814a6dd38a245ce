/** `npm run bench -- <what> [rounds]`: measures our Worker beside others (`plugin --minutes N` watches its memory that long); results go to bench/results/. */
import { parseArgs } from "node:util";
import { buildWorker } from "../scripts/build-worker.mjs";
import { bootstrap } from "../scripts/lib/bootstrap.mjs";
import { Failure, main, step } from "../scripts/lib/step.mjs";
import { ensureTools } from "../scripts/lib/tools.mjs";

/** What there is. Imported late: they need the packages that bootstrap brings. */
const benches = {
  sync: async (options) => (await import("./sync.mjs")).benchSync(options),
  cache: async () => (await import("./cache.mjs")).benchCache(),
  plugin: async (options) => (await import("./plugin.mjs")).benchPlugin(options),
  auth: async (options) => (await import("./auth.mjs")).benchAuth(options),
};

await main(async () => {
  await bootstrap();
  const options = { minutes: { type: "string", default: "0" } };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [what, rounds = "5"] = positionals;
  const minutes = Number(values.minutes);
  if (!Object.hasOwn(benches, what) || !(Number(rounds) >= 3) || !(minutes >= 0)) {
    throw new Failure(`the benches are ${Object.keys(benches).join(" and ")}, with at least 3 rounds`, {
      todo: "npm run bench -- sync, or npm run bench -- sync 9",
    });
  }
  await ensureTools();
  await step("Worker", buildWorker);
  await benches[what]({ rounds: Number(rounds), minutes });
});
process.exit();
