/** CPU time, percentiles and the machine. */
import { readFileSync, readdirSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { setTimeout as wait } from "node:timers/promises";

/** The clock tick of /proc on Linux: 100 a second, whatever the kernel's own. */
const TICK_MS = 10;

/** CPU time that a process has used, user and system, in ms; null where there is no /proc. */
export function cpuMs(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return null;
  }
}

/** The same in µs, to the nanosecond of the scheduler: for what takes less than a tick. Threads that have ended are not in it. */
export function cpuUs(pid) {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`);
    const ns = tasks.map((task) => Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]));
    return ns.reduce((sum, each) => sum + each, 0) / 1000;
  } catch {
    return null;
  }
}

/** Resident memory of a process in KB; null where there is no /proc. */
export function rssKb(pid) {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]);
  } catch {
    return null;
  }
}

/** Waits until the process has been idle for two seconds: what it put off (alarms, outboxes) counts as its cost too. */
export async function untilIdle(pid) {
  if (cpuMs(pid) === null) return;
  for (let quiet = 0, last = cpuMs(pid); quiet < 10;) {
    await wait(200);
    const now = cpuMs(pid);
    quiet = now - last <= TICK_MS ? quiet + 1 : 0;
    last = now;
  }
}

/** The value below which `share` of the sorted numbers lie. */
export function percentile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** The middle one. */
export const median = (numbers) => percentile(numbers, 0.5);

/** What the numbers were measured on. */
export const machine = () => ({
  cpu: cpus()[0]?.model.trim() ?? "unknown",
  cores: cpus().length,
  memory_gib: Math.round(totalmem() / 2 ** 30),
  kernel: release(),
  node: process.versions.node,
});
