/**
 * `npm test`: formatting, lints, all four rings, the browser. `npm test -- fast` leaves out workerd and the browser. A
 * line a step, the full log of what failed, and alone on the last line `N passed, M failed`.
 */
import { bootstrap } from "./lib/bootstrap.mjs";
import { conclude } from "./lib/run-steps.mjs";
import { say } from "./lib/step.mjs";

await bootstrap();
const choice = process.argv[2];
if (choice && choice !== "fast") {
  say(`npm test knows \`fast\` (no workerd, no browser), not ${JSON.stringify(choice)}`);
  say("0 passed, 1 failed");
  process.exitCode = 1;
} else {
  const { steps } = await import("./lib/test-steps.mjs");
  await conclude(steps.filter(({ full }) => !full || choice !== "fast"));
}
