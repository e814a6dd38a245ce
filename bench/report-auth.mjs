/** The rounds of `bench -- auth` as a table and as JSON in bench/results/. */
import { fixed, machineSentence, median, middle, row, verdictTable, write } from "./tables.mjs";

const cpu = (rounds) => (rounds[0].cpu_us === null ? null : middle(rounds, "cpu_us"));

function summary({ title, open, behind }) {
  const [free, paid] = [cpu(open), cpu(behind)];
  return {
    title,
    open_per_s: middle(open, "per_s"),
    behind_per_s: middle(behind, "per_s"),
    behind_per_s_of_rounds: behind.map(({ per_s }) => per_s),
    p50_ms: middle(behind, "p50_ms"),
    p99_ms: middle(behind, "p99_ms"),
    cpu_us_open: free === null ? null : fixed(free, 1),
    cpu_us_behind: paid === null ? null : fixed(paid, 1),
    // Round by round, as what the machine does meanwhile meets both halves of a round alike.
    cpu_us_of_token: free === null ? null : fixed(median(behind.map((each, at) => each.cpu_us - open[at].cpu_us)), 1),
    requests: [...open, ...behind].reduce((sum, { requests }) => sum + requests, 0),
  };
}

function verdicts({ ours, peer }) {
  return [
    { what: "CPU µs a token", expected: "< 50", measured: ours.cpu_us_of_token, met: ours.cpu_us_of_token < 50 },
    {
      what: "CPU µs a token, Hono + jose",
      expected: `> ${ours.cpu_us_of_token}`,
      measured: peer.cpu_us_of_token,
      met: peer.cpu_us_of_token > ours.cpu_us_of_token,
    },
    {
      what: "requests/s behind a token, times Hono + jose",
      expected: "> 1",
      measured: fixed(ours.behind_per_s / peer.behind_per_s, 2),
      met: ours.behind_per_s > peer.behind_per_s,
    },
  ];
}

const cells = (c) => [
  ...[c.title, c.open_per_s.toLocaleString("en"), c.behind_per_s.toLocaleString("en"), c.p50_ms, c.p99_ms],
  ...[c.cpu_us_open ?? "–", c.cpu_us_behind ?? "–", c.cpu_us_of_token ?? "–"],
];

const text = ({ contestants, verdicts: list, connections, ...on }) => `# \`npm run bench -- auth\`

A route that answers at once, and one that answers with the caller's id out of an access token (HS256, 30 different ones in turn),
over ${connections} connections. Both Workers give a request id, careful headers and one log line a request; ours looks up ended sign-ins as
well. Same workerd, miniflare without wrangler's proxy, rounds interleaved, the load in a process of its own; CPU time is workerd's. What a
token costs is the difference of the two routes. ${machineSentence(on)}

${[
  row(["", "open, requests/s", "behind a token", "p50 ms", "p99 ms", "CPU µs open", "CPU µs behind", "CPU µs a token"]),
  row(["---", ...Array(7).fill("---:")]),
  ...Object.values(contestants).map((each) => row(cells(each))),
].join("\n")}

${verdictTable(list)}
`;

/** Writes both files and prints the table. */
export function reportAuth(field, { connections }) {
  const contestants = Object.fromEntries(field.map((each) => [each.name, summary(each)]));
  write("auth", { contestants, verdicts: verdicts(contestants), connections }, text);
}
