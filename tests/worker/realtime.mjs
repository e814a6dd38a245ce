/** A class room speaks Pusher's protocol: every check of tests/realtime, which soketi gets as well, unchanged. */
import { test } from "node:test";
import { ensurePython } from "../realtime/python.mjs";
import { Receiver } from "../realtime/receiver.mjs";
import { WEBHOOKS, checks, needsPython, runCheck } from "../realtime/suite.mjs";
import { ourTarget } from "../realtime/targets/ours.mjs";

export function realtime(world) {
  test("a class room speaks Pusher's protocol", async (t) => {
    const hasPython = await ensurePython();
    const room = await world.newClass({ name: "Checked" });
    const teacher = { post: (path, body) => world.post(path, body, 201) };
    const target = ourTarget({ url: world.worker.url, teacher, room, master: world.realtimeSecret });
    const receiver = await new Receiver().start();
    t.after(() => receiver.stop());
    await target.setWebhook?.(receiver.url, WEBHOOKS);
    for (const check of checks) {
      const skip = !hasPython && needsPython(check) && "THERE IS NO PYTHON 3 WITH VENV: PyPI's pusher is not checked";
      await t.test(check.name, { skip }, () => runCheck(target, receiver, check));
    }
  });
}
