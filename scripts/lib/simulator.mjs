/** The simulator of game servers (roblox/simulator): built when its sources changed, kept in this clone's cache. */
import { chmodSync, copyFileSync, mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { withLock } from "./lock.mjs";
import { cloneCache, inRoot, targetDir } from "./paths.mjs";
import { run } from "./run.mjs";
import { hashOf, isCurrent, writeAtomic } from "./stamp.mjs";

/** The built program. */
export const simulator = cloneCache("bin", "simulator");

const stampFile = cloneCache("simulator.stamp");

/** Builds the simulator unless it is current. */
export async function buildSimulator() {
  const hash = hashOf([inRoot("roblox"), inRoot("Cargo.lock")]);
  if (isCurrent(stampFile, hash, [simulator])) return { note: "unchanged" };
  // Clones share the target folder: what was built is copied out before another clone builds its own.
  return withLock(join(targetDir(), "simulator-build.lock"), async () => {
    await run("cargo", ["build", "--release", "--locked", "-p", "simulator"], {
      todo: "read the compiler's message above",
    });
    mkdirSync(dirname(simulator), { recursive: true });
    const aside = `${simulator}.${process.pid}`;
    copyFileSync(join(targetDir(), "release", "simulator"), aside);
    chmodSync(aside, 0o755);
    renameSync(aside, simulator);
    writeAtomic(stampFile, hash);
    return {};
  });
}
