/** What a step's `run` can be: each answers `{ passed, failed, log }`. */
import { existsSync, readdirSync } from "node:fs";
import { inRoot } from "./paths.mjs";
import { capture } from "./run.mjs";

/** A command that passes or fails as a whole. */
export const check = (command, args, options) => async () => {
  const { code, output } = await capture(command, args, options);
  return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, log: output };
};

/** A test runner, whose own counts are taken; one that ended badly without a failed test counts as one failure. */
export const tests = (command, args, counts, options) => async () => {
  const { code, output } = await capture(command, args, options);
  const { passed, failed } = counts(output);
  const crashed = failed === 0 && (code !== 0 || passed === 0);
  return { passed, failed: crashed ? 1 : failed, log: output };
};

/** Work of our own that only has to succeed; it counts when it fails. */
export const work = (run) => async () => {
  await run();
  return { passed: 0, failed: 0, log: "" };
};

const testFiles = (folder) =>
  existsSync(inRoot(folder))
    ? readdirSync(inRoot(folder))
        .filter((name) => name.endsWith(".test.mjs"))
        .sort()
        .map((name) => `${folder}/${name}`)
    : [];

/** One process after the other: they measure nothing, but two servers on two cores would only wait for each other. */
export const nodeTest = (folder) => ["--test", "--test-reporter=spec", "--test-concurrency=1", ...testFiles(folder)];
