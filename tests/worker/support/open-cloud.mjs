/** Roblox's Open Cloud, played on this machine: it holds every request against Roblox's own document. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const document = JSON.parse(readFileSync(new URL("../../vectors/open-cloud.json", import.meta.url), "utf8"));

/** The operation of a path, and the values in it. */
function operationOf(method, path) {
  for (const [template, methods] of Object.entries(document.paths)) {
    const names = [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const pattern = new RegExp(`^${template.replaceAll(/\{\w+\}/g, "([^/:]+)")}$`);
    const [, ...values] = pattern.exec(path) ?? [null];
    if (pattern.test(path) && methods[method]) {
      return { operation: methods[method], values: Object.fromEntries(names.map((name, at) => [name, values[at]])) };
    }
  }
  throw new Error(`${method} ${path} is no operation of the document`);
}

function checkBody(operation, body) {
  let { schema } = operation.requestBody.content["application/json"];
  if (schema.$ref)
    schema = schema.$ref
      .slice(2)
      .split("/")
      .reduce((value, name) => value[name], document);
  for (const name of schema.required) assert.equal(typeof body[name], schema.properties[name].type, name);
  for (const name of Object.keys(body)) assert.ok(schema.properties[name], `${name} is not in the document`);
  assert.ok((body.topic ?? "").length <= document.limits.topic_characters);
  assert.ok(Buffer.byteLength(body.message ?? "") <= document.limits.message_bytes);
}

export class OpenCloud {
  /** What was published: `{ universe_id, topic, message, key }`. */
  published = [];
  /** How the next messages are answered, one status each; with 200 when there is none. */
  statuses = [];
  /** What was wrong with requests. */
  faults = [];
  #server;

  static async start() {
    const cloud = new OpenCloud();
    cloud.#server = createServer((request, response) => cloud.#answer(request, response));
    await new Promise((done) => cloud.#server.listen(0, "127.0.0.1", done));
    cloud.url = `http://127.0.0.1:${cloud.#server.address().port}`;
    return cloud;
  }

  async #answer(request, response) {
    let text = "";
    for await (const chunk of request) text += chunk;
    try {
      const { operation, values } = operationOf(request.method.toLowerCase(), request.url);
      const body = JSON.parse(text);
      checkBody(operation, body);
      assert.equal(request.headers["content-type"], "application/json");
      const key = request.headers[document.components.securitySchemes["roblox-api-key"].name];
      assert.equal(
        Boolean(key),
        operation.security.some((scheme) => "roblox-api-key" in scheme),
      );
      if (body.topic) this.published.push({ ...values, topic: body.topic, message: JSON.parse(body.message), key });
      const status = (body.topic && this.statuses.shift()) ?? 200;
      if (status !== 200) return response.writeHead(status).end();
      const { example } = operation.responses["200"].content["application/json"] ?? {};
      response.writeHead(200, example && { "content-type": "application/json" });
      response.end(example && JSON.stringify(example));
    } catch (error) {
      this.faults.push(error.message);
      response.writeHead(400).end();
    }
  }

  stop() {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
