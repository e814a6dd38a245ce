/** What a school's admin announces, heard with the stock pusher-js in whatever shard the door picked. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { newPlan, rowsOf } from "../../scripts/lib/demo-school.mjs";
import { Page } from "./pusher.mjs";
import { until } from "./support/world.mjs";

const CHANNEL = "private-announcements";
/** Of which some share a shard and some do not. */
const LISTENERS = 12;

export function schoolChannel(world) {
  test("everybody who listens to a school hears each announcement once, until their access ends", async (t) => {
    const plan = newPlan();
    plan.school_id = world.plan.school_id;
    plan.admin.email = "announcing-admin@demo.example";
    plan.teacher.email = "listening@demo.example";
    await world.worker.script(rowsOf(plan));
    const admin = await world.signIn(world.plan.admin);
    const token = await world.signIn(plan.teacher);
    const school = plan.school_id;
    const path = `/api/v1/schools/${school}/announcements`;

    const staying = Array.from({ length: LISTENERS }, () => new Page(world, { room_key: school }));
    const leaving = new Page(world, { room_key: school }, token);
    t.after(() => [...staying, leaving].forEach(({ pusher }) => pusher.disconnect()));
    for (const page of [...staying, leaving]) await page.subscribe(CHANNEL);

    const say = (text) =>
      world.expect(201, "POST", path, { token: admin, body: { text }, headers: { "idempotency-key": text } });
    const first = await say("The hall is closed.");
    assert.deepEqual(await say("The hall is closed."), first);
    for (const page of [...staying, leaving]) assert.deepEqual(await page.hears("announcement"), first);

    const suspended = `/api/v1/users/${plan.teacher.id}/suspend`;
    await world.expect(200, "POST", suspended, { token: admin, body: { reason: "left the school" } });
    await until("the socket is closed", () => leaving.pusher.connection.state === "disconnected");

    const second = await say("It is open.");
    const isSecond = ({ seq }) => seq === second.seq;
    for (const page of staying) {
      await page.hears("announcement", isSecond);
      assert.equal(page.heard.filter(({ event }) => event === "announcement").length, 2);
    }
    assert.equal(leaving.heard.filter(({ event }) => event === "announcement").length, 1);
    const { items } = await world.get(`${path}?after=${first.seq}`);
    assert.deepEqual(items, [second]);
    assert.equal((await world.request("POST", `/apps/${school}/events`, { body: {} })).status, 404);
  });
}
