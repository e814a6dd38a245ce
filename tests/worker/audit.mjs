/** The chain of the audit log as the command sees it: whole, and after somebody was at the database. */
import assert from "node:assert/strict";
import { mkdtempSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { inRoot } from "../../scripts/lib/paths.mjs";
import { capture } from "../../scripts/lib/run.mjs";

export function audit(world) {
  /** `npm run audit:verify` on the world's own database. */
  async function verify(...args) {
    const state = mkdtempSync(join(world.newFolder(), "verify-"));
    symlinkSync(world.state, join(state, "wrangler"));
    return capture("node", [inRoot("scripts/audit-verify.mjs"), ...args], { env: { STATE_DIR: state } });
  }

  /** Lets `change` at the database with the triggers out of its way, then puts back what it changed. */
  async function tampered(change, undo) {
    const { rows } = await world.worker.sql(
      "select name, sql from sqlite_master where type = 'trigger' and tbl_name in ('audit_events', 'audit_seals')",
    );
    for (const { name } of rows) await world.worker.sql(`drop trigger ${name}`);
    await world.worker.sql(change);
    const { code, output } = await verify();
    await world.worker.sql(undo);
    for (const { sql } of rows) await world.worker.sql(sql);
    return { code, output };
  }

  test("the command finds the chain whole, and names the row that somebody changed or took out", async () => {
    await world.signIn(world.plan.teacher);
    const admin = await world.signIn(world.plan.admin);
    const { items } = await world.expect(200, "GET", "/api/v1/audit", { token: admin });
    assert.ok(items.length >= 2 && items.every(({ seal }) => seal), "all are sealed");
    const school = world.plan.school_id;
    const { rows } = await world.worker.sql(
      `select s.seq, s.event_id, s.hash, e.address from audit_seals s join audit_events e on e.id = s.event_id
       where s.school_id = ?1 order by s.seq limit 2`,
      school,
    );
    const [first, second] = rows;
    const whole = await verify("--anchor", `${school}:${first.seq}:${first.hash}`);
    assert.equal(whole.code, 0, whole.output);
    assert.match(whole.output, new RegExp(`✓ ${school}: \\d+ sealed`));

    const quoted = `'${second.event_id}'`;
    const was = second.address === null ? "null" : `'${second.address}'`;
    const changed = await tampered(
      `update audit_events set address = '192.0.2.66' where id = ${quoted}`,
      `update audit_events set address = ${was} where id = ${quoted}`,
    );
    assert.equal(changed.code, 1);
    assert.match(changed.output, new RegExp(`event ${second.event_id} \\(seal 2\\) was changed`));

    const last = `(select max(seq) from audit_seals where school_id = '${school}')`;
    const kept = (await world.worker.sql(`select * from audit_seals where school_id = '${school}' and seq = ${last}`))
      .rows[0];
    const cut = await tampered(
      `delete from audit_seals where school_id = '${school}' and seq = ${kept.seq}`,
      `insert into audit_seals values ('${school}', ${kept.seq}, '${kept.event_id}', '${kept.previous_hash}', '${kept.hash}')`,
    );
    assert.equal(cut.code, 1);
    assert.match(cut.output, new RegExp(`seal ${kept.seq} is missing: the newest one was ${kept.seq}`));
  });
}
