/** What arrives twice counts once, whatever races. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { quiz } from "./support/quiz.mjs";
import { responses } from "./support/responses.mjs";

export function repeats(world) {
  test("the same batch sent many times at once counts once", async () => {
    const room = await world.newClass({ name: "Repeats" });
    const made = await world.newQuiz({ ...quiz, title: "Repeats" });
    const session = await world.newSession(room.id, made.id);
    const server = await world.gameServer(room.join_code);
    await server.apply([server.join("1001", "Ada")]);
    const batch = made.questions.map((question) =>
      server.answer("1001", session.id, question.id, responses(question).right),
    );
    const cursor = server.cursor;
    const answers = await Promise.all(
      Array.from({ length: 8 }, () =>
        world.expect(200, "POST", "/api/v1/game/sync", { token: server.token, body: { cursor, events: batch } }),
      ),
    );
    for (const [at] of batch.entries()) {
      const each = answers.map(({ results }) => results[at]);
      assert.equal(each.filter(({ status }) => status === "applied").length, 1);
      assert.equal(each.filter(({ status }) => status === "duplicate").length, 7);
      // A repeat carries what the first one carried.
      for (const { result } of each) assert.deepEqual(result, each[0].result);
    }
    const { rows } = await world.results(room.id, session.id);
    assert.deepEqual(
      rows[0].answers.map(({ attempts }) => attempts),
      made.questions.map(() => 1),
    );
    await world.move(session.id, "end");
  });

  test("an event id with other content is refused", async () => {
    const room = await world.newClass({ name: "Reused id" });
    const server = await world.gameServer(room.join_code);
    const join = server.join("1001", "Ada");
    await server.apply([join]);
    const { results } = await server.sync([{ ...join, player: { ...join.player, display_name: "Eve" } }]);
    assert.deepEqual([results[0].status, results[0].code], ["rejected", "event_id_reused"]);
  });

  test("a class that is created twice with one Idempotency-Key is one class", async () => {
    const body = { name: "Once", subject: "Testing", grade_level: 7 };
    const options = { token: world.teacher, body, headers: { "idempotency-key": "key-of-this-test" } };
    const [first, second] = await Promise.all([1, 2].map(() => world.request("POST", "/api/v1/classes", options)));
    assert.deepEqual([first.status, second.status], [201, 201]);
    assert.equal(first.json.id, second.json.id);
    const { rows } = await world.worker.sql("select count(*) as classes from classes where name = 'Once'");
    assert.equal(rows[0].classes, 1);
    const other = await world.request("POST", "/api/v1/classes", { ...options, body: { ...body, name: "Twice" } });
    assert.equal(other.status, 422);
  });
}
