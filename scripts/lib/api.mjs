/** A small client of our own HTTP API for the scripts. */
import { Failure } from "./step.mjs";

/** Calls one endpoint; a problem becomes a Failure that carries it. Answers the JSON body. */
export async function call(base, method, path, { token, body, headers = {} } = {}) {
  const response = await fetch(new URL(path, base), {
    method,
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) {
    const failure = new Failure(`${method} ${path} answered ${response.status}`, { log: text });
    failure.status = response.status;
    throw failure;
  }
  return text === "" ? null : JSON.parse(text);
}

/** Signs in and answers a client whose calls carry the token. */
export async function signIn(base, { email, password }) {
  const login = await call(base, "POST", "/api/v1/auth/login", { body: { email, password } });
  const token = login.access_token;
  const bound = (method) => (path, body, headers) => call(base, method, path, { token, body, headers });
  return {
    base,
    token,
    user: login.user,
    get: bound("GET"),
    post: bound("POST"),
    put: bound("PUT"),
    patch: bound("PATCH"),
  };
}

/** All items of a list, page after page. */
export async function all(client, path) {
  const items = [];
  let cursor = null;
  do {
    const separator = path.includes("?") ? "&" : "?";
    const page = await client.get(cursor ? `${path}${separator}cursor=${encodeURIComponent(cursor)}` : path);
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor);
  return items;
}
