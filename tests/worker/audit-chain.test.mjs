/** The chain of the audit log in the command's own language: the same hashes as the server's, and every flaw by its name. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { canonical, checkChain, hashOf } from "../../scripts/lib/audit-chain.mjs";
import { inRoot } from "../../scripts/lib/paths.mjs";

const vector = JSON.parse(readFileSync(inRoot("tests/vectors/audit-chain.json"), "utf8"));

/** A sealed log of the vector's events. */
function rows() {
  let previous_hash = "0".repeat(64);
  return vector.events.map((event, at) => {
    const row = { seq: at + 1, event_id: event.id, previous_hash, hash: vector.hashes[at], ...event };
    previous_hash = row.hash;
    return row;
  });
}

/** The flaw of a log, in pages of two. */
async function flawOf(log, options) {
  async function* pages() {
    for (let at = 0; at < log.length; at += 2) yield log.slice(at, at + 2);
  }
  return (await checkChain(pages(), options)).broken;
}

test("the hashes are the server's", async () => {
  assert.deepEqual(vector.events.map(canonical), vector.canonical);
  assert.equal(hashOf("0".repeat(64), 1, vector.events[0]), vector.hashes[0]);
  assert.equal(await flawOf(rows()), undefined);
  assert.deepEqual(await checkChain([rows()]), { seals: 3, hash: vector.hashes[2] });
});

test("an event that was changed in any column is named", async () => {
  for (const column of Object.keys(vector.events[1])) {
    const log = rows();
    log[1][column] = column === "at" ? log[1].at + 1 : `${log[1][column]}x`;
    assert.equal(await flawOf(log), `event ${log[1].event_id} (seal 2) was changed`, column);
  }
});

test("an event or a seal that was taken out is named", async () => {
  const log = rows();
  Object.assign(log[1], Object.fromEntries(Object.keys(vector.events[1]).map((column) => [column, null])));
  assert.equal(await flawOf(log), `event ${log[1].event_id} (seal 2) was deleted`);
  const [first, , third] = rows();
  assert.equal(await flawOf([first, third]), "seal 2 is missing: 3 follows 1");
  const renumbered = [first, { ...third, seq: 2 }];
  assert.equal(await flawOf(renumbered), `seal 2 (event ${third.event_id}) does not go on from seal 1`);
});

test("events that changed places are named", async () => {
  const [first, second, third] = rows();
  const events = vector.events;
  const log = [
    { ...first, ...events[1], event_id: events[1].id },
    { ...second, ...events[0], event_id: events[0].id },
    third,
  ];
  assert.equal(await flawOf(log), `event ${events[1].id} (seal 1) was moved: event ${events[0].id} belongs there`);
});

test("a chain that was made anew as a whole does not fit what was noted outside", async () => {
  const anchors = [{ seq: 2, hash: vector.hashes[1] }];
  assert.equal(await flawOf(rows(), { anchors }), undefined);
  const other = { ...vector.events[1], reason: "another" };
  const [first, second] = rows();
  const forged = { ...second, ...other, hash: hashOf(first.hash, 2, other) };
  assert.equal(await flawOf([first, forged]), undefined, "it is a chain");
  assert.match(
    await flawOf([first, forged], { anchors }),
    /^seal 2 \(event .*\) has another hash than was noted outside/,
  );
  assert.match(await flawOf([first], { anchors }), /^seal 2 is missing: seals up to 2 were noted outside/);
});
