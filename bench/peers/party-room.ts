/** A room of PartyServer, the usual way to rooms on Durable Objects, with hibernation: what comes in goes out to all. */
import { type Connection, routePartykitRequest, Server } from "partyserver";

type Env = { Room: DurableObjectNamespace<Room> };

/** Calls of handlers since the Worker started: what hibernation would have to spare an idle room. */
let calls = 0;

/** pusher-js's ping, so that all contestants get the same. */
const PING = '{"event":"pusher:ping","data":{}}';
const PONG = '{"event":"pusher:pong","data":{}}';

/** One room. */
export class Room extends Server<Env> {
  static override options = { hibernate: true };

  override onMessage(sender: Connection, message: string): void {
    calls += 1;
    if (message === PING) sender.send(PONG);
    else this.broadcast(message, [sender.id]);
  }

  override async onRequest(request: Request): Promise<Response> {
    if (request.method === "GET") return Response.json({ calls });
    this.broadcast(await request.text());
    return new Response(null, { status: 204 });
  }
}

export default {
  async fetch(request, env) {
    return (await routePartykitRequest(request, env)) ?? new Response("Not found", { status: 404 });
  },
} satisfies ExportedHandler<Env>;
