/**
 * `npm run bench -- sync`: our Worker beside three others, in one run, on the same workerd, without wrangler's proxy.
 * Rounds are interleaved, each time in another order, so that whatever the machine does meanwhile meets all alike.
 */
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { say, step } from "../scripts/lib/step.mjs";
import { SERVERS, peers } from "./contestants.mjs";
import { BATCH } from "./load.mjs";
import { cpuMs, untilIdle } from "./measure.mjs";
import { OurWorker } from "./ours.mjs";
import { responses } from "../tests/worker/support/responses.mjs";
import { report } from "./report-sync.mjs";

/** Batches of one server in a full round: 25 pupils × 100 questions, in thirties. */
const FULL = 83;
/** Batches that are sent again after the clock. */
const REPEAT = 2;
/** After how many answers in a class a late answer must cost what an early one did. */
export const LATE = 100_000;

const loadFile = fileURLToPath(new URL("./load.mjs", import.meta.url));

/** Runs the load in a process of its own. */
function load(plan, onStart) {
  return new Promise((resolve, reject) => {
    const child = fork(loadFile);
    child.on("message", ({ event, value, error }) => {
      if (event === "start") return onStart();
      child.kill();
      if (error) reject(new Error(error));
      else resolve(value);
    });
    child.send(plan);
  });
}

/** One round of one contestant: what went in, what it held, how long and how much CPU it took. */
async function play(contestant, round, { share = 1, repeats = true, classRoom } = {}) {
  const { sessionId, questions, servers } = await contestant.session(classRoom);
  const count = Math.round(FULL * share);
  const plan = {
    url: contestant.worker.url,
    servers,
    sessionId,
    round,
    count,
    repeat: repeats ? REPEAT : 0,
    questions: questions.map((question) => ({ id: question.id, ...responses(question) })),
  };
  const { pid } = contestant.worker;
  await untilIdle(pid);
  let before = null;
  const result = await load(plan, () => (before = cpuMs(pid)));
  // A session's end makes the room report to D1: that is part of what its answers cost.
  await contestant.close?.(classRoom);
  await untilIdle(pid);
  const sent = SERVERS * count * BATCH;
  const held = await contestant.count(sessionId, classRoom);
  return {
    sent,
    held,
    applied: result.counts.applied,
    rejected: result.firstRejected,
    repeats_counted: result.repeated.applied,
    answers_per_s: Math.round((result.counts.applied / result.elapsed_ms) * 1000),
    cpu_us_per_answer: before === null ? null : ((cpuMs(pid) - before) * 1000) / sent,
    latencies: result.latencies,
  };
}

async function startAll(folder) {
  const field = { ours: { title: "", share: 1, repeats: true, make: () => new OurWorker() }, ...peers };
  const contestants = [];
  for (const [name, { make, title, ...how }] of Object.entries(field)) {
    const contestant = make();
    await contestant.start(folder);
    contestants.push({ name, title: title || contestant.title, how, contestant, rounds: [] });
  }
  return contestants;
}

/** The rounds of all contestants, interleaved; the first is for warming up and is not kept. */
async function mainRounds(contestants, rounds) {
  await step("warm-up", async () => {
    for (const { contestant, how } of contestants) await play(contestant, "w", { ...how, share: how.share / 4 });
  });
  for (const each of contestants) each.rowsBefore = await each.contestant.rowsWritten();
  for (let round = 0; round < rounds; round += 1) {
    const order = contestants.map((_, at) => contestants[(at + round) % contestants.length]);
    for (const { name, contestant, how, rounds: kept } of order) {
      const played = await play(contestant, round, how);
      kept.push(played);
      say(`  round ${round + 1}, ${name}: ${played.answers_per_s} answers/s`);
    }
  }
  for (const each of contestants) each.rowsAfter = await each.contestant.rowsWritten();
}

/** A class that has taken 100,000 answers beside one that has taken none, turn and turn about. */
async function growthRounds({ contestant, rounds: played }, rounds) {
  let taken = played.reduce((sum, { applied }) => sum + applied, 0);
  for (let fill = 0; taken < LATE; fill += 1) taken += (await play(contestant, `f${fill}`)).applied;
  const growth = { late: [], early: [], answers_before: taken };
  for (let round = 0; round < rounds; round += 1) {
    growth.late.push(await play(contestant, `l${round}`));
    // A fresh class each time: an early answer is one of the first.
    growth.early.push(await play(contestant, `e${round}`, { classRoom: await contestant.newClass() }));
    say(`  late and early: ${growth.late[round].answers_per_s} and ${growth.early[round].answers_per_s} answers/s`);
  }
  return growth;
}

/** Runs it all and writes the report. */
export async function benchSync({ rounds = 5 } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "toolboxai-bench-"));
  const contestants = [];
  try {
    await step("four Workers", async () => contestants.push(...(await startAll(folder))));
    await mainRounds(contestants, rounds);
    const growth = await growthRounds(contestants[0], Math.max(3, Math.ceil(rounds / 2)));
    report(contestants, growth);
  } finally {
    for (const { contestant } of contestants) await contestant.worker.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
