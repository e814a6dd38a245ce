/**
 * All checks of a server that speaks Pusher's protocol, by the official clients and server libraries. Each is a fact with a name; a
 * target is `{ host, port, tls, appId, key, secret, patienceMs, webhookSecret?, setWebhook?(url, events),
 * revive?() }`. `webhookSecret` signs webhooks where the app's own secret does not.
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
import { Stage } from "./stage.mjs";

const areas = [
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
];

/** The webhooks that a target shall send. */
export const WEBHOOKS = [
  ...["channel_occupied", "channel_vacated", "member_added", "member_removed", "client_event", "cache_miss"],
];

/** Every check: `{ name, run(stage) }`. Names are facts, each one's own. */
export const checks = areas.flatMap((facts) => Object.entries(facts).map(([name, run]) => ({ name, run })));

/** Whether a check calls PyPI's library. */
export const needsPython = ({ name }) => /python|pypi/.test(name);

/** Runs one check against a target whose webhooks arrive at `receiver`; throws what is wrong. */
export async function runCheck(target, receiver, { run }) {
  const stage = new Stage(target, receiver);
  try {
    await run(stage);
  } finally {
    stage.close();
    const died = await target.revive?.();
    if (died) throw new Error(`the server died: ${died}`);
  }
}
