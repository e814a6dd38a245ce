/** Steps that count what passed: each is run, told in a line, its log kept, and shown in full when something failed. */
import { inRoot } from "./paths.mjs";
import { writeAtomic } from "./stamp.mjs";
import { duration, say } from "./step.mjs";

const logOf = (name) => inRoot("artifacts", "test-logs", `${name.replace(/[^a-z]+/gi, "-")}.log`);

/** Runs one step; whatever it throws is a failure with its reason as the log. */
async function attempt({ run, needs = [] }, broken) {
  const missing = needs.filter((name) => broken.has(name));
  if (missing.length > 0) return { passed: 0, failed: 1, log: `not run, as these failed: ${missing.join(", ")}` };
  try {
    return await run();
  } catch (error) {
    const log = [error.log, error.message, error.todo && `what to do: ${error.todo}`].filter(Boolean).join("\n");
    return { passed: 0, failed: 1, log };
  }
}

/** Runs the steps and prints as it goes; answers the sums. */
async function runAll(steps) {
  const total = { passed: 0, failed: 0 };
  const broken = new Set();
  for (const step of steps) {
    const start = Date.now();
    if (process.stdout.isTTY) process.stdout.write(`  ${step.name} …`);
    const { passed, failed, log } = await attempt(step, broken);
    total.passed += passed;
    total.failed += failed;
    writeAtomic(logOf(step.name), log);
    const counted = passed + failed > 1 ? `, ${passed} passed${failed ? `, ${failed} failed` : ""}` : "";
    say(`${failed ? "✗" : "✓"} ${step.name} (${duration(Date.now() - start)}${counted})`);
    if (failed === 0) continue;
    broken.add(step.name);
    say(log.trimEnd().replace(/^/gm, "  │ "));
  }
  return total;
}

/** Runs the steps, then says `N passed, M failed` alone on the last line; the exit code says the same. */
export async function conclude(steps) {
  const start = Date.now();
  const { passed, failed } = await runAll(steps);
  say(`in ${duration(Date.now() - start)}; logs in artifacts/test-logs/`);
  say(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
