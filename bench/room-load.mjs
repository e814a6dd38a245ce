/**
 * The load of `bench -- rooms`: holds the sockets, publishes and counts what arrives, in a process of its own. Both ends of a message are
 * here, so that one clock tells how long it took. A message is text of 100 bytes and `@time@`, the same for all.
 */
import { createHash, createHmac } from "node:crypto";
import http from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import WebSocket from "ws";

/** Sockets that are opened at once. */
const OPENING = 50;
/** How long a socket may take to be in its channel. */
const PATIENCE_MS = 30_000;
/** After so long without a delivery nothing more will come. */
const QUIET_MS = 5000;

const pad = "x".repeat(100);
const hmac = (secret, text) => createHmac("sha256", secret).update(text).digest("hex");
const agent = new http.Agent({ keepAlive: true, maxSockets: 32 });

let sockets = [];
let rooms = [];
let lost = 0;
/** What has arrived since `count` was last set to nought. */
const seen = { count: 0, latencies: [] };

const PONG = JSON.stringify({ event: "pusher:pong", data: {} });

function heard(bytes) {
  const start = bytes.indexOf(64) + 1;
  if (start === 0) {
    // As the protocol wants it of every client.
    if (bytes.includes("pusher:ping")) this.send(PONG);
    return;
  }
  const sent = Number(bytes.toString("latin1", start, bytes.indexOf(64, start)));
  seen.latencies.push(performance.now() - sent);
  seen.count += 1;
}

/** Opens one socket; answers when it is in its channel. */
function open(room) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(room.socket, { perMessageDeflate: false, skipUTF8Validation: true });
    socket.room = room;
    const late = setTimeout(() => reject(new Error("a socket did not get into its channel")), PATIENCE_MS);
    socket.once("error", reject);
    socket.once("close", (code) => reject(new Error(`a socket was closed with ${code}`)));
    const ready = () => {
      clearTimeout(late);
      socket.removeAllListeners();
      socket.on("message", heard);
      socket.on("error", () => {});
      socket.on("close", () => (lost += 1));
      resolve(socket);
    };
    if (!room.pusher) return void socket.once("open", ready);
    socket.on("message", (bytes) => {
      const { event, data } = JSON.parse(bytes);
      if (event === "pusher:connection_established") {
        const { key, secret, channel } = room.pusher;
        const auth = channel.startsWith("private-")
          ? { auth: `${key}:${hmac(secret, `${JSON.parse(data).socket_id}:${channel}`)}` }
          : {};
        socket.send(JSON.stringify({ event: "pusher:subscribe", data: { channel, ...auth } }));
      } else if (event === "pusher_internal:subscription_succeeded") ready();
      else if (event.endsWith("error")) reject(new Error(`a subscription answered ${bytes}`));
    });
  });
}

/** Publishes one message in a room by its HTTP API. */
function publish({ post, pusher }) {
  const message = `@${performance.now()}@${pad}`;
  const body = pusher ? JSON.stringify({ name: "bench", channels: [pusher.channel], data: message }) : message;
  return new Promise((resolve, reject) => {
    const url = pusher ? signed(post, pusher, body) : post;
    const headers = { "content-type": pusher ? "application/json" : "text/plain", "content-length": body.length };
    const request = http.request(url, { method: "POST", agent, headers }, (response) => {
      response.resume();
      response.on("end", () =>
        response.statusCode < 300 ? resolve() : reject(new Error(`a publication answered ${response.statusCode}`)),
      );
    });
    request.on("error", reject);
    request.end(body);
  });
}

function signed(post, { key, secret }, body) {
  const query = [
    `auth_key=${key}`,
    `auth_timestamp=${Math.floor(Date.now() / 1000)}`,
    "auth_version=1.0",
    `body_md5=${createHash("md5").update(body).digest("hex")}`,
  ].join("&");
  const signature = hmac(secret, ["POST", new URL(post).pathname, query].join("\n"));
  return `${post}?${query}&auth_signature=${signature}`;
}

/** Says one message over a socket, to all others in its room. */
function say(socket) {
  const { pusher } = socket.room;
  const data = `@${performance.now()}@${pad}`;
  socket.send(pusher ? JSON.stringify({ event: "client-bench", channel: pusher.channel, data }) : data);
}

/** Calls `act` so many times a second, whether or not the last call is done; answers how often. */
async function paced(rate, seconds, act) {
  const start = performance.now();
  let done = 0;
  for (;;) {
    const now = performance.now() - start;
    for (; done < Math.min(rate * seconds, (now * rate) / 1000); done += 1) act(done);
    if (now >= seconds * 1000) return done;
    await wait(Math.max(1, ((done + 1) * 1000) / rate - now));
  }
}

/** Waits until so many have arrived, or nothing has for a while. */
async function drained(expected) {
  for (let last = -1, since = performance.now(); seen.count < expected;) {
    if (seen.count !== last) [last, since] = [seen.count, performance.now()];
    if (performance.now() - since > QUIET_MS) return;
    await wait(20);
  }
}

const reset = () => Object.assign(seen, { count: 0, latencies: [] });

function result(expected, elapsedMs, cpu) {
  const sorted = seen.latencies.sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
  return {
    ...{ expected, delivered: seen.count, lost_sockets: lost, elapsed_ms: elapsedMs },
    ...{ deliveries_per_s: (seen.count * 1000) / elapsedMs, p50_ms: at(0.5), p95_ms: at(0.95), p99_ms: at(0.99) },
    load_cpu: (process.cpuUsage(cpu).user + process.cpuUsage(cpu).system) / 1000 / elapsedMs,
  };
}

const methods = {
  /** Opens so many sockets in each room, beside those that are open. */
  async open({ rooms: added, each }) {
    const known = new Map([...rooms, ...added].map((room) => [`${room.socket} ${room.pusher?.channel}`, room]));
    rooms = [...known.values()];
    const wanted = added.flatMap((room) => Array(each).fill(room));
    for (let at = 0; at < wanted.length; at += OPENING) {
      sockets.push(...(await Promise.all(wanted.slice(at, at + OPENING).map(open))));
    }
    return sockets.length;
  },

  /** `rate` messages a second in each room by the HTTP API. */
  async publish({ rate, seconds }) {
    reset();
    const [cpu, start] = [process.cpuUsage(), performance.now()];
    let failed = null;
    const sent = await paced(rate * rooms.length, seconds, (at) => {
      publish(rooms[at % rooms.length]).catch((error) => (failed ??= error));
    });
    const expected = (sent * sockets.length) / rooms.length;
    await drained(expected);
    if (failed) throw failed;
    return result(expected, performance.now() - start, cpu);
  },

  /** Messages over sockets: `speakers` of them, `rate` a second each. */
  async say({ speakers, rate, seconds }) {
    reset();
    const [cpu, start] = [process.cpuUsage(), performance.now()];
    const sent = await paced(rate * speakers, seconds, (at) => say(sockets[at % speakers]));
    const expected = sent * (sockets.length - 1);
    await drained(expected);
    return result(expected, performance.now() - start, cpu);
  },

  /** As fast as publications are answered, `inFlight` at a time. */
  async saturate({ inFlight, seconds }) {
    reset();
    const [cpu, start] = [process.cpuUsage(), performance.now()];
    let sent = 0;
    const publisher = async () => {
      while (performance.now() - start < seconds * 1000) {
        await publish(rooms[0]);
        sent += 1;
      }
    };
    await Promise.all(Array.from({ length: inFlight }, publisher));
    await drained(sent * sockets.length);
    // To the last delivery: what is still on its way when the publishers stop has to be paid for.
    return result(sent * sockets.length, performance.now() - start, cpu);
  },

  /** Each socket sends a ping every `everyMs`, as an idle client does. */
  async idle({ seconds, everyMs }) {
    const ping = JSON.stringify({ event: "pusher:ping", data: {} });
    const pings = await paced((sockets.length * 1000) / everyMs, seconds, (at) =>
      sockets[at % sockets.length].send(ping),
    );
    return { pings, lost_sockets: lost };
  },

  /** One message in each room: who hears it is there. */
  async roll() {
    reset();
    for (const room of rooms) await publish(room);
    await drained(sockets.length);
    return { sockets: sockets.length, heard: seen.count, lost_sockets: lost };
  },

  async close() {
    for (const socket of sockets) socket.terminate();
    [sockets, rooms] = [[], []];
    agent.destroy();
  },
};

process.on("message", async ({ method, params }) => {
  try {
    process.send({ value: (await methods[method](params)) ?? null });
  } catch (error) {
    process.send({ error: error.stack });
  }
});
process.on("disconnect", () => process.exit());
