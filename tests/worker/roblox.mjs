/** A class in Roblox on the built Worker: nudges to an Open Cloud that checks them, deployments, progress, and being forgotten. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { newPlan, rowsOf } from "../../scripts/lib/demo-school.mjs";
import { OpenCloud } from "./support/open-cloud.mjs";
import { GameServer, until } from "./support/world.mjs";
import { WorkerProcess, freePort, ourWorker, testSecrets } from "./support/worker.mjs";

const API_KEY = "an-api-key-of-open-cloud-0123";
const SECRET = "a-secret-of-the-webhook";
const ROBLOX = "/api/v1/roblox";
const USER = "4815162342";

/** A Worker of its own, whose Open Cloud is on this machine. */
class RobloxWorker {
  async start(world) {
    this.cloud = await OpenCloud.start();
    const bindings = { ...testSecrets(), OPEN_CLOUD_URL: this.cloud.url };
    const options = await ourWorker({ bindings, assets: false });
    const where = { port: await freePort(), state: world.newFolder() };
    this.worker = await new WorkerProcess({ ...options, ...where }).start();
    this.plan = newPlan();
    await this.worker.script(rowsOf(this.plan));
    this.teacher = await this.signIn();
    await this.worker.sql("update users set role = 'admin' where email = ?", this.plan.teacher.email);
    this.admin = await this.signIn();
    return this;
  }

  async stop() {
    await this.worker.stop();
    this.cloud.stop();
  }

  async signIn() {
    const { email, password } = this.plan.teacher;
    return (await this.expect(200, "POST", "/api/v1/auth/login", { body: { email, password } })).access_token;
  }

  async request(method, path, { token, body, headers = {}, text = body && JSON.stringify(body) } = {}) {
    const response = await fetch(new URL(path, this.worker.url), {
      method,
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(text && { "content-type": "application/json" }),
        ...headers,
      },
      body: text,
    });
    const answer = await response.text();
    return { status: response.status, headers: response.headers, json: answer ? JSON.parse(answer) : null };
  }

  async expect(status, method, path, options) {
    const answer = await this.request(method, path, options);
    assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.json)}`);
    return answer.json;
  }

  /** As the admin. */
  post(path, body = {}, status = 201) {
    return this.expect(status, "POST", path, { token: this.admin, body });
  }

  get(path) {
    return this.expect(200, "GET", path, { token: this.admin });
  }

  /** A notification of Roblox's. */
  notify(connection, body, secret = SECRET) {
    const [text, at] = [JSON.stringify(body), Math.floor(Date.now() / 1000)];
    const signature = createHmac("sha256", secret).update(`${at}.${text}`).digest("base64");
    const headers = { "roblox-signature": `t=${at},v1=${signature}` };
    return this.request("POST", `${ROBLOX}/webhook/${connection.id}`, { text, headers });
  }
}

export function roblox(world) {
  test("a class in Roblox is nudged, gets its content, reports progress, and forgets who asks for it", async (t) => {
    const own = await new RobloxWorker().start(world);
    t.after(() => own.stop());
    const connection = await own.post(`${ROBLOX}/connections`, {
      universe_id: "123",
      api_key: API_KEY,
      webhook_secret: SECRET,
    });
    const about = { name: "Class", subject: "Science", grade_level: 6 };
    const room = await own.post("/api/v1/classes", about);
    const game = await own.post(`${ROBLOX}/games`, {
      title: "Space station",
      subject: "Science",
      grade_level: 6,
      class_id: room.id,
      universe_id: "123",
    });
    const opened = await own.expect(201, "POST", "/api/v1/game/sessions", {
      token: own.plan.game_key,
      body: { place_id: "1", job_id: "job", class_code: room.join_code },
    });
    const server = new GameServer(own, opened);
    await server.apply([server.join(USER, "Forgetful"), server.join("7", "Staying")]);

    await t.test("Roblox says what the key may do", async () => {
      const told = await own.post(`${ROBLOX}/connections/${connection.id}/test`, {}, 200);
      assert.deepEqual([told.ok, told.key, told.may_publish], [true, "active", true]);
    });

    await t.test("a deployment is live, nudged and acknowledged", async () => {
      const content = await own.post(`${ROBLOX}/content`, {
        kind: "lesson",
        title: "Orbit",
        subject: "Science",
        grade_level: 6,
        template_id: "space_station_science",
        status: "ready",
      });
      const asked = { content_id: content.id, game_id: game.id };
      const deployment = await own.post(`${ROBLOX}/content/deploy`, asked, 202);
      const path = `${ROBLOX}/content/deployments/${deployment.id}`;
      await until("it is deployed", async () => (await own.get(path)).status === "deployed");
      assert.equal((await server.hears("content_ready")).version, 1);
      const live = `${ROBLOX}/games/${game.id}/content`;
      const { body } = await own.expect(200, "GET", live, { token: server.token });
      assert.equal(body.stations[0].name, "Airlock");
      const headers = { "if-none-match": '"1"' };
      assert.equal((await own.request("GET", live, { token: server.token, headers })).status, 304);
      assert.ok((await own.get(path)).acknowledged_at);
      await until("it is nudged", () => own.cloud.published.length > 0);
      const [nudge] = own.cloud.published;
      assert.deepEqual(nudge, {
        universe_id: "123",
        topic: `toolboxai-${room.id}`,
        message: { version: 1 },
        key: API_KEY,
      });
      const rolled = await own.post(`${path}/rollback`, {}, 200);
      assert.equal(rolled.status, "rolled_back");
      assert.equal((await own.request("GET", live, { token: server.token })).status, 404);
    });

    await t.test("an announcement is heard by the game, and its nudge survives a bad answer", async () => {
      const before = own.cloud.published.length;
      own.cloud.statuses = [503];
      const said = await own.post(`/api/v1/classes/${room.id}/announcements`, { text: "Five minutes left!" });
      assert.deepEqual(await server.hears("announcement"), { id: said.id, text: "Five minutes left!" });
      await until("it is nudged again", () => own.cloud.published.length >= before + 2);
      const log = await own.get(`/api/v1/classes/${room.id}/events?after=${said.seq - 1}`);
      assert.equal(log.items[0].data.announcement.text, "Five minutes left!");
    });

    await t.test("a job's line is found by the request that asked for the job", async () => {
      own.cloud.statuses = [403];
      const headers = { "x-request-id": "announce-7731" };
      const options = { token: own.admin, headers, body: { text: "Hello" } };
      await own.expect(201, "POST", `/api/v1/classes/${room.id}/announcements`, options);
      const refused = ({ message }) => message.includes("nudge refused");
      await until("the nudge is refused", () => own.worker.logs.some(refused));
      const line = JSON.parse(own.worker.logs.find(refused).message);
      assert.equal(line["request.id"], "announce-7731");
      assert.match(line["trace.id"], /^[0-9a-f]{32}$/);
      assert.match(line["job.id"], /^[0-9a-z]+$/i);
    });

    await t.test("content is generated by the queue", async () => {
      const brief = { kind: "terrain", theme: "forest", seed: 1 };
      const { id } = await own.post(`${ROBLOX}/content/generate`, brief, 202);
      const path = `${ROBLOX}/content/${id}/status`;
      const stands = await until("it is written", async () => {
        const { content } = await own.get(path);
        return ["ready", "failed"].includes(content.status) && content;
      });
      assert.equal(stands.status, "ready", stands.failure);
    });

    await t.test("progress counts once, and the board shows it", async () => {
      const report = (student_id, score) => ({
        event_id: `e${student_id}`,
        game_id: game.id,
        student_id,
        score,
        time_spent_minutes: 2,
        completed_objectives: ["Dock"],
      });
      for (const status of ["applied", "duplicate"]) {
        for (const [user, score] of [
          [USER, 80],
          ["7", 60],
        ]) {
          const options = { token: server.token, body: report(user, score) };
          const answer = await own.expect(200, "POST", `${ROBLOX}/progress/update`, options);
          assert.deepEqual([answer.status, answer.progress.time_spent_minutes], [status, 2]);
        }
      }
      const board = await own.get(`${ROBLOX}/progress/leaderboard?game_id=${game.id}`);
      assert.deepEqual(
        board.entries.map(({ rank, score }) => [rank, score]),
        [
          [1, 80],
          [2, 60],
        ],
      );
    });

    await t.test("who wants to be forgotten is forgotten, once, and only when Roblox signed it", async () => {
      const { rows: seats } = await until("D1 knows the seats", async () => {
        const answer = await own.worker.sql("select * from seats where class_id = ?", room.id);
        return answer.rows.length === 2 && answer;
      });
      assert.ok(JSON.stringify(seats).includes("Forgetful"));
      const request = {
        NotificationId: "n1",
        EventType: "RightToErasureRequest",
        EventTime: "2023-12-30T16:24:24.2118874Z",
        EventPayload: { UserId: Number(USER), GameIds: [123] },
      };
      assert.equal((await own.notify(connection, request, "another-secret-of-it")).status, 401);
      assert.equal((await own.notify(connection, request)).json.status, "accepted");
      await until("it is done", async () => {
        const { rows } = await own.worker.sql("select done_at from roblox_notifications");
        return rows[0]?.done_at;
      });
      assert.equal((await own.notify(connection, request)).json.status, "duplicate");
      const left = [];
      for (const table of ["seats", "roblox_progress", "roblox_progress_events"]) {
        left.push(...(await own.worker.sql(`select * from ${table}`)).rows);
      }
      assert.equal(left.length, 3, JSON.stringify(left));
      // What the room itself still says (its log begins anew); that its own tables hold nothing either is a test on the host.
      for (const path of ["seats", "leaderboard?window=all"]) {
        const text = JSON.stringify(await own.get(`/api/v1/classes/${room.id}/${path}`));
        assert.ok(!text.includes(USER) && !text.includes("Forgetful"), text);
      }
      const sample = { NotificationId: "n2", EventType: "SampleNotification", EventPayload: { UserId: 1 } };
      assert.equal((await own.notify(connection, sample)).status, 200);
    });

    assert.deepEqual(own.cloud.faults, []);
    const log = own.worker.logs.map(({ message }) => message).join("\n");
    for (const secret of [API_KEY, SECRET, USER]) assert.ok(!log.includes(secret), "a secret stands in the log");
  });
}
