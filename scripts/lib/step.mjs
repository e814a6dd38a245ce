/**
 * Steps that say what they do and how long they took, and failures that say which step, why, and what to do.
 */

const tty = process.stdout.isTTY && !process.env.CI;

/** A failure that a person can act on: `why` it failed and what to `do` about it. */
export class Failure extends Error {
  constructor(why, { todo = "", log = "" } = {}) {
    super(why);
    this.todo = todo;
    this.log = log;
  }
}

/** `9.8 s`, `2 min 5 s`. */
export function duration(ms) {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** Prints a line, leaving no half-drawn progress line behind it. */
export function say(line = "") {
  process.stdout.write(`${tty ? "\r\x1b[K" : ""}${line}\n`);
}

/**
 * Runs `work` as one step. It prints `✓ name (time)`; a step that takes more than a second is announced first.
 * `work` may return a string, which is shown instead of the name, or `{ note }`.
 */
export async function step(name, work) {
  const start = Date.now();
  const announce = setTimeout(() => process.stdout.write(tty ? `  ${name} …` : `  ${name} …\n`), 1000);
  try {
    const value = await work();
    clearTimeout(announce);
    const note = value?.note ? `, ${value.note}` : "";
    say(`✓ ${name} (${duration(Date.now() - start)}${note})`);
    return value;
  } catch (error) {
    clearTimeout(announce);
    error.step ??= name;
    throw error;
  }
}

/** Prints a failure in full: step, reason, the end of its log, and what to do. */
export function report(error) {
  say(`✗ ${error.step ?? "failed"}`);
  if (error.log) say(indent(tail(error.log, 60)));
  say(`  why: ${error instanceof Failure ? error.message : (error.stack ?? error)}`);
  if (error.todo) say(`  what to do: ${error.todo}`);
}

/** Runs a script's main function: a failure is reported and becomes exit code 1. */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    report(error);
    process.exitCode = 1;
  }
}

/** The last lines of a text. */
export function tail(text, lines) {
  const all = text.trimEnd().split("\n");
  return all.slice(-lines).join("\n");
}

const indent = (text) => text.replace(/^/gm, "  │ ");
