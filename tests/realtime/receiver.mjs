/** Where webhooks arrive: keeps each request as the library wants it, and refuses what it was told to. */
import { createServer } from "node:http";

export class Receiver {
  /** `{ headers, rawBody }` in the order of arrival, refused ones included. */
  requests = [];
  #failing = new Map();
  #server = createServer((request, response) => this.#take(request, response));

  async start() {
    await new Promise((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    this.url = `http://127.0.0.1:${this.#server.address().port}/webhooks`;
    return this;
  }

  /** Refuses the first so many requests whose body names a channel. */
  failFor(channel, times) {
    this.#failing.set(channel, times);
  }

  /** All events of all requests. */
  events() {
    return this.requests.flatMap(({ rawBody }) => JSON.parse(rawBody).events);
  }

  async stop() {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #take(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const rawBody = Buffer.concat(chunks).toString();
    this.requests.push({ headers: request.headers, rawBody });
    const failing = [...this.#failing].find(([channel, times]) => times > 0 && rawBody.includes(channel));
    if (failing) this.#failing.set(failing[0], failing[1] - 1);
    response.writeHead(failing ? 500 : 200).end();
  }
}
