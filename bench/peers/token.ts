/** Checks a game server's token: a JWT with HS256, for the audience `game`, not expired. */

/** What the token says. */
export type Claims = { aud: string; exp: number; class_id: string; job_id: string };

const decoder = new TextDecoder();
const encoder = new TextEncoder();
let key: Promise<CryptoKey> | undefined;

function bytes(base64url: string): Uint8Array {
  const text = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** The claims of a valid token, else null. The key is imported once an isolate. */
export async function verify(header: string | undefined, secret: string): Promise<Claims | null> {
  const [head, body, signature, ...rest] = header?.startsWith("Bearer ") ? header.slice(7).split(".") : [];
  if (!head || !body || !signature || rest.length > 0) return null;
  key ??= crypto.subtle.importKey("raw", bytes(secret), { name: "HMAC", hash: "SHA-256" }, false, ["verify"]);
  try {
    if (JSON.parse(decoder.decode(bytes(head))).alg !== "HS256") return null;
    if (!(await crypto.subtle.verify("HMAC", await key, bytes(signature), encoder.encode(`${head}.${body}`))))
      return null;
    const claims = JSON.parse(decoder.decode(bytes(body))) as Claims;
    return claims.aud === "game" && claims.exp * 1000 > Date.now() ? claims : null;
  } catch {
    return null;
  }
}
