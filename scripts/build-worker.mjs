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
    hashOf(
      ["src", "handlers", "Cargo.toml", "Cargo.lock", "scripts/build-worker.mjs"].map((path) => inRoot(path)),
      {
        rustc,
        tools: workerTools,
      },
    );
  if (isCurrent(stampFile, hash(), outputs)) return { note: "unchanged" };
  // One build at a time in a target folder: two clones that share it would swap each other's wasm.
  return withLock(join(targetDir(), "worker-build.lock"), async () => {
    const before = hash();
    if (isCurrent(stampFile, before, outputs)) return { note: "unchanged" };
    await run(program("worker-build", "worker-build"), ["--release", "--no-opt"], {
      env: workerBuildEnv(),
      todo: "read the compiler's message above; `cargo check` on the host shows most of them quicker",
    });
    // Copies of one generic function, side by side, are what gzip finds; binaryen's own -O makes them differ. Then the names can go
    // (docs/decisions/0004-size-and-speed.md).
    const wasm = inRoot("build", "index_bg.wasm");
    // wasm-bindgen catches panics, and does not say so among the features.
    const passes = ["--enable-exception-handling", "--reorder-functions-by-name", "--strip-debug"];
    await run("wasm-opt", [...passes, wasm, "-o", wasm]);
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
