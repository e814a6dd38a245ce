/** Child processes: run to the end with the output kept, and stopped together with us. */
import { spawn } from "node:child_process";
import { root, childEnv } from "./paths.mjs";
import { Failure } from "./step.mjs";

/** Runs a command to its end. Answers `{ code, output, stdout }`; output is both streams in order. */
export function capture(command, args, { cwd = root, env = {}, input, onOutput } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: childEnv(env),
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    let output = "";
    let stdout = "";
    const take = (isOut) => (chunk) => {
      output += chunk;
      if (isOut) stdout += chunk;
      onOutput?.(chunk);
    };
    child.stdout.setEncoding("utf8").on("data", take(true));
    child.stderr.setEncoding("utf8").on("data", take(false));
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code: code ?? signal, output, stdout }));
    if (input !== undefined) child.stdin.end(input);
    const stop = stopWith(child);
    child.on("close", stop.forget);
  });
}

/** Runs a command that must succeed; answers its stdout. `todo` says what to do when it does not. */
export async function run(command, args, { todo = "", ...options } = {}) {
  let result;
  try {
    result = await capture(command, args, options);
  } catch (error) {
    throw new Failure(`${command} could not be started: ${error.message}`, { todo });
  }
  if (result.code !== 0) {
    const line = [command.split("/").pop(), ...args].join(" ");
    throw new Failure(`\`${line}\` ended with ${result.code}`, { log: result.output, todo });
  }
  return result.stdout;
}

/** The children to stop when this process is told to stop. */
const children = new Set();
let listening = false;

/** Stops `child` when this process gets SIGINT, SIGTERM or SIGHUP, or ends. */
export function stopWith(child) {
  if (!listening) {
    listening = true;
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
      process.on(signal, () => {
        for (const each of children) each.kill(signal);
        // A script with its own plan for stopping (start.mjs) sets this.
        if (!process.stopsItself) process.exitCode = 130;
      });
    }
    process.on("exit", () => {
      for (const each of children) each.kill("SIGKILL");
    });
  }
  children.add(child);
  return { forget: () => children.delete(child) };
}
