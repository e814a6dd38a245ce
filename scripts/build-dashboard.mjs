/** Builds the dashboard into dashboard/dist, which the Worker serves as its static assets. */
import { pathToFileURL } from "node:url";
import { bootstrap, ensurePackages } from "./lib/bootstrap.mjs";
import { withLock } from "./lib/lock.mjs";
import { cloneCache, inRoot } from "./lib/paths.mjs";
import { run } from "./lib/run.mjs";
import { hashOf, isCurrent, writeAtomic } from "./lib/stamp.mjs";
import { main, step } from "./lib/step.mjs";

const stampFile = cloneCache("dashboard.stamp");
const folder = inRoot("dashboard");
const outputs = [inRoot("dashboard", "dist", "index.html")];

/** Installs the dashboard's own npm packages if need be. */
export const ensureDashboardPackages = () => ensurePackages(folder, "npm packages of the dashboard");

/** Builds the dashboard unless it is current. */
export async function buildDashboard() {
  const hash = () =>
    hashOf([folder, inRoot("openapi.json"), inRoot("handlers", "problem.rs")], { node: process.version });
  if (isCurrent(stampFile, hash(), outputs)) return { note: "unchanged" };
  return withLock(cloneCache("dashboard.lock"), async () => {
    const before = hash();
    if (isCurrent(stampFile, before, outputs)) return { note: "unchanged" };
    await run("npm", ["run", "build"], { cwd: folder, todo: "read the bundler's message above" });
    // Hashed again: the build may write files of its own, such as types generated from openapi.json.
    writeAtomic(stampFile, hash());
    return {};
  });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await main(async () => {
    await bootstrap();
    await ensureDashboardPackages();
    await step("dashboard", buildDashboard);
  });
}
