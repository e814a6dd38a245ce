/**
 * `npm run fuzz:api -- [--minutes 10] [--seed N] [--only teacher|admin|game] [--strict]`: schemathesis against openapi.json on a fresh
 * Worker, as a teacher, as an admin and as a game server, with all its checks. Every 5xx and every answer that the contract
 * does not allow is a failure. The reports are in artifacts/schemathesis/.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildWorker } from "./build-worker.mjs";
import { signIn, call } from "./lib/api.mjs";
import { bootstrap } from "./lib/bootstrap.mjs";
import { newPlan, rowsOf } from "./lib/demo-school.mjs";
import { cacheDir, inRoot } from "./lib/paths.mjs";
import { capture, run } from "./lib/run.mjs";
import { writeAtomic } from "./lib/stamp.mjs";
import { Failure, main, say, step } from "./lib/step.mjs";
import { ensureTools } from "./lib/tools.mjs";
import { quiz } from "../tests/worker/support/quiz.mjs";
import { WorkerProcess, freePort, ourWorker, testSecrets } from "../tests/worker/support/worker.mjs";

const VERSION = "4.32.5";
const venv = join(cacheDir(), `schemathesis-${VERSION}`);
const program = join(venv, "bin", "schemathesis");
const reports = inRoot("artifacts", "schemathesis");

/** Actions whose limits would only let the fuzzer find limits (src/domain/limits.rs). */
const LIMITED = [
  ...["login", "login_failure", "second_factor", "step_up", "challenge", "refresh", "register", "mail"],
  ...["one_time_token", "account", "invite", "guardian_code", "join_code", "integration", "generate"],
];

/** Who comes, and for how much of the time. The admin comes last: they may remove the others. */
const passes = {
  game: { share: 0.1, args: ["--include-path-regex", "^/api/v1/game/"] },
  teacher: { share: 0.45, args: ["--exclude-path-regex", "^/api/v1/game/"] },
  admin: { share: 0.45, args: ["--exclude-path-regex", "^/api/v1/game/"] },
};

/** The settings: tests/fuzz/schemathesis.toml, without 422 if the document is to be as strict as the server. */
function settingsOf({ strict }, folder) {
  const path = inRoot("tests", "fuzz", "schemathesis.toml");
  if (!strict) return path;
  const own = join(folder, "strict.toml");
  writeAtomic(own, readFileSync(path, "utf8").replace(" 422,", ""));
  return own;
}

async function ensureSchemathesis() {
  if (existsSync(program)) return { note: "unchanged" };
  const todo = "Python 3 with venv and a package index are needed";
  await run("python3", ["-m", "venv", venv], { todo });
  await run(join(venv, "bin", "pip"), ["install", "--quiet", `schemathesis==${VERSION}`], { todo });
  return {};
}

/** Somebody whom the admin may suspend and remove, while the teacher is still needed. */
const bystander = ({ bystander: id, teacher }) => `insert into users
  (id, school_id, email, display_name, role, password_hash, email_verified_at, created_at)
  select '${id}', school_id, 'bystander@demo.example', 'Bystander', role, password_hash, created_at, created_at
  from users where email = '${teacher.email}';`;

/** A class in the middle of a quiz, made by the teacher, whose ids the fuzzer gets. */
async function furnish(url, plan) {
  const [teacher, admin] = [await signIn(url, plan.teacher), await signIn(url, plan.admin)];
  const fields = { subject: "Testing", grade_level: 7, join_policy: "approval" };
  const room = await teacher.post("/api/v1/classes", { name: "Fuzzed", ...fields });
  const made = await teacher.post("/api/v1/quizzes", quiz);
  await teacher.post(`/api/v1/quizzes/${made.id}/publish`);
  const session = await teacher.post(`/api/v1/classes/${room.id}/live-sessions`, { quiz_id: made.id, pace: "self" });
  const body = { place_id: "1", job_id: "fuzz", class_code: room.join_code };
  const game = await call(url, "POST", "/api/v1/game/sessions", { token: plan.game_key, body });
  const events = [{ id: "fuzz-1", type: "join", player: { user_id: "1", display_name: "Ada" } }];
  await call(url, "POST", "/api/v1/game/sync", { token: game.token, body: { cursor: "0", events } });
  const seats = await teacher.get(`/api/v1/classes/${room.id}/seats`);
  const signIns = await teacher.get("/api/v1/auth/sessions");
  const factor = await teacher.post("/api/v1/auth/factors/totp", { name: "Fuzzed" });
  const key = await admin.post("/api/v1/keys", { name: "Fuzzed", kind: "integration", scopes: ["classes:read"] });
  const ids = {
    class_id: room.id,
    quiz_id: made.id,
    session_id: session.id,
    "/api/v1/auth/sessions/{session_id} session_id": signIns.items[0].id,
    seat_id: seats.items[0].id,
    user_id: plan.bystander,
    factor_id: factor.id,
    key_id: key.id,
    provider: "fuzzed",
    room_key: room.room_key,
    class_code: room.join_code,
  };
  return { ids, game_key: plan.game_key, game_token: game.token };
}

/** One run of schemathesis; answers whether it found nothing. */
async function fuzz(name, seconds, { url, plan, made, seed, config }) {
  const { email, password } = plan[name] ?? plan.teacher;
  const env = {
    FUZZ: JSON.stringify({ url, account: { email, password }, ...made }),
    SCHEMATHESIS_HOOKS: "hooks",
    PYTHONPATH: inRoot("tests", "fuzz"),
    PYTHONDONTWRITEBYTECODE: "1",
  };
  const args = [
    ...["--config-file", config],
    ...["run", inRoot("openapi.json"), "--url", url, "--checks", "all", "--max-time", String(seconds)],
    ...["--continue-on-failure", "--generation-database", "none", "--no-color", "--request-timeout", "30"],
    // The accounts are as short-lived as the server: a finding shows whole what was sent.
    ...["--output-sanitize", "false"],
    ...["--report", "ndjson", "--report-ndjson-path", join(reports, `${name}.ndjson`)],
    ...(seed ? ["--seed", seed] : []),
    ...passes[name].args,
  ];
  const { code, output } = await capture(program, args, { env, cwd: tmpdir() });
  const report = join(reports, `${name}.txt`);
  writeAtomic(report, output);
  if (code !== 0 && code !== 1) throw new Failure(`schemathesis ended with ${code}`, { log: output });
  const findings = output.split(/^=+ FAILURES =+$/m)[1] ?? output.split(/^=+ ERRORS =+$/m)[1];
  if (code !== 0) say(`${name}: see ${report}\n${(findings ?? output).slice(0, 4000)}`);
  say(output.split(/^=+ SUMMARY =+$/m)[1] ?? "");
  return code === 0;
}

await main(async () => {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "10" },
      seed: { type: "string" },
      only: { type: "string" },
      strict: { type: "boolean" },
    },
  });
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new Failure(`--minutes ${values.minutes} is no number of minutes`);
  if (values.only && !Object.hasOwn(passes, values.only)) throw new Failure(`there is no pass ${values.only}`);
  await bootstrap();
  await ensureTools();
  await step("schemathesis", ensureSchemathesis);
  await step("Worker", buildWorker);
  const state = mkdtempSync(join(tmpdir(), "toolboxai-fuzz-"));
  const LIMITS = JSON.stringify(Object.fromEntries(LIMITED.map((action) => [action, []])));
  const options = await ourWorker({ bindings: { ...testSecrets(), LIMITS }, assets: false });
  const worker = new WorkerProcess({ ...options, port: await freePort(), state });
  await worker.start();
  const config = settingsOf(values, state);
  const failed = [];
  try {
    const plan = { ...newPlan(), bystander: "usr_01KFZZED00000000000000000X" };
    await worker.script(`${rowsOf(plan)}\n${bystander(plan)}`);
    const made = await step("a class to play with", () => furnish(worker.url, plan));
    const chosen = values.only ? [values.only] : Object.keys(passes);
    const whole = chosen.reduce((sum, name) => sum + passes[name].share, 0);
    for (const name of chosen) {
      const seconds = Math.ceil((minutes * 60 * passes[name].share) / whole);
      const settings = { url: worker.url, plan, made, seed: values.seed, config };
      await step(`as ${name}, ${seconds} s`, async () => {
        if (!(await fuzz(name, seconds, settings))) failed.push(name);
      });
    }
  } finally {
    const logs = worker.logs.map(({ level, message }) => `${level} ${message}`).join("\n");
    writeAtomic(join(reports, "worker.log"), logs);
    await worker.stop();
    rmSync(state, { recursive: true, force: true });
  }
  if (failed.length > 0) {
    throw new Failure(`schemathesis found something as ${failed.join(" and as ")}`, {
      todo: `read ${reports}; each finding has its curl line`,
    });
  }
});
