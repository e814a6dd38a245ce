/**
 * Builds the Worker into build/ (release, optimised). wrangler calls this as well, at its start and at each change;
 * when no input changed it does nothing.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bootstrap } from "./lib/bootstrap.mjs";
import { withLock } from "./lib/lock.mjs";
import { cloneCache, inRoot, targetDir } from "./lib/paths.mjs";
import { capture, run } from "./lib/run.mjs";
import { hashOf, isCurrent, writeAtomic } from "./lib/stamp.mjs";
import { main, step } from "./lib/step.mjs";
import { ensureTools, program, workerBuildEnv, workerTools } from "./lib/tools.mjs";

const stampFile = cloneCache("worker.stamp");
const outputs = [inRoot("build", "index.js")];

/** Builds the Worker unless it is current. */
export async function buildWorker() {
  const rustc = (await capture("rustc", ["-V"])).stdout;
  const hash = () =>
    hashOf([inRoot("src"), inRoot("handlers"), inRoot("Cargo.toml"), inRoot("Cargo.lock")], {
      rustc,
      tools: workerTools,
    });
  if (isCurrent(stampFile, hash(), outputs)) return { note: "unchanged" };
  // One build at a time in a target folder: two clones that share it would swap each other's wasm.
  return withLock(join(targetDir(), "worker-build.lock"), async () => {
    const before = hash();
    if (isCurrent(stampFile, before, outputs)) return { note: "unchanged" };
    await run(program("worker-build", "worker-build"), ["--release"], {
      env: workerBuildEnv(),
      todo: "read the compiler's message above; `cargo check` on the host shows most of them quicker",
    });
    // The names of functions are a tenth of the wasm, for the call stacks of panics alone.
    const wasm = inRoot("build", "index_bg.wasm");
    await run("wasm-opt", ["--all-features", "--strip-debug", wasm, "-o", wasm]);
    writeAtomic(stampFile, before);
    return {};
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async () => {
    await bootstrap();
    await ensureTools();
    await step("Worker", buildWorker);
  });
}
