/**
 * `npm run realtime:check -- soketi | ours | ws[s]://KEY:SECRET@HOST:PORT/APP [--only TEXT]`: every check of tests/realtime against one server, as
 * a table. What soketi does otherwise is in soketi.json with the reason; anything else that fails, or no longer does, ends with 1.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildWorker } from "../../scripts/build-worker.mjs";
import { signIn } from "../../scripts/lib/api.mjs";
import { bootstrap } from "../../scripts/lib/bootstrap.mjs";
import { newPlan, rowsOf } from "../../scripts/lib/demo-school.mjs";
import { inRoot } from "../../scripts/lib/paths.mjs";
import { Failure, main, say, step } from "../../scripts/lib/step.mjs";
import { ensureTools } from "../../scripts/lib/tools.mjs";

/** A running target by its name: `{ target, differences, stop }`. */
const targets = {
  async soketi() {
    const { Soketi, ensureSoketi } = await import("./targets/soketi.mjs");
    await step("soketi", ensureSoketi);
    const target = await new Soketi().start();
    const differences = JSON.parse(readFileSync(inRoot("tests", "realtime", "soketi.json"), "utf8"));
    return { target, differences, stop: () => target.stop() };
  },

  async ours() {
    const { WorkerProcess, freePort, ourWorker, testSecrets } = await import("../worker/support/worker.mjs");
    const { ourTarget } = await import("./targets/ours.mjs");
    await ensureTools();
    await step("Worker", buildWorker);
    const state = mkdtempSync(join(tmpdir(), "toolboxai-realtime-"));
    const bindings = testSecrets();
    const options = await ourWorker({ bindings, assets: false });
    const worker = await new WorkerProcess({ ...options, port: await freePort(), state }).start();
    const plan = newPlan();
    await worker.script(rowsOf(plan));
    const teacher = await signIn(worker.url, plan.teacher);
    const room = await teacher.post("/api/v1/classes", { name: "Checked", subject: "Testing", grade_level: 7 });
    const target = ourTarget({ url: worker.url, teacher, room, master: bindings.REALTIME_SECRET });
    const stop = async () => {
      await worker.stop();
      rmSync(state, { recursive: true, force: true });
    };
    return { target, differences: {}, stop };
  },
};

/** A server that runs somewhere: `wss://key:secret@host:port/app`. */
function running(address) {
  const url = URL.parse(address);
  if (!url || !/^wss?:$/.test(url.protocol) || !url.password || url.pathname.length < 2) {
    throw new Failure(`${JSON.stringify(address ?? "")} is no target`, {
      todo: `use ${Object.keys(targets).join(", ")} or ws[s]://KEY:SECRET@HOST:PORT/APP`,
    });
  }
  const tls = url.protocol === "wss:";
  const target = {
    ...{ name: url.host, host: url.hostname, port: Number(url.port || (tls ? 443 : 80)), tls },
    ...{ appId: url.pathname.slice(1), key: url.username, secret: url.password, patienceMs: 15_000 },
  };
  return { target, differences: {}, stop: () => {} };
}

const firstLine = (error) => error.message.split("\n")[0].slice(0, 150);

await main(async () => {
  await bootstrap();
  const { values, positionals } = parseArgs({
    options: { only: { type: "string", default: "" } },
    allowPositionals: true,
  });
  const { ensurePython } = await import("./python.mjs");
  const { Receiver } = await import("./receiver.mjs");
  const { WEBHOOKS, checks, needsPython, runCheck } = await import("./suite.mjs");
  const hasPython = await step("PyPI's pusher", ensurePython);
  const { target, differences, stop } = await (targets[positionals[0]]?.() ?? running(positionals[0]));
  const receiver = await new Receiver().start();
  const wrong = [];
  let passed = 0;
  try {
    await target.setWebhook?.(receiver.url, WEBHOOKS);
    for (const check of checks.filter(({ name }) => name.includes(values.only))) {
      if (!hasPython && needsPython(check)) {
        say(`| ${check.name} | IS LEFT OUT | there is no Python 3 with venv |`);
        continue;
      }
      const error = await runCheck(target, receiver, check).then(
        () => null,
        (thrown) => thrown,
      );
      const reason = differences[check.name];
      if (!error && !reason) passed += 1;
      if (error ? !reason : reason) wrong.push(check.name);
      const verdict = error ? (reason ? "differs" : "FAILS") : reason ? "PASSES, was expected to differ" : "passes";
      say(`| ${check.name} | ${verdict} | ${error ? (reason ?? firstLine(error)) : ""} |`);
      if (error && values.only) say(error.stack);
    }
  } finally {
    await stop();
    await receiver.stop();
  }
  const unknown = Object.keys(differences).filter((name) => !checks.some((check) => check.name === name));
  const differing = Object.keys(differences).length;
  say(`${target.name}: ${passed} pass, ${wrong.length} are not as expected, ${differing} differences are listed`);
  if (wrong.length + unknown.length > 0) {
    throw new Failure(`not as expected: ${[...wrong, ...unknown].join(", ")}`, { todo: "run it with --only NAME" });
  }
});
process.exit();
