/** The browser of the browser test: Chromium by CHROMIUM or from the PATH, installed where we may do so. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { run } from "./run.mjs";
import { Failure } from "./step.mjs";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** The path of a program on the PATH, or null. */
function onPath(name) {
  for (const folder of process.env.PATH.split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

const find = () => names.map(onPath).find(Boolean) ?? null;

/** The browser's path; installs Debian's package when we are root there, else says what to do. */
export async function ensureChromium() {
  const chosen = process.env.CHROMIUM || find();
  if (chosen) return chosen;
  if (process.getuid?.() === 0 && onPath("apt-get")) {
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    await run("apt-get", ["update", "-q"], { env });
    await run("apt-get", ["install", "-y", "-q", "--no-install-recommends", "chromium"], { env });
    const installed = find();
    if (installed) return installed;
  }
  throw new Failure("the browser test needs Chromium, and none was found", {
    todo: "install it (on Debian: sudo apt-get install chromium) or set CHROMIUM to its path; `npm test -- fast` goes without",
  });
}
