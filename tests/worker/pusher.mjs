/** The room's channels, with the stock pusher-js. */
import assert from "node:assert/strict";
import { test } from "node:test";
import Pusher from "pusher-js";
import { quiz } from "./support/quiz.mjs";
import { responses } from "./support/responses.mjs";
import { until } from "./support/world.mjs";

/** A teacher's page: pusher-js on a class's room, with everything that it heard. */
export class Page {
  heard = [];

  constructor(world, room, token = world.teacher) {
    const { hostname, port } = new URL(world.worker.url);
    this.pusher = new Pusher(room.room_key, {
      cluster: "",
      wsHost: hostname,
      wsPort: Number(port),
      forceTLS: false,
      enabledTransports: ["ws"],
      channelAuthorization: {
        endpoint: `${world.worker.url}/api/v1/realtime/auth`,
        headers: { Authorization: `Bearer ${token}` },
        params: { room_key: room.room_key },
      },
    });
    this.pusher.bind_global((event, data) => {
      world.bodies.push({ what: `event ${event}`, text: JSON.stringify(data ?? null), isAuthor: false });
      this.heard.push({ event, data });
    });
  }

  async subscribe(name) {
    const channel = this.pusher.subscribe(name);
    await until(`${name} is subscribed`, () => channel.subscribed);
    return channel;
  }

  /** The data of the first event of the name for which `holds`. */
  hears(name, holds = () => true) {
    return until(`${name} is heard`, () => this.heard.find(({ event, data }) => event === name && holds(data))?.data);
  }
}

export function pusher(world) {
  test("pusher-js sees the class move", async (t) => {
    const room = await world.newClass({ name: "Watched" });
    const made = await world.newQuiz({ ...quiz, title: "Watched" });
    const server = await world.gameServer(room.join_code);
    const page = new Page(world, room);
    t.after(() => page.pusher.disconnect());
    const presence = await page.subscribe("presence-class");
    await page.subscribe("private-class");
    await page.subscribe("private-cache-leaderboard");
    await page.subscribe("private-cache-session");

    await t.test("who watches is present", () => {
      assert.equal(presence.members.count, 1);
      assert.equal(presence.members.me.info.role, "teacher");
    });

    await t.test("class_online when a pupil joins", async () => {
      await server.apply([server.join("1001", "Ada")]);
      const { seats } = await page.hears("class_online");
      assert.deepEqual([seats[0].display_name, seats[0].online], ["Ada", true]);
    });

    const session = await world.newSession(room.id, made.id);

    await t.test("quiz_update when the session starts", async () => {
      const { session: told } = await page.hears("quiz_update", (data) => data.session.status === "running");
      assert.equal(told.id, session.id);
    });

    await t.test("progress_update and leaderboard_update when an answer comes", async () => {
      const [question] = made.questions;
      await server.apply([server.answer("1001", session.id, question.id, responses(question).right)]);
      const { answers } = await page.hears("progress_update", (data) => data.answers.length > 0);
      assert.deepEqual(
        [answers[0].question_id, answers[0].correct, answers[0].points],
        [question.id, true, question.points],
      );
      const { items } = await page.hears("leaderboard_update", (data) =>
        data.items.some(({ xp }) => xp === question.points),
      );
      assert.equal(items[0].display_name, "Ada");
    });

    await t.test("who comes later gets the kept board at once", async () => {
      const late = new Page(world, room);
      t.after(() => late.pusher.disconnect());
      await late.subscribe("private-cache-leaderboard");
      assert.equal((await late.hears("leaderboard_update")).items[0].display_name, "Ada");
    });
    await world.move(session.id, "end");
  });

  test("a channel of a class that is not the teacher's is not signed", async () => {
    const body = new URLSearchParams({ socket_id: "1.2", channel_name: "private-class", room_key: "no-such-room" });
    const response = await fetch(`${world.worker.url}/api/v1/realtime/auth`, {
      method: "POST",
      headers: { authorization: `Bearer ${world.teacher}` },
      body,
    });
    assert.equal(response.status, 404);
  });
}
