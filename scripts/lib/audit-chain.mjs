/**
 * The chain of the audit log, in a language of its own: it shares nothing with the server but the words of
 * src/domain/audit_chain.rs and the vector in tests/vectors/.
 */
import { createHash } from "node:crypto";

/** What the first seal of a school goes on from. */
const genesis = "0".repeat(64);

/** The columns of an event, in the order of the table. */
export const columns = [
  "id",
  "school_id",
  "at",
  "actor_kind",
  "actor_id",
  "action",
  "target_kind",
  "target_id",
  "reason",
  "address",
  "country",
  "request_id",
  "detail",
];

/** An event as one line. */
export const canonical = (event) => JSON.stringify(columns.map((column) => event[column]));

/** The hash of a seal. */
export const hashOf = (previous, seq, event) =>
  createHash("sha256")
    .update(`${previous}\n${seq}\n${canonical(event)}`)
    .digest("hex");

/**
 * Checks the chain of one school. `rows` are its seals in order, page by page, each with `seq`, `event_id`, `previous_hash`,
 * `hash` and the columns of its event, which are null where the event is gone. Answers `{ seals, hash }`, or
 * `{ broken }`: a sentence that names the first row that does not fit.
 */
export async function checkChain(pages, { anchors = [] } = {}) {
  let seq = 0;
  let hash = genesis;
  for await (const page of pages) {
    for (const row of page) {
      const broken = flaw(row, seq, hash, page);
      if (broken) return { broken };
      ({ seq, hash } = row);
      const anchor = anchors.find((each) => each.seq === seq);
      if (anchor && anchor.hash !== hash) {
        return {
          broken: `seal ${seq} (event ${row.event_id}) has another hash than was noted outside: the chain was made anew`,
        };
      }
    }
  }
  const beyond = anchors.find((anchor) => anchor.seq > seq);
  if (beyond) return { broken: `seal ${seq + 1} is missing: seals up to ${beyond.seq} were noted outside` };
  return { seals: seq, hash };
}

function flaw(row, seq, hash, page) {
  const event = `event ${row.event_id}`;
  if (row.seq !== seq + 1) return `seal ${seq + 1} is missing: ${row.seq} follows ${seq}`;
  if (row.previous_hash !== hash) return `seal ${row.seq} (${event}) does not go on from seal ${seq}`;
  if (row.id === null) return `${event} (seal ${row.seq}) was deleted`;
  if (hashOf(hash, row.seq, row) === row.hash) return null;
  const belongs = page.find((other) => other.id !== null && hashOf(hash, row.seq, other) === row.hash);
  return belongs
    ? `${event} (seal ${row.seq}) was moved: event ${belongs.id} belongs there`
    : `${event} (seal ${row.seq}) was changed`;
}
