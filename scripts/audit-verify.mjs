/**
 * `npm run audit:verify`: checks the chain of the audit log and names the first broken row.
 *
 *   --school sch_…               one school; all of them when left out
 *   --remote                     the deployed database; the local one when left out
 *   --anchor sch_…:seq:hash      a head as the server wrote it to its log ("audit chain"); may come several times
 */
import { parseArgs } from "node:util";
import { checkChain, columns } from "./lib/audit-chain.mjs";
import { literal, query } from "./lib/database.mjs";
import { stateDir } from "./lib/paths.mjs";
import { Failure, main, say } from "./lib/step.mjs";

/** Seals that are read at once: about 3 MB. */
const PAGE = 4000;
/** The tick seals each hour what nobody asked for; what waits longer is held back. */
const PATIENCE_MS = 2 * 3_600_000;

const { values: options } = parseArgs({
  options: {
    school: { type: "string" },
    remote: { type: "boolean", default: false },
    anchor: { type: "string", multiple: true, default: [] },
  },
});

const read = (sql) => query(stateDir(), sql, { remote: options.remote });

const anchors = options.anchor.map((text) => {
  const [school, seq, hash] = text.split(":");
  if (!/^\d+$/.test(seq ?? "") || !/^[0-9a-f]{64}$/.test(hash ?? "")) {
    throw new Failure(`${JSON.stringify(text)} is no anchor`, { todo: "use --anchor sch_…:12:<64 hex digits>" });
  }
  return { school, seq: Number(seq), hash };
});

async function* sealsOf(school) {
  for (let after = 0; ;) {
    const page = await read(
      `select s.seq, s.event_id, s.previous_hash, s.hash, ${columns.map((column) => `e.${column}`).join(", ")}
       from audit_seals s left join audit_events e on e.id = s.event_id
       where s.school_id = ${literal(school)} and s.seq > ${after} order by s.seq limit ${PAGE}`,
    );
    if (page.length > 0) yield page;
    if (page.length < PAGE) return;
    after = page.at(-1).seq;
  }
}

/** What is wrong with a school's log, or a sentence on how long it is. */
async function verify({ school_id: school, head }) {
  const ours = anchors.filter((anchor) => anchor.school === school);
  const chain = await checkChain(sealsOf(school), { anchors: ours });
  if (chain.broken) return { broken: chain.broken };
  if (head !== null && head > chain.seals) {
    return { broken: `seal ${chain.seals + 1} is missing: the newest one was ${head}` };
  }
  const [{ waiting, oldest, at }] = await read(
    `select count(*) as waiting, min(id) as oldest, min(at) as at from audit_events
     where school_id = ${literal(school)} and id not in (select event_id from audit_seals where school_id = ${literal(school)})`,
  );
  if (waiting > 0 && at < Date.now() - PATIENCE_MS) {
    return { broken: `event ${oldest} has waited for its seal since ${new Date(at).toISOString()}` };
  }
  return { fine: `${chain.seals} sealed, ${waiting} waiting, head ${chain.hash}` };
}

await main(async () => {
  const which = options.school ? `where school_id = ${literal(options.school)}` : "";
  const schools = await read(
    `select school_id, (select seq from audit_heads h where h.school_id = s.school_id) as head
     from (select school_id from audit_events union select school_id from audit_seals union select school_id from audit_heads) s
     ${which} order by school_id`,
  );
  if (options.school && schools.length === 0) {
    throw new Failure(`there is no audit log of ${options.school}`, { todo: "check the id" });
  }
  const known = new Set(schools.map(({ school_id }) => school_id));
  const gone = anchors.find(
    (anchor) => !known.has(anchor.school) && (options.school ?? anchor.school) === anchor.school,
  );
  if (gone) throw new Failure(`the whole audit log of ${gone.school} is gone`);
  let broken = 0;
  for (const school of schools) {
    const found = await verify(school);
    say(found.broken ? `✗ ${school.school_id}: ${found.broken}` : `✓ ${school.school_id}: ${found.fine}`);
    broken += found.broken ? 1 : 0;
  }
  if (broken > 0) process.exitCode = 1;
});
