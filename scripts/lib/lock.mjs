/**
 * A lock between processes: a folder that only one can make, with the holder's identity in it. A holder that died is
 * recognised by its pid and start time, and its lock is taken over.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

/** Who holds the lock at `path`: `{ pid, started, ...info }`, or null when nobody alive does. */
export function holder(path) {
  let text;
  try {
    text = readFileSync(join(path, "holder.json"), "utf8");
  } catch {
    return null;
  }
  try {
    const found = JSON.parse(text);
    return isAlive(found) ? found : null;
  } catch {
    return null;
  }
}

/** Takes the lock or answers false. `info` is kept for whoever asks who holds it. */
export function tryLock(path, info = {}) {
  mkdirSync(dirname(path), { recursive: true });
  // Made aside and renamed into place: a lock never exists without its holder's name.
  const mine = `${path}.${process.pid}`;
  rmSync(mine, { recursive: true, force: true });
  mkdirSync(mine);
  writeFileSync(join(mine, "holder.json"), JSON.stringify({ ...identify(process.pid), ...info }));
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      renameSync(mine, path);
      return true;
    } catch (error) {
      if (!["ENOTEMPTY", "EEXIST"].includes(error.code)) throw error;
      if (holder(path) || attempt === 1) break;
      discard(path);
    }
  }
  rmSync(mine, { recursive: true, force: true });
  return false;
}

/** Gives the lock back, if it is ours. */
export function unlock(path) {
  if (holder(path)?.pid === process.pid) discard(path);
}

/** Runs `work` under the lock, waiting for another holder to finish. */
export async function withLock(path, work, { onWait } = {}) {
  let waited = false;
  while (!tryLock(path)) {
    if (!waited) onWait?.(holder(path));
    waited = true;
    await wait(200);
  }
  try {
    return await work();
  } finally {
    unlock(path);
  }
}

/** Moves a lock away under a name of our own before it is removed: no moment at which it is half there. */
function discard(path) {
  const dead = `${path}.dead.${process.pid}`;
  try {
    renameSync(path, dead);
    rmSync(dead, { recursive: true, force: true });
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
}

/** What tells a process from a later one with the same pid. */
export const identify = (pid) => ({ pid, started: startOf(pid) });

/** Whether the identified process still runs. */
export function isAlive({ pid, started }) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code !== "EPERM") return false;
  }
  const now = startOf(pid);
  return now === null || started === null || now === started;
}

/** The start time of a process in clock ticks since boot, which tells a reused pid apart; null where there is no /proc. */
function startOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie holds nothing any more; its parent has only not asked for its exit code yet.
    return fields[0] === "Z" ? "ended" : fields[19];
  } catch {
    return null;
  }
}
