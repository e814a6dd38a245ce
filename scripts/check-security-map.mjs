/** Checks docs/security/asvs.md: every test that it names exists, and so does every page. */
import { existsSync, readFileSync } from "node:fs";
import { inRoot } from "./lib/paths.mjs";
import { Failure, main, say } from "./lib/step.mjs";

const MAP = "docs/security/asvs.md";

/** How a test of a place is found: its file, and how its name stands there. */
const places = {
  host: { files: (name) => [`tests/host/${name}.rs`, `tests/host/${name}/mod.rs`], as: (test) => `fn ${test}(` },
  src: { files: (name) => [`src/${name}.rs`, `src/${name}/mod.rs`], as: (test) => `fn ${test}(` },
  worker: { files: (name) => [`tests/worker/${name}.mjs`], as: (test) => `test("${test}"` },
  browser: { files: (name) => [`tests/browser/${name}.test.mjs`], as: (test) => `test('${test}'` },
  dashboard: { files: (name) => [`dashboard/src/${name}.test.ts`], as: (test) => `it('${test}'` },
};

/** What is wrong with a reference, or null. */
function fault(place, file, test) {
  const { files, as } = places[place];
  const found = files(file)
    .map((path) => inRoot(path))
    .filter(existsSync);
  if (found.length === 0) return `there is no ${files(file)[0]}`;
  return found.some((path) => readFileSync(path, "utf8").includes(as(test))) ? null : `${found[0]} has no such test`;
}

await main(async () => {
  const text = readFileSync(inRoot(MAP), "utf8");
  const named = [...text.matchAll(/`(host|src|worker|browser|dashboard)\/([a-z_/-]+)::([^`]+)`/g)];
  const pages = [...text.matchAll(/\b(?:docs|scripts|src)\/[\w/-]+\.(?:md|csv|mjs|rs)\b/g)];
  const faults = [
    ...named.map(([name, ...parts]) => [name, fault(...parts)]),
    ...pages.map(([path]) => [path, existsSync(inRoot(path)) ? null : "does not exist"]),
  ].filter(([, wrong]) => wrong);
  if (named.length < 100) throw new Failure(`only ${named.length} tests were found in ${MAP}`);
  if (faults.length > 0) {
    throw new Failure(`${MAP} names what is not there`, {
      log: faults.map(([name, wrong]) => `${name}: ${wrong}`).join("\n"),
      todo: "a test that was renamed is renamed there; one that is gone needs another, or the reason why not",
    });
  }
  say(`${named.length} references to tests, all there`);
});
