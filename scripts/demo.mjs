/**
 * `npm run demo`: a simulated class plays the demo quiz against the server that `npm start` runs. As the teacher it
 * starts a live session when none runs; on the terminal it shows the answers and the leaderboard as they come.
 */
import { parseArgs } from "node:util";
import { setTimeout as wait } from "node:timers/promises";
import { all, signIn } from "./lib/api.mjs";
import { Board } from "./lib/board.mjs";
import { bootstrap } from "./lib/bootstrap.mjs";
import { readDemo } from "./lib/demo-school.mjs";
import { stateDir } from "./lib/paths.mjs";
import { answersOf, startSimulator } from "./lib/play.mjs";
import { buildSimulator, simulator } from "./lib/simulator.mjs";
import { Failure, main, say, step } from "./lib/step.mjs";

const usage = "npm run demo [-- --students 30 --servers 1 --url http://localhost:8787 --speed 1 --quiz 'Fractions 1']";

function options() {
  const text = (name) => ({ type: "string", default: name });
  try {
    const { values } = parseArgs({
      options: {
        students: text("30"),
        servers: text("1"),
        speed: text("1"),
        url: { type: "string" },
        quiz: text("Fractions 1"),
        seed: text("1"),
      },
    });
    for (const name of ["students", "servers", "speed", "seed"]) {
      values[name] = Number(values[name]);
      if (!(values[name] > 0)) throw new Error(`--${name} must be a number above 0`);
    }
    return values;
  } catch (error) {
    throw new Failure(error.message, { todo: usage });
  }
}

function demoAccounts() {
  const demo = readDemo(stateDir());
  if (demo) return demo;
  throw new Failure(`there is no demo school in ${stateDir()} yet`, {
    todo: "run `npm start` first, and leave it running",
  });
}

async function teacherAt(url, account) {
  try {
    return await signIn(url, account);
  } catch (error) {
    if (error.status) throw error;
    throw new Failure(`no server answers at ${url} (${error.cause?.code ?? error.message})`, {
      todo: "run `npm start` in another terminal, or say where it is: npm run demo -- --url http://localhost:8788",
    });
  }
}

/** The class, with room for all and a code that lets pupils in. */
async function readyClass(teacher, { id }, students) {
  const found = await teacher.get(`/api/v1/classes/${id}`);
  const seats = await all(teacher, `/api/v1/classes/${id}/seats`);
  const others = seats.filter(({ status }) => status !== "removed").length;
  // Pupils of an earlier demo come back to their seats; only a larger class needs more room.
  if (Math.max(students, others) > found.capacity) {
    throw new Failure(`the class has ${found.capacity} seats, fewer than ${students} pupils`, {
      todo: "raise the class's capacity in the dashboard, or choose fewer: npm run demo -- --students 30",
    });
  }
  if (!found.join_code) {
    throw new Failure("the class's join code is closed", {
      todo: "make a new code on the class's page in the dashboard",
    });
  }
  return found;
}

/** The session that is open in the class, or a new one of the quiz; `mine` when this demo made it. */
async function openSession(teacher, classId, title) {
  const open = (await all(teacher, `/api/v1/classes/${classId}/live-sessions`)).find(
    ({ status }) => status !== "ended",
  );
  if (open) return { session: open, quiz: await teacher.get(`/api/v1/quizzes/${open.quiz_id}`), mine: false };
  const known = (await all(teacher, "/api/v1/quizzes")).find((quiz) => quiz.title === title);
  if (!known)
    throw new Failure(`there is no quiz ${JSON.stringify(title)}`, {
      todo: "choose one: npm run demo -- --quiz 'Fractions 1'",
    });
  const session = await teacher.post(`/api/v1/classes/${classId}/live-sessions`, { quiz_id: known.id, pace: "self" });
  return { session, quiz: await teacher.get(`/api/v1/quizzes/${known.id}`), mine: true };
}

/** What the simulator's reports add up to. */
function tally() {
  const sums = { joined: 0, turnedAway: new Set(), answered: 0, correct: 0, refused: 0, outages: 0, ended: false };
  const take = (report) => {
    if (report.type === "joined") sums.joined += 1;
    if (report.type === "acknowledged") {
      sums.answered += 1;
      sums.correct += report.correct ? 1 : 0;
    }
    if ((report.type === "rejected" || report.type === "dropped") && report.kind === "answer") sums.refused += 1;
    if (report.type === "rejected" && report.kind === "join") sums.turnedAway.add(report.user_id);
    if (report.type === "outage") sums.outages += 1;
    if (report.type === "session_ended") sums.ended = true;
  };
  return { sums, take };
}

/** Draws the board until `isOver` says so or the simulator has gone. */
async function watch(teacher, view, isOver, done) {
  const board = new Board();
  let gone = false;
  done.then(() => (gone = true));
  while (!gone && !isOver()) {
    const { items } = await teacher
      .get(`/api/v1/classes/${view.classId}/leaderboard?window=session`)
      .catch(() => ({ items: [] }));
    board.draw({ ...view.now(), items });
    await Promise.race([wait(500), done]);
  }
  board.release();
}

async function summary(teacher, url, classId, session) {
  const results = await teacher.get(`/api/v1/classes/${classId}/results?session_id=${session.id}`);
  say("How each question went:");
  for (const { prompt, facility } of results.questions) {
    const share = facility === null ? "nobody answered" : `${Math.round(facility * 100)} % right`;
    say(`  ${share.padStart(15)}  ${prompt}`);
  }
  const points = results.rows.map((row) => row.points).sort((a, b) => a - b);
  const most = results.questions.reduce((sum, question) => sum + question.points, 0);
  if (points.length > 0) {
    say(
      `${points.length} pupils, ${points[0]} to ${points.at(-1)} of ${most} points, the middle one ${points[points.length >> 1]}.`,
    );
  }
  say(`The class:   ${url}/classes/${classId}`);
  say(`The results: ${url}/classes/${classId}/results  (with the CSV)`);
}

await main(async () => {
  const chosen = options();
  await bootstrap();
  const demo = demoAccounts();
  const url = (chosen.url ?? demo.base_url).replace(/\/$/, "");
  const teacher = await teacherAt(url, demo.teacher);
  const room = await readyClass(teacher, demo.class, chosen.students);
  await step("simulator", buildSimulator);
  const { session, quiz, mine } = await openSession(teacher, room.id, chosen.quiz);
  const { sums, take } = tally();
  const game = {
    ...chosen,
    url,
    gameKey: demo.game_key,
    code: room.join_code,
    answers: answersOf(quiz),
    until: "session-end",
  };
  const { done } = startSimulator(simulator, game, take);
  const expected = () => (chosen.students - sums.turnedAway.size) * session.question_count;
  const view = {
    classId: room.id,
    now: () => ({
      title: `${session.quiz_title} in ${room.name}`,
      students: chosen.students,
      expected: expected(),
      ...sums,
    }),
  };
  say(`Watch it: ${url}/classes/${room.id}`);
  const move = (name) => teacher.post(`/api/v1/live-sessions/${session.id}/${name}`);
  // All in their seats first, as a teacher would wait; a pupil who does not come in two minutes misses the start.
  const patience = Date.now() + 120_000;
  await watch(
    teacher,
    view,
    () => sums.joined + sums.turnedAway.size >= chosen.students || Date.now() > patience,
    done,
  );
  if (session.status === "lobby") await move("start");
  const allAnswered = () => sums.answered + sums.refused >= expected();
  await watch(teacher, view, () => sums.ended || allAnswered(), done);
  if (!mine && !sums.ended) say("All have answered. This session was opened in the dashboard: end it there.");
  if (mine && !sums.ended) await move("end");
  const { code, log } = await done;
  await summary(teacher, url, room.id, session);
  if (code !== 0) throw new Failure(`the simulator ended with ${code}`, { log });
});
process.exit();
