/** `npm run bench -- <what> [rounds]`: measures our Worker beside others; results go to bench/results/. */
import { buildWorker } from "../scripts/build-worker.mjs";
import { bootstrap } from "../scripts/lib/bootstrap.mjs";
import { Failure, main, step } from "../scripts/lib/step.mjs";
import { ensureTools } from "../scripts/lib/tools.mjs";

/** What there is. Imported late: they need the packages that bootstrap brings. */
const benches = {
  sync: async (options) => (await import("./sync.mjs")).benchSync(options),
  cache: async () => (await import("./cache.mjs")).benchCache(),
  auth: async (options) => (await import("./auth.mjs")).benchAuth(options),
};

await main(async () => {
  await bootstrap();
  const [what, rounds = "5"] = process.argv.slice(2);
  if (!Object.hasOwn(benches, what) || !(Number(rounds) >= 3)) {
    throw new Failure(`the benches are ${Object.keys(benches).join(" and ")}, with at least 3 rounds`, {
      todo: "npm run bench -- sync, or npm run bench -- sync 9",
    });
  }
  await ensureTools();
  await step("Worker", buildWorker);
  await benches[what]({ rounds: Number(rounds) });
});
process.exit();
