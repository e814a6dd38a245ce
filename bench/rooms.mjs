/**
 * `npm run bench -- rooms [--rounds N] [--rows fan-100,idle] [--only party,soketi]`: our rooms beside PartyServer and a bare
 * object on the same workerd, and soketi natively, in one run. Every row is played by all of them, one after the other, each time in
 * another order; each gets a server of its own, so that none pays for what was before.
 */
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Failure, say } from "../scripts/lib/step.mjs";
import { cpuUs, rssKb } from "./measure.mjs";
import { reportRooms } from "./report-rooms.mjs";
import { contestants } from "./room-contestants.mjs";

const SECONDS = 8;
/** Longer than workerd keeps an idle object in memory. */
const HIBERNATE_MS = 15_000;
/** Sockets that are held, 100 in a room. */
const HELD = 5000;
const EACH = 100;

const loadFile = fileURLToPath(new URL("./room-load.mjs", import.meta.url));

/** The load in a process of its own: every method is a call of it. */
class Load {
  #child = fork(loadFile);
  #answer = Promise.withResolvers();

  constructor() {
    this.#child.on("message", ({ value, error }) =>
      error ? this.#answer.reject(new Error(error)) : this.#answer.resolve(value),
    );
    this.#child.on("exit", (code) => this.#answer.reject(new Error(`the load ended with ${code}`)));
  }

  call(method, params = {}) {
    this.#answer = Promise.withResolvers();
    this.#child.send({ method, params });
    return this.#answer.promise;
  }

  stop() {
    this.#answer.promise.catch(() => {});
    this.#child.disconnect();
  }
}

/** Plays what `act` does and adds what the server paid for each delivery. */
async function paid(server, act) {
  const before = cpuUs(server.pid);
  const result = await act();
  await wait(500);
  return { ...result, cpu_us: before === null ? null : (cpuUs(server.pid) - before) / result.delivered };
}

/** So many subscribers in each of so many rooms, and messages at a rate in each. */
const fan =
  (count, each, rate, seconds = SECONDS) =>
  async (server, load) => {
    await load.call("open", { rooms: await server.rooms(count, "bench"), each });
    await load.call("publish", { rate, seconds: 1 });
    return paid(server, () => load.call("publish", { rate, seconds }));
  };

async function saturation(server, load) {
  await load.call("open", { rooms: await server.rooms(1, "bench"), each: 200 });
  await load.call("saturate", { inFlight: 4, seconds: 2 });
  return paid(server, () => load.call("saturate", { inFlight: 4, seconds: SECONDS }));
}

/** 96 a second, by twelve speakers: Pusher lets each one say ten. */
async function said(server, load) {
  await load.call("open", { rooms: await server.rooms(1, "private-bench"), each: 200 });
  await load.call("say", { speakers: 12, rate: 8, seconds: 1 });
  await wait(1500);
  return paid(server, () => load.call("say", { speakers: 12, rate: 8, seconds: SECONDS }));
}

/** Memory at none, 1,000 and 5,000 sockets, all idle; then one message to each, to see who is still there. */
async function held(server, load) {
  const rooms = await server.rooms(HELD / EACH, "bench");
  // One socket in each, so that what a room costs by itself is not counted as a socket's.
  await load.call("open", { rooms, each: 1 });
  const settled = async () => {
    await wait(HIBERNATE_MS);
    return rssKb(server.pid);
  };
  const none = await settled();
  await load.call("open", { rooms: rooms.slice(0, 1000 / EACH), each: EACH - 1 });
  const few = await settled();
  await load.call("open", { rooms: rooms.slice(1000 / EACH), each: EACH - 1 });
  const all = await settled();
  const roll = await load.call("roll");
  const fewer = (1000 / EACH) * (EACH - 1);
  const sockets = (HELD / EACH) * (EACH - 1);
  const each = (kb, count) => (none === null ? null : (kb - none) / count);
  return { ...roll, rss_mb: none && all / 1024, kb_at_1000: each(few, fewer), kb_at_5000: each(all, sockets) };
}

/** 40 idle dashboards that ping, thirty times as often as pusher-js does, so that the cost of one can be seen. */
async function idle(server, load) {
  const rooms = await server.rooms(1, "bench");
  await load.call("open", { rooms, each: 40 });
  await wait(HIBERNATE_MS);
  const [seconds, everyMs] = [30, 1000];
  const start = cpuUs(server.pid);
  await wait(seconds * 1000);
  const still = cpuUs(server.pid) - start;
  const calls = await server.calls?.(rooms);
  await wait(HIBERNATE_MS);
  const before = cpuUs(server.pid);
  const { pings } = await load.call("idle", { seconds, everyMs });
  const pinging = cpuUs(server.pid) - before;
  return {
    still_ms_per_min: (still * 60) / seconds / 1000,
    us_a_ping: (pinging - still) / pings,
    // Only the peer counts what runs in its room.
    calls_a_ping: calls === undefined ? null : ((await server.calls(rooms)) - calls) / pings,
  };
}

/** The rows by name. */
export const rows = {
  "fan-10": { title: "1 to 200, 10 a second", play: fan(1, 200, 10) },
  "fan-50": { title: "1 to 200, 50 a second", play: fan(1, 200, 50) },
  "fan-100": { title: "1 to 200, 100 a second", play: fan(1, 200, 100) },
  "fan-200": { title: "1 to 200, 200 a second", play: fan(1, 200, 200) },
  thousand: { title: "1 to 1,000, 10 a second", play: fan(1, 1000, 10) },
  rooms: { title: "50 rooms of 30, 4 a second each", play: fan(50, 30, 4) },
  said: { title: "client events: 12 of 200 say 8 a second", play: said },
  saturation: { title: "1 to 200, as fast as it goes", play: saturation },
  held: { title: "5,000 idle sockets in 50 rooms", play: held },
  idle: { title: "40 idle dashboards", play: idle },
};

/** One row by one contestant, on a fresh server. */
async function play({ make }, row) {
  const folder = mkdtempSync(join(tmpdir(), "toolboxai-bench-"));
  const server = make();
  const load = new Load();
  try {
    await server.start(folder);
    return await rows[row].play(server, load);
  } finally {
    load.stop();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function chosen(text, all) {
  const names = text ? text.split(",") : Object.keys(all);
  const unknown = names.filter((name) => !Object.hasOwn(all, name));
  if (unknown.length)
    throw new Failure(`there is no ${unknown.join(", ")}`, { todo: `there are ${Object.keys(all).join(", ")}` });
  return names;
}

/** Who is to be played. */
export const chosenContestants = (only) => chosen(only, contestants);

/** Runs it all and writes the report. */
export async function benchRooms({ rounds = 3, rows: wanted, only } = {}) {
  const field = chosenContestants(only);
  const results = Object.fromEntries(
    chosen(wanted, rows).map((row) => [row, Object.fromEntries(field.map((name) => [name, []]))]),
  );
  for (let round = 0; round < rounds; round += 1) {
    for (const [row, by] of Object.entries(results)) {
      const order = field.map((_, at) => field[(at + round) % field.length]);
      for (const name of order) {
        // A row that a contestant cannot play is a result too.
        const result = await play(contestants[name], row).catch((error) => ({ error: error.message.split("\n")[0] }));
        by[name].push(result);
        say(`  round ${round + 1}, ${row}, ${name}: ${JSON.stringify(result)}`);
      }
    }
  }
  reportRooms(results, { rows, contestants, whole: !wanted && !only });
}
