/** A class of our own Worker as a Pusher app: its key is the room's, its secret comes from the realtime master secret. */
import { createHmac } from "node:crypto";

/** The secret of a room's app (src/domain/pusher/signature.rs, `app_secret`); the master secret is base64url. */
const appSecret = (master, roomKey) =>
  createHmac("sha256", Buffer.from(master, "base64url")).update(`room:${roomKey}`).digest("hex");

const characters = "0123456789abcdefghjkmnpqrstvwxyz";

/** The decimal id of a room's app (src/domain/pusher/app_id.rs): PyPI's library takes no other. */
const appId = (roomKey) =>
  [...roomKey.slice(2)].map((character) => String(characters.indexOf(character) + 1).padStart(2, "0")).join("");

/** `url` is the Worker's, `teacher` a session of who runs the class, `room` the class, `master` the value of REALTIME_SECRET. */
export function ourTarget({ url, teacher, room, master }) {
  const { hostname, port } = new URL(url);
  const { id, room_key } = room;
  return {
    ...{ name: "ours", host: hostname, port: Number(port), tls: false },
    ...{ appId: appId(room_key), key: room_key, secret: appSecret(master, room_key) },
    // A test machine may be busy; only a check that fails ever waits so long.
    patienceMs: 30_000,
    async setWebhook(url, events) {
      const made = await teacher.post(`/api/v1/classes/${id}/webhooks`, { url, events });
      this.webhookSecret = made.secret;
    },
  };
}
