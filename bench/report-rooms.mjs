/** The rounds of `bench -- rooms` as tables and as JSON in bench/results/. */
import { fixed, machineSentence, median, row, verdictTable, write } from "./tables.mjs";

/** The median of each number over rounds; the message of a round that failed. */
function summary(rounds) {
  const failed = rounds.find(({ error }) => error);
  if (failed) return { error: failed.error };
  const numbers = Object.keys(rounds[0]).map((name) => {
    const values = rounds.map((round) => round[name]);
    return [name, values.includes(null) ? null : fixed(median(values), 2)];
  });
  return { ...Object.fromEntries(numbers), of_rounds: rounds };
}

const played = (by, name, field) => by[name]?.[field] ?? null;

/** What is expected of us beside PartyServer in one row. `pick` takes the number, `sign` is 1 where more is better. */
function beside(what, by, field, sign) {
  const [ours, party] = [played(by, "ours", field), played(by, "party", field)];
  if (ours === null || party === null) return [];
  return [{ what, expected: `${sign > 0 ? ">" : "<"} ${party}`, measured: ours, met: sign * (ours - party) > 0 }];
}

const lossless = (what, { expected, delivered }) => ({
  what,
  expected: "0",
  measured: expected - delivered,
  met: expected === delivered,
});

function verdicts(results, rows) {
  const list = Object.entries(results).flatMap(([name, by]) => {
    const { title } = rows[name];
    if (name === "saturation") return beside(`${title}: deliveries/s, PartyServer's beside`, by, "deliveries_per_s", 1);
    if (name === "held") return beside("KB of memory an idle socket, at 5,000", by, "kb_at_5000", -1);
    if (name === "idle") return beside("CPU µs a ping of an idle dashboard", by, "us_a_ping", -1);
    return beside(`${title}: p95 ms, PartyServer's beside`, by, "p95_ms", -1);
  });
  const ours = (name) => (results[name]?.ours && !results[name].ours.error ? results[name].ours : null);
  const hundred = ours("fan-100");
  if (hundred) {
    list.push({
      what: "p95 ms at 100 a second",
      expected: "≤ 10",
      measured: hundred.p95_ms,
      met: hundred.p95_ms <= 10,
    });
  }
  for (const name of Object.keys(results)) {
    if (ours(name)?.expected) list.push(lossless(`${rows[name].title}: deliveries lost`, ours(name)));
  }
  const all = ours("held");
  if (all) {
    const measured = all.sockets - all.heard + all.lost_sockets;
    list.push({ what: "of 5,000 held sockets lost or deaf", expected: "0", measured, met: measured === 0 });
  }
  const failed = Object.entries(results).filter(([, by]) => by.ours?.error);
  return [
    ...list,
    ...failed.map(([name, by]) => ({
      what: rows[name].title,
      expected: "played",
      measured: by.ours.error,
      met: false,
    })),
  ];
}

const cell = (number) => (number === null || number === undefined ? "–" : number.toLocaleString("en"));

/** One table: a line for each row and contestant, `fields` as `{ heading: field }`. */
function table(results, { names, rows, contestants }, fields) {
  const lines = names
    .filter((name) => results[name])
    .flatMap((name) =>
      Object.entries(results[name]).map(([who, result]) =>
        row([
          rows[name].title,
          contestants[who].title,
          ...(result.error
            ? [
                result.error,
                ...Object.keys(fields)
                  .slice(1)
                  .map(() => ""),
              ]
            : Object.values(fields).map((of) => cell(of(result)))),
        ]),
      ),
    );
  if (lines.length === 0) return [];
  return [
    [
      row(["", "", ...Object.keys(fields)]),
      row(["---", "---", ...Object.keys(fields).map(() => "---:")]),
      ...lines,
    ].join("\n"),
  ];
}

const delivery = {
  "deliveries/s": (r) => Math.round(r.deliveries_per_s),
  "p50 ms": (r) => r.p50_ms,
  "p95 ms": (r) => r.p95_ms,
  "p99 ms": (r) => r.p99_ms,
  "CPU µs a delivery": (r) => r.cpu_us,
  lost: (r) => r.expected - r.delivered,
  "load's CPU": (r) => r.load_cpu,
};
const memory = {
  "KB a socket at 1,000": (r) => r.kb_at_1000,
  "at 5,000": (r) => r.kb_at_5000,
  "RSS MB": (r) => r.rss_mb,
  heard: (r) => r.heard,
  closed: (r) => r.lost_sockets,
};
const sleep = {
  "CPU ms a minute, silent": (r) => r.still_ms_per_min,
  "CPU µs a ping": (r) => r.us_a_ping,
  "handlers run a ping": (r) => r.calls_a_ping,
};

/** Writes both files and prints the tables. A run of some rows or contestants alone goes to files of its own. */
export function reportRooms(rounds, { rows, contestants, whole }) {
  const results = Object.fromEntries(
    Object.entries(rounds).map(([name, by]) => [
      name,
      Object.fromEntries(Object.entries(by).map(([who, played]) => [who, summary(played)])),
    ]),
  );
  const names = Object.keys(rows).filter((name) => name !== "held" && name !== "idle");
  const about = { rows, contestants };
  const count = Object.values(Object.values(rounds)[0])[0].length;
  const text = ({ verdicts: list, ...on }) =>
    `${[
      `# \`npm run bench -- rooms\``,
      `Messages of 100 bytes and a time, published by the HTTP API (a signed one where Pusher's protocol is spoken, a bare POST for PartyServer) or said
by clients, and how long they take to each subscriber. Publisher and subscribers are one process with one clock, which shares the machine
with the server; each row on a fresh server, contestants in turn, the median of ${count} rounds. PartyServer and ours on the same workerd,
with neither wrangler's nor miniflare's proxy in front. CPU time and memory are the server process's. ${machineSentence(on)}`,
      ...table(results, { ...about, names }, delivery),
      ...table(results, { ...about, names: ["held"] }, memory),
      ...table(results, { ...about, names: ["idle"] }, sleep),
      verdictTable(list),
    ].join("\n\n")}\n`;
  write(whole ? "rooms" : "rooms-part", { results, verdicts: verdicts(results, rows) }, text);
}
