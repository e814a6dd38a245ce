/**
 * Brings a fresh clone to where our scripts can run: npm packages as locked, then this very script again under the Node
 * that they brought. Uses nothing but Node's own library, and runs on Node 20.
 */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inRoot, root } from "./paths.mjs";
import { withLock } from "./lock.mjs";
import { run } from "./run.mjs";
import { report, step } from "./step.mjs";

const nodeBinary = inRoot("node_modules", ".bin", "node");

/** Installs the npm packages if need be and goes on under the project's own Node. Never returns in the old one. */
export async function bootstrap() {
  try {
    await ensurePackages(root, "npm packages");
  } catch (error) {
    report(error);
    process.exit(1);
  }
  const wanted = JSON.parse(readFileSync(inRoot("package.json"), "utf8")).devDependencies.node;
  if (process.versions.node !== wanted) await again();
}

/** `npm ci` in `folder` unless what is installed is what the lock file says. */
export async function ensurePackages(folder, name) {
  if (isInstalled(folder)) return;
  await step(name, () =>
    // The lock lies beside node_modules' cache, which `npm ci` removes: so it lives in the repository's root.
    withLock(join(folder, ".npm-ci.lock"), async () => {
      if (isInstalled(folder)) return;
      await run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
        cwd: folder,
        todo: "look at npm's message above; behind a proxy, check `npm config get registry`, then run this again",
      });
    }),
  );
}

/** Whether node_modules holds what package-lock.json asks for. npm writes its own record last, so it is whole. */
export function isInstalled(folder) {
  const record = join(folder, "node_modules", ".package-lock.json");
  if (!existsSync(record)) return false;
  const installed = JSON.parse(readFileSync(record, "utf8")).packages;
  const locked = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8")).packages;
  return Object.entries(locked).every(
    ([path, entry]) => path === "" || entry.optional || entry.devOptional || installed[path]?.version === entry.version,
  );
}

/** This script again, under the project's Node; signals go through, the exit code comes back. */
function again() {
  const child = spawn(nodeBinary, [...process.execArgv, ...process.argv.slice(1)], { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    // Ctrl-C reaches the child by itself, as it is in our terminal's group; twice does no harm.
    process.on(signal, () => child.kill(signal));
  }
  return new Promise(() => {
    child.on("error", (error) => {
      report(error);
      process.exit(1);
    });
    child.on("close", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
  });
}
