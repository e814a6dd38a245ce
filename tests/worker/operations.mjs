/** What runs the service, on the real platform: settings that are felt, numbers and content that survive `kill -9`, health that fails. */
import assert from "node:assert/strict";
import { test } from "node:test";
import parsePrometheus from "parse-prometheus-text-format";
import { OPERATOR_KEY } from "./support/worker.mjs";

/** Asks until the answer is right; a change is felt within seconds. */
async function within(seconds, ask, isRight) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (isRight(answer)) return answer;
    assert.ok(Date.now() < end, `not within ${seconds} s: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

export function operations(world) {
  const operator = { token: OPERATOR_KEY };
  const read = (path) => world.expect(200, "GET", path, operator);
  const change = (body) => world.expect(200, "POST", "/config", { ...operator, body });
  const health = () => world.request("GET", "/health");
  const cache = (what, entries) =>
    world.expect(200, "POST", `/api/v1/operations/cache/bench?what=${what}&entries=${entries}&batch=50`, {
      ...operator,
      body: {},
    });

  /** What a parser that others wrote makes of /metrics. */
  async function metrics() {
    const answer = await world.request("GET", "/metrics", operator);
    assert.equal(answer.status, 200, answer.text);
    assert.match(answer.headers.get("content-type"), /^text\/plain; version=0\.0\.4/);
    return parsePrometheus(answer.text);
  }

  const requestsTo = (families, route) => {
    const family = families.find(({ name }) => name === "http_requests_total");
    const series = family.metrics.filter(({ labels }) => labels.route === route);
    return series.reduce((sum, { value }) => sum + Number(value), 0);
  };

  test("nobody but an operator comes to the settings, the metrics and the cache", async () => {
    for (const path of ["/config", "/metrics", "/api/v1/operations/cache"]) {
      await world.expect(401, "GET", path);
      await world.expect(401, "GET", path, { token: "op_wrong" });
      await world.expect(401, "GET", path, { token: world.teacher });
    }
  });

  test("a change of the settings is felt by other requests and by a game within seconds", async () => {
    const room = await world.newClass({ name: "Settings" });
    const body = { place_id: "1", job_id: "settings", class_code: room.join_code };
    const session = await world.expect(201, "POST", "/api/v1/game/sessions", { token: world.plan.game_key, body });
    let cursor = "0";
    const sync = async () => {
      const sent = { token: session.token, body: { cursor, events: [] } };
      const answer = await world.expect(200, "POST", "/api/v1/game/sync", sent);
      cursor = answer.cursor;
      return answer.messages.filter(({ type, data }) => type === "config_changed" && data.version);
    };
    await sync();
    const { version } = await change({ cache_max_size: 500, cache_ttl: 3600 });
    await within(
      10,
      () => read("/api/v1/operations/cache"),
      ({ capacity }) => capacity === 500,
    );
    const [told] = await within(15, sync, (messages) => messages.length > 0);
    assert.equal(told.data.version, version);
    assert.deepEqual(await sync(), [], "told once");
    const refused = await world.request("POST", "/config", { ...operator, body: { cache_ttl: 1, colour: 2 } });
    assert.equal(refused.status, 422);
    assert.equal(refused.json.errors.length, 2);
    const { items } = await read("/api/v1/operations/config/history");
    assert.deepEqual([items[0].version, items[0].by], [version, "tests"]);
  });

  test("settings, content and metrics survive a kill -9", async () => {
    await world.expect(200, "POST", "/cache/clear", { ...operator, body: {} });
    assert.equal((await cache("put", 100)).done, 100);
    const settings = await read("/config");
    const before = requestsTo(await metrics(), "/config");
    assert.ok(before > 0);
    await world.worker.kill();
    await world.worker.start();
    assert.deepEqual(await read("/config"), settings);
    assert.equal((await cache("get", 100)).done, 100, "every entry is still there");
    const after = requestsTo(await metrics(), "/config");
    assert.ok(after >= before, `${after} requests after, ${before} before`);
  });

  test("what Prometheus reads is whole: types, buckets that only grow, and the names that were promised", async () => {
    const families = await metrics();
    const types = Object.fromEntries(families.map(({ name, type }) => [name, type]));
    assert.equal(types.http_requests_total, "COUNTER");
    assert.equal(types.http_request_duration_seconds, "HISTOGRAM");
    assert.equal(types.cache_size, "GAUGE");
    assert.equal(types.cache_hits, "COUNTER");
    assert.equal(types.room_syncs_total, "COUNTER");
    // That parser makes one of all series of a histogram with labels, so their lines are read here.
    const { text } = await world.request("GET", "/metrics", operator);
    const series = new Map();
    for (const [, labels, count] of text.matchAll(
      /^http_request_duration_seconds_bucket\{(.*),le="[^"]+"\} (\d+)$/gm,
    )) {
      series.set(labels, [...(series.get(labels) ?? []), Number(count)]);
    }
    assert.ok(series.size > 3);
    for (const [labels, counts] of series) {
      assert.deepEqual(
        counts,
        [...counts].sort((a, b) => a - b),
      );
      assert.ok(text.includes(`\nhttp_request_duration_seconds_count{${labels}} ${counts.at(-1)}\n`), labels);
    }
  });

  test("measurements are handed over by themselves, without a next request", async () => {
    const others = (families) => {
      const family = families.find(({ name }) => name === "http_requests_total");
      return family.metrics.filter(({ labels }) => labels.method === "other").length;
    };
    assert.equal(others(await metrics()), 0);
    await world.request("PROPFIND", "/api/v1/nowhere");
    await new Promise((resolve) => setTimeout(resolve, 5000));
    // What the isolate still held is gone now.
    await world.worker.kill();
    await world.worker.start();
    assert.equal(others(await metrics()), 1);
  });

  test("health is 503 while the database fails, and well again after", async () => {
    const well = await within(15, health, ({ status }) => status === 200);
    assert.equal(well.json.status, "healthy", well.text);
    assert.ok(Object.keys(well.json.checks).length >= 10);
    await world.worker.script("alter table schools rename to schools_gone");
    try {
      const ill = await within(15, health, ({ status }) => status === 503);
      assert.equal(ill.json.status, "unhealthy");
      assert.equal(ill.json.checks.database.healthy, false);
      assert.equal(ill.json.checks.class_rooms.healthy, true);
      assert.equal((await world.request("GET", "/health/ready")).status, 503);
      assert.equal((await world.request("GET", "/health/live")).status, 200);
    } finally {
      await world.worker.script("alter table schools_gone rename to schools");
    }
    await within(15, health, ({ status }) => status === 200);
  });

  test("going back to the start values is a new version, and all of it is in the audit log", async () => {
    const body = { version: 0 };
    const back = await world.expect(200, "POST", "/api/v1/operations/config/roll-back", { ...operator, body });
    assert.equal(back.config.cache_max_size, 1000);
    const sql = "select action from audit_events where school_id = ?1 order by id";
    const { rows } = await world.worker.sql(sql, `sch_${"0".repeat(26)}`);
    const actions = rows.map(({ action }) => action);
    assert.deepEqual(actions, ["config.changed", "cache.cleared", "config.rolled_back"]);
  });
}
