/**
 * All checks of a server that speaks Pusher's protocol, by the official clients and server libraries. Each is a fact with a name; a
 * target is `{ host, port, tls, appId, key, secret, patienceMs, setWebhook?(url, events), revive?() }`.
 */
import { channels } from "./checks/channels.mjs";
import { clientEvents } from "./checks/client-events.mjs";
import { connection } from "./checks/connection.mjs";
import { faults } from "./checks/faults.mjs";
import { httpApi } from "./checks/http-api.mjs";
import { presence } from "./checks/presence.mjs";
import { pythonLibrary } from "./checks/python-library.mjs";
import { signatures } from "./checks/signatures.mjs";
import { users } from "./checks/users.mjs";
import { webhooks } from "./checks/webhooks.mjs";
import { Receiver } from "./receiver.mjs";
import { Stage } from "./stage.mjs";

const areas = {
  connection,
  signatures,
  channels,
  presence,
  clientEvents,
  users,
  httpApi,
  pythonLibrary,
  webhooks,
  faults,
};

/** The webhooks that a target shall send. */
const WEBHOOKS = [
  "channel_occupied",
  "channel_vacated",
  "member_added",
  "member_removed",
  "client_event",
  "cache_miss",
];

/** Every check: `{ area, name, run(stage) }`. */
export const checks = Object.entries(areas).flatMap(([area, facts]) =>
  Object.entries(facts).map(([name, run]) => ({ area, name, run })),
);

/** Runs checks against a target, one after the other; tells each `{ area, name, error }` as it comes. */
export async function runChecks(target, { only = () => true, tell }) {
  const receiver = await new Receiver().start();
  try {
    await target.setWebhook?.(receiver.url, WEBHOOKS);
    for (const { area, name, run } of checks.filter(only)) {
      const stage = new Stage(target, receiver);
      let error = null;
      try {
        await run(stage);
      } catch (thrown) {
        error = thrown;
      } finally {
        stage.close();
      }
      const died = await target.revive?.();
      if (died) error = new Error(`the server died: ${died}`);
      await tell({ area, name, error });
    }
  } finally {
    await receiver.stop();
  }
}
