/** `npm run reset`: removes all local state (STATE_DIR). Refuses while a server uses it. */
import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { stateDir } from "./lib/paths.mjs";
import { runningServer } from "./lib/server.mjs";
import { Failure, main, say } from "./lib/step.mjs";

/** What lies in a state folder of ours; a STATE_DIR that points elsewhere by mistake is not removed. */
const ours =
  /^(wrangler|mail|server\.lock.*|server\.log|server-process\.json|migrations\.stamp.*|demo\.json.*|seed.*)$/;

await main(async () => {
  const state = stateDir();
  if (!existsSync(state)) return say(`Nothing to remove: ${state} does not exist.`);
  const running = runningServer(state);
  if (running) {
    throw new Failure(`process ${running.pid} serves ${running.url} from ${state}`, {
      todo: "stop it with Ctrl-C first",
    });
  }
  const foreign = readdirSync(state).filter((name) => !ours.test(name));
  if (foreign.length > 0) {
    throw new Failure(`${state} holds ${foreign.slice(0, 3).join(", ")}, which npm start did not make`, {
      todo: "check STATE_DIR; remove the folder yourself if it is right",
    });
  }
  const going = `${state}.removed-${process.pid}`;
  renameSync(state, going);
  rmSync(going, { recursive: true });
  say(`Removed ${state}`);
});
