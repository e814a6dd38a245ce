/** The Studio plugin as it is, in a Studio outside Roblox (roblox/studio), from its code on the dashboard to its end. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { test } from "node:test";

/** Runs Studio to its end; `onLine` hears each step as it happens. Answers the steps and what it complained of. */
async function author(url, onLine) {
  const program = process.env.STUDIO;
  assert.ok(program, "STUDIO must hold the path of the Studio outside Roblox");
  const child = spawn(program, [url], { stdio: ["ignore", "pipe", "pipe"] });
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (chunk) => (complaints += chunk));
  const ended = new Promise((resolve) => child.once("close", resolve));
  const steps = [];
  for await (const line of createInterface({ input: child.stdout })) {
    steps.push(line);
    await onLine(line);
  }
  return { steps, complaints, code: await ended };
}

export function studioPlugin(world) {
  test("the Studio plugin pairs, writes a lesson, puts it in, outlasts a restart and leaves", async () => {
    const plugins = async () => (await world.get("/api/v1/plugins")).items;
    const before = (await plugins()).length;
    const { steps, complaints, code } = await author(world.worker.url, async (line) => {
      const [, user_code] = /^code (.+)$/.exec(line) ?? [];
      if (user_code) {
        const looked = await world.post("/api/v1/plugins/pairings/lookup", { user_code });
        assert.ok(looked, "the dashboard shows what asks to be paired");
        await world.post("/api/v1/plugins/pairings/approve", { user_code });
      }
      if (line === "paired") assert.equal((await plugins()).length, before + 1);
    });
    assert.equal(complaints, "");
    assert.equal(code, 0);
    assert.deepEqual(
      steps.map((line) => line.split(" ")[0]),
      ["code", "paired", "written", "inserted", "undone", "templates", "resumed", "left"],
    );
    const [fills, scripts, stations] = steps[3].split(" ").slice(1).map(Number);
    assert.ok(fills > 0 && scripts > 0 && stations > 0, steps[3]);
    assert.equal(steps[4], "undone 0 0");
  });
}
