/** The log of a room as server-sent events, with the `eventsource` of npm. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { EventSource } from "eventsource";
import Pusher from "pusher";
import { newPlan, rowsOf } from "../../scripts/lib/demo-school.mjs";
import { ourTarget } from "../realtime/targets/ours.mjs";
import { until } from "./support/world.mjs";

/** Events of a server library. */
const [BATCHES, BATCH] = [210, 10];

/** A client with everything that it heard; browsers' own cannot send a token. */
class Listener {
  heard = [];
  opened = 0;
  status = null;

  constructor(world, path, token) {
    this.source = new EventSource(new URL(path, world.worker.url), {
      fetch: async (input, init) => {
        const headers = { ...init.headers, Authorization: `Bearer ${token}` };
        const response = await fetch(input, { ...init, headers });
        this.status = response.status;
        return response;
      },
    });
    this.source.addEventListener("open", () => (this.opened += 1));
    for (const name of ["class_online", "content_update", "tick"])
      this.source.addEventListener(name, ({ data, lastEventId }) => {
        world.bodies.push({ what: `event ${name}`, text: data, isAuthor: false });
        this.heard.push({ name, seq: Number(lastEventId), data: JSON.parse(data) });
      });
  }

  /** That it heard so many events. */
  hears(count) {
    return until(`${count} events are heard`, () => this.heard.length >= count);
  }

  numbers() {
    return this.heard.map(({ seq }) => seq);
  }
}

export function eventStream(world) {
  test("an EventSource hears what was, what is, and nothing once access has ended", async (t) => {
    const plan = newPlan();
    plan.school_id = world.plan.school_id;
    plan.admin.email = "streaming-admin@demo.example";
    plan.teacher.email = "streaming@demo.example";
    await world.worker.script(rowsOf(plan));
    const admin = await world.signIn(world.plan.admin);
    const token = await world.signIn(plan.teacher);
    const body = { name: "Streamed", subject: "Testing", grade_level: 7 };
    const room = await world.expect(201, "POST", "/api/v1/classes", { token, body });
    const path = `/api/v1/classes/${room.id}/events?after=0`;
    const announce = (text) =>
      world.expect(201, "POST", `/api/v1/classes/${room.id}/announcements`, { token: admin, body: { text } });

    const server = await world.gameServer(room.join_code);
    await server.apply([server.join("1001", "Ada")]);
    const listener = new Listener(world, path, token);
    const colleague = new Listener(world, path, admin);
    t.after(() => [listener, colleague].forEach(({ source }) => source.close()));
    await listener.hears(1);
    await colleague.hears(1);
    assert.deepEqual(listener.heard[0].data.seats[0].display_name, "Ada");

    for (let count = 1; count <= 5; count += 1) await announce(`Number ${count}`);
    await listener.hears(6);
    await colleague.hears(6);
    const { items } = await world.expect(200, "GET", path, { token });
    assert.deepEqual(
      listener.heard.map(({ seq, name, data }) => ({ seq, type: name, data })),
      items.map(({ seq, type, data }) => ({ seq, type, data })),
    );

    // Far more than a socket may get without answering whether it reads.
    const { appId, key, secret, host, port } = ourTarget({
      ...{ url: world.worker.url, room, master: world.realtimeSecret },
    });
    const library = new Pusher({ appId, key, secret, host, port: String(port), useTLS: false });
    for (let batch = 0; batch < BATCHES; batch += 1) {
      const tick = (_, at) => ({ channel: "private-class", name: "tick", data: String(batch * BATCH + at) });
      await library.triggerBatch(Array.from({ length: BATCH }, tick));
    }
    const all = 6 + BATCHES * BATCH;
    await listener.hears(all);
    await colleague.hears(all);
    assert.deepEqual(
      listener.heard.slice(6).map(({ data }) => data),
      Array.from({ length: BATCHES * BATCH }, (_, at) => at),
    );
    assert.equal(listener.opened, 1, "the stream was never broken off");

    const suspended = `/api/v1/users/${plan.teacher.id}/suspend`;
    await world.expect(200, "POST", suspended, { token: admin, body: { reason: "left the school" } });
    // It comes back once, is refused, and gives up.
    await until("the stream is refused", () => listener.source.readyState === EventSource.CLOSED);
    assert.equal(listener.status, 401);
    await announce("Not for everybody");
    await colleague.hears(all + 1);
    assert.deepEqual(colleague.numbers(), [...new Set(colleague.numbers())]);
    assert.equal(listener.heard.length, all);
  });
}
