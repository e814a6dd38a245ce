/**
 * Catches mail on this machine instead of sending it. Speaks the protocol of an HTTP mail provider (`POST /emails` as Resend
 * has it: bearer key, Idempotency-Key, problems with a name), keeps what it gets in a folder, and shows it on a page.
 */
import { timingSafeEqual } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { mailPage } from "./mail-page.mjs";
import { keepMail, mailIds, readMail } from "./mailbox.mjs";

/** No mail of ours is near this. */
const MAX_BODY = 1024 * 1024;
/** How many the page lists. */
const LISTED = 200;

/** Where the mail of a server on `port` is shown, when nothing else listens there. */
export const mailPort = (port) => (port + 1000 <= 65535 ? port + 1000 : port - 1000);

/**
 * Starts the catcher on `port`, or on any free one when that is taken. Answers `{ url, endpoint, failNext, close }`: the page,
 * what MAIL_HTTP_URL must be, and for tests a way to answer the next requests with a status.
 */
export async function catchMail({ folder, key, port = 0 }) {
  const catcher = new Catcher(folder, key);
  const server = createServer((request, response) => catcher.answer(request, response));
  await listen(server, port).catch(() => listen(server, 0));
  const { port: bound } = server.address();
  return {
    url: `http://localhost:${bound}`,
    endpoint: `http://127.0.0.1:${bound}/emails`,
    failNext: (status, times = 1) => catcher.failures.push(...Array(times).fill(status)),
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/** A refusal as the provider words it. */
class Refusal extends Error {
  constructor(statusCode, name, message) {
    super(message);
    this.body = { statusCode, name, message };
  }
}

class Catcher {
  /** The statuses of the next answers. */
  failures = [];
  /** The mail that each idempotency key made. */
  #keys = new Map();

  constructor(folder, key) {
    this.folder = folder;
    this.key = key;
    for (const id of mailIds(folder)) {
      const { idempotency_key, ...mail } = readMail(folder, id);
      if (idempotency_key) this.#keys.set(idempotency_key, { id, content: contentOf(mail) });
    }
  }

  async answer(request, response) {
    try {
      // A page of another site that made its name point here must not read mail.
      const host = (request.headers.host ?? "").replace(/:\d+$/, "");
      if (!["localhost", "127.0.0.1"].includes(host)) throw new Refusal(403, "forbidden", "unknown host");
      const { pathname } = new URL(request.url, "http://localhost");
      if (request.method === "POST" && pathname === "/emails") return send(response, 200, await this.#take(request));
      if (request.method !== "GET") throw new Refusal(405, "method_not_allowed", "GET a page, or POST /emails");
      if (pathname === "/") return page(response);
      if (pathname === "/messages") return send(response, 200, this.#list());
      return this.#show(response, pathname);
    } catch (error) {
      const body = error.body ?? { statusCode: 500, name: "internal_server_error", message: String(error) };
      send(response, body.statusCode, body);
    }
  }

  async #take(request) {
    const mail = JSON.parse(await bodyOf(request));
    const failure = this.failures.shift();
    if (failure) throw new Refusal(failure, "injected", "told to fail");
    const [, given] = /^Bearer (.+)$/.exec(request.headers.authorization ?? "") ?? [];
    if (!given || !isSame(given, this.key)) throw new Refusal(401, "invalid_api_key", "the key is not the one");
    for (const field of ["from", "subject", "text", "html"]) {
      if (typeof mail[field] !== "string" || mail[field] === "") {
        throw new Refusal(422, "missing_required_field", `${field} is missing`);
      }
    }
    if (!Array.isArray(mail.to) || mail.to.length !== 1 || !/^[^\s@]+@[^\s@]+$/.test(mail.to[0])) {
      throw new Refusal(422, "validation_error", "to must be a list of one address");
    }
    const { from, subject, text, html } = mail;
    return this.#keep({ from, to: mail.to[0], subject, text, html }, request.headers["idempotency-key"]);
  }

  /** A key again with the same mail answers as before; with another mail it is a conflict. */
  #keep(mail, idempotency_key) {
    const content = contentOf(mail);
    const before = idempotency_key && this.#keys.get(idempotency_key);
    if (before && before.content !== content) {
      throw new Refusal(409, "invalid_idempotent_request", "the key was used for another mail");
    }
    if (before) return { id: before.id };
    const { id } = keepMail(this.folder, { ...mail, idempotency_key });
    if (idempotency_key) this.#keys.set(idempotency_key, { id, content });
    return { id };
  }

  #list() {
    const newest = mailIds(this.folder).slice(-LISTED).reverse();
    return newest.map((id) => {
      const { at, to, subject } = readMail(this.folder, id);
      return { id, at, to, subject };
    });
  }

  /** One of a mail's files: `/messages/<id>.html`. */
  #show(response, pathname) {
    const [, id, kind] = /^\/messages\/([^/]+)\.(html|txt|json)$/.exec(decodeURIComponent(pathname)) ?? [];
    const file = id && !id.startsWith(".") && join(this.folder, `${id}.${kind}`);
    if (!file || !existsSync(file)) throw new Refusal(404, "not_found", "there is no such page");
    const text = readFileSync(file, "utf8");
    if (kind === "html") return preview(response, text);
    respond(response, 200, kind === "json" ? "application/json" : "text/plain; charset=utf-8", text);
  }
}

const contentOf = ({ from, to, subject, text, html }) => JSON.stringify([from, to, subject, text, html]);

async function bodyOf(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY) throw new Refusal(413, "too_large", "the mail is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function isSame(one, other) {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const send = (response, status, value) => respond(response, status, "application/json", JSON.stringify(value));

function page(response) {
  const policy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; " +
    "frame-src 'self'; frame-ancestors 'none'";
  respond(response, 200, "text/html; charset=utf-8", mailPage, { "content-security-policy": policy });
}

/** A mail as a client would show it: no script, nothing fetched; links open beside the page. */
function preview(response, html) {
  const policy =
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; " +
    "frame-ancestors 'self'";
  const shown = html.replace("<head>", '<head><base target="_blank">');
  respond(response, 200, "text/html; charset=utf-8", shown, { "content-security-policy": policy });
}

function respond(response, status, type, body, headers = {}) {
  response.writeHead(status, {
    "content-type": type,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    ...headers,
  });
  response.end(body);
}
