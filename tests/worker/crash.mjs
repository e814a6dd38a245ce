/** `kill -9` of workerd while ten simulated game servers play: what was acknowledged is there, once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { answersOf, startSimulator } from "../../scripts/lib/play.mjs";
import { quiz } from "./support/quiz.mjs";
import { until } from "./support/world.mjs";

const STUDENTS = 50;
const SERVERS = 10;

/** Pupils who take their time, so that there is a while to be killed in. */
const SPEED = 20;

/** The sheets of a session as D1 has them: seat → answers. */
async function sheetsInD1(world, sessionId) {
  const { rows } = await world.worker.sql(
    "select body from session_sheets where session_id = ?1 order by part",
    sessionId,
  );
  return rows.flatMap(({ body }) => JSON.parse(body));
}

/** Seat, question, tries and points of every answer, in one order, from either side. */
const fromResults = ({ rows }) =>
  rows
    .flatMap(({ seat_id, answers }) =>
      answers.map((a) => `${seat_id} ${a.question_id} ${a.attempts} ${a.points} ${a.ms}`),
    )
    .sort();
const fromSheets = (rows, questions) =>
  rows
    .flatMap(({ seat_id, answers }) =>
      answers.map((a) => `${seat_id} ${questions[a.question].id} ${a.attempts} ${a.points} ${a.ms}`),
    )
    .sort();

export function crash(world) {
  test("killed under load and started again, nothing acknowledged is lost or doubled", async (t) => {
    const room = await world.newClass({ name: "Crash", capacity: STUDENTS });
    const made = await world.newQuiz({ ...quiz, title: "Crash" });
    const session = await world.newSession(room.id, made.id);
    const reports = [];
    const of = (type) => reports.filter((report) => report.type === type);
    const game = {
      url: world.worker.url,
      gameKey: world.plan.game_key,
      code: room.join_code,
      answers: answersOf(made),
    };
    const size = { students: STUDENTS, servers: SERVERS, speed: SPEED, seed: 7731, until: "session-end" };
    const { child, done } = startSimulator(process.env.SIMULATOR, { ...game, ...size }, (report) =>
      reports.push(report),
    );
    t.after(() => child.kill("SIGKILL"));
    const total = STUDENTS * made.questions.length;

    for (const share of [0.2, 0.5]) {
      await until(`${share * 100} % of the answers are acknowledged`, () => of("acknowledged").length >= share * total);
      assert.ok(of("acknowledged").length < total, "the class was over before the kill");
      const outages = of("outage").length;
      await world.worker.kill();
      await until("a game server notices", () => of("outage").length > outages);
      await world.worker.start();
    }
    await until("all answers are acknowledged", () => of("acknowledged").length === total);
    await world.move(session.id, "end");
    const { code, log } = await done;
    assert.equal(code, 0, log);

    await t.test("the simulators carried on by themselves", () => {
      assert.ok(of("recovered").length > 0);
      assert.deepEqual(of("rejected"), []);
      assert.deepEqual(of("dropped"), []);
    });

    const results = await world.results(room.id, session.id);

    await t.test("every acknowledged answer is there exactly once", () => {
      const acknowledged = of("acknowledged").map((a) => `${a.seat_id} ${a.question_id} 1 ${a.points}`);
      assert.equal(new Set(acknowledged).size, acknowledged.length);
      const held = results.rows.flatMap(({ seat_id, answers }) =>
        answers.map((a) => `${seat_id} ${a.question_id} ${a.attempts} ${a.points}`),
      );
      assert.deepEqual(held.sort(), acknowledged.sort());
    });

    await t.test("XP is the sum of what was acknowledged", async () => {
      const earned = new Map();
      for (const { seat_id, xp_gained } of of("acknowledged"))
        earned.set(seat_id, (earned.get(seat_id) ?? 0) + xp_gained);
      const { items } = await world.get(`/api/v1/classes/${room.id}/leaderboard?window=all`);
      assert.deepEqual(new Map(items.map(({ seat_id, xp }) => [seat_id, xp])), earned);
    });

    await t.test("D1 ends equal to the room", async () => {
      const expected = fromResults(results);
      const same = async () => {
        const found = fromSheets(await sheetsInD1(world, session.id), results.questions);
        return found.length === expected.length && found.every((line, at) => line === expected[at]);
      };
      await until("D1 has the results", same);
      const { rows } = await world.worker.sql(
        "select count(*) as seats from seats where class_id = ?1 and status = 'active'",
        room.id,
      );
      assert.equal(rows[0].seats, STUDENTS);
    });
  });
}
