/** The load of plain requests: autocannon in a process of its own, so that it shares no thread with what it measures. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

const self = fileURLToPath(import.meta.url);

/**
 * Sends the requests, each `{ method, path, headers, body }`, round and round over so many connections for so many seconds.
 * Answers `{ requests, elapsed_s, per_s, p50_ms, p90_ms, p99_ms, failed }`; failed are those without an answer or with another
 * status than 2xx. `onStart` is called as the first one leaves.
 */
export function httpLoad(plan, onStart = () => {}) {
  return new Promise((resolve, reject) => {
    const child = fork(self, { env: { ...process.env, HTTP_LOAD: "1" } });
    child.on("message", ({ event, value, error }) => {
      if (event === "start") return onStart();
      child.kill();
      if (error) reject(new Error(error));
      else resolve(value);
    });
    child.send(plan);
  });
}

async function run({ url, requests, connections, seconds }) {
  const { default: autocannon } = await import("autocannon");
  process.send({ event: "start" });
  const result = await autocannon({ url, requests, connections, duration: seconds });
  const { latency, duration, non2xx, errors, timeouts } = result;
  return {
    requests: result.requests.total,
    elapsed_s: duration,
    per_s: Math.round(result.requests.total / duration),
    p50_ms: latency.p50,
    p90_ms: latency.p90,
    p99_ms: latency.p99,
    failed: non2xx + errors + timeouts,
  };
}

if (process.env.HTTP_LOAD) {
  process.on("message", (plan) => {
    run(plan).then(
      (value) => process.send({ event: "end", value }),
      (error) => process.send({ event: "end", error: error.stack }),
    );
  });
}
