/**
 * What stands in for Roblox: the simulator of game servers (roblox/simulator) and Studio (roblox/studio). Built when their
 * sources changed, kept in this clone's cache.
 */
import { chmodSync, copyFileSync, mkdirSync, renameSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { withLock } from "./lock.mjs";
import { cloneCache, inRoot, targetDir } from "./paths.mjs";
import { run } from "./run.mjs";
import { hashOf, isCurrent, writeAtomic } from "./stamp.mjs";

const built = (name) => cloneCache("bin", name);

/** The game servers. */
export const simulator = built("simulator");

/** Studio with the plugin. */
export const studio = built("studio");

const stampFile = cloneCache("simulator.stamp");

/** Copies a program out of the target folder, whole or not at all. */
function keep(program) {
  mkdirSync(dirname(program), { recursive: true });
  const aside = `${program}.${process.pid}`;
  copyFileSync(join(targetDir(), "release", basename(program)), aside);
  chmodSync(aside, 0o755);
  renameSync(aside, program);
}

/** Builds both unless they are current. */
export async function buildSimulator() {
  const hash = hashOf([inRoot("roblox"), inRoot("Cargo.lock")]);
  if (isCurrent(stampFile, hash, [simulator, studio])) return { note: "unchanged" };
  // Clones share the target folder: what was built is copied out before another clone builds its own.
  return withLock(join(targetDir(), "simulator-build.lock"), async () => {
    await run("cargo", ["build", "--release", "--locked", "-p", "simulator", "-p", "studio"], {
      todo: "read the compiler's message above",
    });
    for (const program of [simulator, studio]) keep(program);
    writeAtomic(stampFile, hash);
    return {};
  });
}
