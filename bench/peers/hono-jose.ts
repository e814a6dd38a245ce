/**
 * The usual way to put a route behind a token: Hono, and jose for the JWT. Around it what a service has: a request id, careful
 * headers and one structured log line a request, as ours.
 */
import { Hono } from "hono";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";
import { jwtVerify } from "jose";

type Env = { AUTH_KEYS: string };

/** The keys by `kid`, imported once an isolate, as jose advises. */
let ring: Promise<Map<string, CryptoKey>> | undefined;

async function importRing(text: string): Promise<Map<string, CryptoKey>> {
  const keys = new Map<string, CryptoKey>();
  for (const entry of text.split(",")) {
    const [kid = "", secret = ""] = entry.split(":");
    const bytes = Uint8Array.from(atob(secret.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    keys.set(kid, await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["verify"]));
  }
  return keys;
}

async function claims(header: string | undefined, env: Env) {
  if (!header?.startsWith("Bearer ")) return null;
  const keys = await (ring ??= importRing(env.AUTH_KEYS));
  const key = ({ kid = "" }: { kid?: string }) => {
    const found = keys.get(kid);
    if (!found) throw new Error("unknown kid");
    return found;
  };
  try {
    return (await jwtVerify(header.slice(7), key, { algorithms: ["HS256"], audience: "api" })).payload;
  } catch {
    return null;
  }
}

const app = new Hono<{ Bindings: Env }>();

app.use(requestId(), secureHeaders());
app.use(async (context, next) => {
  const start = Date.now();
  await next();
  const { method, path } = context.req;
  const line = { message: "request", level: "info", "http.method": method, "http.route": path };
  const rest = { "http.status": context.res.status, "request.id": context.get("requestId") };
  console.log(JSON.stringify({ ...line, ...rest, duration_ms: Date.now() - start }));
});

app.get("/health/live", (context) => context.text("ok"));

app.get("/health/caller", async (context) => {
  const payload = await claims(context.req.header("authorization"), context.env);
  return payload ? context.json({ user_id: payload["user_id"] }) : context.json({ code: "unauthorized" }, 401);
});

export default app;
