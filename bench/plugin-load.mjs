/**
 * The load of `bench -- plugin`: plugins that register, then beat and now and then list, so many requests in flight. Runs as a
 * process of its own, so that it shares no thread with what it measures.
 */
import http from "node:http";

function call(agent, url, method, path, token, body) {
  return new Promise((resolve, reject) => {
    const headers = {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body && { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
    };
    const request = http.request(new URL(path, url), { method, agent, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode, text }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** Runs `next` (a promise, or nothing at the end) with so many in flight. */
async function together(width, next) {
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let work = next(); work; work = next()) await work;
    }),
  );
}

async function run({ url, plugins, concurrency, seconds, per_s }) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: concurrency });
  const counts = { requests: 0, answered: 0, refused: {} };
  const latencies = [];
  const ask = async (...request) => {
    const start = performance.now();
    counts.requests += 1;
    const { status, text } = await call(agent, url, ...request);
    latencies.push(performance.now() - start);
    if (status === 200) counts.answered += 1;
    else counts.refused[status] = (counts.refused[status] ?? 0) + 1;
    return text;
  };
  process.send({ event: "start" });
  const start = performance.now();
  const tokens = [];
  let next = 0;
  await together(concurrency, () => {
    const at = next++;
    if (at >= plugins) return null;
    const body = JSON.stringify({ studio_id: `bench-studio-${at}`, port: 64989, version: "1.1.0" });
    return ask("POST", "/register_plugin", null, body).then((text) => (tokens[at] = JSON.parse(text)));
  });
  const registered = performance.now();
  let sent = 0;
  await together(concurrency, () => {
    const late_ms = performance.now() - registered;
    if (late_ms >= seconds * 1000) return null;
    // Paced where a rate is wanted: no more than what is due by now.
    if (per_s && sent > (late_ms / 1000) * per_s) return new Promise((resolve) => setTimeout(resolve, 5));
    const { plugin_id, token } = tokens[sent++ % plugins];
    return sent % 10 === 0
      ? ask("GET", "/plugins", token)
      : ask("POST", `/plugin/${plugin_id}/heartbeat`, token, `{"session_id":"${plugin_id}"}`);
  });
  const end = performance.now();
  agent.destroy();
  return {
    ...counts,
    register_per_s: Math.round((plugins / (registered - start)) * 1000),
    beat_per_s: Math.round((sent / (end - registered)) * 1000),
    per_s: Math.round((counts.requests / (end - start)) * 1000),
    latencies,
  };
}

process.on?.("message", (plan) => {
  run(plan).then(
    (value) => process.send({ event: "end", value }),
    (error) => process.send({ event: "end", error: error.stack }),
  );
});
