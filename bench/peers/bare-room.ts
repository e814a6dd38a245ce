/** The bare limit of workerd: a hibernating Durable Object that sends what comes in to all and does nothing else. */
import { DurableObject } from "cloudflare:workers";

type Env = { ROOM: DurableObjectNamespace<Room> };

/** One room. */
export class Room extends DurableObject<Env> {
  override async fetch(request: Request): Promise<Response> {
    if (request.headers.get("upgrade") !== "websocket") {
      this.#send(await request.text());
      return new Response(null, { status: 204 });
    }
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server);
    return new Response(null, { status: 101, webSocket: client });
  }

  override webSocketMessage(sender: WebSocket, message: string): void {
    if (message !== '{"event":"pusher:ping","data":{}}') this.#send(message, sender);
  }

  #send(message: string, except?: WebSocket): void {
    for (const socket of this.ctx.getWebSockets()) if (socket !== except) socket.send(message);
  }
}

export default {
  fetch(request, env) {
    return env.ROOM.get(env.ROOM.idFromName(new URL(request.url).pathname)).fetch(request);
  },
} satisfies ExportedHandler<Env>;
