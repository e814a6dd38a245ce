/** Our Worker as a contestant: the built wasm with its bindings, set up and counted through its own API. */
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { call, signIn } from "../scripts/lib/api.mjs";
import { newPlan, rowsOf } from "../scripts/lib/demo-school.mjs";
import { WorkerProcess, freePort, ourWorker } from "../tests/worker/support/worker.mjs";
import { SERVERS, pupils } from "./contestants.mjs";
import { quiz } from "./quiz.mjs";

/** Longer than a room gathers changes before it reports them (src/rooms/outbox.rs). */
const GATHER_MS = 35_000;

/** The tables that rooms report to: what is written there is what an answer costs D1. */
const reported = ["seats", "live_sessions", "session_sheets"];

/**
 * Triggers that count rows written as D1 counts them, one for the row and one for each index. D1's own `meta` is seen
 * by the statement's sender alone, which is the Worker that is measured.
 */
async function countWrites(worker) {
  await worker.script(
    "create table bench_writes (rows integer not null) strict; insert into bench_writes (rows) values (0);",
  );
  for (const table of reported) {
    const { rows } = await worker.sql(
      "select count(*) as indexes from sqlite_master where type = 'index' and tbl_name = ?1",
      table,
    );
    for (const verb of ["insert", "update", "delete"]) {
      await worker.sql(
        `create trigger bench_${table}_${verb} after ${verb} on ${table}
         begin update bench_writes set rows = rows + ${1 + rows[0].indexes}; end`,
      );
    }
  }
}

/** Our Worker with one class of eight game servers, all pupils seated. */
export class OurWorker {
  title = "ToolboxAI Edge (Rust, room in a Durable Object)";

  async start(folder) {
    // Without the asset router: the peers have none in front of them either.
    const options = await ourWorker({ assets: false });
    this.worker = await new WorkerProcess({ ...options, port: await freePort(), state: join(folder, "ours") }).start();
    this.plan = newPlan();
    await this.worker.script(rowsOf(this.plan));
    await countWrites(this.worker);
    this.teacher = await signIn(this.worker.url, this.plan.teacher);
    const made = await this.teacher.post("/api/v1/quizzes", quiz);
    await this.teacher.post(`/api/v1/quizzes/${made.id}/publish`);
    this.quiz = made;
    this.classRoom = await this.newClass();
  }

  /** A class of 200 with eight game servers in it; all pupils have joined. */
  async newClass() {
    const made = await this.teacher.post("/api/v1/classes", {
      name: "Bench",
      subject: "Mathematics",
      grade_level: 5,
      capacity: 200,
    });
    const servers = [];
    for (let server = 0; server < SERVERS; server += 1) servers.push(await this.#join(made, server));
    return { id: made.id, servers };
  }

  async #join({ join_code: class_code }, server) {
    const opened = await call(this.worker.url, "POST", "/api/v1/game/sessions", {
      token: this.plan.game_key,
      body: { place_id: "1", job_id: `job-${server}`, class_code },
    });
    const seats = pupils(server);
    const events = seats.map((user_id) => ({
      id: `join_${user_id}`,
      type: "join",
      player: { user_id, display_name: `Pupil ${user_id.slice(-4)}` },
    }));
    const { results, cursor } = await this.#sync(opened.token, "0", events);
    const refused = results.find(({ status }) => status !== "applied");
    if (refused) throw new Error(`a pupil could not join: ${JSON.stringify(refused)}`);
    return { token: opened.token, cursor, seats };
  }

  #sync(token, cursor, events) {
    return call(this.worker.url, "POST", "/api/v1/game/sync", { token, body: { cursor, events } });
  }

  /** Ends the class's session, if one runs, and starts a new one. */
  async session(classRoom = this.classRoom) {
    await this.close(classRoom);
    const { id } = await this.teacher.post(`/api/v1/classes/${classRoom.id}/live-sessions`, {
      quiz_id: this.quiz.id,
      pace: "self",
    });
    await this.teacher.post(`/api/v1/live-sessions/${id}/start`);
    classRoom.session = id;
    for (const server of classRoom.servers) {
      // Each server hears of the start before its first answer, as it would in a game.
      const { cursor, messages } = await this.#sync(server.token, server.cursor, []);
      if (!messages.some(({ type }) => type === "session_started")) throw new Error("the start was not told");
      server.cursor = cursor;
    }
    return { sessionId: id, questions: this.quiz.questions, servers: classRoom.servers };
  }

  /** Ends the session that runs. */
  async close(classRoom = this.classRoom) {
    if (classRoom.session) await this.teacher.post(`/api/v1/live-sessions/${classRoom.session}/end`);
    classRoom.session = null;
  }

  /** How many answers the session holds, by the results that a teacher sees. */
  async count(sessionId, classRoom = this.classRoom) {
    const { rows } = await this.teacher.get(`/api/v1/classes/${classRoom.id}/results?session_id=${sessionId}`);
    return rows.reduce((sum, row) => sum + row.answers.reduce((all, { attempts }) => all + attempts, 0), 0);
  }

  /** Rows written to D1 so far, once nothing has been written for longer than a room gathers. */
  async rowsWritten() {
    let last = await this.#rows();
    for (let since = Date.now(); Date.now() - since < GATHER_MS;) {
      await wait(1000);
      const now = await this.#rows();
      if (now !== last) since = Date.now();
      last = now;
    }
    return last;
  }

  async #rows() {
    return (await this.worker.sql("select rows from bench_writes")).rows[0].rows;
  }
}
