/** The main job, from sign-in to the file of results, by plain HTTP. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fullMarks, quiz } from "./support/quiz.mjs";
import { responses } from "./support/responses.mjs";

/** CSV without quoted line breaks, as rows of cells. */
const csvRows = (text) =>
  text
    .replace(/^\uFEFF/, "")
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(","));

export function liveClass(world) {
  test("a class is played from the code to the results", async (t) => {
    const room = await world.newClass({ name: "Main job" });
    const made = await world.newQuiz(quiz);
    const server = await world.gameServer(room.join_code);
    const session = await world.newSession(room.id, made.id);

    await t.test("pupils get seats, and the game hears of the session without keys", async () => {
      const { results } = await server.apply([server.join("1001", "Ada"), server.join("1002", "Bob")]);
      assert.deepEqual(
        results.map(({ seat_status }) => seat_status),
        ["active", "active"],
      );
      server.cursor = "0";
      const started = await server.hears("session_started");
      assert.equal(started.session_id, session.id);
      assert.deepEqual(
        started.questions.map(({ id, type }) => [id, type]),
        made.questions.map(({ id, type }) => [id, type]),
      );
    });

    await t.test("right and wrong answers of all seven types are graded", async () => {
      const answers = made.questions.flatMap((question) => {
        const { right, wrong } = responses(question);
        return [
          server.answer("1001", session.id, question.id, right),
          server.answer("1002", session.id, question.id, wrong),
        ];
      });
      const { results } = await server.apply(answers);
      const graded = (user) =>
        results.filter((_, at) => answers[at].player.user_id === user).map(({ result }) => result);
      assert.deepEqual(new Set(graded("1001").map(({ correct }) => correct)), new Set([true]));
      assert.deepEqual(new Set(graded("1002").map(({ correct }) => correct)), new Set([false]));
      const last = graded("1001").at(-1);
      assert.equal(last.xp, fullMarks);
      assert.equal(last.rank, 1);
      assert.equal(last.level, Math.floor(Math.sqrt(fullMarks / 100)) + 1);
    });

    await t.test("the leaderboard ranks them", async () => {
      const { items } = await world.get(`/api/v1/classes/${room.id}/leaderboard?window=session`);
      assert.deepEqual(
        items.map(({ rank, display_name, xp }) => [rank, display_name, xp]),
        [
          [1, "Ada", fullMarks],
          [2, "Bob", 0],
        ],
      );
    });

    await t.test("the screen and the file hold the same", async () => {
      const results = await world.results(room.id, session.id);
      assert.deepEqual(
        results.questions.map(({ facility }) => facility),
        made.questions.map(() => 0.5),
      );
      const path = `/api/v1/classes/${room.id}/results?session_id=${session.id}`;
      const csv = await world.request("GET", path, { token: world.teacher, headers: { accept: "text/csv" } });
      assert.match(csv.headers.get("content-type"), /^text\/csv/);
      const [head, ...rows] = csvRows(csv.text);
      assert.deepEqual(head.slice(0, 5), ["display_name", "points", "correct", "answered", "ms"]);
      const screen = results.rows.map((row) =>
        [row.display_name, row.points, row.correct, row.answered, row.ms].map(String),
      );
      assert.deepEqual(
        rows.map((row) => row.slice(0, 5)),
        screen,
      );
    });

    await t.test("its end is told, and answers after it count for nothing", async () => {
      assert.equal((await world.move(session.id, "end")).status, "ended");
      assert.equal((await server.hears("session_ended")).session_id, session.id);
      const late = server.answer("1002", session.id, made.questions[0].id, responses(made.questions[0]).right);
      const [result] = (await server.sync([late])).results;
      assert.deepEqual([result.status, result.code], ["rejected", "session_ended"]);
    });
  });

  test("of a host-paced quiz the game gets one question at a time", async () => {
    const room = await world.newClass({ name: "Host pace" });
    const made = await world.newQuiz({ ...quiz, title: "Host pace" });
    const session = await world.newSession(room.id, made.id, { pace: "host" });
    const server = await world.gameServer(room.join_code);
    await server.apply([server.join("1001", "Ada")]);
    server.cursor = "0";
    assert.deepEqual((await server.hears("session_started")).questions, []);
    const [first, second] = made.questions;
    await world.move(session.id, "next");
    assert.equal((await server.hears("question_opened")).question.id, first.id);
    const early = await server.sync([server.answer("1001", session.id, second.id, responses(second).right)]);
    assert.equal(early.results[0].code, "question_closed");
    await world.move(session.id, "next");
    assert.equal((await server.hears("question_opened")).question.id, second.id);
    await server.apply([server.answer("1001", session.id, second.id, responses(second).right)]);
    await world.move(session.id, "end");
  });
}
