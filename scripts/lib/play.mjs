/** Plays a class with the simulator: what its pupils know, and what it reports while they play. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { stopWith } from "./run.mjs";
import { writeAtomic } from "./stamp.mjs";

const textOf = (part) => (typeof part === "string" ? part : part.text);

const rightAnswer = {
  multiple_choice: ({ options }) => options.find(({ correct }) => correct).text,
  multiple_response: ({ options }) => options.filter(({ correct }) => correct).map(textOf),
  true_false: ({ correct }) => correct,
  numeric: ({ value }) => value,
  short_answer: ({ accept }) => accept[0],
  ordering: ({ items }) => items.map(textOf),
  matching: ({ pairs }) => pairs.map(({ left, right }) => [textOf(left), textOf(right)]),
};

/** By prompt, the right answer as the author wrote it: what the simulator's able pupils know. */
export const answersOf = (quiz) =>
  Object.fromEntries(quiz.questions.map((question) => [question.prompt, rightAnswer[question.type](question)]));

/**
 * Starts the simulator. `onReport` gets each report; the promise `done` has the exit code and what it wrote for people.
 * `place`: options of the sample experience, which is then what the game servers run. The key goes by the environment and the answers by a private file: neither shows in a list of processes.
 */
export function startSimulator(
  program,
  { url, gameKey, code, students, servers, speed, seed, answers, until, place },
  onReport,
) {
  const folder = mkdtempSync(join(tmpdir(), "toolboxai-play-"));
  const file = join(folder, "answers.json");
  writeAtomic(file, JSON.stringify(answers), { mode: 0o600 });
  const options = { url, "class-code": code, students, servers, speed, seed, answers: file, until };
  const args = Object.entries({ ...options, ...place }).flatMap(([name, value]) => [`--${name}`, String(value)]);
  // In the sample experience, with its own options.
  if (place) args.push("--place");
  const env = { ...process.env, GAME_KEY: gameKey };
  const child = spawn(program, [...args, "--json"], { env, stdio: ["ignore", "pipe", "pipe"] });
  const { forget } = stopWith(child);
  createInterface({ input: child.stdout }).on("line", (line) => onReport(JSON.parse(line)));
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (chunk) => (log += chunk));
  const done = new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exit) => {
      forget();
      rmSync(folder, { recursive: true, force: true });
      resolve({ code: exit, log });
    });
  });
  return { child, done };
}
