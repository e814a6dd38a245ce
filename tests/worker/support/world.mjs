/**
 * The one Worker of these tests, with a seeded school, and the clients that talk to it. Everything that it ever answers
 * is kept, so that in the end all of it can be searched for keys.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { newPlan, rowsOf } from "../../../scripts/lib/demo-school.mjs";
import { identityProviders } from "./identity-provider.mjs";
import { CaughtMail } from "./mail.mjs";
import { WorkerProcess, freePort, ourWorker, testSecrets } from "./worker.mjs";

/** Long enough for a busy machine; only a test that fails ever waits so long. */
const PATIENCE_MS = 60_000;

/** Waits until `probe` answers something true, and answers that. */
export async function until(what, probe) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const value = await probe();
    if (value) return value;
    assert.ok(Date.now() < deadline, `waited in vain until ${what}`);
    await wait(50);
  }
}

/** The Worker and its school. */
export class World {
  /** What was answered: `{ what, text, isAuthor }`; an author's own view of a quiz may hold keys. */
  bodies = [];
  /** Where people may sign in beside the Worker. */
  identityProviders = identityProviders();
  #folder = mkdtempSync(join(tmpdir(), "toolboxai-worker-"));

  async start() {
    const port = await freePort();
    /** What the Worker mails. */
    this.mail = await CaughtMail.start();
    // A name: there are no passkeys on an address.
    const PUBLIC_URL = `http://localhost:${port}`;
    for (const provider of this.identityProviders) await provider.start(PUBLIC_URL);
    const OIDC_PROVIDERS = JSON.stringify(this.identityProviders.map(({ setting }) => setting));
    const secrets = testSecrets();
    /** Of which a room's app has its own secret. */
    this.realtimeSecret = secrets.REALTIME_SECRET;
    const bindings = { ...secrets, ...this.mail.bindings, PUBLIC_URL, OIDC_PROVIDERS };
    const options = await ourWorker({ bindings });
    /** Where the Worker keeps everything. */
    this.state = this.newFolder();
    const where = { port, state: this.state, publicUrl: PUBLIC_URL };
    this.worker = new WorkerProcess({ ...options, ...where });
    await this.worker.start();
    this.plan = newPlan();
    await this.worker.script(rowsOf(this.plan));
    this.teacher = await this.signIn(this.plan.teacher);
  }

  /** An empty folder that goes with this world. */
  newFolder() {
    return mkdtempSync(join(this.#folder, "state-"));
  }

  async stop() {
    await this.worker.stop();
    await this.mail.stop();
    for (const provider of this.identityProviders) provider.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** One request; answers `{ status, headers, text, json }`. */
  async request(method, path, { token, body, headers = {} } = {}) {
    const response = await fetch(new URL(path, this.worker.url), {
      method,
      headers: {
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    this.bodies.push({
      what: `${method} ${path}`,
      text,
      isAuthor: /^\/api\/v1\/quizzes(\/[^/]+)?$/.test(path.split("?")[0]),
    });
    const isJson = /json/.test(response.headers.get("content-type") ?? "");
    return { status: response.status, headers: response.headers, text, json: isJson && text ? JSON.parse(text) : null };
  }

  /** A request that must be answered with `status`; answers its JSON. */
  async expect(status, method, path, options) {
    const answer = await this.request(method, path, options);
    assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
    return answer.json;
  }

  async signIn({ email, password }) {
    const { access_token } = await this.expect(200, "POST", "/api/v1/auth/login", { body: { email, password } });
    return access_token;
  }

  /** As the teacher. */
  get(path) {
    return this.expect(200, "GET", path, { token: this.teacher });
  }

  /** As the teacher. */
  post(path, body, status = 200) {
    return this.expect(status, "POST", path, { token: this.teacher, body });
  }

  newClass(fields = {}) {
    return this.post("/api/v1/classes", { name: "Class", subject: "Testing", grade_level: 7, ...fields }, 201);
  }

  /** A published quiz, as its author sees it. */
  async newQuiz(quiz) {
    const made = await this.post("/api/v1/quizzes", quiz, 201);
    assert.equal((await this.post(`/api/v1/quizzes/${made.id}/publish`)).version, 1);
    return made;
  }

  /** A self-paced session that runs. */
  async newSession(classId, quizId, fields = {}) {
    const body = { quiz_id: quizId, pace: "self", ...fields };
    const made = await this.post(`/api/v1/classes/${classId}/live-sessions`, body, 201);
    assert.equal((await this.move(made.id, "start")).status, "running");
    return made;
  }

  move(sessionId, name) {
    return this.post(`/api/v1/live-sessions/${sessionId}/${name}`);
  }

  results(classId, sessionId) {
    return this.get(`/api/v1/classes/${classId}/results?session_id=${sessionId}`);
  }

  /** A game server in the class. */
  async gameServer(class_code, job_id = "job-1") {
    const body = { place_id: "1234567", job_id, class_code };
    const opened = await this.expect(201, "POST", "/api/v1/game/sessions", { token: this.plan.game_key, body });
    return new GameServer(this, opened);
  }
}

/** A Roblox game server, by plain HTTP. */
export class GameServer {
  cursor = "0";
  #next = 0;

  constructor(world, { token, class: room }) {
    this.world = world;
    this.token = token;
    this.room = room;
  }

  /** An event with an id of its own. */
  event(type, user_id, fields = {}) {
    const { display_name, ...rest } = fields;
    return {
      id: `evt_${user_id}_${(this.#next += 1)}`,
      type,
      player: { user_id, ...(display_name && { display_name }) },
      ...rest,
    };
  }

  join(user_id, display_name) {
    return this.event("join", user_id, { display_name });
  }

  answer(user_id, session_id, question_id, response) {
    return this.event("answer", user_id, { session_id, question_id, response });
  }

  /** One sync that must succeed; answers results and messages. */
  async sync(events = []) {
    const body = { cursor: this.cursor, events };
    const answer = await this.world.expect(200, "POST", "/api/v1/game/sync", { token: this.token, body });
    this.cursor = answer.cursor;
    return answer;
  }

  /** A sync all of whose events must be applied. */
  async apply(events) {
    const answer = await this.sync(events);
    for (const result of answer.results) assert.equal(result.status, "applied", JSON.stringify(result));
    return answer;
  }

  /** Syncs until a message of the type has come; answers its data. */
  async hears(type) {
    return until(`${type} is told`, async () => {
      const { messages } = await this.sync();
      return messages.find((message) => message.type === type)?.data;
    });
  }
}
