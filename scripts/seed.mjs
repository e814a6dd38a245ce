/** `npm run seed`: the demo school alone, whether a server runs on this state or not. */
import { bootstrap } from "./lib/bootstrap.mjs";
import { readDemo, refreshDemo, seedClass, seedRows } from "./lib/demo-school.mjs";
import { migrate } from "./lib/database.mjs";
import { stateDir, port as usualPort } from "./lib/paths.mjs";
import { prepare } from "./lib/prepare.mjs";
import { claimState, freePort, runningServer, serve } from "./lib/server.mjs";
import { main, say, step } from "./lib/step.mjs";

/** With a server of our own, for as long as the seeding takes. */
async function seedAlone(state) {
  const port = await freePort();
  await claimState(state, `http://localhost:${port}`);
  await prepare(state);
  await step("demo school", () => seedRows(state));
  const server = await step("server", () => serve({ port, state }));
  try {
    await step("demo class", () => seedClass(state, server.url));
    // Where the next `npm start` will be, not this server, which is about to go.
    await refreshDemo(state, `http://localhost:${usualPort()}`);
  } finally {
    await step("stopped", server.stop);
  }
}

await main(async () => {
  await bootstrap();
  const state = stateDir();
  if (readDemo(state)) return say(`The demo school is there: ${state}/demo.json. To start anew: npm run reset`);
  const running = runningServer(state);
  if (running) {
    await step("database", () => migrate(state));
    await step("demo school", () => seedRows(state));
    await step("demo class", () => seedClass(state, running.url));
  } else {
    await seedAlone(state);
  }
  say(`The accounts, the class and the key are in ${state}/demo.json`);
});
process.exit();
