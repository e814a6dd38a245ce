/** A server of a test's own: `npm start` as a user would run it, on a free port and with fresh state. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { childEnv, inRoot, root } from "./paths.mjs";
import { stopWith } from "./run.mjs";
import { freePort } from "./server.mjs";
import { Failure } from "./step.mjs";

/**
 * Runs `work({ url, state, stop, startAgain })` while such a server runs; its state is removed afterwards. `stop` ends the
 * server as Ctrl-C does, `startAgain` brings it back at the same address with the same state.
 */
export async function withOwnServer(work) {
  const state = join(mkdtempSync(join(tmpdir(), "toolboxai-test-")), "state");
  const port = await freePort();
  let server = start(port, state);
  const stop = async () => {
    server.child.kill("SIGTERM");
    await server.ended;
  };
  const startAgain = () => {
    server = start(port, state);
    return server.ready;
  };
  try {
    await server.ready;
    return await work({ url: `http://localhost:${port}`, state, stop, startAgain });
  } finally {
    await stop();
    rmSync(join(state, ".."), { recursive: true, force: true });
  }
}

function start(port, state) {
  const env = childEnv({ PORT: String(port), STATE_DIR: state });
  const child = spawn("node", [inRoot("scripts", "start.mjs")], { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
  const { forget } = stopWith(child);
  let log = "";
  const ended = new Promise((resolve) => child.on("close", resolve));
  ended.then(forget);
  const ready = new Promise((resolve, reject) => {
    const take = (chunk) => {
      log += chunk;
      if (/^ToolboxAI Edge serves /m.test(log)) resolve();
    };
    child.stdout.setEncoding("utf8").on("data", take);
    child.stderr.setEncoding("utf8").on("data", take);
    ended.then((code) => reject(new Failure(`npm start ended with ${code} before it served`, { log })));
  });
  return { child, ready, ended };
}
