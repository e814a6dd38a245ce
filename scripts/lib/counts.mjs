/** Reads from what test runners print how many tests passed and failed. */

const sum = (text, pattern) => [...text.matchAll(pattern)].reduce((total, [, number]) => total + Number(number), 0);

/** What colours add is no part of the text. */
const plain = (text) => text.replace(/\x1b\[[0-9;]*m/g, "");

/** cargo's and wasm-bindgen-test-runner's `test result:` lines. */
export function cargoCounts(output) {
  const text = plain(output);
  return {
    passed: sum(text, /^test result: .*?(\d+) passed/gm),
    failed: sum(text, /^test result: .*?(\d+) failed/gm),
  };
}

/** The summary of node:test's spec reporter. A cancelled test did not pass. */
export function nodeCounts(output) {
  const text = plain(output);
  return {
    passed: sum(text, /^\S? ?pass (\d+)$/gm),
    failed: sum(text, /^\S? ?fail (\d+)$/gm) + sum(text, /^\S? ?cancelled (\d+)$/gm),
  };
}

/** vitest's summary: `Tests  1 failed | 5 passed (6)`. */
export function vitestCounts(output) {
  const line = plain(output).match(/^\s*Tests\s+(.*)$/m)?.[1] ?? "";
  return { passed: sum(line, /(\d+) passed/g), failed: sum(line, /(\d+) failed/g) };
}
