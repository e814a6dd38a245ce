/** The local server: `wrangler dev` as a child, its log in a file, ready when it says so. */
import { spawn } from "node:child_process";
import { createWriteStream, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { persistFolder } from "./database.mjs";
import { identify, isAlive, tryLock, holder, unlock } from "./lock.mjs";
import { childEnv, root } from "./paths.mjs";
import { localUrls } from "./secrets.mjs";
import { writeAtomic } from "./stamp.mjs";
import { Failure, say, tail } from "./step.mjs";

const lockOf = (state) => join(state, "server.lock");
const childFile = (state) => join(state, "server-process.json");
const logFile = (state) => join(state, "server.log");

/** The server that uses a state folder now: `{ pid, url }`, or null. */
export const runningServer = (state) => holder(lockOf(state));

/** Takes the state folder for this process, or fails saying who has it. Clears away what a killed start left. */
export async function claimState(state, url) {
  mkdirSync(state, { recursive: true });
  if (!tryLock(lockOf(state), { url })) {
    const { pid, url: other } = holder(lockOf(state)) ?? {};
    throw new Failure(`process ${pid} already serves this state at ${other}`, {
      todo: `use that one, stop it with Ctrl-C in its terminal, or set PORT and STATE_DIR for a second one`,
    });
  }
  process.on("exit", () => unlock(lockOf(state)));
  await stopOrphan(state);
}

/** Fails unless the port is free. */
export function checkPort(port) {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error) => {
      const todo = "stop the other program, or choose another port: PORT=8788 npm start";
      reject(
        new Failure(`port ${port}: ${error.code === "EADDRINUSE" ? "another program listens on it" : error.message}`, {
          todo,
        }),
      );
    });
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve({})));
  });
}

/** A port that is free at this moment. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/**
 * Starts `wrangler dev` and waits until it answers. The child has a process group of its own, so that stopping takes
 * workerd with it. `mailEndpoint` is where it sends mail. Answers `{ url, stopped, stop }`.
 */
export async function serve({ port, state, mailEndpoint }) {
  const url = `http://localhost:${port}`;
  const log = createWriteStream(logFile(state), { flags: "w", mode: 0o600 });
  const child = spawn(
    "wrangler",
    [
      "dev",
      "--port",
      String(port),
      "--ip",
      "127.0.0.1",
      "--persist-to",
      persistFolder(state),
      "--show-interactive-dev-session=false",
      ...Object.entries(localUrls(port, mailEndpoint)).flatMap(([name, value]) => ["--var", `${name}:${value}`]),
    ],
    { cwd: root, env: childEnv(), stdio: ["ignore", "pipe", "pipe"], detached: true },
  );
  writeAtomic(childFile(state), JSON.stringify(identify(child.pid)));
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  createInterface({ input: child.stdout }).on("line", showRebuild);
  const stopped = new Promise((resolve) => child.on("close", resolve));
  stopped.then(() => rmSync(childFile(state), { force: true }));
  const stop = () => stopGroup(child.pid, stopped);
  process.on("exit", () => signalGroup(child.pid, "SIGKILL"));
  try {
    await untilReady(url, stopped, state);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stopped, stop };
}

/** Shows what a rebuild says, after a change of the sources; the rest of wrangler's talk is for the log. */
function showRebuild(line) {
  const [, text] = /^\[custom build\] (.+)$/.exec(line) ?? [];
  if (text && !text.startsWith("Running:") && !text.includes("unchanged")) say(text);
}

/** The end of the server's log. */
export const logTail = (state) => tail(readFileSync(logFile(state), "utf8"), 60);

/** Polls until the server is ready; fails as soon as it has ended instead. */
async function untilReady(url, stopped, state) {
  let ended = false;
  stopped.then(() => (ended = true));
  const deadline = Date.now() + 120_000;
  while (!ended && Date.now() < deadline) {
    const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(5000) }).catch(() => null);
    if (answer?.ok) return;
    await wait(100);
  }
  throw new Failure(ended ? "wrangler dev ended before it was ready" : "the server did not become ready in 2 minutes", {
    log: logTail(state),
    todo: `read the log above (${logFile(state)})`,
  });
}

/** Asks a process group to end, and after 10 s makes it. */
async function stopGroup(pid, stopped) {
  signalGroup(pid, "SIGTERM");
  const timer = setTimeout(() => signalGroup(pid, "SIGKILL"), 10_000);
  await stopped;
  clearTimeout(timer);
  // wrangler is gone; a workerd that outlived it is not wanted.
  signalGroup(pid, "SIGKILL");
}

function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (error.code !== "ESRCH" && error.code !== "EPERM") throw error;
  }
}

/** Ends the server of a start that was killed before it could: it holds the port and the state. */
async function stopOrphan(state) {
  const file = childFile(state);
  if (!existsSync(file)) return;
  const child = JSON.parse(readFileSync(file, "utf8"));
  signalGroup(child.pid, isAlive(child) ? "SIGTERM" : 0);
  while (isAlive(child)) await wait(100);
  rmSync(file, { force: true });
}
