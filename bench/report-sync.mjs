/** The rounds of `bench -- sync` as a table and as JSON in bench/results/. */
import { percentile } from "./measure.mjs";
import { fixed, machineSentence, middle, row, verdictTable, write } from "./tables.mjs";

const sum = (rounds, field) => rounds.reduce((total, round) => total + round[field], 0);

/** One contestant's rounds as numbers. */
function summary({ title, rounds, rowsBefore, rowsAfter }) {
  const latencies = rounds.flatMap((round) => round.latencies);
  const applied = sum(rounds, "applied");
  const held = sum(rounds, "held");
  return {
    title,
    answers_per_s: middle(rounds, "answers_per_s"),
    answers_per_s_of_rounds: rounds.map((round) => round.answers_per_s),
    p50_ms: fixed(percentile(latencies, 0.5), 1),
    p95_ms: fixed(percentile(latencies, 0.95), 1),
    p99_ms: fixed(percentile(latencies, 0.99), 1),
    cpu_us_per_answer: rounds[0].cpu_us_per_answer === null ? null : fixed(middle(rounds, "cpu_us_per_answer"), 1),
    d1_rows_per_answer: fixed((rowsAfter - rowsBefore) / applied, 4),
    sent: sum(rounds, "sent"),
    acknowledged: applied,
    held,
    lost: Math.max(0, applied - held),
    doubled: Math.max(0, held - applied) + sum(rounds, "repeats_counted"),
    first_rejected: rounds.find((round) => round.rejected)?.rejected ?? null,
  };
}

const cost = (rounds) => ({
  answers_per_s: middle(rounds, "answers_per_s"),
  cpu_us_per_answer: rounds[0].cpu_us_per_answer === null ? null : fixed(middle(rounds, "cpu_us_per_answer"), 1),
  p95_ms: fixed(
    percentile(
      rounds.flatMap(({ latencies }) => latencies),
      0.95,
    ),
    1,
  ),
});

/** What is expected of us, and whether it was so. */
function verdicts(by, growth) {
  const ratio = (name) => fixed(by.ours.answers_per_s / by[name].answers_per_s, 2);
  const late = growth.late.answers_per_s / growth.early.answers_per_s;
  return [
    {
      what: "times the D1-batch Worker",
      expected: "≥ 1.5",
      measured: ratio("hono-batch"),
      met: ratio("hono-batch") >= 1.5,
    },
    {
      what: "times the single-statement Worker",
      expected: "≥ 8",
      measured: ratio("hono-single"),
      met: ratio("hono-single") >= 8,
    },
    { what: "of the bare object", expected: "≥ 0.5", measured: ratio("object"), met: ratio("object") >= 0.5 },
    {
      what: "D1 rows written per answer",
      expected: "≤ 0.05",
      measured: by.ours.d1_rows_per_answer,
      met: by.ours.d1_rows_per_answer <= 0.05,
    },
    {
      what: `answers/s after ${growth.answers_before.toLocaleString("en")} answers, of those at the start`,
      expected: "about 1",
      measured: fixed(late, 2),
      met: late >= 0.9,
    },
    {
      what: "answers lost or doubled",
      expected: "0",
      measured: by.ours.lost + by.ours.doubled,
      met: by.ours.lost + by.ours.doubled === 0,
    },
  ];
}

function markdown({ contestants, growth, verdicts: list, ...on }) {
  return `# \`npm run bench -- sync\`

Answers in batches of 30 from 8 game servers, one request in flight each, over one class of 200 pupils and quizzes of 100
questions of all seven types. Same workerd, miniflare without wrangler's proxy, rounds interleaved, the load in a process
of its own. CPU time is workerd's, with what it does after the last answer. ${machineSentence(on)}

${[
  row([
    "",
    "answers/s",
    "p50 ms",
    "p95 ms",
    "p99 ms",
    "CPU µs/answer",
    "D1 rows/answer",
    "acknowledged",
    "lost",
    "doubled",
  ]),
  row(["---", ...Array(9).fill("---:")]),
  ...Object.values(contestants).map((c) =>
    row([
      c.title,
      c.answers_per_s.toLocaleString("en"),
      ...[c.p50_ms, c.p95_ms, c.p99_ms, c.cpu_us_per_answer ?? "–", c.d1_rows_per_answer],
      ...[c.acknowledged.toLocaleString("en"), c.lost, c.doubled],
    ]),
  ),
].join("\n")}

${verdictTable(list)}

${[
  row(["the same class", "answers/s", "p95 ms", "CPU µs/answer"]),
  row(["---", "---:", "---:", "---:"]),
  row([
    "at the start",
    growth.early.answers_per_s.toLocaleString("en"),
    growth.early.p95_ms,
    growth.early.cpu_us_per_answer ?? "–",
  ]),
  row([
    `after ${growth.answers_before.toLocaleString("en")} answers`,
    growth.late.answers_per_s.toLocaleString("en"),
    growth.late.p95_ms,
    growth.late.cpu_us_per_answer ?? "–",
  ]),
].join("\n")}
`;
}

/** Writes both files and prints the table. */
export function report(contestants, growthRounds) {
  const growth = {
    answers_before: growthRounds.answers_before,
    early: cost(growthRounds.early),
    late: cost(growthRounds.late),
  };
  const by = Object.fromEntries(contestants.map((each) => [each.name, summary(each)]));
  write("sync", { contestants: by, growth, verdicts: verdicts(by, growth) }, markdown);
}
