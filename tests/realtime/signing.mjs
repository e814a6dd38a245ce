/**
 * Pusher's signatures from their specification alone, so that the checks do not rest on the libraries that they test.
 * Source: pusher/docs, "Auth signatures" and "HTTP API reference".
 */
import { createHash, createHmac } from "node:crypto";

/** HMAC-SHA256 in hex. */
export const sign = (secret, text) => createHmac("sha256", secret).update(text).digest("hex");

/** What a socket sends with its subscription: `{ auth, channel_data? }`. */
export const channelAuth = ({ key, secret }, socketId, channel, channelData) => ({
  auth: `${key}:${sign(secret, [socketId, channel, ...(channelData === undefined ? [] : [channelData])].join(":"))}`,
  ...(channelData !== undefined && { channel_data: channelData }),
});

/** What a socket sends with its sign-in: `{ auth, user_data }`. */
export const userAuth = ({ key, secret }, socketId, userData) => ({
  auth: `${key}:${sign(secret, `${socketId}::user::${userData}`)}`,
  user_data: userData,
});

/** The text that a request to the HTTP API signs. */
export const requestText = (method, path, query) =>
  [
    method,
    path,
    Object.keys(query)
      .sort()
      .map((name) => `${name}=${query[name]}`)
      .join("&"),
  ].join("\n");

/** The signed query of a request to the HTTP API. `at` is in seconds. */
export function signedQuery({ key, secret }, method, path, { body = "", query = {}, at = Date.now() / 1000 } = {}) {
  const signed = {
    ...query,
    auth_key: key,
    auth_timestamp: String(Math.floor(at)),
    auth_version: "1.0",
    ...(body && { body_md5: createHash("md5").update(body).digest("hex") }),
  };
  return { ...signed, auth_signature: sign(secret, requestText(method, path, signed)) };
}
