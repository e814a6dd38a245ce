/** 1,000 writes and 1,000 reads of the content cache, through the Worker and its objects, one by one and in batches as a plugin's. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { say } from "../scripts/lib/step.mjs";
import { OPERATOR_KEY, WorkerProcess, freePort, ourWorker } from "../tests/worker/support/worker.mjs";

const ENTRIES = 1000;
/** The brief's limits, in milliseconds. */
const LIMITS = { put: 1000, get: 500 };

export async function benchCache() {
  const state = mkdtempSync(join(tmpdir(), "bench-cache-"));
  const worker = new WorkerProcess({ ...(await ourWorker({ assets: false })), port: await freePort(), state });
  await worker.start();
  try {
    const ask = async (path, body) => {
      const headers = { authorization: `Bearer ${OPERATOR_KEY}`, "content-type": "application/json" };
      const answer = await fetch(`${worker.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
      return answer.json();
    };
    // Room for all of them in every shard.
    await ask("/config", { cache_max_size: 10_000 });
    for (const batch of [1, 100]) {
      for (const what of ["put", "get"]) {
        const start = performance.now();
        const { done } = await ask(`/api/v1/operations/cache/bench?what=${what}&entries=${ENTRIES}&batch=${batch}`, {});
        const took = Math.round(performance.now() - start);
        const how = batch === 1 ? "one by one, 16 at once" : `in batches of ${batch}`;
        say(`${ENTRIES} ${what}s ${how}: ${took} ms, ${done} done (at most ${LIMITS[what]} ms)`);
      }
    }
  } finally {
    await worker.stop();
    rmSync(state, { recursive: true, force: true });
  }
}
