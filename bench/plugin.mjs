/**
 * `npm run bench -- plugin [rounds] [--minutes N]`: 1,000 plugins that register, beat and list themselves, 100 requests in flight,
 * on our Worker and on a plain Hono Worker with KV, in one run, on the same workerd. With `--minutes` ours goes on beating that
 * long, and its memory is watched.
 */
import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { say, step } from "../scripts/lib/step.mjs";
import { freePort, ourWorker, testSecrets, WorkerProcess } from "../tests/worker/support/worker.mjs";
import { bundle, launch } from "./contestants.mjs";
import { percentile, rssKb, untilIdle } from "./measure.mjs";
import { fixed, machineSentence, middle, row, verdictTable, write } from "./tables.mjs";

const PLUGINS = 1000;
const CONCURRENCY = 100;
const SECONDS = 5;
/** While memory is watched: what 1,000 plugins may do, 60 calls a minute each, with room to spare. */
const PACED_PER_S = 500;

const loadFile = fileURLToPath(new URL("./plugin-load.mjs", import.meta.url));

function load(plan) {
  return new Promise((resolve, reject) => {
    const child = fork(loadFile);
    child.on("message", ({ event, value, error }) => {
      if (event === "start") return;
      child.kill();
      if (error) reject(new Error(error));
      else resolve(value);
    });
    child.send({ plugins: PLUGINS, concurrency: CONCURRENCY, ...plan });
  });
}

async function play(worker, plan = { seconds: SECONDS }) {
  await untilIdle(worker.pid);
  const { latencies, ...result } = await load({ url: worker.url, ...plan });
  return { ...result, p50_ms: percentile(latencies, 0.5), p99_ms: percentile(latencies, 0.99) };
}

async function contestants(folder) {
  // All plugins come from one address here: how many may register from one is no part of the question.
  const bindings = { ...testSecrets(), LIMITS: '{"plugin_registration": []}' };
  const ours = await ourWorker({ bindings, assets: false });
  const peer = {
    name: "plugin",
    compatibilityDate: ours.worker.compatibilityDate,
    ...(await bundle("plugin", folder)),
    kvNamespaces: { PLUGINS: "plugins" },
    bindings: { PLUGIN_SECRET: randomBytes(32).toString("base64url") },
  };
  return [
    {
      name: "ours",
      title: "ToolboxAI Edge (Rust, registry in a Durable Object)",
      worker: await new WorkerProcess({ ...ours, port: await freePort(), state: join(folder, "ours") }).start(),
    },
    { name: "peer", title: "Hono + TypeScript + KV", worker: await launch(peer, join(folder, "peer")) },
  ].map((each) => ({ ...each, rounds: [] }));
}

/** Beats for minutes, and looks at the memory of workerd ten times a minute, once it has warmed up for a minute. */
async function watch(worker, minutes) {
  const seen = [];
  const timer = setInterval(() => seen.push(rssKb(worker.pid) / 1024), 6000);
  const result = await play(worker, { seconds: minutes * 60, per_s: PACED_PER_S });
  clearInterval(timer);
  const warm = seen.slice(Math.min(10, Math.floor(seen.length / 2)));
  const third = Math.max(1, Math.floor(warm.length / 3));
  return {
    minutes,
    ...result,
    rss_mb_first_third: fixed(percentile(warm.slice(0, third), 0.5), 1),
    rss_mb_last_third: fixed(percentile(warm.slice(-third), 0.5), 1),
  };
}

function summary({ title, rounds }) {
  const sum = (field) => rounds.reduce((total, round) => total + round[field], 0);
  return {
    title,
    per_s: middle(rounds, "per_s"),
    per_s_of_rounds: rounds.map(({ per_s }) => per_s),
    register_per_s: middle(rounds, "register_per_s"),
    beat_per_s: middle(rounds, "beat_per_s"),
    p50_ms: fixed(middle(rounds, "p50_ms"), 1),
    p99_ms: fixed(middle(rounds, "p99_ms"), 1),
    requests: sum("requests"),
    answered: sum("answered"),
    refused: rounds.map(({ refused }) => refused),
  };
}

function verdicts({ ours, peer }, memory) {
  const list = [
    {
      what: "requests/s, times Hono + KV",
      expected: "≥ 1.5",
      measured: fixed(ours.per_s / peer.per_s, 2),
      met: ours.per_s >= 1.5 * peer.per_s,
    },
    {
      what: "answered, %",
      expected: "100",
      measured: fixed((100 * ours.answered) / ours.requests, 2),
      met: ours.answered === ours.requests,
    },
  ];
  if (memory) {
    const [first, last] = [memory.rss_mb_first_third, memory.rss_mb_last_third];
    list.push({
      what: `MB of memory, last third of ${memory.minutes} minutes`,
      expected: `≤ ${fixed(first * 1.05, 1)} (first third and 5 %)`,
      measured: last,
      met: last <= first * 1.05,
    });
    list.push({
      what: "answered meanwhile, %",
      expected: "100",
      measured: fixed((100 * memory.answered) / memory.requests, 2),
      met: memory.answered === memory.requests,
    });
  }
  return list;
}

const cells = (c) => [
  c.title,
  ...[c.per_s, c.register_per_s, c.beat_per_s].map((number) => number.toLocaleString("en")),
  ...[c.p50_ms, c.p99_ms, `${c.answered} of ${c.requests}`],
];

const text = ({ contestants: all, verdicts: list, ...on }) => `# \`npm run bench -- plugin\`

${PLUGINS.toLocaleString("en")} plugins register, then beat and at every tenth turn list themselves for ${SECONDS} s, ${CONCURRENCY} requests in flight.
Ours also makes a pairing code at each registration (a row of D1), limits each plugin, knows of ended pairings and replaced tokens, and
writes one log line a request. Same workerd, miniflare without wrangler's proxy, rounds interleaved, the load in a process of its
own. ${machineSentence(on)}

${[
  row(["", "requests/s", "registrations/s", "beats and lists/s", "p50 ms", "p99 ms", "answered"]),
  row(["---", ...Array(6).fill("---:")]),
  ...Object.values(all).map((each) => row(cells(each))),
].join("\n")}

${verdictTable(list)}
`;

/** Runs it all and writes the report. */
export async function benchPlugin({ rounds = 5, minutes = 0 } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "toolboxai-bench-"));
  const field = [];
  try {
    await step("two Workers", async () => field.push(...(await contestants(folder))));
    for (let round = 0; round <= rounds; round += 1) {
      for (const each of round % 2 ? field.toReversed() : field) {
        const played = await play(each.worker, { seconds: round === 0 ? 1 : SECONDS });
        // The first round warms up.
        if (round === 0) continue;
        each.rounds.push(played);
        say(`  round ${round}, ${each.name}: ${played.per_s} requests/s`);
      }
    }
    const memory = minutes > 0 ? await watch(field[0].worker, minutes) : null;
    const all = Object.fromEntries(field.map((each) => [each.name, summary(each)]));
    write("plugin", { contestants: all, verdicts: verdicts(all, memory), memory }, text);
  } finally {
    for (const { worker } of field) await worker.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
