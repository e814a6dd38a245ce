/**
 * The load: game servers that each send batches of answers, one request in flight, as fast as they are answered. Runs as
 * a process of its own, so that it shares no thread with what it measures; bodies are built before the clock starts and
 * answers are read after it stopped.
 */
import http from "node:http";

/** How many answers a batch has. */
export const BATCH = 30;

/**
 * The batches of one game server: `seats` × `questions`, question by question, each answer once. Three in four answers
 * are right, by a fixed pattern, so that all contestants grade the same ones. Each is the JSON text of `events`.
 */
function batchesOf({ seats, questions, sessionId, server, round, count }) {
  const events = questions.flatMap(({ id, right, wrong }, q) =>
    seats.map((user_id, s) => ({
      id: `evt_${round}_${server}_${q}_${s}`,
      type: "answer",
      player: { user_id },
      session_id: sessionId,
      question_id: id,
      response: (q * 7 + s * 3) % 4 === 0 ? wrong : right,
    })),
  );
  return Array.from({ length: count }, (_, at) => JSON.stringify(events.slice(at * BATCH, (at + 1) * BATCH)));
}

/** One request over a connection of the agent's: its status and body. */
function post(agent, url, token, body) {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    };
    const request = http.request(url, { method: "POST", agent, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode, text }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** All batches of one server, one after the other. */
async function play(url, { token, cursor, batches }, record) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  for (const events of batches) {
    const start = performance.now();
    const { status, text } = await post(agent, url, token, `{"cursor":${JSON.stringify(cursor)},"events":${events}}`);
    record.latencies.push(performance.now() - start);
    if (status !== 200) throw new Error(`a sync answered ${status}: ${text.slice(0, 500)}`);
    record.texts.push(text);
    // Read by pattern, as parsing would cost the load's core more than the answer costs the server.
    cursor = /"cursor":"([^"]*)"/.exec(text.slice(-200))?.[1] ?? cursor;
  }
  agent.destroy();
}

/** How often each status came back. */
function tally(texts) {
  const counts = { applied: 0, duplicate: 0, rejected: 0 };
  let firstRejected = null;
  for (const text of texts) {
    for (const result of JSON.parse(text).results) {
      counts[result.status] += 1;
      if (result.status === "rejected") firstRejected ??= result;
    }
  }
  return { counts, firstRejected };
}

/** Runs one round of all servers; `plan.repeat` batches of each are then sent again, after the clock. */
async function run({ url, servers, repeat, ...plan }) {
  const players = servers.map((server, at) => ({
    ...server,
    batches: batchesOf({ ...plan, seats: server.seats, server: at }),
  }));
  const target = new URL("/api/v1/game/sync", url);
  const record = { latencies: [], texts: [] };
  process.send({ event: "start" });
  const start = performance.now();
  await Promise.all(players.map((player) => play(target, player, record)));
  const elapsed_ms = performance.now() - start;
  const again = { latencies: [], texts: [] };
  await Promise.all(
    players.map((player) => play(target, { ...player, batches: player.batches.slice(0, repeat) }, again)),
  );
  return { elapsed_ms, latencies: record.latencies, ...tally(record.texts), repeated: tally(again.texts).counts };
}

process.on?.("message", (plan) => {
  run(plan).then(
    (value) => process.send({ event: "end", value }),
    (error) => process.send({ event: "end", error: error.stack }),
  );
});
