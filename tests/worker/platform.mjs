/** What only the real platform shows: how D1 binds, what a panic costs, what the assets serve. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { inRoot } from "../../scripts/lib/paths.mjs";
import { quiz } from "./support/quiz.mjs";

/** The wasm in gzip, in bytes: 3 % above what was reached (docs/decisions/0004-size-and-speed.md). */
const MAX_WASM = 1_575_000;

export function platform(world) {
  test("the wasm is within its bound", () => {
    const size = gzipSync(readFileSync(inRoot("build", "index_bg.wasm")), { level: 9 }).length;
    assert.ok(size <= MAX_WASM, `${size} bytes`);
  });

  test("numbers, text and absence come back from D1 as they went in", async () => {
    const name = "Łódź 🎓 ' \" \\ \u2028 数学";
    const room = await world.newClass({ name, grade_level: 0, capacity: 200 });
    const read = await world.get(`/api/v1/classes/${room.id}`);
    assert.deepEqual([read.name, read.grade_level, read.capacity], [name, 0, 200]);
    const types = "select typeof(grade_level) as grade, typeof(created_at) as time from classes where id = ?1";
    assert.deepEqual((await world.worker.sql(types, room.id)).rows, [{ grade: "integer", time: "integer" }]);
    await world.request("DELETE", `/api/v1/classes/${room.id}/join-code`, { token: world.teacher });
    assert.equal((await world.get(`/api/v1/classes/${room.id}`)).join_code, null);
    const { rows } = await world.worker.sql("select join_code is null as closed from classes where id = ?1", room.id);
    assert.deepEqual(rows, [{ closed: 1 }]);
  });

  test("two classes may have a closed code", async () => {
    for (const name of ["Closed 1", "Closed 2"]) {
      const room = await world.newClass({ name });
      const closed = await world.request("DELETE", `/api/v1/classes/${room.id}/join-code`, { token: world.teacher });
      assert.ok(closed.status < 300, closed.text);
      const body = { place_id: "1", job_id: "j", class_code: room.join_code };
      await world.expect(404, "POST", "/api/v1/game/sessions", { token: world.plan.game_key, body });
    }
  });

  test("the largest quiz goes through D1 unharmed", async () => {
    const text = (length) => "ä€𝄞".repeat(length).slice(0, length - 4);
    const question = (n) => ({
      type: "multiple_response",
      prompt: `${n} ${text(400)}`,
      points: 100,
      options: Array.from({ length: 10 }, (_, at) => ({ text: `${at} ${text(150)}`, correct: at < 5 })),
    });
    const large = { ...quiz, title: "Large", questions: Array.from({ length: 100 }, (_, n) => question(n)) };
    const made = await world.newQuiz(large);
    const read = await world.get(`/api/v1/quizzes/${made.id}`);
    assert.deepEqual(
      read.questions.map(({ prompt }) => prompt),
      large.questions.map(({ prompt }) => prompt.trim()),
    );
  });

  test("a list goes on where its cursor says, with nothing twice", async () => {
    const seen = [];
    let cursor = null;
    do {
      const page = await world.get(`/api/v1/classes?limit=3${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`);
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.next_cursor;
    } while (cursor);
    const own = "select count(*) as classes from classes where teacher_id = ?1";
    const { rows } = await world.worker.sql(own, world.plan.teacher.id);
    assert.equal(new Set(seen).size, seen.length);
    assert.equal(seen.length, rows[0].classes);
  });

  test("after a panic in one request the next ones work", async () => {
    const died = await world.request("GET", "/api/v1/health/panic").catch(() => ({ status: 500 }));
    assert.ok(died.status >= 500, `the panicking request answered ${died.status}`);
    const next = await Promise.all([1, 2, 3].map(() => world.request("GET", "/health/ready")));
    assert.deepEqual(
      next.map(({ status }) => status),
      [200, 200, 200],
    );
    assert.equal((await world.get("/api/v1/auth/me")).email, world.plan.teacher.email);
  });

  test("the dashboard, its pages and the contract are served", async () => {
    for (const path of ["/", "/classes/some-page-of-the-app"]) {
      const page = await world.request("GET", path, { headers: { accept: "text/html" } });
      assert.equal(page.status, 200);
      assert.match(page.text, /<!doctype html>/i);
    }
    const contract = await world.expect(200, "GET", "/openapi.json");
    assert.ok(contract.paths["/api/v1/game/sync"]);
    const unknown = await world.request("GET", "/api/v1/nowhere");
    assert.equal(unknown.status, 404);
    assert.match(unknown.headers.get("content-type"), /^application\/problem\+json/);
  });

  test("a problem's type leads to the section about it, for every code of the contract", async () => {
    const page = await world.request("GET", "/docs/problems", { headers: { accept: "text/html" } });
    assert.equal(page.status, 200);
    const contract = await world.expect(200, "GET", "/openapi.json");
    const codes = contract.components.schemas.ProblemCode.enum;
    assert.ok(codes.length > 30);
    for (const code of codes) assert.ok(page.text.includes(`<section id="${code}">`), code);
    const { type, code } = (await world.request("GET", "/api/v1/nowhere")).json;
    assert.equal(type, `/docs/problems#${code}`);
  });

  test("a request's id is in its answer and in its one log line", async () => {
    const id = "test-request-7731";
    const answer = await world.request("GET", "/api/v1/auth/me", {
      token: world.teacher,
      headers: { "x-request-id": id },
    });
    assert.equal(answer.headers.get("x-request-id"), id);
    const lines = world.worker.logs.map(({ message }) => message).filter((message) => message.includes(id));
    assert.equal(lines.length, 1);
    JSON.parse(lines[0]);
  });
}
