/** A suspended person is out: on every route, and of every room. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { newPlan, rowsOf } from "../../scripts/lib/demo-school.mjs";
import { Page } from "./pusher.mjs";
import { until } from "./support/world.mjs";

export function suspension(world) {
  test("a suspended teacher's socket is closed for good and their next request refused", async (t) => {
    const plan = newPlan();
    plan.school_id = world.plan.school_id;
    plan.admin.email = "other-admin@demo.example";
    plan.teacher.email = "leaving@demo.example";
    await world.worker.script(rowsOf(plan));
    const admin = await world.signIn(world.plan.admin);
    const token = await world.signIn(plan.teacher);
    const body = { name: "Left behind", subject: "Testing", grade_level: 7 };
    const room = await world.expect(201, "POST", "/api/v1/classes", { token, body });

    const leaving = new Page(world, room, token);
    const staying = new Page(world, room, admin);
    t.after(() => [leaving, staying].forEach(({ pusher }) => pusher.disconnect()));
    const presence = await staying.subscribe("presence-class");
    await leaving.subscribe("presence-class");
    await leaving.subscribe("private-class");
    await until("both are present", () => presence.members.count === 2);

    const path = `/api/v1/users/${plan.teacher.id}/suspend`;
    await world.expect(200, "POST", path, { token: admin, body: { reason: "left the school" } });

    // pusher-js's word for a connection that it will not open again.
    await until("the socket is closed", () => leaving.pusher.connection.state === "disconnected");
    await until("the others see the teacher leave", () => presence.members.count === 1);
    await until("the next request is refused", async () => {
      const { status } = await world.request("GET", "/api/v1/classes", { token });
      return status === 401;
    });
    await world.expect(401, "POST", "/api/v1/auth/login", {
      body: { email: plan.teacher.email, password: plan.teacher.password },
    });
    assert.equal(staying.pusher.connection.state, "connected");
  });
}
