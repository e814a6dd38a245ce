/** The bare limit: a Durable Object that inserts one row an answer and does nothing else. */
import { DurableObject } from "cloudflare:workers";

type Env = { ROOM: DurableObjectNamespace<Room> };

/** One class. */
export class Room extends DurableObject<Env> {
  constructor(state: DurableObjectState, env: Env) {
    super(state, env);
    state.storage.sql.exec(
      "create table if not exists answers (event_id text primary key, body text not null) without rowid",
    );
  }

  override async fetch(request: Request): Promise<Response> {
    const sql = this.ctx.storage.sql;
    if (request.method === "GET") return Response.json(sql.exec("select count(*) as answers from answers").one());
    const { events, cursor } = (await request.json()) as { events: { id: string }[]; cursor: string };
    for (const event of events)
      sql.exec("insert into answers (event_id, body) values (?1, ?2)", event.id, JSON.stringify(event));
    const results = events.map(({ id }) => ({ id, status: "applied" }));
    return Response.json({ results, messages: [], cursor, next_sync_ms: 3000 });
  }
}

export default {
  fetch(request, env) {
    return env.ROOM.get(env.ROOM.idFromName("class")).fetch(request);
  },
} satisfies ExportedHandler<Env>;
