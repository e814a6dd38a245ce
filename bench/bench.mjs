/** `npm run bench -- sync [rounds]`: measures our Worker beside others; results go to bench/results/. */
import { buildWorker } from "../scripts/build-worker.mjs";
import { bootstrap } from "../scripts/lib/bootstrap.mjs";
import { Failure, main, step } from "../scripts/lib/step.mjs";
import { ensureTools } from "../scripts/lib/tools.mjs";

await main(async () => {
  await bootstrap();
  const [what, rounds = "5"] = process.argv.slice(2);
  if (what !== "sync" || !(Number(rounds) >= 3)) {
    throw new Failure("the bench is `sync`, with at least 3 rounds", {
      todo: "npm run bench -- sync, or npm run bench -- sync 9",
    });
  }
  await ensureTools();
  await step("Worker", buildWorker);
  // Imported late: it needs the packages that bootstrap brings.
  const { benchSync } = await import("./sync.mjs");
  await benchSync({ rounds: Number(rounds) });
});
process.exit();
