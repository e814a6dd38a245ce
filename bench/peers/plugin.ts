/** The same three routes on a plain Hono Worker with KV: register, heartbeat, list one's own. */
import { Hono } from "hono";
import { sign, verify } from "hono/jwt";

type Env = { PLUGINS: KVNamespace; PLUGIN_SECRET: string };
type Plugin = { plugin_id: string; studio_id: string; port: number; version: string; last_heartbeat: number };

/** A plugin is gone after an hour without a word. */
const TTL = { expirationTtl: 3600 };
const app = new Hono<{ Bindings: Env }>();

/** The plugin of the caller's token. */
async function caller(header: string | undefined, env: Env): Promise<Plugin | null> {
  const token = header?.startsWith("Bearer ") ? header.slice(7) : "";
  const claims = await verify(token, env.PLUGIN_SECRET, "HS256").catch(() => null);
  return claims ? env.PLUGINS.get<Plugin>(`plugin:${claims.plugin_id as string}`, "json") : null;
}

app.post("/register_plugin", async (c) => {
  const { studio_id, port = 64989, version = "1.0.0" } = await c.req.json<Partial<Plugin>>();
  if (typeof studio_id !== "string" || !/^[A-Za-z0-9_-]{5,100}$/.test(studio_id))
    return c.json({ success: false }, 422);
  const plugin_id = (await c.env.PLUGINS.get(`studio:${studio_id}`)) ?? crypto.randomUUID();
  const plugin: Plugin = { plugin_id, studio_id, port, version, last_heartbeat: Date.now() };
  await Promise.all([
    c.env.PLUGINS.put(`studio:${studio_id}`, plugin_id, TTL),
    c.env.PLUGINS.put(`plugin:${plugin_id}`, JSON.stringify(plugin), TTL),
  ]);
  const exp = Math.floor(Date.now() / 1000) + 86_400;
  return c.json({ success: true, plugin_id, token: await sign({ plugin_id, exp }, c.env.PLUGIN_SECRET) });
});

app.post("/plugin/:id/heartbeat", async (c) => {
  const plugin = await caller(c.req.header("authorization"), c.env);
  if (plugin?.plugin_id !== c.req.param("id")) return c.json({ success: false }, 401);
  plugin.last_heartbeat = Date.now();
  await c.env.PLUGINS.put(`plugin:${plugin.plugin_id}`, JSON.stringify(plugin), TTL);
  return c.json({ success: true, plugin_id: plugin.plugin_id, timestamp: new Date().toISOString(), updates: [] });
});

app.get("/plugins", async (c) => {
  const plugin = await caller(c.req.header("authorization"), c.env);
  return plugin ? c.json({ success: true, plugins: [plugin], count: 1 }) : c.json({ success: false }, 401);
});

export default app;
