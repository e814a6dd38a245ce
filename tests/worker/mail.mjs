/** Mail through the real queue, out of the built Worker, by both of its ways. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { WorkerProcess, freePort, ourWorker, testSecrets } from "./support/worker.mjs";
import { until } from "./support/world.mjs";

const id = (n) => `mail_${String(n).padStart(26, "0")}`;

/** The job that says that a password was changed. */
const notice = (n, to, display_name = "Ada") => ({
  type: "mail",
  id: id(n),
  to,
  display_name,
  letter: "password_changed",
});

const stateOf = async (worker, n) =>
  (await worker.sql("select state, attempts from mails where id = ?1", id(n))).rows[0] ?? {};

export function mail(world) {
  test("a mail in the queue reaches the provider once, however often it is enqueued", async () => {
    const to = "łucja+once@school.example";
    const name = `Łucja <b>"&'\r\nBcc: x@y.example`;
    for (let times = 0; times < 3; times += 1) await world.worker.enqueue(notice(1, to, name));
    const caught = await world.mail.to(to);
    assert.equal(caught.from, "ToolboxAI Edge <no-reply@edge.example>");
    assert.equal(caught.idempotency_key, id(1));
    assert.match(caught.text, /^Hello Łucja <b>"&' Bcc: x@ y\. example,\n/);
    assert.match(caught.html, /Hello Łucja &#60;b&#62;&#34;&#38;&#39; Bcc/);
    assert.ok(caught.links.includes(world.worker.url));
    await until("it is remembered", async () => (await stateOf(world.worker, 1)).state === "sent");
    assert.equal(world.mail.all(to).length, 1);
  });

  test("a provider that fails for now is asked again, and one that refuses for good is not", async () => {
    const [later, never] = ["later@school.example", "never@school.example"];
    world.mail.failNext(503);
    await world.worker.enqueue(notice(2, later));
    assert.equal((await world.mail.to(later)).to, later);
    assert.equal((await stateOf(world.worker, 2)).attempts, 2);
    world.mail.failNext(422);
    await world.worker.enqueue(notice(3, never));
    await until("it is given up", async () => (await stateOf(world.worker, 3)).state === "failed");
    const { rows } = await world.worker.sql("select body from dead_letters where body like '%never@%'");
    assert.equal(rows.length, 1);
    assert.deepEqual(world.mail.all(never), []);
    const log = world.worker.logs.map(({ message }) => message).join("\n");
    assert.match(log, /the provider answered 422 injected/);
    assert.doesNotMatch(log, /@school\.example/);
  });

  test("who registers gets a link that proves the address, and one who has an account is told so", async () => {
    const account = { email: "new.teacher@school.example", password: "lantern-quartz-otter-51", display_name: "Nova" };
    const register = () =>
      world.expect(202, "POST", "/api/v1/auth/register", { body: { ...account, role: "teacher" } });
    const { email, password } = account;
    await register();
    const first = await world.mail.to(email);
    assert.equal(first.links[0], `${world.worker.url}/verify-email#token=${first.token}`);
    await world.expect(403, "POST", "/api/v1/auth/login", { body: { email, password } });
    await world.expect(204, "POST", "/api/v1/auth/verify-email", { body: { token: first.token } });
    await world.signIn(account);
    await register();
    const second = await world.mail.to(email);
    assert.match(second.subject, /already have an account/);
    const log = world.worker.logs.map(({ message }) => message).join("\n");
    for (const secret of [email, first.token, second.token]) assert.ok(!log.includes(secret));
  });

  test("Cloudflare's binding takes the mail as well", async () => {
    const bindings = { ...testSecrets(), MAIL_PROVIDER: "cloudflare" };
    const options = await ourWorker({ bindings, assets: false });
    const worker = new WorkerProcess({ ...options, port: await freePort(), state: world.newFolder() });
    await worker.start();
    try {
      await worker.enqueue(notice(4, "ada@school.example"));
      await until("it is sent", async () => (await stateOf(worker, 4)).state === "sent");
    } finally {
      await worker.stop();
    }
  });
}
