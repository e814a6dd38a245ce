/**
 * `npm run bench -- <what> [rounds]`: measures our Worker beside others; results go to bench/results/. `plugin --minutes N` watches its
 * memory that long; `rooms --rows fan-100,idle --only party,soketi --rounds 1` plays some rows by some alone.
 */
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
  rooms: async (options) => (await import("./rooms.mjs")).benchRooms(options),
  auth: async (options) => (await import("./auth.mjs")).benchAuth(options),
};

await main(async () => {
  await bootstrap();
  const { values, positionals } = parseArgs({
    options: {
      minutes: { type: "string", default: "0" },
      rounds: { type: "string" },
      rows: { type: "string" },
      only: { type: "string" },
    },
    allowPositionals: true,
  });
  const [what, counted = values.rounds ?? "5"] = positionals;
  const [rounds, minutes] = [Number(counted), Number(values.minutes)];
  // One round shows that a part of it runs; a whole result wants three.
  const fewest = values.rows || values.only ? 1 : 3;
  if (!Object.hasOwn(benches, what) || !(rounds >= fewest) || !(minutes >= 0)) {
    throw new Failure(`the benches are ${Object.keys(benches).join(" and ")}, with at least ${fewest} rounds`, {
      todo: "npm run bench -- sync, or npm run bench -- sync 9",
    });
  }
  if (!values.only || values.only.split(",").includes("ours")) {
    await ensureTools();
    await step("Worker", buildWorker);
  }
  await benches[what]({ rounds, minutes, rows: values.rows, only: values.only });
});
process.exit();
