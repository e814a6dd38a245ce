/**
 * `npm run bench -- auth`: what it costs to know who calls. Ours beside Hono with jose, in one run, on the same workerd: a route
 * with nothing behind it, and the same behind an access token. What lies between the two is the token.
 */
import { createHmac, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { say, step } from "../scripts/lib/step.mjs";
import { freePort, ourWorker, testSecrets, WorkerProcess } from "../tests/worker/support/worker.mjs";
import { bundle, launch } from "./contestants.mjs";
import { httpLoad } from "./http-load.mjs";
import { cpuMs, untilIdle } from "./measure.mjs";
import { reportAuth } from "./report-auth.mjs";

const CONNECTIONS = 16;
const SECONDS = 5;
/** Different tokens, so that nobody gains by remembering the last one. */
const TOKENS = 30;

const open = [{ method: "GET", path: "/health/live" }];

/** Access tokens as our sign-in gives them, signed here with the same key for both. */
function callers(ring) {
  const [kid, secret] = ring.split(":");
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const id = () =>
    randomBytes(20)
      .toString("base64url")
      .slice(0, 26)
      .toUpperCase()
      .replace(/[^0-9A-Z]|[ILOU]/g, "7");
  const now = Math.floor(Date.now() / 1000);
  return Array.from({ length: TOKENS }, () => {
    const claims = {
      ...{
        iat: now,
        exp: now + 3600,
        aud: "api",
        user_id: `usr_0${id().slice(1)}`,
        school_id: `sch_0${id().slice(1)}`,
      },
      ...{ role: "teacher", display_name: "Grace Hopper", sign_in_id: `sid_0${id().slice(1)}`, authenticated_at: now },
    };
    const text = `${part({ alg: "HS256", typ: "JWT", kid })}.${part(claims)}`;
    const signature = createHmac("sha256", Buffer.from(secret, "base64url")).update(text).digest("base64url");
    return { method: "GET", path: "/health/caller", headers: { authorization: `Bearer ${text}.${signature}` } };
  });
}

/** One load on one Worker: requests a second, latency, and CPU time a request of workerd. */
async function play(worker, requests) {
  await untilIdle(worker.pid);
  let before = null;
  const plan = { url: worker.url, requests, connections: CONNECTIONS, seconds: SECONDS };
  const result = await httpLoad(plan, () => (before = cpuMs(worker.pid)));
  await untilIdle(worker.pid);
  if (result.failed > 0) throw new Error(`${result.failed} of ${result.requests} requests failed`);
  const cpu = before === null ? null : ((cpuMs(worker.pid) - before) * 1000) / result.requests;
  return { ...result, cpu_us: cpu };
}

async function contestants(folder) {
  const secrets = testSecrets();
  const ours = await ourWorker({ bindings: secrets, assets: false });
  const { compatibilityDate } = ours.worker;
  const peer = { name: "hono-jose", compatibilityDate, ...(await bundle("hono-jose", folder)), bindings: secrets };
  const requests = callers(secrets.AUTH_KEYS);
  return [
    {
      name: "ours",
      title: "ToolboxAI Edge (Rust; ended sign-ins looked up as well)",
      worker: await new WorkerProcess({ ...ours, port: await freePort(), state: join(folder, "ours") }).start(),
    },
    { name: "peer", title: "Hono + TypeScript, jose", worker: await launch(peer, join(folder, "peer")) },
  ].map((each) => ({ ...each, requests, open: [], behind: [] }));
}

/** Runs it all and writes the report. */
export async function benchAuth({ rounds = 5 } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "toolboxai-bench-"));
  const field = [];
  try {
    await step("two Workers", async () => field.push(...(await contestants(folder))));
    for (let round = 0; round <= rounds; round += 1) {
      for (const each of round % 2 ? field.toReversed() : field) {
        const [free, behind] = [await play(each.worker, open), await play(each.worker, each.requests)];
        // The first round warms up.
        if (round === 0) continue;
        each.open.push(free);
        each.behind.push(behind);
        say(`  round ${round}, ${each.name}: ${free.per_s} open, ${behind.per_s} behind a token`);
      }
    }
    reportAuth(field, { connections: CONNECTIONS });
  } finally {
    for (const { worker } of field) await worker.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
