/**
 * The servers of `bench -- rooms`, each behind `start`, `rooms`, `pid`, `stop`. A room tells the load where it is and how one speaks
 * there: `socket` is its address; `pusher` are app, key and secret where it speaks Pusher's protocol; `post` is where one publishes.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { signIn } from "../scripts/lib/api.mjs";
import { newPlan, rowsOf } from "../scripts/lib/demo-school.mjs";
import { Soketi, ensureSoketi } from "../tests/realtime/targets/soketi.mjs";
import { ourTarget } from "../tests/realtime/targets/ours.mjs";
import { WorkerProcess, freePort, ourWorker, testSecrets } from "../tests/worker/support/worker.mjs";
import { bundle, compatibilityDate, launch } from "./contestants.mjs";

const { version: partyVersion } = JSON.parse(
  readFileSync(fileURLToPath(new URL("../node_modules/partyserver/package.json", import.meta.url)), "utf8"),
);

/**
 * A port of workerd's own for a Worker: miniflare's has a Worker of its own in front, which would pass on every frame and hold
 * every socket as well (a third of a socket's memory, a quarter of a delivery's CPU time).
 */
async function directly(worker) {
  const port = await freePort();
  worker.unsafeDirectSockets = [{ host: "127.0.0.1", port }];
  return `http://127.0.0.1:${port}`;
}

/** A room that speaks Pusher's protocol. */
const pusherRoom = ({ host, port, appId, key, secret }, channel) => ({
  socket: `ws://${host}:${port}/app/${key}?protocol=7&client=bench&version=1`,
  post: `http://${host}:${port}/apps/${appId}/events`,
  pusher: { appId, key, secret, channel },
});

class Ours {
  async start(folder) {
    this.secrets = testSecrets();
    const options = await ourWorker({ bindings: this.secrets, assets: false });
    this.url = await directly(options.worker);
    this.worker = await new WorkerProcess({ ...options, port: await freePort(), state: folder }).start();
    const plan = newPlan();
    await this.worker.script(rowsOf(plan));
    this.teacher = await signIn(this.worker.url, plan.teacher);
  }

  /** Classes of a teacher. */
  async rooms(count, channel) {
    const rooms = [];
    for (let at = 0; at < count; at += 1) {
      const fields = { name: `Bench ${at}`, subject: "Testing", grade_level: 7 };
      const room = await this.teacher.post("/api/v1/classes", fields);
      const { url, teacher } = this;
      const target = ourTarget({ url, teacher, room, master: this.secrets.REALTIME_SECRET });
      rooms.push(pusherRoom(target, channel));
    }
    return rooms;
  }

  get pid() {
    return this.worker.pid;
  }

  stop = () => this.worker?.stop();
}

/** A peer of bench/peers on our workerd, whose rooms are found by their paths. */
class Peer {
  constructor(name, binding, path) {
    Object.assign(this, { name, binding, path });
  }

  async start(folder) {
    const peer = {
      name: this.name,
      compatibilityDate,
      ...(await bundle(this.name, join(folder, "bundle"))),
      durableObjects: { [this.binding]: { className: "Room", useSQLite: true } },
    };
    this.url = await directly(peer);
    this.worker = await launch(peer, join(folder, "state"));
  }

  async rooms(count) {
    return Array.from({ length: count }, (_, at) => {
      const post = `${this.url}${this.path}/bench-${at}`;
      return { post, socket: post.replace("http", "ws") };
    });
  }

  get pid() {
    return this.worker.pid;
  }

  stop = () => this.worker?.stop();
}

class Party extends Peer {
  constructor() {
    super("party-room", "Room", "/parties/room");
  }

  /** How often a handler of a room has run. */
  async calls([room]) {
    return (await (await fetch(room.post)).json()).calls;
  }
}

class SoketiRooms {
  #soketi = new Soketi({ maxClientEventsPerSecond: -1 });

  async start() {
    await ensureSoketi();
    await this.#soketi.start();
  }

  /** It has one app: a room is a channel of it. */
  async rooms(count, channel) {
    return Array.from({ length: count }, (_, at) => pusherRoom(this.#soketi, `${channel}-${at}`));
  }

  get pid() {
    return this.#soketi.pid;
  }

  stop = () => this.#soketi.stop();
}

/** All of them, in the order of the tables. */
export const contestants = {
  ours: { title: "ToolboxAI Edge (Rust, class room)", make: () => new Ours() },
  party: { title: `PartyServer ${partyVersion}, hibernation on`, make: () => new Party() },
  bare: { title: "bare Durable Object in JavaScript", make: () => new Peer("bare-room", "ROOM", "") },
  soketi: { title: "soketi 1.6.1 (uWebSockets.js, native)", make: () => new SoketiRooms() },
};
