/** The Open Cloud client against a server that takes what Roblox's own document describes and nothing else. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, beforeEach, test } from "node:test";
import { baseUrl, OpenCloud } from "../../scripts/lib/open-cloud.mjs";
import { inRoot } from "../../scripts/lib/paths.mjs";
import { seal } from "../../scripts/lib/sealed-box.mjs";
import { contract, fault, OpenCloudServer } from "./open-cloud-server.mjs";

const folder = mkdtempSync(join(tmpdir(), "publish-"));
const place = join(folder, "place.rbxl");
writeFileSync(place, "<roblox!\x89\xff\r\n\x1a\n and so on", "latin1");
after(() => rmSync(folder, { recursive: true }));

let server;
beforeEach(async () => {
  server = await new OpenCloudServer().start();
});
afterEach(() => server.stop());

const pauses = [];
const client = (key = server.key) =>
  new OpenCloud({ key, base: server.url, pause: async (ms) => void pauses.push(ms) });
const secret = { universe: "11", name: "toolboxai_game_key", text: "gk_ünsäglich", domain: "class.example.org", seal };

/** Runs the command as people do; answers its exit code and what it said. */
function publish(args, { input = "", env = {} } = {}) {
  const child = spawn(process.execPath, [inRoot("scripts", "roblox-publish.mjs"), ...args], {
    env: { ...process.env, ROBLOX_OPEN_CLOUD_URL: server.url, ROBLOX_API_KEY: server.key, ...env },
  });
  child.stdin.end(input);
  return new Promise((resolve) => {
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
    child.on("close", (code) => resolve({ code, said }));
  });
}

test("the document is Roblox's of the version that the client was written for", () => {
  assert.equal(contract.info.version, "1.0.0");
  assert.equal(contract.servers[0].url, "https://apis.roblox.com");
});

test("the check by the document finds a field that it does not know, and one of the wrong type", () => {
  const schema = { $ref: "#/components/schemas/Secret" };
  assert.equal(fault(schema, { id: "a", secret: "AA==" }), null);
  assert.match(fault(schema, { id: "a", value: "AA==" }), /value is not in the document/);
  assert.match(fault(schema, { id: 7 }), /id is no string/);
  assert.match(fault(schema, { secret: "no base64!" }), /no base64/);
});

test("a place is uploaded byte by byte and its version comes back", async () => {
  const file = Buffer.from([0x3c, 0, 0xff, 0x80]);
  assert.equal(await client().publishPlace({ universe: "11", place: "22", file }), 1);
  assert.equal(await client().publishPlace({ universe: "11", place: "22", file, type: "Saved" }), 2);
  assert.deepEqual(server.places[0], { universe: "11", place: "22", type: "Published", file });
  assert.equal(server.places[1].type, "Saved");
});

test("a secret arrives, sealed for Roblox alone", async () => {
  assert.equal(await client().putSecret(secret), "created");
  assert.deepEqual(server.secrets.get(secret.name), { text: secret.text, domain: secret.domain });
});

test("a secret that is there already is replaced", async () => {
  await client().putSecret({ ...secret, text: "old" });
  assert.equal(await client().putSecret(secret), "updated");
  assert.equal(server.secrets.get(secret.name).text, secret.text);
});

test("a box for a key of the wrong length is not made", () => {
  assert.throws(() => seal("AAAA", "text"), /3 bytes/);
});

test("a limit is waited for as long as Roblox says, for a place too", async () => {
  pauses.length = 0;
  server.next.push({ status: 429, headers: { "retry-after": "7" } });
  assert.equal(await client().publishPlace({ universe: "11", place: "22", file: Buffer.from("x") }), 1);
  assert.deepEqual(pauses, [7000]);
});

test("a limit that stays is told after four tries", async () => {
  server.next.push(...Array(5).fill({ status: 429 }));
  await assert.rejects(client().putSecret(secret), /enough requests/);
  assert.equal(server.requests.length, 4);
});

test("a secret is sent again after a failure of Roblox's or of the line", async () => {
  server.next.push({ status: 503 }, "drop", { status: 500 });
  assert.equal(await client().putSecret(secret), "created");
});

test("a place is not sent again after a failure, because it may have arrived", async () => {
  const file = Buffer.from("x");
  server.next.push({ status: 500 });
  await assert.rejects(client().publishPlace({ universe: "11", place: "22", file }), (error) => {
    assert.match(error.todo, /version history/);
    return true;
  });
  server.next.push("drop");
  await assert.rejects(client().publishPlace({ universe: "11", place: "22", file }), /not reached/);
  assert.equal(server.requests.length, 2);
});

test("a refusal says what Roblox said and which right is missing, and never the key", async () => {
  const other = client("another-key-that-is-secret");
  await assert.rejects(other.publishPlace({ universe: "11", place: "22", file: Buffer.from("x") }), (error) => {
    assert.match(error.message, /401: Invalid API Key/);
    assert.match(error.todo, /universe-places:write/);
    assert.ok(!`${error.message}${error.todo}`.includes("another-key"));
    return true;
  });
});

test("a redirect does not carry the key away", async () => {
  server.next.push({ status: 302, headers: { location: `${server.url}/elsewhere` } });
  await assert.rejects(client().publishPlace({ universe: "11", place: "22", file: Buffer.from("x") }), /not reached/);
  assert.equal(server.requests.length, 1);
});

test("the key goes over plain HTTP to this machine only", () => {
  assert.equal(baseUrl("http://127.0.0.1:9"), "http://127.0.0.1:9");
  assert.throws(() => baseUrl("http://roblox.example"), /no https/);
  assert.throws(() => baseUrl("roblox"), /no https/);
});

test("the command uploads a place and stores the secret from its input", async () => {
  const ids = ["--universe", "11", "--place", "22", "--file", place];
  const args = [...ids, "--secret", "toolboxai_game_key", "--domain", "class.example.org"];
  const { code, said } = await publish(args, { input: "gk_from_a_pipe\n" });
  assert.equal(code, 0, said);
  assert.match(said, /version 1, published/);
  assert.equal(server.secrets.get("toolboxai_game_key").text, "gk_from_a_pipe");
  assert.equal(server.places.length, 1);
  assert.ok(!said.includes("gk_from_a_pipe") && !said.includes(server.key));
  const methods = server.requests.map(({ method, path }) => `${method} ${path.split("/").pop()}`);
  assert.deepEqual(methods, ["GET public-key", "POST secrets", "POST versions"]);
});

test("NAME=VALUE is taken as well, with everything after the first =", async () => {
  const { code, said } = await publish(["--universe", "11", "--secret", "a=b=c", "--domain", "*.example.org"]);
  assert.equal(code, 0, said);
  assert.deepEqual(server.secrets.get("a"), { text: "b=c", domain: "*.example.org" });
});

test("a dry run calls nobody", async () => {
  const args = ["--universe", "11", "--place", "22", "--file", place, "--saved", "--dry-run"];
  const { code, said } = await publish(args);
  assert.equal(code, 0, said);
  assert.match(said, /would upload .* as Saved/);
  assert.equal(server.requests.length, 0);
});

test("a mistake on the command line is told before anybody is called", async () => {
  const mistakes = [
    [[], /say what to do/],
    [["--place", "22", "--file", place], /--universe must be/],
    [["--universe", "eleven", "--place", "22", "--file", place], /--universe must be/],
    [["--universe", "11", "--place", "22", "--file", join(folder, "none.rbxl")], /build it first/],
    [["--universe", "11", "--place", "22", "--file", inRoot("package.json")], /no \.rbxl/],
    [["--universe", "11", "--secret", "1st=x", "--domain", "a.example"], /begins with no digit/],
    [["--universe", "11", "--secret", "key=x"], /--domain must be/],
    [["--universe", "11", "--secret", "key", "--domain", "a.example"], /is empty/],
    [["--universe", "11", "--secret", `key=${"x".repeat(1025)}`, "--domain", "a.example"], /1,024 bytes/],
    [["--everything"], /--everything/],
  ];
  for (const [args, words] of mistakes) {
    const { code, said } = await publish(args);
    assert.equal(code, 1, `${args} was taken`);
    assert.match(said, words);
  }
  const { code, said } = await publish(["--universe", "11", "--place", "22", "--file", place], {
    env: { ROBLOX_API_KEY: "" },
  });
  assert.equal(code, 1);
  assert.match(said, /ROBLOX_API_KEY is not set/);
  assert.equal(server.requests.length, 0);
});
