/** What the reports have in common: numbers, rows, and the two files in bench/results/. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { writeAtomic } from "../scripts/lib/stamp.mjs";
import { say } from "../scripts/lib/step.mjs";
import { machine, median } from "./measure.mjs";

export { median };

const results = fileURLToPath(new URL("./results/", import.meta.url));

/** The median of one field over rounds. */
export const middle = (rounds, field) => median(rounds.map((round) => round[field]));

/** Rounded to so many digits. */
export const fixed = (number, digits = 0) => Number(number.toFixed(digits));

/** A row of a Markdown table. */
export const row = (cells) => `| ${cells.join(" | ")} |`;

/** The Markdown table of what is expected, `{ what, expected, measured, met }` each. */
export const verdictTable = (list) =>
  [
    row(["expected of us", "", "measured", ""]),
    row(["---", "---:", "---:", "---"]),
    ...list.map(({ what, expected, measured, met }) => row([what, expected, measured, met ? "met" : "**not met**"])),
  ].join("\n");

/** When and on what: the end of a report's first paragraph. */
export const machineSentence = ({ date, machine: on, workerd }) =>
  `${date.slice(0, 10)}, ${on.cores} cores of ${on.cpu},\n${on.memory_gib} GiB, Linux ${on.kernel}, workerd ${workerd}.`;

/** Writes `<name>-<date>.json` with the data and `<name>.md` with its table, and prints the table. */
export function write(name, data, text) {
  const { version } = JSON.parse(readFileSync(fileURLToPath(import.meta.resolve("workerd/package.json")), "utf8"));
  const whole = { date: new Date().toISOString(), machine: machine(), workerd: version, ...data };
  writeAtomic(`${results}${name}-${whole.date.slice(0, 10)}.json`, `${JSON.stringify(whole, null, 2)}\n`);
  const table = text(whole);
  writeAtomic(`${results}${name}.md`, table);
  say();
  say(table);
}
