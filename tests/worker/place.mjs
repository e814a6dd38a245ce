/**
 * The sample experience's server, unchanged, in simulated game servers against this Worker: a whole lesson, a crash, and a
 * trail that is walked on in another place.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { answersOf, startSimulator } from "../../scripts/lib/play.mjs";
import { quiz } from "./support/quiz.mjs";
import { until } from "./support/world.mjs";

const STUDENTS = 12;

/** Starts game servers of the experience; `of(type)` has the reports so far. */
function play(t, world, room, made, { place, ...size }) {
  const reports = [];
  const game = { url: world.worker.url, gameKey: world.plan.game_key, code: room.join_code, answers: answersOf(made) };
  const options = { students: STUDENTS, servers: 1, speed: 20, seed: 4242, until: "session-end", place, ...size };
  const { child, done } = startSimulator(process.env.SIMULATOR, { ...game, ...options }, (report) =>
    reports.push(report),
  );
  t.after(() => child.kill("SIGKILL"));
  return { done, of: (type) => reports.filter((report) => report.type === type) };
}

/** What the class's server holds of a session: `user points correct`, by the pupils' alphabet. */
async function held(world, roomId, sessionId) {
  const { rows } = await world.results(roomId, sessionId);
  return rows.map(({ points, correct }) => `${points} ${correct}`).sort();
}

const told = (standings) => standings.map(({ points, correct }) => `${points} ${correct}`).sort();

/** A game of the class; its place is the only one. */
const newGame = (world, room) =>
  world.post("/api/v1/roblox/games", { title: "Trail", subject: "Maths", grade_level: 5, class_id: room.id }, 201);

/** What the school keeps of each pupil of the class in a game. */
async function kept(world, room, game) {
  const { items } = await world.get(`/api/v1/classes/${room.id}/seats`);
  return Promise.all(items.map(({ id }) => world.get(`/api/v1/roblox/progress/${id}?game_id=${game.id}`)));
}

/** How far the checkpoints of a pupil are, the newest first. */
const reachedOf = ({ checkpoints }) => checkpoints.map(({ checkpoint_data }) => checkpoint_data.reached);

export function place(world) {
  test("a lesson is taught in the sample experience", async (t) => {
    const room = await world.newClass({ name: "Sample experience" });
    const made = await world.newQuiz({ ...quiz, title: "In the arena" });
    const game = await newGame(world, room);
    const { done, of } = play(t, world, room, made, { servers: 2, place: { sessions: 2 } });

    await t.test("the code entered in the lobby seats everybody", async () => {
      const seated = () =>
        new Set(
          of("joined")
            .filter(({ seat_status }) => seat_status === "active")
            .map((r) => r.user_id),
        );
      await until("everybody has a seat", () => seated().size === STUDENTS);
      const { items } = await world.get(`/api/v1/classes/${room.id}/seats`);
      assert.equal(items.filter(({ status }) => status === "active").length, STUDENTS);
    });

    await t.test("a self-paced quiz is played, and the screens and the school agree", async () => {
      const session = await world.newSession(room.id, made.id);
      await until("all have answered all", () => of("graded").length === STUDENTS * made.questions.length);
      await world.move(session.id, "end");
      await until("all know how it went", () => of("standing").length === STUDENTS);
      assert.deepEqual(told(of("standing")), await held(world, room.id, session.id));
    });

    await t.test("a host-paced quiz goes question by question", async () => {
      const session = await world.newSession(room.id, made.id, { pace: "host" });
      const before = of("graded").length;
      for (let opened = 1; opened <= made.questions.length; opened += 1) {
        await world.move(session.id, "next");
        await until(`all have answered question ${opened}`, () => of("graded").length === before + STUDENTS * opened);
      }
      await world.move(session.id, "end");
      await until("all know how it went", () => of("standing").length === STUDENTS * 2);
      assert.deepEqual(told(of("standing").slice(STUDENTS)), await held(world, room.id, session.id));
    });

    const { code, log } = await done;
    assert.equal(code, 0, log);

    await t.test("the trail was walked to its end", () => {
      const last = of("checkpoint").filter(({ number }) => number === 5);
      assert.equal(new Set(last.map(({ user_id }) => user_id)).size, STUDENTS);
      const badges = new Set(of("badge").map(({ name }) => name));
      assert.ok(badges.has("trail_finished") && badges.has("quiz_finished"));
    });

    await t.test("the school keeps of each pupil that they walked it, and what they learnt", async () => {
      for (const progress of await kept(world, room, game)) {
        assert.equal(progress.overall_progress, 100);
        assert.deepEqual(progress.completed_objectives, ["Adding", "Halves", "Quarters", "Ready", "The same size"]);
        assert.equal(Math.max(...reachedOf(progress)), 5);
      }
      const board = await world.get(`/api/v1/roblox/progress/leaderboard?leaderboard_type=progress&game_id=${game.id}`);
      assert.equal(board.total_students, STUDENTS);
    });

    await t.test("the boards in the game show points, and nobody's name unasked", async () => {
      assert.equal(of("board").length, 2);
      const { items } = await world.get(`/api/v1/classes/${room.id}/seats`);
      for (const { lines } of of("board")) {
        assert.ok(lines.length > 0 && /^1\. .* points/.test(lines[0]), JSON.stringify(lines));
        for (const { display_name } of items)
          assert.ok(!lines.some((line) => line.split("·")[0].includes(display_name)), display_name);
      }
    });

    await t.test("everybody has left", async () => {
      const gone = async () => {
        const { items } = await world.get(`/api/v1/classes/${room.id}/seats`);
        return items.every(({ online }) => !online);
      };
      await until("nobody is online", gone);
      assert.deepEqual(of("rejected"), []);
      assert.deepEqual(of("script_error"), []);
    });
  });

  test("a pupil who comes to a place that knows nothing goes on where the school says", async (t) => {
    const students = 4;
    const room = await world.newClass({ name: "Two places" });
    const made = await world.newQuiz({ ...quiz, title: "Between the stops" });
    const game = await newGame(world, room);
    /** One lesson in a place of its own, with data stores of its own. */
    const lesson = async (stops, last) => {
      const { done, of } = play(t, world, room, made, { students, place: { sessions: 1, stops } });
      const pupils = (reports) => new Set(reports.map(({ user_id }) => user_id)).size;
      const isThere = () => pupils(of("checkpoint").filter(({ number }) => number === last)) === students;
      await until(`everybody is at stop ${last}`, isThere);
      const session = await world.newSession(room.id, made.id);
      await until("all have answered all", () => of("graded").length === students * made.questions.length);
      await world.move(session.id, "end");
      const { code, log } = await done;
      assert.equal(code, 0, log);
      assert.deepEqual(of("script_error"), []);
    };

    await lesson("1-3", 3);
    for (const progress of await kept(world, room, game)) {
      assert.equal(progress.overall_progress, 60);
      assert.equal(reachedOf(progress)[0], 3);
    }
    // Stop 4 counts for nobody who has not been at stop 3.
    await lesson("4-5", 5);
    for (const progress of await kept(world, room, game)) {
      assert.equal(progress.overall_progress, 100);
      assert.deepEqual(reachedOf(progress).slice(0, 3), [5, 4, 3]);
    }
  });

  test("a game server dies with answers that nobody has, and the next one brings them", async (t) => {
    const room = await world.newClass({ name: "Dying game server" });
    const made = await world.newQuiz({ ...quiz, title: "Cut short" });
    const { done, of } = play(t, world, room, made, { place: { sessions: 1, "crash-at": 8 } });
    const seated = () => of("joined").filter(({ seat_status }) => seat_status === "active").length >= STUDENTS;
    await until("everybody has a seat", seated);
    const session = await world.newSession(room.id, made.id);
    await until("the quiz has begun", () => of("graded").length > 0);
    await world.worker.kill();
    await until("the game server dies, too", () => of("crashed").length === 1);
    const answers = (reports) => reports.map(({ user_id, question_id }) => `${user_id} ${question_id}`);
    const graded = new Set(answers(of("graded")));
    const lost = answers(of("submitted")).filter((answer) => !graded.has(answer));
    await world.worker.start();

    await t.test("what the dead one had taken in is there, once, though its pupils did not come back", async () => {
      assert.ok(lost.length >= 8);
      const inHand = async () => {
        const { rows } = await world.results(room.id, session.id);
        return rows.reduce((sum, { answered }) => sum + answered, 0);
      };
      // The pupil who is there again answers all that is left, and nobody else anything.
      await until("a pupil is back", () => of("joined").length > STUDENTS);
      const back = of("joined").at(-1).user_id;
      const expected = () => new Set([...graded, ...lost, ...made.questions.map(({ id }) => `${back} ${id}`)]).size;
      await until("every answer has arrived", async () => (await inHand()) === expected());
      const { rows } = await world.results(room.id, session.id);
      for (const { answers: cells } of rows) for (const { attempts } of cells) assert.equal(attempts, 1);
    });

    await world.move(session.id, "end");
    const { code, log } = await done;
    assert.equal(code, 0, log);
  });
}
