/**
 * Open Cloud on this machine: takes only requests that Roblox's OpenAPI document describes, and keeps places and secrets.
 * What the document says in prose alone (the two version types, names of secrets) is checked beside it.
 */
import { createServer } from "node:http";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import sodium from "libsodium-wrappers";

await sodium.ready;

export const contract = JSON.parse(
  readFileSync(new URL("../vectors/open-cloud-publish.json", import.meta.url), "utf8"),
);

const resolve = (schema) => (schema.$ref ? contract.components.schemas[schema.$ref.split("/").pop()] : schema);

/** What is wrong with `value` by the schema, or null; knows the keywords that the document uses. */
export function fault(given, value, at = "") {
  const schema = resolve(given);
  if (value === null || value === undefined) return schema.nullable ? null : `${at} is missing`;
  if (schema.type === "integer") return /^\d+$/.test(value) ? null : `${at} is no integer`;
  if (schema.type === "string") {
    if (typeof value !== "string") return `${at} is no string`;
    const isBase64 = schema.format !== "byte" || Buffer.from(value, "base64").toString("base64") === value;
    return isBase64 ? null : `${at} is no base64`;
  }
  if (schema.type !== "object" || typeof value !== "object") return `${at} is of no known type`;
  for (const [name, field] of Object.entries(value)) {
    const known = schema.properties[name];
    if (!known && schema.additionalProperties === false) return `${at}/${name} is not in the document`;
    const why = known && fault(known, field, `${at}/${name}`);
    if (why) return why;
  }
  return null;
}

/** The document's operation for a request: `{ operation, path }`, with the values of the path, or null. */
function operationOf(method, pathname) {
  for (const [template, methods] of Object.entries(contract.paths)) {
    const pattern = new RegExp(`^${template.replaceAll(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`);
    const found = pattern.exec(pathname);
    const operation = methods[method.toLowerCase()];
    if (found && operation) return { operation, path: { ...found.groups }, template };
  }
  return null;
}

/** What is wrong with a request, or null. */
function faultOf({ operation, path }, url, headers, body) {
  for (const { name, in: place, schema } of operation.parameters ?? []) {
    const value = place === "path" ? path[name] : url.searchParams.get(name);
    const why = fault(schema, value, name);
    if (why) return why;
  }
  const known = (operation.parameters ?? []).filter((one) => one.in === "query").map(({ name }) => name);
  const more = [...url.searchParams.keys()].find((name) => !known.includes(name));
  if (more) return `the document has no parameter ${more}`;
  const json = operation.requestBody?.content["application/json"];
  if (!json) return null;
  if (headers["content-type"] !== "application/json") return "the body is no JSON";
  return fault(json.schema, JSON.parse(body), "");
}

export class OpenCloudServer {
  key = "rbx-key-of-the-test";
  /** Base64 of the pair that the secrets are for. */
  #pair = sodium.crypto_box_keypair();
  keyId = "key-7";
  places = [];
  /** Decrypted, by name. */
  secrets = new Map();
  requests = [];
  /** Answers that come first: `{ status, headers, body }`, or "drop" for a connection that ends. */
  next = [];
  #server = createServer((request, response) => void this.#take(request, response));

  async start() {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.url = `http://127.0.0.1:${this.#server.address().port}`;
    return this;
  }

  async stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #take(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const url = new URL(request.url, this.url);
    this.requests.push({ method: request.method, path: url.pathname, headers: request.headers });
    const planned = this.next.shift();
    if (planned === "drop") return request.socket.destroy();
    const { status, headers = {}, json } = planned ?? this.#answer(request, url, body);
    response.writeHead(status, headers).end(json === undefined ? "" : JSON.stringify(json));
  }

  #answer({ method, headers }, url, body) {
    const found = operationOf(method, url.pathname);
    if (!found) return { status: 404, json: { title: `the document has no ${method} ${url.pathname}` } };
    if (headers["x-api-key"] !== this.key) return { status: 401, json: { title: "Invalid API Key" } };
    const why = faultOf(found, url, headers, body);
    if (why) return { status: 400, json: { detail: why } };
    if (found.template.endsWith("/versions")) return this.#publish(found.path, url, headers, body);
    if (found.template.endsWith("/public-key")) {
      const secret = Buffer.from(this.#pair.publicKey).toString("base64");
      return { status: 200, json: { id: "public-key", secret, key_id: this.keyId } };
    }
    return this.#store(method, found.path, JSON.parse(body));
  }

  #publish({ universeId, placeId }, url, headers, file) {
    const type = url.searchParams.get("versionType");
    if (!["Saved", "Published"].includes(type)) return { status: 400, json: { detail: "versionType" } };
    if (headers["content-type"] !== "application/octet-stream") return { status: 400, json: { detail: "media type" } };
    this.places.push({ universe: universeId, place: placeId, type, file });
    return { status: 200, headers: { "content-type": "text/plain" }, json: { versionNumber: this.places.length } };
  }

  #store(method, { secretId }, secret) {
    const name = secretId ?? secret.id;
    if (!/^[A-Za-z_]\w{0,63}$/.test(name ?? "")) return { status: 400, json: { detail: "id" } };
    if (secret.key_id !== this.keyId) return { status: 400, json: { detail: "key_id" } };
    if (method === "POST" && this.secrets.has(name)) return { status: 409, json: { detail: "exists" } };
    if (method === "PATCH" && !this.secrets.has(name)) return { status: 404, json: { detail: "unknown" } };
    const { publicKey, privateKey } = this.#pair;
    const text = sodium.crypto_box_seal_open(Buffer.from(secret.secret, "base64"), publicKey, privateKey, "text");
    this.secrets.set(name, { text, domain: secret.domain });
    return { status: method === "POST" ? 201 : 200, json: { id: name, domain: secret.domain } };
  }
}
